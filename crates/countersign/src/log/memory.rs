//! A log in memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::batch::{LogBatch, LogRate};
use super::capture::CapturedRequest;
use super::entry::{LogEntry, LogId, LogRecord};
use super::inspect::{InspectLog, LogFilter};
use super::retention::LogRetention;
use super::store::LogStore;
use crate::dedup::StoreError;
use crate::time::Timestamp;

/// How many lines there are at most.
const MAX_LINES: usize = 10_000;

/// A log in the memory of one process: the last 10,000 lines, and the counts of the last day.
///
/// Use it in tests, and for a console without a database. A log in SQLite or PostgreSQL outlives the process.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    last: u64,
    lines: VecDeque<(LogId, LogEntry)>,
    rates: BTreeMap<RateKey, (u64, Duration)>,
}

/// The minute, the endpoint, the outcome and the kind of rejection.
type RateKey = (Timestamp, Arc<str>, String, String);

impl MemoryLog {
    /// Creates an empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogStore for MemoryLog {
    async fn append_log(&self, batch: &LogBatch) -> Result<(), StoreError> {
        let mut own = self.lock();
        for entry in &batch.entries {
            own.last += 1;
            let id = LogId::new(own.last);
            own.lines.push_back((id, entry.clone()));
        }
        let beyond = own.lines.len().saturating_sub(MAX_LINES);
        own.lines.drain(..beyond);
        for rate in &batch.rates {
            let endpoint = Arc::clone(&rate.endpoint);
            let key = (rate.minute, endpoint, rate.outcome.to_string(), rate.rejection.to_string());
            let (count, took) = own.rates.entry(key).or_default();
            *count += rate.count;
            *took += rate.took;
        }
        Ok(())
    }

    /// The age counts from the latest line or count.
    async fn prune_log(&self, retention: LogRetention, limit: u32) -> Result<u64, StoreError> {
        let mut own = self.lock();
        let now = own.lines.iter().map(|(_, entry)| entry.at).max();
        let now = now.into_iter().chain(own.rates.keys().map(|key| key.0)).max();
        let Some(now) = now else { return Ok(0) };
        let oldest = now.saturating_sub(retention.age);
        own.rates.retain(|key, _| key.0 >= oldest);
        let expired = now.saturating_sub(retention.captures);
        for (_, entry) in own.lines.iter_mut().filter(|(_, entry)| entry.at < expired) {
            entry.capture = None;
        }
        let mut removed = 0;
        while removed < u64::from(limit)
            && let Some((_, first)) = own.lines.front()
            && (first.at < oldest
                || u64::try_from(own.lines.len()).is_ok_and(|lines| lines > retention.lines))
        {
            own.lines.pop_front();
            removed += 1;
        }
        Ok(removed)
    }
}

impl InspectLog for MemoryLog {
    async fn log_records(
        &self,
        filter: &LogFilter,
        before: Option<LogId>,
        limit: u32,
    ) -> Result<Vec<LogRecord>, StoreError> {
        let own = self.lock();
        let matching = own.lines.iter().rev().filter(|(id, entry)| {
            before.is_none_or(|before| *id < before) && matches(filter, *id, entry)
        });
        let records =
            matching.take(usize::try_from(limit).unwrap_or(usize::MAX)).map(|(id, entry)| {
                let mut entry = entry.clone();
                let has_capture = entry.capture.take().is_some();
                LogRecord { id: *id, entry, has_capture }
            });
        Ok(records.collect())
    }

    async fn count_log(&self, filter: &LogFilter, limit: u64) -> Result<u64, StoreError> {
        let own = self.lock();
        let count = own.lines.iter().filter(|(id, entry)| matches(filter, *id, entry)).count();
        Ok(u64::try_from(count).unwrap_or(u64::MAX).min(limit))
    }

    async fn log_rates(
        &self,
        endpoint: Option<&str>,
        from: Timestamp,
        before: Timestamp,
    ) -> Result<Vec<LogRate>, StoreError> {
        let own = self.lock();
        let rates = own.rates.iter().filter(|((minute, own, ..), _)| {
            (from..before).contains(minute) && endpoint.is_none_or(|name| **own == *name)
        });
        let rates = rates.map(|((minute, endpoint, outcome, rejection), (count, took))| {
            let mut rate = LogRate::new(Arc::clone(endpoint), *minute, outcome.clone(), *count);
            rate.rejection = rejection.clone().into();
            rate.took = *took;
            rate
        });
        Ok(rates.collect())
    }

    async fn log_capture(&self, id: LogId) -> Result<Option<CapturedRequest>, StoreError> {
        let own = self.lock();
        let line = own.lines.iter().find(|(own, _)| *own == id);
        Ok(line.and_then(|(_, entry)| entry.capture.clone()))
    }
}

fn matches(filter: &LogFilter, id: LogId, entry: &LogEntry) -> bool {
    let is = |wanted: &Option<Box<str>>, own: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| own == Some(wanted))
    };
    filter.id.is_none_or(|wanted| wanted == id)
        && is(&filter.endpoint, Some(&entry.endpoint))
        && is(&filter.tenant, entry.tenant.as_deref())
        && is(&filter.outcome, Some(&entry.outcome))
        && is(&filter.rejection, entry.rejection.as_deref())
        && is(&filter.event_type, entry.event_type.as_deref())
        && is(&filter.event_id, entry.event_id.as_deref())
        && filter.key.is_none_or(|key| entry.key == Some(key))
        && filter.from.is_none_or(|from| entry.at >= from)
        && filter.before.is_none_or(|before| entry.at < before)
}
