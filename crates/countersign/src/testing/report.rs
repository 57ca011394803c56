//! The result of a simulation.

use std::collections::BTreeMap;
use std::fmt;

use super::tampering::Tampering;
use crate::time::Timestamp;

/// The largest number of deliveries or events that a failed assertion lists.
const LISTED: usize = 5;

/// The deliveries of a [`SenderSimulator`](super::SenderSimulator), with all their responses.
///
/// The [`Display`](fmt::Display) text is a summary with the seed. Every failed assertion includes it.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) seed: u64,
    pub(super) sender: String,
    pub(super) events: usize,
    pub(super) sent: Vec<Sent>,
}

/// One delivery, with all its attempts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sent {
    /// The number of the event, from 0, in the order of the events passed to the simulator.
    pub event: usize,
    /// The kind of the delivery.
    pub kind: SentKind,
    /// The attempts in order; empty for a replay of a request that was never sent.
    pub attempts: Vec<Attempt>,
    /// Whether the sender received a response that counts as success.
    pub is_accepted: bool,
}

/// The kind of a delivery.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum SentKind {
    /// The first delivery of an event.
    First,
    /// A second delivery of an event by its sender, with a new signature.
    Duplicate,
    /// An earlier request sent again, byte for byte.
    Replay,
    /// A delivery that was tampered with.
    Tampered(Tampering),
}

/// One request of a delivery, with its response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Attempt {
    /// The time of the response, by the simulator's clock.
    pub at: Timestamp,
    /// The status of the response.
    pub status: u16,
    /// Whether the response was lost, so that the sender did not receive it.
    pub is_lost: bool,
}

impl Report {
    /// Returns the seed, which reproduces the same deliveries.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the number of events.
    #[must_use]
    pub const fn events(&self) -> usize {
        self.events
    }

    /// Returns every delivery.
    #[must_use]
    pub fn sent(&self) -> &[Sent] {
        &self.sent
    }

    /// Returns the number of deliveries that repeated an event: duplicates and replays.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.count(|kind| matches!(kind, SentKind::Duplicate | SentKind::Replay))
    }

    /// Returns the number of deliveries that were tampered with.
    #[must_use]
    pub fn tampered(&self) -> usize {
        self.count(|kind| matches!(kind, SentKind::Tampered(_)))
    }

    /// Returns the number of requests, including retries.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.sent.iter().map(|sent| sent.attempts.len()).sum()
    }

    /// Asserts that every event was accepted in the end, and that every tampered delivery was rejected
    /// with a 4xx status.
    ///
    /// # Panics
    ///
    /// Panics if not, with the seed.
    #[track_caller]
    pub fn assert_responses(&self) {
        let is_wrong = |sent: &&Sent| match sent.kind {
            SentKind::First => !sent.is_accepted,
            SentKind::Tampered(_) => {
                sent.attempts.iter().any(|attempt| !(400..=499).contains(&attempt.status))
            }
            SentKind::Duplicate | SentKind::Replay => false,
        };
        let lines: Vec<_> = self.sent.iter().filter(is_wrong).map(ToString::to_string).collect();
        self.fail_for(&lines, "with a wrong response");
    }

    /// Asserts that every event was handled exactly once, and that the responses are
    /// [right](Self::assert_responses).
    ///
    /// `handled` returns how often the test's handler finished the event with this number.
    ///
    /// # Panics
    ///
    /// Panics if not, with the seed.
    #[track_caller]
    pub fn assert_handled_once(&self, mut handled: impl FnMut(usize) -> usize) {
        self.assert_responses();
        let wrong = (0..self.events).filter_map(|event| match handled(event) {
            1 => None,
            times => Some(format!("event {event} was handled {times} times")),
        });
        let lines: Vec<_> = wrong.collect();
        self.fail_for(&lines, "not handled exactly once");
    }

    #[track_caller]
    fn fail_for(&self, lines: &[String], what: &str) {
        if lines.is_empty() {
            return;
        }
        let listed: Vec<_> = lines.iter().take(LISTED).map(String::as_str).collect();
        panic!("{} {what}, such as:\n  {}\n{self}", lines.len(), listed.join("\n  "));
    }

    fn count(&self, mut matches: impl FnMut(SentKind) -> bool) -> usize {
        self.sent.iter().filter(|sent| matches(sent.kind)).count()
    }
}

/// Writes a summary, with the number of responses by kind of delivery and status.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (events, sent, requests) = (self.events, self.sent.len(), self.requests());
        writeln!(
            f,
            "seed {} as `{}`: {events} events in {sent} deliveries, {requests} requests; {} duplicates, {} tampered",
            self.seed,
            self.sender,
            self.duplicates(),
            self.tampered(),
        )?;
        let mut responses: BTreeMap<SentKind, BTreeMap<u16, usize>> = BTreeMap::new();
        for sent in &self.sent {
            let statuses = responses.entry(sent.kind).or_default();
            for attempt in &sent.attempts {
                *statuses.entry(attempt.status).or_default() += 1;
            }
        }
        for (kind, statuses) in &responses {
            let list: Vec<_> =
                statuses.iter().map(|(status, count)| format!("{count} × {status}")).collect();
            writeln!(f, "  {kind}: {}", list.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}, {}:", self.event, self.kind)?;
        for attempt in &self.attempts {
            write!(f, " {}{}", attempt.status, if attempt.is_lost { " (lost)" } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for SentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("first delivery"),
            Self::Duplicate => f.write_str("duplicate"),
            Self::Replay => f.write_str("replay"),
            Self::Tampered(tampering) => write!(f, "tampered, {tampering}"),
        }
    }
}
