//! Tacho's native sampler: the N-API surface and nothing else.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod cgroup;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod host;
mod net;
mod perf;
mod proc;
mod sampler;
mod sys;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use napi::bindgen_prelude::{Float64ArraySlice, Function};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, Error, Status};
use napi_derive::napi;

use perf::control::PerfControl;
use sampler::thread::SamplerError;

/// Errors carry a stable `code`.
type Result<T> = std::result::Result<T, Error<String>>;

impl From<SamplerError> for Error<String> {
    fn from(error: SamplerError) -> Self {
        Self::new(error.code.to_owned(), error.message)
    }
}

fn from_napi(error: Error<Status>) -> Error<String> {
    Error::new(error.status.as_ref().to_owned(), error.reason.clone())
}

/// A metric family: what its frames hold.
#[napi(object)]
pub struct FamilyDescriptor {
    pub name: String,
    pub help: String,
    /// What an instance is called, such as `cpu`; empty for a family with a single instance, whose name is empty too.
    pub instance_label: String,
    /// The shortest interval it can be sampled at, ms.
    pub floor_interval_ms: u32,
    /// It is worth its cost only to some: not recorded unless asked for.
    pub opt_in: bool,
    pub fields: Vec<FieldDescriptor>,
}

/// One column of a family.
#[napi(object)]
pub struct FieldDescriptor {
    pub name: String,
    pub unit: String,
    /// `counter` = running total since boot; `rate` = per second, or a percentage, over the window; `gauge` = level.
    #[napi(ts_type = "'gauge' | 'counter' | 'rate'")]
    pub kind: String,
    pub help: String,
    /// How often the kernel's own figure moves, ms; 0 = exact at any rate.
    pub resolution_ms: u32,
    /// The shortest time its value is taken over, ms; 0 = the stream's interval itself.
    pub window_ms: u32,
}

/// All metric families, in the order of their registration.
#[napi]
pub fn families() -> Vec<FamilyDescriptor> {
    let registrations = sampler::registry::FAMILIES.iter();
    registrations
        .map(|registration| (registration.descriptor, registration.opt_in))
        .map(|(family, opt_in)| FamilyDescriptor {
            name: family.name.to_owned(),
            help: family.help.to_owned(),
            instance_label: family.instance_label.to_owned(),
            floor_interval_ms: family.floor_interval_ms,
            opt_in,
            fields: family.fields.iter().map(FieldDescriptor::from).collect(),
        })
        .collect()
}

impl From<&sampler::family::Field> for FieldDescriptor {
    fn from(field: &sampler::family::Field) -> Self {
        Self {
            name: field.name.to_owned(),
            unit: field.unit.to_owned(),
            kind: field.kind.name().to_owned(),
            help: field.help.to_owned(),
            resolution_ms: field.resolution_ms,
            window_ms: field.window_ms,
        }
    }
}

/// Where the sampler reads, and what it starts with.
#[napi(object)]
#[derive(Default)]
pub struct SamplerOptions {
    /// Default `/proc`. When moved, nothing is asked of the running kernel by system call.
    pub procfs: Option<String>,
    /// Default `/sys`.
    pub sysfs: Option<String>,
    /// Default `/sys/fs/cgroup`.
    pub cgroupfs: Option<String>,
    /// The epoch that timestamps begin with, 0 to 999; default 0.
    pub epoch: Option<u32>,
    /// Size of the ring in 8-byte words; default 131072, at least 1024.
    pub ring_words: Option<u32>,
    /// Events of the family `perf_custom`, as `perf stat -e` takes them (`msr/tsc/`, `r13c`, `cycles`); default none. Those
    /// that make no sense are not refused: `perfEvents` says why they are not counted.
    pub perf_events: Option<Vec<String>>,
}

/// What the rows of frames with one layout id are.
#[napi(object)]
pub struct FrameLayout {
    pub family: String,
    pub instances: Vec<String>,
}

/// What one reader has done.
#[napi(object)]
pub struct ReaderStats {
    pub name: String,
    /// The file or folder that it reads.
    pub path: String,
    /// The families that it is read for.
    pub families: Vec<String>,
    pub reads: f64,
    pub errors: f64,
    /// Whether the last read failed.
    pub failing: bool,
    /// Whether there was nothing to ask, for the reason that `lastError` is.
    pub idle: bool,
    /// Whether it is read on another thread: then `totalNs` is what picking up takes.
    pub aside: bool,
    /// The last error, with its path; empty when there was none.
    pub last_error: String,
    /// Time spent reading and parsing, ns.
    pub total_ns: f64,
}

/// Whether a family can be read.
#[napi(object)]
pub struct FamilyStatus {
    pub name: String,
    pub available: bool,
    /// Why not, or what of it is missing; empty when all is well.
    pub reason: String,
    /// What it is read from, where that differs from host to host and there is anything: for `memory_bandwidth` `uncore_imc`,
    /// `uncore_imc_free_running`, `amd_umc`, `amd_df` or `resctrl`.
    pub source: Option<String>,
}

/// What may change about perf events while the sampler runs.
#[napi(object)]
pub struct PerfSettings {
    /// False: no counter is open, those of memory controllers included.
    pub enabled: bool,
    /// `all`, or the CPUs whose own events are counted, such as `0-3,5`; those that are not online are left out until they are.
    pub cpus: String,
}

/// Whether a perf event is counted.
#[napi(object)]
pub struct PerfEventStatus {
    /// `perf` or `perf_custom`; `memory_bandwidth` for what memory controllers count.
    pub family: String,
    /// As `perf list` has it, or as it was asked for.
    pub name: String,
    /// The PMUs that count it, or that were tried, with commas between; empty when there is none.
    pub pmu: String,
    pub available: bool,
    /// Why not, or why not on all CPUs; empty when all is well.
    pub reason: String,
    /// What would change that; empty when nothing would that is known.
    pub remedy: String,
}

/// A control group that is sampled.
#[napi(object)]
pub struct ContainerInfo {
    /// The name of its instance in the family `container`: the runtime's id, a unit's name, or its path.
    pub id: String,
    #[napi(
        ts_type = "'docker' | 'podman' | 'containerd' | 'crio' | 'lxc' | 'nspawn' | 'service' | 'scope' | 'cgroup'"
    )]
    pub kind: String,
    /// Its path below the root of its hierarchy.
    pub cgroup: String,
    /// Of the Kubernetes pod it belongs to; empty when it belongs to none.
    pub pod_uid: String,
}

/// Running totals since the sampler started.
#[napi(object)]
pub struct SamplerStats {
    /// Frames made, over all streams.
    pub ticks: f64,
    /// Frames made more than a tenth of their interval (at most 50 ms) after their grid point.
    pub late: f64,
    /// Grid points for which no frame was made.
    pub missed: f64,
    /// Frames dropped because the ring was full.
    pub overruns: f64,
    /// Frames that no rate connects with the one before.
    pub gaps: f64,
    /// The present epoch of timestamps, 0 to 999: one more after each backward step of the clock.
    pub epoch: u32,
    /// CPU time of the sampler thread, ns.
    pub cpu_ns: f64,
    pub ring_high_water_words: f64,
    pub readers: Vec<ReaderStats>,
    pub families: Vec<FamilyStatus>,
}

/// Samples this host on a thread of its own and hands frames over in batches.
///
/// A frame in what `drain` gives: `[0]` its length in words, `[1]` layout id, `[2]` timestamp in µs since the Unix epoch
/// (grid tick, plus the clock epoch in the last three digits), `[3]` interval in µs, `[4]` lateness in µs, `[5]` flags
/// (bit 0: gap before this frame; bit 1: frames before it found no room in the ring; bit 2: the clock was set or the host slept
/// before it), then instances × fields, instance after instance; NaN = no value.
#[napi]
pub struct Sampler {
    inner: sampler::thread::Sampler,
}

#[napi]
impl Sampler {
    #[napi(constructor)]
    pub fn new(options: SamplerOptions) -> Self {
        let default = sampler::kernel::Roots::default();
        let roots = sampler::kernel::Roots {
            proc: options.procfs.map_or(default.proc, Into::into),
            sys: options.sysfs.map_or(default.sys, Into::into),
            cgroup: options.cgroupfs.map_or(default.cgroup, Into::into),
        };
        let ring_words = options.ring_words.map(|words| words as usize);
        let (epoch, perf) = (options.epoch.unwrap_or(0), Arc::<PerfControl>::default());
        let events = options.perf_events.unwrap_or_default();
        perf.change(|settings| settings.events = events);
        let options =
            sampler::thread::Options { roots, epoch, ring_words, perf, ..sampler::thread::Options::default() };
        Self { inner: sampler::thread::Sampler::new(options) }
    }

    /// Starts the thread; `onReady` is called, at most every 50 ms unless the ring fills up, when there is something to
    /// drain. Does not keep the process alive. Throws `TACHO_STARTED` the second time.
    #[napi]
    pub fn start(&mut self, #[napi(ts_arg_type = "() => void")] on_ready: Function<'_, (), ()>) -> Result<()> {
        let on_ready = on_ready.build_threadsafe_function::<()>().weak::<true>().build().map_err(from_napi)?;
        self.inner.start(Box::new(move || {
            // Fails only when JavaScript is shutting down.
            on_ready.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }))?;
        Ok(())
    }

    /// Adds a consumer of a family; the same family and interval share a stream. Gives the stream's id. An interval below
    /// the family's floor becomes the floor. Throws `TACHO_UNKNOWN_FAMILY`, `TACHO_BAD_INTERVAL` (not a whole number of ms
    /// from 1 to 3,600,000).
    #[napi]
    pub fn subscribe(&mut self, family: String, interval_ms: f64) -> Result<u32> {
        Ok(self.inner.subscribe(&family, interval_ms)?)
    }

    /// The interval a stream really has, ms. Throws `TACHO_UNKNOWN_STREAM`.
    #[napi]
    pub fn stream_interval(&self, id: u32) -> Result<u32> {
        Ok(self.inner.stream_interval_ms(id)?)
    }

    /// Removes a consumer; the stream ends with its last. Throws `TACHO_UNKNOWN_STREAM`.
    #[napi]
    pub fn unsubscribe(&mut self, id: u32) -> Result<()> {
        Ok(self.inner.unsubscribe(id)?)
    }

    /// All pending frames, one after the other, in a fresh buffer that may be transferred; empty when there are none.
    #[napi(ts_return_type = "Float64Array")]
    pub fn drain<'env>(&mut self, env: &'env Env) -> Result<Float64ArraySlice<'env>> {
        let copied = self.inner.drain(|head, tail| {
            if tail.is_empty() {
                Float64ArraySlice::copy_from(env, head)
            } else {
                Float64ArraySlice::copy_from(env, [head, tail].concat())
            }
        });
        copied.map_err(from_napi)
    }

    /// What the rows of frames with this layout id are. Ids are made when an instance set changes. Throws
    /// `TACHO_UNKNOWN_LAYOUT`.
    #[napi]
    pub fn layout(&self, id: u32) -> Result<FrameLayout> {
        let layout = self.inner.layout(id)?;
        let instances = layout.instances.iter().map(|name| name.as_ref().to_owned()).collect();
        Ok(FrameLayout { family: layout.family.to_owned(), instances })
    }

    /// What the sampler has done so far.
    #[napi]
    pub fn stats(&self) -> SamplerStats {
        let stats = self.inner.stats();
        let count = |total: &sampler::stats::Total| total.get() as f64;
        let readers = stats.readers().into_iter().map(|reader| ReaderStats {
            name: reader.name.clone(),
            path: reader.path.display().to_string(),
            families: reader.families().into_iter().map(str::to_owned).collect(),
            reads: count(&reader.reads),
            errors: count(&reader.errors),
            failing: reader.failing.get() != 0,
            idle: reader.idle.get() != 0,
            aside: reader.aside.get() != 0,
            last_error: reader.last_error(),
            total_ns: count(&reader.total_ns),
        });
        let families = stats.families().into_iter().map(|family| FamilyStatus {
            name: family.name.to_owned(),
            available: family.available,
            reason: family.reason,
            source: family.source,
        });
        SamplerStats {
            ticks: count(&stats.ticks),
            late: count(&stats.late),
            missed: count(&stats.missed),
            overruns: count(&stats.overruns),
            gaps: count(&stats.gaps),
            // Below 1000.
            epoch: stats.epoch.get() as u32,
            cpu_ns: self.inner.cpu_ns() as f64,
            ring_high_water_words: count(&stats.ring_high_water_words),
            readers: readers.collect(),
            families: families.collect(),
        }
    }

    /// What is known of each perf event: nothing before the start; while nobody samples its family, whether one CPU counts it.
    #[napi]
    pub fn perf_events(&self) -> Vec<PerfEventStatus> {
        let status = |status: perf::control::EventStatus| PerfEventStatus {
            family: status.family.to_owned(),
            name: status.name,
            pmu: status.pmu,
            available: status.available,
            reason: status.reason,
            remedy: status.remedy,
        };
        self.inner.perf().statuses().into_iter().map(status).collect()
    }

    /// The containers and other groups that are sampled at present; none while nobody samples the family `container`.
    #[napi]
    pub fn containers(&self) -> Vec<ContainerInfo> {
        let info = |container: cgroup::KnownContainer| ContainerInfo {
            id: container.identity.id,
            kind: container.identity.kind.name().to_owned(),
            cgroup: container.path,
            pod_uid: container.identity.pod_uid,
        };
        self.inner.containers().get().into_iter().map(info).collect()
    }

    /// Changes what perf events are counted, from the next tick on. Throws `TACHO_BAD_CPU_LIST`.
    #[napi]
    pub fn configure_perf(&self, settings: PerfSettings) -> Result<()> {
        let PerfSettings { enabled, cpus } = settings;
        let list = if cpus == "all" { Some(None) } else { sys::cpu_list::parse(cpus.as_bytes()).map(Some) };
        let Some(list) = list else {
            let message = format!("expected \"all\" or a list of CPUs such as 0-3,5, not {cpus:?}");
            return Err(Error::new("TACHO_BAD_CPU_LIST".to_owned(), message));
        };
        self.inner.perf().change(|settings| (settings.enabled, settings.cpus) = (enabled, list));
        Ok(())
    }

    /// Ends the thread and waits for it; nothing happens the second time. Pending frames can still be drained.
    #[napi]
    pub fn stop(&mut self) {
        self.inner.stop();
    }
}

/// Takes an exclusive lock on a file, creating it (mode 0600), until `unlockFile` or the end of the process. Never waits:
/// throws `TACHO_LOCKED` when it is held, else an error whose code is the errno's name.
#[napi]
pub fn lock_file(path: String) -> Result<u32> {
    host::lock::lock(&path).map_err(|error| Error::new(error.code, error.message))
}

/// Releases a lock that `lockFile` gave.
#[napi]
pub fn unlock_file(handle: u32) {
    host::lock::unlock(handle);
}
