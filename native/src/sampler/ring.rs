//! The way from the sampler thread to JavaScript: a single-producer, single-consumer ring of words.
//!
//! ```text
//! frame = [ words | layout | timestamp µs | interval µs | lateness µs | flags | values … ]
//! ```
//! Values are instances × fields, instance after instance; NaN = no value. Frames are written whole or, when there is
//! no room, not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};

pub const HEADER_WORDS: usize = 6;
/// Bit 0 of a frame's flags: no rate connects this frame with the one before.
pub const FLAG_GAP: u32 = 1;
/// Bit 1: there was no room for frames of this stream right before this one. Its rates are since the last of those; their other
/// flags are set in this one.
pub const FLAG_LOST: u32 = 2;
/// Bit 2: the clock was set or the host slept, so the grid points since the frame before tell nothing about what was missed.
pub const FLAG_DISTURBED: u32 = 4;

/// 1 MiB: almost 3 s of the `cpu` family of two cores at 1 kHz.
pub const DEFAULT_WORDS: usize = 128 * 1024;
/// Room for some small frames.
pub const MIN_WORDS: usize = 1024;
/// 512 MiB.
pub const MAX_WORDS: usize = 64 << 20;

/// What describes a frame beside its values.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    pub layout: u32,
    pub timestamp_us: u64,
    pub interval_us: u64,
    pub lateness_us: u64,
    pub flags: u32,
}

pub struct RingWriter {
    producer: Producer<f64>,
    capacity: usize,
    pub high_water_words: usize,
    /// Set while JavaScript knows that there is something to drain.
    announced: Arc<AtomicBool>,
}

pub struct RingReader {
    consumer: Consumer<f64>,
    announced: Arc<AtomicBool>,
}

pub fn ring(words: usize) -> (RingWriter, RingReader) {
    let (producer, consumer) = RingBuffer::new(words);
    let announced = Arc::new(AtomicBool::new(false));
    let writer = RingWriter { producer, capacity: words, high_water_words: 0, announced: Arc::clone(&announced) };
    (writer, RingReader { consumer, announced })
}

impl RingWriter {
    /// Starts a frame in `frame`; values are appended by the caller, then [`Self::push`] completes it.
    pub fn begin(frame: &mut Vec<f64>) {
        frame.clear();
        frame.resize(HEADER_WORDS, 0.0);
    }

    /// Writes a frame whole, or not at all: false when there is no room.
    pub fn push(&mut self, frame: &mut [f64], header: Header) -> bool {
        let words = frame.len() as f64;
        if let Some(head) = frame.get_mut(..HEADER_WORDS) {
            head.copy_from_slice(&[
                words,
                f64::from(header.layout),
                header.timestamp_us as f64,
                header.interval_us as f64,
                header.lateness_us as f64,
                f64::from(header.flags),
            ]);
        }
        let written = self.producer.push_entire_slice(frame).is_ok();
        self.high_water_words = self.high_water_words.max(self.used_words());
        written
    }

    fn used_words(&self) -> usize {
        self.capacity - self.producer.slots()
    }

    pub fn half_full(&self) -> bool {
        self.used_words() > self.capacity / 2
    }

    /// Marks that JavaScript is being told; false when it was told before and has not drained since.
    pub fn announce(&self) -> bool {
        !self.announced.swap(true, Ordering::SeqCst)
    }
}

impl RingReader {
    /// Hands all complete frames to `take`, as the two ends of the ring they lie in.
    pub fn drain<T>(&mut self, take: impl FnOnce(&[f64], &[f64]) -> T) -> T {
        // Before looking: a frame that comes later must be announced anew.
        self.announced.store(false, Ordering::SeqCst);
        let words = self.consumer.slots();
        match self.consumer.read_chunk(words) {
            Ok(chunk) => {
                let (head, tail) = chunk.as_slices();
                let taken = take(head, tail);
                chunk.commit_all();
                taken
            }
            // There cannot be fewer words than a moment ago: only this side takes any out.
            Err(_) => take(&[], &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(writer: &mut RingWriter, values: &[f64]) -> bool {
        let mut frame = Vec::new();
        RingWriter::begin(&mut frame);
        frame.extend_from_slice(values);
        let header = Header { layout: 3, timestamp_us: 4, interval_us: 5, lateness_us: 6, flags: FLAG_GAP };
        writer.push(&mut frame, header)
    }

    fn drain(reader: &mut RingReader) -> Vec<f64> {
        reader.drain(|head, tail| [head, tail].concat())
    }

    #[test]
    fn frames_arrive_whole_across_the_end_of_the_ring() {
        let (mut writer, mut reader) = ring(20);
        for round in 0..10 {
            let value = f64::from(round);
            assert!(write(&mut writer, &[value, value + 0.5]));
            assert!(write(&mut writer, &[value]));
            let expected = [8.0, 3.0, 4.0, 5.0, 6.0, 1.0, value, value + 0.5, 7.0, 3.0, 4.0, 5.0, 6.0, 1.0, value];
            assert_eq!(drain(&mut reader), expected);
        }
        assert_eq!(writer.high_water_words, 15);
        assert_eq!(drain(&mut reader), []);
    }

    #[test]
    fn a_full_ring_refuses_a_frame_and_keeps_what_it_has() {
        let (mut writer, mut reader) = ring(10);
        assert!(write(&mut writer, &[1.0]));
        assert!(writer.half_full());
        assert!(!write(&mut writer, &[2.0]));
        assert_eq!(drain(&mut reader).last(), Some(&1.0));
        assert!(write(&mut writer, &[3.0]));
    }

    #[test]
    fn announcing_waits_for_the_drain() {
        let (writer, mut reader) = ring(10);
        assert!(writer.announce());
        assert!(!writer.announce());
        drain(&mut reader);
        assert!(writer.announce());
    }
}
