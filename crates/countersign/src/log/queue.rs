//! What waits to be written.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::batch::{LogBatch, LogRate};
use super::entry::LogEntry;
use crate::time::Timestamp;

/// How many lines wait at most.
const MAX_LINES: usize = 8192;

/// How many bytes of kept requests wait at most.
const MAX_CAPTURED_BYTES: usize = 16 << 20;

/// How many counts wait at most. There is one for each endpoint, minute, outcome and kind of rejection.
const MAX_RATES: usize = 16_384;

/// How many lines of one kind of rejection an endpoint logs in a minute.
const REJECTIONS_A_MINUTE: u32 = 60;

type RateKey = (Arc<str>, u64, Cow<'static, str>, Cow<'static, str>);

/// How many lines of a kind of rejection, and how many kept requests, an endpoint has had in a minute.
type Quotas = HashMap<(Arc<str>, Cow<'static, str>), (u64, u32)>;

/// The lines and counts that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: Vec<LogEntry>,
    captured_bytes: usize,
    rates: HashMap<RateKey, (u64, Duration)>,
    lines: Quotas,
    /// How many lines were not written: the queue was full, or the store has failed.
    pub(super) dropped: u64,
    /// How many lines of rejections were only counted.
    pub(super) held_back: u64,
    pub(super) written: u64,
    /// Whether a task writes what is added.
    pub(super) has_writer: bool,
    /// Whether a batch is being written.
    pub(super) is_writing: bool,
}

impl Queue {
    /// Adds a line and counts it.
    pub(super) fn push(&mut self, entry: LogEntry) {
        let minute = entry.at.as_secs() / 60;
        let rejection = entry.rejection.clone().unwrap_or_default();
        let endpoint = Arc::clone(&entry.endpoint);
        let key = (Arc::clone(&endpoint), minute, entry.outcome.clone(), rejection.clone());
        self.count(key, 1, entry.took);
        // What is not authentic, anyone can send.
        let kind = entry.rejection.clone().unwrap_or_else(|| entry.outcome.clone());
        if !entry.is_verified && !self.has_quota(endpoint, kind, minute) {
            self.held_back += 1;
            return;
        }
        let captured = captured_bytes(&entry);
        if self.entries.len() >= MAX_LINES || self.captured_bytes + captured > MAX_CAPTURED_BYTES {
            self.dropped += 1;
            return;
        }
        self.captured_bytes += captured;
        self.entries.push(entry);
    }

    fn has_quota(&mut self, endpoint: Arc<str>, kind: Cow<'static, str>, minute: u64) -> bool {
        let (own, lines) = self.lines.entry((endpoint, kind)).or_insert((minute, 0));
        if *own != minute {
            (*own, *lines) = (minute, 0);
        }
        *lines = lines.saturating_add(1);
        *lines <= REJECTIONS_A_MINUTE
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.rates.is_empty()
    }

    /// Takes up to `limit` lines, and all counts.
    pub(super) fn take(&mut self, limit: usize) -> LogBatch {
        let entries: Vec<LogEntry> = self.entries.drain(..limit.min(self.entries.len())).collect();
        let captured: usize = entries.iter().map(captured_bytes).sum();
        self.captured_bytes = self.captured_bytes.saturating_sub(captured);
        let rates =
            self.rates.drain().map(|((endpoint, minute, outcome, rejection), (count, took))| {
                let minute = Timestamp::from_secs(minute.saturating_mul(60));
                LogRate { endpoint, minute, outcome, rejection, count, took }
            });
        LogBatch { entries, rates: rates.collect() }
    }

    /// Puts a batch back that could not be written. If it was written nevertheless, and only the store's reply was
    /// lost, it is written twice.
    pub(super) fn put_back(&mut self, batch: LogBatch) {
        let space = MAX_LINES.saturating_sub(self.entries.len());
        // The latest lines are kept.
        let lost = batch.entries.len().saturating_sub(space);
        self.dropped += u64::try_from(lost).unwrap_or(u64::MAX);
        let entries: Vec<LogEntry> = batch.entries.into_iter().skip(lost).collect();
        self.captured_bytes += entries.iter().map(captured_bytes).sum::<usize>();
        self.entries.splice(..0, entries);
        for rate in batch.rates {
            let minute = rate.minute.as_secs() / 60;
            let key = (rate.endpoint, minute, rate.outcome, rate.rejection);
            self.count(key, rate.count, rate.took);
        }
    }

    fn count(&mut self, key: RateKey, count: u64, took: Duration) {
        if self.rates.len() < MAX_RATES || self.rates.contains_key(&key) {
            let counted = self.rates.entry(key).or_default();
            counted.0 = counted.0.saturating_add(count);
            counted.1 = counted.1.saturating_add(took);
        }
    }
}

fn captured_bytes(entry: &LogEntry) -> usize {
    entry.capture.as_ref().map_or(0, |capture| capture.as_json().len())
}

#[cfg(test)]
mod tests {
    use super::Queue;
    use crate::log::LogEntry;
    use crate::time::Timestamp;

    fn entries(is_verified: bool) -> impl Iterator<Item = LogEntry> {
        (0..100).map(move |_| {
            let at = Timestamp::from_secs(1_800_000_000);
            let mut entry = LogEntry::new(at, "billing", "handshake_answered");
            entry.is_verified = is_verified;
            entry
        })
    }

    #[test]
    fn of_what_anyone_can_send_sixty_a_minute_have_lines_and_all_are_counted() {
        let mut queue = Queue::default();
        entries(false).for_each(|entry| queue.push(entry));
        assert_eq!((queue.len(), queue.held_back), (60, 40));
        let batch = queue.take(1000);
        assert_eq!(batch.rates.iter().map(|rate| rate.count).sum::<u64>(), 100);
    }

    #[test]
    fn every_authentic_request_has_a_line() {
        let mut queue = Queue::default();
        entries(true).for_each(|entry| queue.push(entry));
        assert_eq!((queue.len(), queue.held_back), (100, 0));
    }
}
