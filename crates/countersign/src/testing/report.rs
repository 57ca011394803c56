//! What became of a fake sender's deliveries.

use std::collections::BTreeMap;
use std::fmt;

use super::tampering::Tampering;
use crate::time::Timestamp;

/// How many offenders a failure names.
const NAMED: usize = 5;

/// What a [`SenderSimulator`](super::FakeSender) sent and what it was answered.
///
/// Its text is a summary with the seed; every failure has that too.
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
    /// The number of its event, from 0, in the order in which the test gave them.
    pub event: usize,
    /// What it is.
    pub kind: SentKind,
    /// Its attempts, in order; none for a replay of what was never sent.
    pub attempts: Vec<Attempt>,
    /// Whether the sender heard success.
    pub is_accepted: bool,
}

/// What a delivery is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum SentKind {
    /// An event's own delivery.
    First,
    /// The sender delivers an event twice, each time signed anew.
    Duplicate,
    /// Someone sends the bytes of an earlier request again.
    Replay,
    /// A delivery that is spoilt.
    Corrupt(Tampering),
}

/// One request of a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Attempt {
    /// When it arrived.
    pub at: Timestamp,
    /// The status that answered it.
    pub status: u16,
    /// Whether the sender never heard that status.
    pub is_lost: bool,
}

impl Report {
    /// The seed by which the same is delivered again.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many events there were.
    #[must_use]
    pub const fn events(&self) -> usize {
        self.events
    }

    /// Every delivery.
    #[must_use]
    pub fn sent(&self) -> &[Sent] {
        &self.sent
    }

    /// How many deliveries repeated an event, whether anew or byte for byte.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.count(|kind| matches!(kind, SentKind::Duplicate | SentKind::Replay))
    }

    /// How many deliveries were spoilt.
    #[must_use]
    pub fn corrupt(&self) -> usize {
        self.count(|kind| matches!(kind, SentKind::Corrupt(_)))
    }

    /// How many requests went out, retries and all.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.sent.iter().map(|sent| sent.attempts.len()).sum()
    }

    /// Every event was accepted in the end, and every spoilt delivery rejected with 4xx.
    ///
    /// # Panics
    ///
    /// If not; the message has the seed.
    #[track_caller]
    pub fn assert_answers(&self) {
        let offends = |sent: &&Sent| match sent.kind {
            SentKind::First => !sent.is_accepted,
            SentKind::Corrupt(_) => {
                sent.attempts.iter().any(|attempt| !(400..=499).contains(&attempt.status))
            }
            SentKind::Duplicate | SentKind::Replay => false,
        };
        let lines: Vec<_> = self.sent.iter().filter(offends).map(ToString::to_string).collect();
        self.fail_for(&lines, "wrongly answered");
    }

    /// Every event was handled exactly once, and the answers are [right](Self::assert_answers).
    ///
    /// `handled` says how often the handler of the test finished the event of this number.
    ///
    /// # Panics
    ///
    /// If not; the message has the seed.
    #[track_caller]
    pub fn assert_handled_once(&self, mut handled: impl FnMut(usize) -> usize) {
        self.assert_answers();
        let offending = (0..self.events).filter_map(|event| match handled(event) {
            1 => None,
            times => Some(format!("event {event} was handled {times} times")),
        });
        let lines: Vec<_> = offending.collect();
        self.fail_for(&lines, "not handled exactly once");
    }

    #[track_caller]
    fn fail_for(&self, lines: &[String], what: &str) {
        if lines.is_empty() {
            return;
        }
        let named: Vec<_> = lines.iter().take(NAMED).map(String::as_str).collect();
        panic!("{} {what}, such as:\n  {}\n{self}", lines.len(), named.join("\n  "));
    }

    fn count(&self, mut is: impl FnMut(SentKind) -> bool) -> usize {
        self.sent.iter().filter(|sent| is(sent.kind)).count()
    }
}

/// A summary, with how often each status answered each kind of delivery.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (events, sent, requests) = (self.events, self.sent.len(), self.requests());
        writeln!(
            f,
            "seed {} as `{}`: {events} events in {sent} deliveries, {requests} requests; {} duplicates, {} corrupt",
            self.seed,
            self.sender,
            self.duplicates(),
            self.corrupt(),
        )?;
        let mut answers: BTreeMap<SentKind, BTreeMap<u16, usize>> = BTreeMap::new();
        for sent in &self.sent {
            let statuses = answers.entry(sent.kind).or_default();
            for attempt in &sent.attempts {
                *statuses.entry(attempt.status).or_default() += 1;
            }
        }
        for (kind, statuses) in &answers {
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
            Self::Corrupt(tampering) => write!(f, "corrupt, {tampering}"),
        }
    }
}
