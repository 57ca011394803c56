//! What the journal and the database say of a run.

use std::collections::BTreeMap;

use sqlx::{AnyPool, Row, query};

use crate::config::{Config, StoreLocation};

/// What the handlers of all services did with one event.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// For each run, whether the handler was told that it takes over.
    pub(crate) takeovers: Vec<bool>,
    pub(crate) ends: usize,
}

/// Reads the journal. The last line of a killed service may be torn.
pub(crate) fn journal(config: &Config) -> BTreeMap<String, Runs> {
    let text = std::fs::read_to_string(&config.journal).unwrap();
    let mut events: BTreeMap<String, Runs> = BTreeMap::new();
    for line in text.lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["begin", id, takeover] => {
                events.entry(id.to_owned()).or_default().takeovers.push(takeover == "true");
            }
            ["end", id] => events.entry(id.to_owned()).or_default().ends += 1,
            _ => panic!("a torn line: {line}"),
        }
    }
    events
}

/// Opens the database with its own driver.
pub(crate) async fn pool(config: &Config) -> AnyPool {
    sqlx::any::install_default_drivers();
    let url = match &config.store {
        StoreLocation::Sqlite(path) => format!("sqlite:{path}"),
        StoreLocation::Postgres(url) => url.clone(),
    };
    AnyPool::connect(&url).await.unwrap()
}

/// Returns how often each event was applied.
pub(crate) async fn applied(pool: &AnyPool) -> BTreeMap<String, i64> {
    let rows = query("SELECT id, count(*) AS times FROM applied GROUP BY id");
    let rows = rows.fetch_all(pool).await.unwrap();
    rows.iter().map(|row| (row.get("id"), row.get("times"))).collect()
}

/// Returns the events whose messages are in another state than done.
pub(crate) async fn not_done(pool: &AnyPool) -> Vec<String> {
    let rows = query("SELECT event_id FROM countersign_inbox WHERE state <> 3");
    rows.fetch_all(pool).await.unwrap().iter().map(|row| row.get("event_id")).collect()
}

/// Returns the outcomes of the attempts at each event, in order.
pub(crate) async fn attempts(pool: &AnyPool) -> BTreeMap<String, Vec<String>> {
    let rows = query(
        "SELECT event_id, outcome FROM countersign_attempts
         JOIN countersign_inbox ON id = message ORDER BY countersign_attempts.fence",
    );
    let mut events: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows.fetch_all(pool).await.unwrap() {
        events.entry(row.get("event_id")).or_default().push(row.get("outcome"));
    }
    events
}
