//! Clocks and absolute sleep.

pub(crate) fn now_ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec to write to for the duration of the call.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return 0;
    }
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// The first point of the real-time grid (and `phase` of an interval behind it) at least one interval from now, on the
/// monotonic clock.
pub(crate) fn next_grid_point(interval_ns: u64, phase: f64) -> u64 {
    let monotonic_ns = now_ns(libc::CLOCK_MONOTONIC);
    let into_interval_ns = now_ns(libc::CLOCK_REALTIME) % interval_ns;
    monotonic_ns - into_interval_ns + 2 * interval_ns + (phase * interval_ns as f64) as u64
}

/// Lets the kernel wake this thread when asked, not up to 50 µs later.
pub(crate) fn wake_precisely() -> Result<(), String> {
    // SAFETY: PR_SET_TIMERSLACK takes one integer and touches no memory of ours.
    if unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1) } != 0 {
        return Err(format!("PR_SET_TIMERSLACK: {}", std::io::Error::last_os_error()));
    }
    Ok(())
}

/// Sleeps until a time on the monotonic clock; returns at once when it is past.
pub(crate) fn sleep_until(deadline_ns: u64) -> Result<(), String> {
    let deadline = libc::timespec {
        tv_sec: libc::time_t::try_from(deadline_ns / 1_000_000_000).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::try_from(deadline_ns % 1_000_000_000).unwrap_or(0),
    };
    loop {
        // SAFETY: the deadline outlives the call; a remainder is not asked for.
        let error = unsafe {
            let no_remainder = std::ptr::null_mut();
            libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &raw const deadline, no_remainder)
        };
        match error {
            0 => return Ok(()),
            libc::EINTR => {}
            errno => return Err(format!("clock_nanosleep: {}", std::io::Error::from_raw_os_error(errno))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeps_to_a_point_of_the_grid_that_lies_ahead() {
        let before_ns = now_ns(libc::CLOCK_MONOTONIC);
        let point_ns = next_grid_point(1_000_000, 0.5);
        assert!(point_ns >= before_ns + 1_000_000);
        assert_eq!(sleep_until(point_ns), Ok(()));
        assert!(now_ns(libc::CLOCK_MONOTONIC) >= point_ns);
    }
}
