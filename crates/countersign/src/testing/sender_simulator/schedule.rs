//! What is delivered, and when.

use std::collections::BTreeSet;
use std::time::Duration;

use super::SenderSimulator;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::testing::report::SentKind;
use crate::testing::split_mix::SplitMix64;
use crate::testing::tampering::Tampering;
use crate::time::{Clock, Timestamp};

/// How far a delivery may come out of order, in events.
const OUT_OF_ORDER: u64 = 64;

/// A whole number of milliseconds.
pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// All deliveries, each with its event's number: the firsts by number, then the copies of some.
pub(super) fn kinds(
    sender: &SenderSimulator,
    events: usize,
) -> Result<Vec<(usize, SentKind)>, ConfigError> {
    let rest =
        100_usize.saturating_sub(usize::from(sender.duplicates) + usize::from(sender.corrupt));
    if rest == 0 {
        return Err(ConfigError::new(
            ConfigErrorKind::OutOfRange,
            "`duplicates` and `corrupt` are all there is: leave some of a hundred to first deliveries",
        ));
    }
    let tampering: Vec<_> =
        Tampering::ALL.into_iter().filter(|tampering| tampering.shows_in(&sender.scheme)).collect();
    if sender.corrupt > 0 && tampering.is_empty() {
        return Err(ConfigError::new(
            ConfigErrorKind::InvalidScheme,
            format!("`{}` shows no damage: leave out `corrupt`", sender.scheme.sender()),
        ));
    }
    let mut numbers = SplitMix64::new(sender.seed);
    let share = |percent: u8| events.saturating_mul(usize::from(percent)) / rest;
    let mut kinds: Vec<_> = (0..events).map(|event| (event, SentKind::First)).collect();
    for _ in 0..share(sender.duplicates) {
        let kind = if numbers.chance(50) { SentKind::Duplicate } else { SentKind::Replay };
        kinds.push((numbers.place(events), kind));
    }
    for _ in 0..share(sender.corrupt) {
        if let Some(tampering) = tampering.get(numbers.place(tampering.len())) {
            kinds.push((numbers.place(events), SentKind::Corrupt(*tampering)));
        }
    }
    Ok(kinds)
}

/// The deliveries that are to come, by time; those of one time in a fixed order.
pub(super) struct Schedule(BTreeSet<(Timestamp, u64, usize)>, u64);

impl Schedule {
    /// Bursts of deliveries that come somewhat out of order, with pauses between them.
    pub(super) fn new(sender: &SenderSimulator, kinds: &[(usize, SentKind)]) -> Self {
        let mut numbers = SplitMix64::split(sender.seed, u64::MAX);
        let order = kinds.iter().enumerate().map(|(number, (event, _))| {
            (*event as u64 + numbers.below(OUT_OF_ORDER), numbers.next(), number)
        });
        let order: BTreeSet<_> = order.collect();
        let mut schedule = Self(BTreeSet::new(), 0);
        let (mut time, mut left) = (sender.clock.now(), 0);
        for (_, _, number) in order {
            if left == 0 {
                time =
                    time.saturating_add(Duration::from_millis(numbers.below(millis(sender.delay))));
                left = 1 + numbers.place(2 * sender.concurrency);
            }
            left -= 1;
            schedule.add(time, number);
        }
        schedule
    }

    pub(super) fn add(&mut self, time: Timestamp, number: usize) {
        self.1 += 1;
        self.0.insert((time, self.1, number));
    }

    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<usize> {
        let first = *self.0.first().filter(|(time, ..)| *time <= now)?;
        self.0.remove(&first);
        Some(first.2)
    }

    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.0.first().map(|(time, ..)| *time)
    }
}
