//! The processor that a process runs on, and the time that it has used.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::Result;

/// Returns the processor time that this process has used, its ended threads included.
pub(super) fn used() -> Result<Duration> {
    Ok(clock_gettime(ClockId::ProcessCPUTime).try_into()?)
}

/// Pins this thread, and those that it starts, to the processor of this index among those it may use.
///
/// Returns `false` where the system cannot do that, or has too few processors.
#[cfg(target_os = "linux")]
pub(super) fn pin(index: usize) -> bool {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let Ok(allowed) = sched_getaffinity(None) else { return false };
    let processor = (0..CpuSet::MAX_CPU).filter(|processor| allowed.is_set(*processor)).nth(index);
    processor.is_some_and(|processor| {
        let mut only = CpuSet::new();
        only.set(processor);
        sched_setaffinity(None, &only).is_ok()
    })
}

/// Returns `false`: this system cannot pin a process.
#[cfg(not(target_os = "linux"))]
pub(super) fn pin(_: usize) -> bool {
    false
}
