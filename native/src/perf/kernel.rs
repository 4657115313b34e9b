//! perf_event_open(2): the kernel's counters. Behind a trait, so that grouping and decoding are tested without hardware.

use std::rc::Rc;

use crate::host::{descriptors, errno};
use crate::sampler::kernel::Roots;

/// What an event is to the kernel: the PMU's type, and its `config`, `config1`, `config2` and `config3`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCode {
    pub kind: u32,
    pub config: [u64; 4],
}

/// `PERF_TYPE_HARDWARE`, `_SOFTWARE`, `_HW_CACHE` and `_RAW` of `include/uapi/linux/perf_event.h`.
pub const TYPE_HARDWARE: u32 = 0;
pub const TYPE_SOFTWARE: u32 = 1;
pub const TYPE_HW_CACHE: u32 = 3;
pub const TYPE_RAW: u32 = 4;

/// What is asked of the kernel. Errors are errno values.
pub trait PerfKernel {
    /// Opens a counter of everything that happens on a CPU. One without a leader leads a group, which waits to be enabled.
    fn open(&self, code: &EventCode, cpu: u32, leader: Option<i32>) -> Result<i32, i32>;
    /// Lets a group count, through its leader. Not before it is complete: a kernel of 2025 never ran what joined a running
    /// group of another PMU (context switches that joined a CPU clock).
    fn enable(&self, leader: i32) -> Result<(), i32>;
    /// The number by which readings of a group name this counter.
    fn id(&self, descriptor: i32) -> Result<u64, i32>;
    /// Reads a group through its leader: `nr, time_enabled, time_running, (value, id) × nr`. Gives the number of words.
    fn read(&self, descriptor: i32, words: &mut [u64]) -> Result<usize, i32>;
    fn close(&self, descriptor: i32);
    /// How many descriptors may be opened, after doing what can be done to make it `wanted`.
    fn descriptor_room(&self, wanted: usize) -> usize;
    /// Whether what it counts is about the host whose files are under these roots.
    fn answers_for(&self, roots: &Roots) -> bool;
}

/// One open counter, closed when dropped.
pub struct Counter {
    kernel: Rc<dyn PerfKernel>,
    descriptor: i32,
}

impl Counter {
    pub fn open(kernel: &Rc<dyn PerfKernel>, code: &EventCode, cpu: u32, leader: Option<&Self>) -> Result<Self, i32> {
        let descriptor = kernel.open(code, cpu, leader.map(|leader| leader.descriptor))?;
        Ok(Self { kernel: Rc::clone(kernel), descriptor })
    }

    pub fn enable(&self) -> Result<(), i32> {
        self.kernel.enable(self.descriptor)
    }

    pub fn id(&self) -> Result<u64, i32> {
        self.kernel.id(self.descriptor)
    }

    pub fn read(&self, words: &mut [u64]) -> Result<usize, i32> {
        self.kernel.read(self.descriptor, words)
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.kernel.close(self.descriptor);
    }
}

/// `struct perf_event_attr` as of Linux 6.3 (`PERF_ATTR_SIZE_VER8`). Older kernels take a longer struct than they know
/// as long as the rest is zero. Our own, because it is all of the ABI that we use.
#[repr(C)]
#[derive(Default)]
struct Attr {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    bp_type: u32,
    config1: u64,
    config2: u64,
    branch_sample_type: u64,
    sample_regs_user: u64,
    sample_stack_user: u32,
    clockid: i32,
    sample_regs_intr: u64,
    aux_watermark: u32,
    sample_max_stack: u16,
    reserved_2: u16,
    aux_sample_size: u32,
    reserved_3: u32,
    sig_data: u64,
    config3: u64,
}

const ATTR_BYTES: usize = 136;
const _: () = assert!(size_of::<Attr>() == ATTR_BYTES);

const FORMAT_TOTAL_TIME_ENABLED: u64 = 1;
const FORMAT_TOTAL_TIME_RUNNING: u64 = 2;
const FORMAT_ID: u64 = 4;
const FORMAT_GROUP: u64 = 8;
/// The first bit of the attribute's flags.
const DISABLED: u64 = 1;
const FLAG_FD_CLOEXEC: libc::c_ulong = 8;
/// `_IO('$', 0)`.
const IOC_ENABLE: libc::c_ulong = 0x2400;
/// `_IOR('$', 7, __u64 *)`.
const IOC_ID: libc::c_ulong = 0x8008_2407;

/// The kernel that runs us.
pub struct SystemKernel;

impl PerfKernel for SystemKernel {
    fn open(&self, code: &EventCode, cpu: u32, leader: Option<i32>) -> Result<i32, i32> {
        let [config, config1, config2, config3] = code.config;
        let attr = Attr {
            kind: code.kind,
            size: ATTR_BYTES as u32,
            config,
            config1,
            config2,
            config3,
            read_format: FORMAT_TOTAL_TIME_ENABLED | FORMAT_TOTAL_TIME_RUNNING | FORMAT_ID | FORMAT_GROUP,
            flags: if leader.is_none() { DISABLED } else { 0 },
            ..Attr::default()
        };
        let every_process: libc::pid_t = -1;
        let cpu = libc::c_int::try_from(cpu).map_err(|_| libc::EINVAL)?;
        // SAFETY: the kernel reads `size` bytes of `attr`, which lives through the call; the rest are numbers.
        let descriptor = unsafe {
            let attr = &raw const attr;
            libc::syscall(libc::SYS_perf_event_open, attr, every_process, cpu, leader.unwrap_or(-1), FLAG_FD_CLOEXEC)
        };
        i32::try_from(descriptor).ok().filter(|descriptor| *descriptor >= 0).ok_or_else(errno::last)
    }

    fn enable(&self, leader: i32) -> Result<(), i32> {
        // SAFETY: this request takes a number.
        let result = unsafe { libc::ioctl(leader, IOC_ENABLE as _, 0) };
        if result < 0 { Err(errno::last()) } else { Ok(()) }
    }

    fn id(&self, descriptor: i32) -> Result<u64, i32> {
        let mut id = 0_u64;
        // SAFETY: the kernel writes one u64 to a live variable.
        let result = unsafe { libc::ioctl(descriptor, IOC_ID as _, &raw mut id) };
        if result < 0 { Err(errno::last()) } else { Ok(id) }
    }

    fn read(&self, descriptor: i32, words: &mut [u64]) -> Result<usize, i32> {
        loop {
            // SAFETY: the pointer and length describe `words`, which is borrowed mutably for the call; any bytes are
            // valid numbers.
            let read = unsafe { libc::read(descriptor, words.as_mut_ptr().cast(), size_of_val(words)) };
            match usize::try_from(read) {
                Ok(bytes) => return Ok(bytes / size_of::<u64>()),
                Err(_) if errno::last() == libc::EINTR => {}
                Err(_) => return Err(errno::last()),
            }
        }
    }

    fn close(&self, descriptor: i32) {
        // SAFETY: the descriptor came from `open` and is closed once, by the one Counter that holds it.
        unsafe { libc::close(descriptor) };
    }

    fn descriptor_room(&self, wanted: usize) -> usize {
        descriptors::room(wanted)
    }

    fn answers_for(&self, roots: &Roots) -> bool {
        roots.is_this_host()
    }
}

/// `CAP_SYS_ADMIN` and `CAP_PERFMON` (capabilities(7)), either of which lets a process count everything.
const MAY_COUNT: u64 = 1 << 21 | 1 << 38;

/// Whether the process has a capability for it, and what `perf_event_paranoid` is: who may count (perf_event_open(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    pub capable: bool,
    pub paranoid: Option<i64>,
}

impl Permission {
    pub fn of(roots: &Roots) -> Self {
        let read = std::fs::read_to_string(roots.proc.join("sys/kernel/perf_event_paranoid"));
        // The process's own, wherever the roots are.
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let capable = effective_capabilities(&status).is_some_and(|set| set & MAY_COUNT != 0);
        Self { capable, paranoid: read.ok().and_then(|text| text.trim().parse().ok()) }
    }
}

/// `CapEff` of /proc/self/status (proc_pid_status(5)).
fn effective_capabilities(status: &str) -> Option<u64> {
    let set = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(set.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPU_CLOCK: EventCode = EventCode { kind: TYPE_SOFTWARE, config: [0; 4] };
    const TASK_CLOCK: EventCode = EventCode { kind: TYPE_SOFTWARE, config: [1, 0, 0, 0] };
    const CONTEXT_SWITCHES: EventCode = EventCode { kind: TYPE_SOFTWARE, config: [3, 0, 0, 0] };

    #[test]
    fn this_kernel_counts_in_groups() {
        let kernel: Rc<dyn PerfKernel> = Rc::new(SystemKernel);
        let leader = match Counter::open(&kernel, &CPU_CLOCK, 0, None) {
            Ok(leader) => leader,
            // An unprivileged or sandboxed test run.
            Err(errno) => return assert!([libc::EACCES, libc::EPERM].contains(&errno), "{errno}"),
        };
        let task_clock = Counter::open(&kernel, &TASK_CLOCK, 0, Some(&leader)).unwrap();
        let switches = Counter::open(&kernel, &CONTEXT_SWITCHES, 0, Some(&leader)).unwrap();
        leader.enable().unwrap();
        let mut words = [0; 16];
        // CPU 0 switches tasks as soon as anything happens on it, such as the interrupt of this very reading.
        for _ in 0..10_000 {
            assert_eq!(leader.read(&mut words), Ok(9));
            if words[7] > 0 {
                break;
            }
            std::thread::yield_now();
        }
        assert_eq!(words[0], 3);
        assert!(words[1] > 0 && words[1] == words[2]);
        assert!(words[3] > 0 && words[5] > 0, "clocks run: {words:?}");
        assert_eq!([words[4], words[6], words[8]], [&leader, &task_clock, &switches].map(|one| one.id().unwrap()));
        assert!(words[7] > 0, "what joined another PMU's group counts too: {words:?}");
    }

    #[test]
    fn capabilities_are_a_set_of_bits() {
        assert_eq!(effective_capabilities("Name:\tx\nCapEff:\t0000004000000000\nCapBnd:\t0\n"), Some(1 << 38));
        assert_eq!(effective_capabilities("CapBnd:\t1\n"), None);
        assert_eq!(effective_capabilities("CapEff:\tmany\n"), None);
    }

    #[test]
    fn what_does_not_exist_has_an_errno() {
        let kernel: Rc<dyn PerfKernel> = Rc::new(SystemKernel);
        let nothing = EventCode { kind: u32::MAX - 1, config: [0; 4] };
        let refused = Counter::open(&kernel, &nothing, 0, None).err().unwrap();
        assert!([libc::ENOENT, libc::EACCES, libc::EPERM, libc::EINVAL].contains(&refused), "{refused}");
        assert!(kernel.descriptor_room(1) > 0);
    }
}
