//! The delivery log in each store.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot continue fails"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use countersign::Timestamp;
use countersign::dedup::{EventKey, Identity};
use countersign::inbox::MessageId;
use countersign::log::{
    CapturedRequest, InspectLog, LogBatch, LogEntry, LogFilter, LogId, LogRate, LogRetention,
    MemoryLog,
};
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::PostgresServer;
use tempfile::TempDir;

const HOUR: Duration = Duration::from_secs(60 * 60);

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap())
}

fn key(id: &str) -> EventKey {
    EventKey::new("billing", "stripe", &Identity::id(id))
}

/// A line with every column.
fn full() -> LogEntry {
    let mut entry = LogEntry::new(now(), "billing", "rejected");
    entry.tenant = Some("acme".into());
    entry.sender = "stripe".into();
    entry.rejection = Some("signature_mismatch".into());
    entry.reason = Some("credential does not match".into());
    entry.status = 401;
    entry.key_name = Some("new".into());
    entry.key = Some(key("evt_1"));
    entry.message = Some(MessageId::new(17));
    entry.event_id = Some("evt_1".into());
    entry.event_type = Some("invoice.paid".into());
    entry.is_verified = true;
    entry.body_bytes = 1024;
    entry.took = Duration::from_micros(1234);
    entry.header_names = vec!["host".into(), "stripe-signature".into()];
    entry.capture = Some(CapturedRequest::from_json(r#"{"body":"{}"}"#));
    entry
}

async fn append(log: &impl InspectLog, entries: Vec<LogEntry>) {
    log.append_log(&LogBatch::new(entries, Vec::new())).await.unwrap();
}

async fn ids(log: &impl InspectLog, filter: &LogFilter) -> Vec<LogId> {
    let records = log.log_records(filter, None, 1000).await.unwrap();
    records.into_iter().map(|record| record.id).collect()
}

async fn keeps_every_column(log: &impl InspectLog) {
    append(log, vec![full()]).await;
    let record = log.log_records(&LogFilter::default(), None, 1).await.unwrap().remove(0);
    assert!(record.has_capture);
    let mut expected = full();
    (expected.at, expected.capture) = (record.entry.at, None);
    assert_eq!(record.entry, expected);
    let capture = log.log_capture(record.id).await.unwrap();
    assert_eq!(capture, full().capture);
    assert_eq!(log.log_capture(LogId::new(u64::MAX)).await.unwrap(), None);
}

/// Sets one part of a filter.
type Set = fn(&mut LogFilter);

async fn finds_lines_by_each_filter(log: &impl InspectLog) {
    let plain = || LogEntry::new(now().saturating_sub(HOUR), "orders", "handled");
    append(log, vec![plain(), full(), plain()]).await;
    let filters: [(&str, Set); 9] = [
        ("endpoint", |filter| filter.endpoint = Some("billing".into())),
        ("tenant", |filter| filter.tenant = Some("acme".into())),
        ("outcome", |filter| filter.outcome = Some("rejected".into())),
        ("rejection", |filter| filter.rejection = Some("signature_mismatch".into())),
        ("type", |filter| filter.event_type = Some("invoice.paid".into())),
        ("id", |filter| filter.event_id = Some("evt_1".into())),
        ("key", |filter| filter.key = Some(key("evt_1"))),
        ("from", |filter| filter.from = Some(now().saturating_sub(HOUR / 2))),
        ("all", |filter| {
            filter.endpoint = Some("billing".into());
            filter.before = Some(now().saturating_add(HOUR));
        }),
    ];
    for (name, set) in filters {
        let mut filter = LogFilter::default();
        set(&mut filter);
        let found = log.log_records(&filter, None, 10).await.unwrap();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(&*found[0].entry.endpoint, "billing", "{name}");
        assert_eq!(log.count_log(&filter, 10).await.unwrap(), 1, "{name}");
    }
    let mut old = LogFilter::default();
    old.before = Some(now().saturating_sub(HOUR / 2));
    assert_eq!(log.count_log(&old, 10).await.unwrap(), 2);
    assert_eq!(log.count_log(&old, 1).await.unwrap(), 1);
}

async fn returns_pages_in_order(log: &impl InspectLog) {
    let lines = |range: std::ops::Range<u64>| {
        range
            .map(|number| {
                let mut entry = LogEntry::new(now(), "billing", "handled");
                entry.body_bytes = number;
                entry
            })
            .collect()
    };
    append(log, lines(0..5)).await;
    append(log, lines(5..10)).await;
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = log.log_records(&LogFilter::default(), before, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page.iter().map(|record| record.entry.body_bytes));
    }
    assert_eq!(seen, (0..10).rev().collect::<Vec<_>>());
    let all = log.log_records(&LogFilter::default(), Some(LogId::new(u64::MAX)), 20).await;
    assert_eq!(all.unwrap().len(), 10);
}

async fn adds_counts(log: &impl InspectLog) {
    let minute = Timestamp::from_secs(now().as_secs() / 60 * 60);
    let rate = |minute, outcome: &'static str, count| {
        let mut rate = LogRate::new("billing", minute, outcome, count);
        rate.took = Duration::from_millis(count);
        rate
    };
    let mut refused = rate(minute, "rejected", 7);
    refused.rejection = "missing_header".into();
    let elsewhere = LogRate::new("orders", minute, "handled", 9);
    let old = rate(minute.saturating_sub(HOUR), "handled", 1);
    let first = vec![rate(minute, "handled", 2), refused.clone(), old, elsewhere];
    log.append_log(&LogBatch::new(Vec::new(), first)).await.unwrap();
    let second = vec![rate(minute, "handled", 3)];
    log.append_log(&LogBatch::new(Vec::new(), second)).await.unwrap();
    let read = async |endpoint| {
        let end = minute.saturating_add(Duration::from_secs(60));
        log.log_rates(endpoint, minute, end).await.unwrap()
    };
    assert_eq!(read(Some("billing")).await, [rate(minute, "handled", 5), refused]);
    assert_eq!(read(None).await.len(), 3);
    let rates = read(Some("billing")).await;
    assert_eq!(rates.iter().map(LogRate::is_success).collect::<Vec<_>>(), [true, false]);
}

async fn removes_what_is_old(log: &impl InspectLog) {
    let line = |age| LogEntry::new(now().saturating_sub(age), "billing", "handled");
    append(log, vec![line(HOUR * 3), line(HOUR * 2), line(Duration::ZERO)]).await;
    let rate = |age| LogRate::new("billing", now().saturating_sub(age), "handled", 1);
    let rates = vec![rate(HOUR * 3), rate(Duration::ZERO)];
    log.append_log(&LogBatch::new(Vec::new(), rates)).await.unwrap();
    let mut retention = LogRetention::default();
    retention.age = HOUR;
    assert_eq!(log.prune_log(retention, 1).await.unwrap(), 1);
    assert_eq!(log.prune_log(retention, 10).await.unwrap(), 1);
    assert_eq!(ids(log, &LogFilter::default()).await.len(), 1);
    let (from, before) = (Timestamp::from_secs(0), now().saturating_add(HOUR));
    assert_eq!(log.log_rates(None, from, before).await.unwrap().len(), 1);
}

async fn removes_the_first_lines_beyond_their_number(log: &impl InspectLog) {
    append(log, vec![full(), full(), full(), full()]).await;
    let before = ids(log, &LogFilter::default()).await;
    let mut retention = LogRetention::default();
    retention.lines = 3;
    assert_eq!(log.prune_log(retention, 10).await.unwrap(), 1);
    assert_eq!(ids(log, &LogFilter::default()).await, before[..3]);
    assert_eq!(log.log_capture(before[3]).await.unwrap(), None);
}

async fn removes_the_first_lines_beyond_their_size(log: &impl InspectLog) {
    append(log, vec![full(), full(), full(), full()]).await;
    let before = ids(log, &LogFilter::default()).await;
    let mut retention = LogRetention::default();
    // Each line counts for more than 250 bytes and less than 500.
    retention.bytes = 1000;
    let removed = log.prune_log(retention, 10).await.unwrap();
    assert!((1..=2).contains(&removed), "{removed}");
    let left = before.len() - usize::try_from(removed).unwrap();
    assert_eq!(ids(log, &LogFilter::default()).await, before[..left]);
    assert_eq!(log.prune_log(retention, 10).await.unwrap(), 0);
}

async fn removes_old_requests_before_their_lines(log: &impl InspectLog) {
    let mut old = full();
    old.at = now().saturating_sub(HOUR * 2);
    append(log, vec![old, full()]).await;
    let mut retention = LogRetention::default();
    retention.captures = HOUR;
    assert_eq!(log.prune_log(retention, 10).await.unwrap(), 0);
    let records = log.log_records(&LogFilter::default(), None, 10).await.unwrap();
    let kept: Vec<bool> = records.iter().map(|record| record.has_capture).collect();
    assert_eq!(kept, [true, false]);
}

/// A log, and what must be kept while it is used.
type Open<L, K> = Option<(L, K)>;

async fn memory() -> Open<MemoryLog, ()> {
    Some((MemoryLog::new(), ()))
}

async fn sqlite() -> Open<SqliteStore, TempDir> {
    let dir = tempfile::tempdir().unwrap();
    Some((SqliteStore::open(dir.path().join("log.db")).await.unwrap(), dir))
}

async fn postgres() -> Open<PostgresStore, Arc<PostgresServer>> {
    let server = PostgresServer::shared()?;
    let store = PostgresStore::new(server.pool(2, &[]).await);
    static TABLES: AtomicUsize = AtomicUsize::new(0);
    let number = TABLES.fetch_add(1, Ordering::Relaxed);
    let store = store.table(&format!("logs.hooks_{number}")).unwrap();
    store.migrate().await.unwrap();
    Some((store, server))
}

macro_rules! over_each_store {
    ($($test:ident),* $(,)?) => {
        mod memory_log {
            $(#[tokio::test] async fn $test() {
                if let Some((log, _kept)) = super::memory().await { super::$test(&log).await }
            })*
        }
        mod sqlite_log {
            $(#[tokio::test] async fn $test() {
                if let Some((log, _kept)) = super::sqlite().await { super::$test(&log).await }
            })*
        }
        mod postgres_log {
            $(#[tokio::test] async fn $test() {
                if let Some((log, _kept)) = super::postgres().await { super::$test(&log).await }
            })*
        }
    };
}

over_each_store!(
    keeps_every_column,
    finds_lines_by_each_filter,
    returns_pages_in_order,
    adds_counts,
    removes_what_is_old,
    removes_the_first_lines_beyond_their_number,
    removes_old_requests_before_their_lines,
);

#[tokio::test]
async fn sqlite_removes_the_first_lines_beyond_their_size() {
    let (log, _dir) = sqlite().await.unwrap();
    removes_the_first_lines_beyond_their_size(&log).await;
}

#[tokio::test]
async fn postgres_removes_the_first_lines_beyond_their_size() {
    if let Some((log, _server)) = postgres().await {
        removes_the_first_lines_beyond_their_size(&log).await;
    }
}
