//! Sleeping until an absolute time, and being woken at once from another thread.

use std::sync::atomic::{AtomicU32, Ordering};

/// A futex. `wake` before `sleep` is not lost: the sleeper passes the `token` it last saw.
#[derive(Default)]
pub struct Park {
    word: AtomicU32,
}

impl Park {
    pub fn token(&self) -> u32 {
        self.word.load(Ordering::SeqCst)
    }

    pub fn wake(&self) {
        self.word.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the address is that of a live atomic; FUTEX_WAKE reads nothing else.
        unsafe {
            libc::syscall(libc::SYS_futex, self.word.as_ptr(), libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1);
        }
    }

    /// Sleeps until CLOCK_MONOTONIC reaches `deadline_ns` (`u64::MAX`: for ever) or somebody calls `wake` after
    /// `token` was taken. May return early for no reason.
    pub fn sleep(&self, token: u32, deadline_ns: u64) {
        let deadline = libc::timespec {
            tv_sec: libc::time_t::try_from(deadline_ns / 1_000_000_000).unwrap_or(libc::time_t::MAX),
            tv_nsec: (deadline_ns % 1_000_000_000) as libc::c_long,
        };
        let timeout: *const libc::timespec =
            if deadline_ns == u64::MAX { std::ptr::null() } else { &raw const deadline };
        // SAFETY: the futex word and the timespec outlive the call; WAIT_BITSET takes an absolute monotonic time.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                self.word.as_ptr(),
                libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG,
                token,
                timeout,
                std::ptr::null::<u32>(),
                libc::FUTEX_BITSET_MATCH_ANY,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::clock;
    use std::sync::Arc;

    #[test]
    fn sleeps_to_the_deadline_and_no_longer() {
        let park = Park::default();
        let deadline = clock::read(libc::CLOCK_MONOTONIC) + 20_000_000;
        while clock::read(libc::CLOCK_MONOTONIC) < deadline {
            park.sleep(park.token(), deadline);
        }
        park.sleep(park.token(), deadline);
        assert!(clock::read(libc::CLOCK_MONOTONIC) >= deadline);
    }

    #[test]
    fn a_wake_up_ends_an_endless_sleep_even_when_it_came_first() {
        let park = Arc::new(Park::default());
        let token = park.token();
        park.wake();
        park.sleep(token, u64::MAX);
        let sleeper = Arc::clone(&park);
        let token = park.token();
        let thread = std::thread::spawn(move || {
            while sleeper.token() == token {
                sleeper.sleep(token, u64::MAX);
            }
        });
        park.wake();
        thread.join().unwrap();
    }
}
