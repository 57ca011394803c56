//! The PostgreSQL store: the contract, several processes, lost connections, crashes of the server, and
//! handlers' transactions.

#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "a test that cannot continue panics")]

mod support;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, InspectStore, StoreErrorKind, UpdateOutcome,
};
use countersign::testing::store::{
    StoreUnderTest, check, concurrent_workers, inspection_reports_and_forgets,
    one_of_many_claims_is_granted,
};
use countersign_sqlx::{PostgresStore, TransactionErrorKind};
use countersign_test_support::{ChildTest, PostgresServer, report, store_location};
use sqlx::postgres::PgPool;
use sqlx::{Connection, PgConnection, query, query_scalar};
use support::{HOUR, claim, commit, event, granted, higher, is_handled, is_in_progress, unclaimed};
use tokio::time::{sleep, timeout};

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn stores_on_one_table_have_one_id() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    assert!(store.id().is_some());
    assert_eq!(store.id(), table.store().await.id());
    assert_eq!(store.id(), store.clone().id());
    for name in ["countersign_events", "webhooks.seen"] {
        let other = table.store().await.table(name).unwrap();
        assert_ne!(store.id(), other.id(), "{name}");
    }
}

/// A table for one test on the shared server.
struct Table {
    server: Arc<PostgresServer>,
    name: String,
    settings: &'static [(&'static str, &'static str)],
}

impl Table {
    fn new() -> Option<Self> {
        static TABLES: AtomicUsize = AtomicUsize::new(0);
        let number = TABLES.fetch_add(1, Ordering::SeqCst);
        Some(Self {
            server: PostgresServer::shared()?,
            name: format!("events_{number}"),
            settings: &[],
        })
    }

    fn with_settings(settings: &'static [(&'static str, &'static str)]) -> Option<Self> {
        Some(Self { settings, ..Self::new()? })
    }

    async fn store(&self) -> PostgresStore {
        self.over(self.pool().await).await
    }

    async fn over(&self, pool: PgPool) -> PostgresStore {
        let store = PostgresStore::new(pool).table(&self.name).unwrap();
        store.migrate().await.unwrap();
        store
    }

    async fn pool(&self) -> PgPool {
        self.server.pool(8, self.settings).await
    }

    async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.server.url()).await.unwrap()
    }

    /// Opens a store beside a table of the application.
    async fn with_notes(&self) -> PostgresStore {
        let create = format!("CREATE TABLE {}_notes (text TEXT)", self.name);
        self.run(&create).await;
        self.store().await
    }

    fn note(&self) -> sqlx::AssertSqlSafe<String> {
        sqlx::AssertSqlSafe(format!("INSERT INTO {}_notes VALUES ('written')", self.name))
    }

    async fn notes(&self) -> i64 {
        let count = format!("SELECT count(*) FROM {}_notes", self.name);
        let count = query_scalar(sqlx::AssertSqlSafe(count));
        count.fetch_one(&mut self.connection().await).await.unwrap()
    }

    async fn run(&self, statement: &str) -> u64 {
        let statement = query(sqlx::AssertSqlSafe(statement.to_owned()));
        statement.execute(&mut self.connection().await).await.unwrap().rows_affected()
    }

    /// Terminates every session but its own.
    async fn cut_connections(&self) {
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )
        .await;
    }
}

impl StoreUnderTest for Table {
    type Store = PostgresStore;

    async fn open(&self) -> PostgresStore {
        self.store().await
    }

    async fn advance(&self, duration: Duration) {
        sleep(duration).await;
    }

    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        let worker = tokio::spawn(work);
        async { worker.await.unwrap() }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_keeps_the_contract() {
    let Some(table) = Table::new() else { return };
    assert_eq!(check(&table).await, Ok(()));
}

#[tokio::test]
async fn inspection_reports_and_forgets_events() {
    let Some(table) = Table::new() else { return };
    assert_eq!(inspection_reports_and_forgets(&table).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicting_claims_are_resolved_at_any_isolation_level() {
    let settings = &[("default_transaction_isolation", "serializable")];
    let Some(table) = Table::with_settings(settings) else { return };
    assert_eq!(one_of_many_claims_is_granted(&table).await, Ok(()));
    assert_eq!(concurrent_workers(&table, 7).await, Ok(()));
}

#[tokio::test]
async fn concurrent_migrations_succeed() {
    let Some(table) = Table::new() else { return };
    let pool = table.pool().await;
    let name = format!("own_schema_{0}.{0}", table.name);
    let store = PostgresStore::new(pool).table(&name).unwrap();
    let (one, two, three) = tokio::join!(store.migrate(), store.migrate(), store.migrate());
    assert_eq!([one, two, three], [Ok(()), Ok(()), Ok(())]);
    granted(&store, 0, HOUR).await;
    store.migrate().await.unwrap();
    assert!(is_in_progress(claim(&store, 0).await));
}

#[tokio::test]
async fn a_table_name_with_other_characters_is_rejected() {
    let Some(table) = Table::new() else { return };
    let pool = table.pool().await;
    for name in ["", ".events", "events.", "a.b.c", "e\"vents", "events; --", "é", &"e".repeat(58)]
    {
        let error = PostgresStore::new(pool.clone()).table(name).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{name}");
    }
}

#[tokio::test]
async fn a_missing_table_is_unavailable() {
    let Some(table) = Table::new() else { return };
    let store = PostgresStore::new(table.pool().await).table("missing").unwrap();
    let error = store.claim(&event(0), 0, HOUR).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("run `PostgresStore::migrate`"), "{error}");
}

const RACED: usize = 100;

/// Runs in child processes of the next test.
#[tokio::test]
async fn child_that_races() {
    let Some(url) = store_location() else { return };
    let store = PostgresStore::connect(&url).await.unwrap();
    for number in 0..RACED {
        if let ClaimOutcome::Acquired { .. } = claim(&store, number).await {
            report(number);
        }
    }
}

#[tokio::test]
async fn each_event_is_granted_to_one_of_several_processes() {
    let Some(server) = PostgresServer::shared() else { return };
    PostgresStore::connect(&server.url()).await.unwrap().migrate().await.unwrap();
    let children: Vec<_> =
        (0..4).map(|_| ChildTest::start("child_that_races", &server.url())).collect();
    let mut granted: Vec<_> = children.into_iter().flat_map(ChildTest::finish).collect();
    granted.sort_unstable();
    assert_eq!(granted, (0..RACED).collect::<Vec<_>>());
}

/// Returns a table on a server of its own, for a test that stops the server or terminates sessions.
fn own_server() -> Option<Table> {
    let server = Arc::new(PostgresServer::start()?);
    Some(Table { server, name: "events".to_owned(), settings: &[] })
}

#[tokio::test]
async fn acknowledged_operations_survive_lost_connections_and_a_crash_of_the_server() {
    let Some(table) = own_server() else { return };
    let store = table.store().await;
    let handled = granted(&store, 0, HOUR).await;
    commit(&store, &handled).await;
    let held = granted(&store, 1, HOUR).await;
    table.cut_connections().await;
    assert!(is_handled(claim_eventually(&store, 0).await));

    table.server.crash();
    let error = store.claim(&event(2), 0, HOUR).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    table.server.restart();
    assert!(is_handled(claim_eventually(&store, 0).await));
    assert!(is_in_progress(claim(&store, 1).await));
    assert_eq!(commit(&store, &held).await, UpdateOutcome::Applied);
    let next = granted(&store, 2, HOUR).await;
    assert!(next.fencing_token() > held.fencing_token(), "fencing tokens rise over the crash");
}

/// Claims over a pool of which some connections are lost.
async fn claim_eventually(store: &PostgresStore, number: usize) -> ClaimOutcome {
    for _ in 0..20 {
        if let Ok(claim) = store.claim(&event(number), 0, HOUR).await {
            return claim;
        }
    }
    panic!("the pool does not recover");
}

#[tokio::test]
async fn a_transaction_whose_connection_is_lost_applies_nothing() {
    let Some(table) = own_server() else { return };
    let store = table.with_notes().await;
    let claim_token = granted(&store, 0, HOUR).await;
    let mut transaction = store.begin_claim(&claim_token).await.unwrap();
    query(table.note()).execute(&mut *transaction).await.unwrap();
    table.cut_connections().await;
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.kind(), TransactionErrorKind::Failed);
    assert_eq!(table.notes().await, 0);
    assert!(is_in_progress(claim_eventually(&store, 0).await));
    assert_eq!(commit(&store, &claim_token).await, UpdateOutcome::Applied);
}

#[tokio::test]
async fn claims_of_an_event_in_a_transaction_occupy_no_connection() {
    let Some(table) = Table::new() else { return };
    let store = table.over(table.server.pool(2, &[]).await).await;
    let claim_token = granted(&store, 0, Duration::ZERO).await;
    let transaction = table.store().await.begin_claim(&claim_token).await.unwrap();
    for _ in 0..3 {
        drop(timeout(SHORT, claim(&store, 0)).await);
    }
    granted(&store, 1, HOUR).await;
    transaction.rollback().await.unwrap();
    assert!(higher(&claim_token).fencing_token() <= granted(&store, 0, HOUR).await.fencing_token());
}

#[tokio::test]
async fn a_handler_that_has_committed_still_has_its_lease() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    let claim_token = granted(&store, 0, HOUR).await;
    store.begin_claim(&claim_token).await.unwrap().commit().await.unwrap();
    let renew = || store.renew(claim_token.key(), claim_token.fencing_token(), Duration::ZERO);
    assert_eq!(renew().await, Ok(UpdateOutcome::Applied));
    assert!(is_handled(claim(&store, 0).await), "the renewal changes nothing");
    commit(&store, &claim_token).await;
    assert_eq!(renew().await, Ok(UpdateOutcome::StaleToken), "the handler has ended");
}

#[tokio::test]
async fn the_write_and_the_mark_are_one_commit() {
    let Some(table) = Table::new() else { return };
    let store = table.with_notes().await;
    let claim_token = granted(&store, 0, HOUR).await;
    let mut transaction = store.begin_claim(&claim_token).await.unwrap();
    query(table.note()).execute(&mut *transaction).await.unwrap();
    assert_eq!(table.notes().await, 0);
    assert!(is_in_progress(claim(&store, 0).await), "other claims do not wait");
    transaction.commit().await.unwrap();
    assert_eq!(table.notes().await, 1);
    assert!(is_handled(claim(&store, 0).await));
    assert_eq!(
        commit(&store, &claim_token).await,
        UpdateOutcome::Applied,
        "the receiver's own commit"
    );
    let released = store.release(claim_token.key(), claim_token.fencing_token()).await;
    assert_eq!(released, Ok(UpdateOutcome::StaleToken), "a handler that fails after its commit");
}

#[tokio::test]
async fn without_a_mark_nothing_is_committed() {
    let Some(table) = Table::new() else { return };
    let store = table.with_notes().await;
    let claim_token = granted(&store, 0, HOUR).await;
    let mut transaction = store.begin_claim(&claim_token).await.unwrap();
    query(table.note()).execute(&mut *transaction).await.unwrap();
    let delete = sqlx::AssertSqlSafe(format!("DELETE FROM {}", table.name));
    query(delete).execute(&mut *transaction).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.kind(), TransactionErrorKind::Failed);
    assert_eq!(table.notes().await, 0);
    assert!(is_in_progress(claim(&store, 0).await));
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_the_event_claimed() {
    let Some(table) = Table::new() else { return };
    let store = table.with_notes().await;
    let claim_token = granted(&store, 0, HOUR).await;
    let mut transaction = store.begin_claim(&claim_token).await.unwrap();
    query(table.note()).execute(&mut *transaction).await.unwrap();
    drop(transaction);
    assert!(is_in_progress(claim(&store, 0).await));
    assert_eq!(table.notes().await, 0);
    store.begin_claim(&claim_token).await.unwrap().rollback().await.unwrap();
    assert_eq!(
        store.release(claim_token.key(), claim_token.fencing_token()).await,
        Ok(UpdateOutcome::Applied)
    );
}

#[tokio::test]
async fn a_stale_claim_gets_no_transaction() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    let late = granted(&store, 0, Duration::ZERO).await;
    let claim_token = granted(&store, 0, HOUR).await;
    for stale in [late, higher(&claim_token)] {
        let error = store.begin_claim(&stale).await.unwrap_err();
        assert_eq!(error.kind(), TransactionErrorKind::StaleToken);
    }
    store.begin_claim(&claim_token).await.unwrap().commit().await.unwrap();
    let error = store.begin_claim(&claim_token).await.unwrap_err();
    assert_eq!(error.kind(), TransactionErrorKind::StaleToken, "it is handled");
}

#[tokio::test]
async fn a_delivery_without_a_claim_gets_no_transaction() {
    let Some(table) = Table::new() else { return };
    let error = table.store().await.begin(&unclaimed()).await.unwrap_err();
    assert_eq!(error.kind(), TransactionErrorKind::Unclaimed);
    let error = table.store().await.begin(&unclaimed().items().unwrap()[0]).await.unwrap_err();
    assert_eq!(error.kind(), TransactionErrorKind::Unclaimed);
}

#[tokio::test]
async fn an_open_transaction_holds_its_event_past_the_lease() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    let claim_token = granted(&store, 0, Duration::ZERO).await;
    let transaction = store.begin_claim(&claim_token).await.unwrap();
    let renewed = store.renew(claim_token.key(), claim_token.fencing_token(), HOUR).await;
    assert_eq!(renewed, Ok(UpdateOutcome::Applied));
    let other = table.store().await;
    assert!(is_in_progress(
        timeout(SHORT * 20, claim(&other, 0)).await.expect("the claim does not wait")
    ));
    transaction.commit().await.unwrap();
    assert!(is_handled(claim(&other, 0).await));
}

#[tokio::test]
async fn a_purge_deletes_expired_rows_and_waits_for_no_lock() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    for number in 0..6 {
        let claim_token = granted(&store, number, HOUR).await;
        match number {
            0..3 => drop(commit(&store, &claim_token).await),
            3 => drop(store.release(claim_token.key(), claim_token.fencing_token()).await),
            _ => {}
        }
    }
    assert_eq!(store.purge(100).await, Ok(0));
    let age = |age: &str| format!("UPDATE {} SET until = now() - interval '{age}'", table.name);
    table.run(&age("2 hours")).await;
    // One of the four expired rows is locked.
    let mut locking = table.connection().await;
    let mut lock = locking.begin().await.unwrap();
    let locked = format!("SELECT 1 FROM {} WHERE key = $1 FOR UPDATE", table.name);
    query(sqlx::AssertSqlSafe(locked))
        .bind(&event(0).as_bytes()[..])
        .execute(&mut *lock)
        .await
        .unwrap();
    assert_eq!(store.purge(2).await, Ok(2));
    assert_eq!(store.purge(100).await, Ok(1));
    lock.rollback().await.unwrap();
    assert_eq!(store.purge(100).await, Ok(1));
    assert_eq!(store.stats().await.unwrap().lease_expired, 2, "kept for a late commit");
    table.run(&age("25 hours")).await;
    assert_eq!(store.purge(100).await, Ok(2));
}

/// Claims the first event at or after `from` whose claim starts a sweep, and returns its number.
async fn sweep(store: &PostgresStore, from: usize) -> usize {
    let sweeps = |key: &EventKey| {
        let (number, _) = key.as_bytes().split_first_chunk().unwrap();
        u64::from_be_bytes(*number).is_multiple_of(1024)
    };
    let number = (from..).find(|number| sweeps(&event(*number))).unwrap();
    granted(store, number, HOUR).await;
    number
}

#[tokio::test]
async fn claims_delete_expired_rows() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    for number in 0..3 {
        commit(&store, &granted(&store, number, HOUR).await).await;
    }
    table.run(&format!("UPDATE {} SET until = now() - interval '2 hours'", table.name)).await;
    sweep(&store, 3).await;
    let cleared = async { while store.stats().await.unwrap().expired > 0 {} };
    timeout(Duration::from_secs(30), cleared).await.expect("the rows are deleted");
}

#[tokio::test]
async fn successive_sweeps_cover_the_table() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    // More rows than one sweep reads.
    let heap = format!(
        "INSERT INTO {} (key, fence, until, fingerprint, state)
         SELECT sha256(int8send(n)), n, now() - interval '2 hours', 0, 2
         FROM generate_series(1, 5000) AS n",
        table.name
    );
    table.run(&heap).await;
    let mut number = sweep(&store, 0).await;
    // The position is kept while the table grows, and starts over at its end.
    table.run(&heap.replace("(1, 5000)", "(5001, 8000)")).await;
    let cleared = async {
        while store.stats().await.unwrap().expired > 0 {
            number = sweep(&store, number + 1).await;
        }
    };
    timeout(Duration::from_secs(30), cleared).await.expect("the sweeps cover the table");
}

#[tokio::test]
async fn a_role_needs_only_the_documented_privileges() {
    let Some(table) = Table::with_settings(&[("role", "webhooks")]) else { return };
    let heap = format!(
        "INSERT INTO {} (key, fence, until, fingerprint, state)
         VALUES ('\\x00', 0, now() - interval '2 hours', 0, 2)",
        table.name
    );
    PostgresStore::connect(&table.server.url())
        .await
        .unwrap()
        .table(&table.name)
        .unwrap()
        .migrate()
        .await
        .unwrap();
    for statement in [
        "CREATE ROLE webhooks",
        &format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO webhooks", table.name),
        &format!("GRANT UPDATE ON SEQUENCE {0}_fence, {0}_swept TO webhooks", table.name),
        // The next sweep starts over at the first block.
        &format!("SELECT setval('{}_swept', 1000)", table.name),
        &heap,
    ] {
        table.run(statement).await;
    }
    let store = table.store().await;
    let number = sweep(&store, 0).await;
    let cleared = async { while store.stats().await.unwrap().expired > 0 {} };
    timeout(Duration::from_secs(30), cleared).await.expect("the row is deleted");
    assert!(store.get(&event(number)).await.unwrap().is_some());
    assert_eq!(store.forget(&event(number)).await, Ok(true));
    let late = granted(&store, number, Duration::ZERO).await;
    let claim_token = granted(&store, number, HOUR).await;
    assert_eq!(
        store.renew(claim_token.key(), late.fencing_token(), HOUR).await,
        Ok(UpdateOutcome::StaleToken)
    );
    store.begin_claim(&claim_token).await.unwrap().commit().await.unwrap();
    assert_eq!(commit(&store, &claim_token).await, UpdateOutcome::Applied);
    assert_eq!(
        store.release(claim_token.key(), claim_token.fencing_token()).await,
        Ok(UpdateOutcome::StaleToken)
    );
    assert_eq!(store.purge(10).await, Ok(0));
}

#[tokio::test]
async fn a_claim_is_one_statement_unless_a_known_event_can_be_claimed() {
    let Some(table) = Table::new() else { return };
    let pool = table.server.pool(1, &[]).await;
    let store = table.over(pool.clone()).await;
    let statements = async || {
        let count =
            query_scalar("SELECT count(*) FROM pg_prepared_statements WHERE statement ~ $1");
        let count: i64 = count.bind(&table.name).fetch_one(&pool).await.unwrap();
        count
    };
    let before = statements().await;
    let claim_token = granted(&store, 0, HOUR).await;
    assert!(is_in_progress(claim(&store, 0).await));
    assert_eq!(statements().await, before + 1, "new, and in progress");
    commit(&store, &claim_token).await;
    assert!(is_handled(claim(&store, 0).await));
    assert_eq!(statements().await, before + 2, "handled, and the commit");
    granted(&store, 1, Duration::ZERO).await;
    granted(&store, 1, HOUR).await;
    assert_eq!(statements().await, before + 3, "the lease expired");
}

#[tokio::test]
async fn an_event_with_an_open_transaction_cannot_be_forgotten() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    let claim_token = granted(&store, 0, HOUR).await;
    let transaction = store.begin_claim(&claim_token).await.unwrap();
    let forget =
        timeout(SHORT * 20, store.forget(claim_token.key())).await.expect("the call does not wait");
    let error = forget.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("a handler's transaction holds the event"), "{error}");
    transaction.rollback().await.unwrap();
    assert_eq!(store.forget(claim_token.key()).await, Ok(true));
}

#[tokio::test]
async fn stats_count_events_by_their_current_state() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    assert_eq!(store.stats().await.unwrap().in_progress, 0);
    for number in 0..3 {
        let claim_token = granted(&store, number, HOUR).await;
        commit(&store, &claim_token).await;
    }
    granted(&store, 3, HOUR).await;
    granted(&store, 4, Duration::ZERO).await;
    let expired = granted(&store, 5, HOUR).await;
    let commit = store.commit(expired.key(), expired.fencing_token(), Duration::ZERO);
    assert_eq!(commit.await, Ok(UpdateOutcome::Applied));
    let ago = "UPDATE {} SET until = until - interval '1 hour' WHERE state = 1 AND until <= now()";
    table.run(&ago.replace("{}", &table.name)).await;
    let stats = store.stats().await.unwrap();
    assert_eq!(
        (stats.handled, stats.in_progress, stats.lease_expired, stats.expired),
        (3, 2, 1, 1)
    );
    assert!((HOUR..HOUR * 2).contains(&stats.oldest_expired_lease), "{stats:?}");
    assert!(stats.bytes.unwrap() > 0);
}

#[tokio::test]
async fn settlements_that_wait_together_have_the_outcome_of_each() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    let mut settling = tokio::task::JoinSet::new();
    for number in 0..300 {
        let claim_token = granted(&store, number, HOUR).await;
        let store = store.clone();
        settling.spawn(async move {
            let stale = higher(&claim_token);
            let (outcome, expected) = match number % 3 {
                0 => (commit(&store, &claim_token).await, UpdateOutcome::Applied),
                1 => {
                    let token = claim_token.fencing_token();
                    let released = store.release(claim_token.key(), token).await.unwrap();
                    (released, UpdateOutcome::Applied)
                }
                _ => (commit(&store, &stale).await, UpdateOutcome::StaleToken),
            };
            assert_eq!(outcome, expected, "event {number}");
            number
        });
    }
    for number in settling.join_all().await {
        let claim = claim(&store, number).await;
        match number % 3 {
            0 => assert!(is_handled(claim), "{claim:?} for event {number}"),
            1 => assert!(matches!(claim, ClaimOutcome::Acquired { takeover: false, .. })),
            _ => assert!(is_in_progress(claim), "{claim:?} for event {number}"),
        }
    }
}

#[tokio::test]
async fn a_settlement_that_waits_for_a_transaction_holds_up_no_other() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    let held = granted(&store, 0, HOUR).await;
    let transaction = store.begin_claim(&held).await.unwrap();
    let mut tokens = Vec::new();
    for number in 1..20 {
        tokens.push(granted(&store, number, HOUR).await);
    }
    let waiting = store.clone();
    let waiting = tokio::spawn(async move { commit(&waiting, &held).await });
    let others = tokens.iter().map(|claim_token| {
        let (store, claim_token) = (store.clone(), *claim_token);
        async move { commit(&store, &claim_token).await }
    });
    let others: tokio::task::JoinSet<_> = others.collect();
    let others = timeout(Duration::from_secs(10), others.join_all()).await.unwrap();
    assert!(others.iter().all(|outcome| *outcome == UpdateOutcome::Applied));
    assert!(!waiting.is_finished());
    transaction.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap(), UpdateOutcome::Applied);
}

#[tokio::test]
async fn a_settlement_whose_caller_is_gone_is_applied() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    for number in 0..20 {
        let claim_token = granted(&store, number, HOUR).await;
        let mut committing = std::pin::pin!(commit(&store, &claim_token));
        let polled = std::future::poll_fn(|cx| {
            std::task::Poll::Ready(committing.as_mut().poll(cx).is_ready())
        });
        assert!(!polled.await);
    }
    for number in 0..20 {
        while !is_handled(claim(&store, number).await) {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn settlements_that_wait_for_transactions_hold_up_no_other() {
    let Some(table) = Table::new() else { return };
    let store = table.store().await;
    let (mut transactions, mut waiting) = (Vec::new(), tokio::task::JoinSet::new());
    for number in 0..3 {
        let held = granted(&store, number, HOUR).await;
        transactions.push(store.begin_claim(&held).await.unwrap());
        let store = store.clone();
        waiting.spawn(async move { commit(&store, &held).await });
        // Each is a group of its own.
        tokio::task::yield_now().await;
    }
    let other = granted(&store, 3, HOUR).await;
    let other = timeout(Duration::from_millis(1500), commit(&store, &other)).await;
    assert_eq!(other.expect("it does not wait"), UpdateOutcome::Applied);
    for transaction in transactions {
        transaction.commit().await.unwrap();
    }
    for outcome in waiting.join_all().await {
        assert_eq!(outcome, UpdateOutcome::Applied);
    }
}

#[test]
fn a_runtime_that_stops_leaves_no_turn_behind() {
    let Some(table) = Table::new() else { return };
    let lasting = tokio::runtime::Runtime::new().unwrap();
    let store = lasting.block_on(table.store());
    for number in 0..3 {
        let claim_token = lasting.block_on(granted(&store, number, HOUR));
        let brief = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut committing = Box::pin(commit(&store, &claim_token));
        brief.block_on(std::future::poll_fn(|cx| {
            std::task::Poll::Ready(committing.as_mut().poll(cx).is_pending())
        }));
        drop(brief);
    }
    lasting.block_on(async {
        let claim_token = granted(&store, 3, HOUR).await;
        let settled = timeout(Duration::from_secs(10), commit(&store, &claim_token)).await;
        assert_eq!(settled.expect("it is settled"), UpdateOutcome::Applied);
    });
}
