//! Which deliveries a simulation makes, and when.

use std::collections::BTreeSet;
use std::time::Duration;

use super::config::Config;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::testing::report::SentKind;
use crate::testing::split_mix::SplitMix64;
use crate::testing::tampering::Tampering;
use crate::time::{Clock, Timestamp};

/// The largest distance by which deliveries are reordered, in events.
const OUT_OF_ORDER: u64 = 64;

/// The whole milliseconds of a duration.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// All deliveries, each with the number of its event: first every event's own, then the copies.
pub(super) fn kinds(config: &Config, events: usize) -> Result<Vec<(usize, SentKind)>, ConfigError> {
    let firsts =
        100_usize.saturating_sub(usize::from(config.duplicates) + usize::from(config.tampered));
    if firsts == 0 {
        return Err(ConfigError::new(
            ConfigErrorKind::OutOfRange,
            "`duplicates` and `tampered` add up to 100 % or more: lower one, so that first deliveries remain",
        ));
    }
    let tamperings: Vec<_> = Tampering::ALL
        .into_iter()
        .filter(|tampering| tampering.is_detectable_in(&config.scheme))
        .collect();
    if config.tampered > 0 && tamperings.is_empty() {
        return Err(ConfigError::new(
            ConfigErrorKind::InvalidScheme,
            format!(
                "no tampering is detectable in requests of `{}`: remove `tampered`",
                config.scheme.sender()
            ),
        ));
    }
    let mut random = SplitMix64::new(config.seed);
    let share = |percent: u8| events.saturating_mul(usize::from(percent)) / firsts;
    let mut kinds: Vec<_> = (0..events).map(|event| (event, SentKind::First)).collect();
    for _ in 0..share(config.duplicates) {
        let kind = if random.chance(50) { SentKind::Duplicate } else { SentKind::Replay };
        kinds.push((random.index(events), kind));
    }
    for _ in 0..share(config.tampered) {
        if let Some(tampering) = tamperings.get(random.index(tamperings.len())) {
            kinds.push((random.index(events), SentKind::Tampered(*tampering)));
        }
    }
    Ok(kinds)
}

/// The scheduled deliveries by time; those of the same time in the order in which they were added.
pub(super) struct Schedule {
    queue: BTreeSet<(Timestamp, u64, usize)>,
    added: u64,
}

impl Schedule {
    /// Bursts of deliveries in a slightly shuffled order, with pauses between them.
    pub(super) fn new(config: &Config, kinds: &[(usize, SentKind)]) -> Self {
        let mut random = SplitMix64::split(config.seed, u64::MAX);
        let order = kinds.iter().enumerate().map(|(number, (event, _))| {
            (*event as u64 + random.below(OUT_OF_ORDER), random.next(), number)
        });
        let order: BTreeSet<_> = order.collect();
        let mut schedule = Self { queue: BTreeSet::new(), added: 0 };
        let (mut time, mut left_in_burst) = (config.clock.now(), 0);
        for (_, _, number) in order {
            if left_in_burst == 0 {
                let pause = Duration::from_millis(random.below(millis(config.max_delay)));
                time = time.saturating_add(pause);
                left_in_burst = 1 + random.index(2 * config.concurrency);
            }
            left_in_burst -= 1;
            schedule.add(time, number);
        }
        schedule
    }

    pub(super) fn add(&mut self, time: Timestamp, number: usize) {
        self.added += 1;
        self.queue.insert((time, self.added, number));
    }

    /// Removes and returns a delivery whose time has come.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<usize> {
        let first = *self.queue.first().filter(|(time, ..)| *time <= now)?;
        self.queue.remove(&first);
        Some(first.2)
    }

    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.queue.first().map(|(time, ..)| *time)
    }
}
