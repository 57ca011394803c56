//! The SQLite store: the contract, several processes, crashes, and handlers' transactions.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue panics"
)]

mod support;

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, ClaimToken, DedupStore, InspectStore, StoreErrorKind, UpdateOutcome,
};
use countersign::scheme::SigningRequest;
use countersign::testing::store::{StoreUnderTest, check, inspection_reports_and_forgets};
use countersign::{Admission, ConfigErrorKind, Outcome, Receiver, Secret, Timestamp, senders};
use countersign_sqlx::{SqliteStore, TransactionErrorKind};
use countersign_test_support::{ChildTest, report, store_location};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, query, query_scalar};
use support::{HOUR, claim, commit, event, granted, higher, is_handled, is_in_progress, unclaimed};
use tempfile::TempDir;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

const SHORT: Duration = Duration::from_millis(50);

/// A file in a temporary directory.
struct File(TempDir);

impl File {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> String {
        self.0.path().join("app.db").to_str().unwrap().to_owned()
    }

    async fn store(&self) -> SqliteStore {
        SqliteStore::open(self.path()).await.unwrap()
    }

    /// Opens a connection as the application does.
    async fn connection(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.path());
        SqliteConnection::connect_with(&options).await.unwrap()
    }

    /// Opens a store beside a table of the application.
    async fn with_notes(&self) -> SqliteStore {
        let store = self.store().await;
        let mut connection = self.connection().await;
        query("CREATE TABLE notes (text TEXT)").execute(&mut connection).await.unwrap();
        store
    }

    async fn rows(&self) -> i64 {
        let count = query_scalar("SELECT count(*) FROM countersign_events");
        count.fetch_one(&mut self.connection().await).await.unwrap()
    }

    async fn notes(&self) -> i64 {
        let mut connection = self.connection().await;
        query_scalar("SELECT count(*) FROM notes").fetch_one(&mut connection).await.unwrap()
    }
}

const NOTE: &str = "INSERT INTO notes VALUES ('written')";

impl StoreUnderTest for File {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
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
async fn a_file_keeps_the_contract() {
    assert_eq!(check(&File::new()).await, Ok(()));
}

#[tokio::test]
async fn inspection_reports_and_forgets_events() {
    assert_eq!(inspection_reports_and_forgets(&File::new()).await, Ok(()));
}

#[tokio::test]
async fn open_existing_creates_no_file_and_no_table() {
    let file = File::new();
    let error = SqliteStore::open_existing(file.path()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(!Path::new(&file.path()).exists());
    std::fs::write(file.path(), "").unwrap();
    let error = SqliteStore::open_existing(file.path()).await.unwrap_err();
    assert!(error.to_string().contains("no such table"), "{error}");
    assert_eq!(std::fs::read(file.path()).unwrap(), b"", "nothing is written");
    let store = file.store().await;
    granted(&store, 0, HOUR).await;
    let inspected = SqliteStore::open_existing(file.path()).await.unwrap();
    assert_eq!(inspected.stats().await.unwrap().in_progress, 1);
}

#[tokio::test]
async fn in_memory_and_temporary_databases_are_rejected() {
    for path in [":memory:", "", "file::memory:", "file:shared?mode=memory&cache=shared"] {
        let error = SqliteStore::open(path).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.to_string().contains("needs a file"), "{path}: {error}");
    }
}

#[tokio::test]
async fn stores_on_one_file_have_one_id() {
    let (file, other) = (File::new(), File::new());
    let store = file.store().await;
    assert!(store.id().is_some());
    assert_eq!(store.id(), file.store().await.id());
    assert_eq!(store.id(), SqliteStore::open_existing(file.path()).await.unwrap().id());
    let detour = file.0.path().join(".").join("app.db");
    assert_eq!(store.id(), SqliteStore::open(detour).await.unwrap().id());
    assert_ne!(store.id(), other.store().await.id());
}

#[tokio::test]
async fn two_unnamed_endpoints_on_one_file_are_rejected() {
    let file = File::new();
    let receiver = |store| {
        let secret = Secret::new("a secret shared with the sender").unwrap();
        Receiver::builder(senders::STRIPE.keys(secret).unwrap()).dedup(store)
    };
    let _first = receiver(file.store().await).build().unwrap();
    let error = receiver(file.store().await).build().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::EndpointNotNamed);
    let _named = receiver(file.store().await).endpoint("billing").build().unwrap();
}

#[tokio::test]
async fn unnamed_endpoints_with_different_secrets_share_a_file() {
    let (file, now) = (File::new(), Timestamp::from_secs(1_790_000_000));
    let secret = |text| Secret::new(text).unwrap();
    let mut receivers = Vec::new();
    for text in ["whsec_of_the_account_itself", "whsec_of_connected_accounts"] {
        let sender = senders::STRIPE.keys(secret(text)).unwrap();
        let receiver = Receiver::builder(sender).dedup(file.store().await).build().unwrap();
        receivers.push((receiver, text));
    }
    for is_first in [true, false] {
        for (receiver, text) in &receivers {
            let request = SigningRequest::new(br#"{"id":"evt_1"}"#).timestamp(now);
            let headers = request.sign(receiver.scheme(), &secret(*text)).unwrap();
            let delivery = receiver.verify(&headers, r#"{"id":"evt_1"}"#, now).unwrap();
            match receiver.claim(&delivery).await.unwrap() {
                Admission::Proceed(claim) if is_first => drop(claim.commit().await.unwrap()),
                Admission::Respond(Outcome::Duplicate { same_body: true }) if !is_first => {}
                admission => panic!("{text}: {admission:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_new_file_may_be_opened_concurrently() {
    for _ in 0..10 {
        let file = File::new();
        let opened: Vec<_> = (0..16)
            .map(|_| {
                let path = file.path();
                tokio::spawn(async move { SqliteStore::open(path).await.map(drop) })
            })
            .collect();
        for opened in opened {
            assert_eq!(opened.await.unwrap(), Ok(()));
        }
    }
}

#[tokio::test]
async fn a_transaction_does_not_recreate_a_removed_file() {
    let file = File::new();
    let store = file.store().await;
    let claim_token = granted(&store, 0, HOUR).await;
    std::fs::remove_file(file.path()).unwrap();
    let error = store.begin_claim(&claim_token).await.unwrap_err();
    assert_eq!(error.kind(), TransactionErrorKind::Failed);
    assert!(!Path::new(&file.path()).exists());
}

#[tokio::test]
async fn an_operators_reads_wait_for_no_transaction() {
    let file = File::new();
    let store = file.store().await;
    let claim_token = granted(&store, 0, HOUR).await;
    let transaction = store.begin_claim(&claim_token).await.unwrap();
    let inspected = SqliteStore::open_existing(file.path()).await.unwrap();
    assert_eq!(inspected.stats().await.unwrap().in_progress, 1);
    assert!(inspected.get(claim_token.key()).await.unwrap().is_some());
    transaction.commit().await.unwrap();
    assert_eq!(inspected.forget(claim_token.key()).await, Ok(true));
}

#[tokio::test]
async fn tables_of_a_later_version_are_rejected() {
    let file = File::new();
    drop(file.store().await);
    let mut connection = file.connection().await;
    query("UPDATE countersign_meta SET schema = 2").execute(&mut connection).await.unwrap();
    let errors =
        [SqliteStore::open(file.path()).await, SqliteStore::open_existing(file.path()).await];
    for error in errors.map(Result::unwrap_err) {
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.to_string().contains("of version 2"), "{error}");
    }
}

#[tokio::test]
async fn acknowledged_operations_are_found_when_the_file_is_opened_again() {
    let file = File::new();
    let store = file.store().await;
    let handled = granted(&store, 0, HOUR).await;
    commit(&store, &handled).await;
    let held = granted(&store, 1, HOUR).await;
    drop(store);
    let store = file.store().await;
    assert!(is_handled(claim(&store, 0).await));
    assert!(is_in_progress(claim(&store, 1).await));
    assert_eq!(commit(&store, &held).await, UpdateOutcome::Applied);
}

const RACED: usize = 40;

/// Runs in child processes of the next test.
#[tokio::test]
async fn child_that_races() {
    let Some(path) = store_location() else { return };
    let store = SqliteStore::open(path).await.unwrap();
    for number in 0..RACED {
        if let ClaimOutcome::Acquired { .. } = claim(&store, number).await {
            report(number);
        }
    }
}

#[test]
fn each_event_is_granted_to_one_of_several_processes() {
    let file = File::new();
    let children: Vec<_> =
        (0..4).map(|_| ChildTest::start("child_that_races", &file.path())).collect();
    let mut granted: Vec<_> = children.into_iter().flat_map(ChildTest::finish).collect();
    granted.sort_unstable();
    assert_eq!(granted, (0..RACED).collect::<Vec<_>>());
}

/// Runs in a child process of the next test, until it is killed.
#[tokio::test]
async fn child_that_handles() {
    let Some(path) = store_location() else { return };
    let store = SqliteStore::open(path).await.unwrap();
    for number in 0.. {
        let claim_token = granted(&store, number, HOUR).await;
        assert_eq!(commit(&store, &claim_token).await, UpdateOutcome::Applied);
        report(number);
    }
}

#[tokio::test]
async fn events_that_a_killed_process_committed_are_handled() {
    let file = File::new();
    let mut child = ChildTest::start("child_that_handles", &file.path());
    for number in 0..20 {
        assert_eq!(child.next_report(), Some(number));
    }
    let committed = 20 + child.kill().len();
    let store = file.store().await;
    for number in 0..committed {
        assert!(is_handled(claim(&store, number).await), "{number} of {committed}");
    }
    // At most one more was in progress.
    granted(&store, committed + 1, HOUR).await;
}

#[tokio::test]
async fn a_cancelled_claim_holds_nothing() {
    let file = File::new();
    let store = file.store().await;
    let mut connection = file.connection().await;
    let lock = connection.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    // The first is being executed, and the second waits behind it.
    timeout(SHORT, claim(&store, 0)).await.unwrap_err();
    timeout(SHORT, claim(&store, 1)).await.unwrap_err();
    lock.rollback().await.unwrap();
    granted(&store, 1, HOUR).await;
    granted(&store, 0, HOUR).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_is_cancelled_as_it_is_granted_holds_nothing() {
    let file = File::new();
    let store = file.store().await;
    let mut cancelled = 0;
    for number in 0..2000 {
        let claiming = tokio::spawn({
            let store = store.clone();
            async move { claim(&store, number).await }
        });
        for _ in 0..number {
            yield_now().await;
        }
        claiming.abort();
        if claiming.await.is_err() {
            cancelled += 1;
            granted(&store, number, HOUR).await;
        }
    }
    assert!(cancelled > 100, "{cancelled}");
}

#[tokio::test]
async fn a_locked_file_is_unavailable_until_it_is_unlocked() {
    let file = File::new();
    let store = file.store().await;
    let mut connection = file.connection().await;
    let lock = connection.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let error = store.claim(&event(0), 0, HOUR).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    lock.rollback().await.unwrap();
    granted(&store, 0, HOUR).await;
}

#[tokio::test]
async fn a_purge_deletes_expired_rows_up_to_its_limit() {
    let file = File::new();
    let store = file.store().await;
    let mut claim_tokens = Vec::new();
    for number in 0..5 {
        claim_tokens.push(granted(&store, number, HOUR).await);
    }
    for claim_token in &claim_tokens {
        let commit = store.commit(claim_token.key(), claim_token.fencing_token(), Duration::ZERO);
        assert_eq!(commit.await, Ok(UpdateOutcome::Applied));
    }
    assert_eq!(file.rows().await, 5);
    assert_eq!(store.purge(2).await, Ok(2));
    assert_eq!(file.rows().await, 3);
    let held = granted(&store, 7, Duration::ZERO).await;
    let done = granted(&store, 8, HOUR).await;
    commit(&store, &done).await;
    assert_eq!(store.purge(10).await, Ok(3));
    assert_eq!(file.rows().await, 2, "the claimed and the remembered event");
    assert_eq!(commit(&store, &held).await, UpdateOutcome::Applied);
}

#[tokio::test]
async fn claims_delete_expired_rows() {
    let file = File::new();
    let store = file.store().await;
    for number in 0..70 {
        let claim_token = granted(&store, number, HOUR).await;
        let commit = store.commit(claim_token.key(), claim_token.fencing_token(), Duration::ZERO);
        assert_eq!(commit.await, Ok(UpdateOutcome::Applied));
    }
    assert!(file.rows().await < 10);
}

#[tokio::test]
async fn claims_of_any_process_continue_the_sweep_of_the_last_one() {
    let file = File::new();
    drop(file.store().await);
    let expired_rows = "
        INSERT INTO countersign_events
        SELECT randomblob(32), 1, 2, 0, 0 FROM (
            WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT 700)
            SELECT n FROM number
        )";
    query(expired_rows).execute(&mut file.connection().await).await.unwrap();
    // Each process sweeps 256 rows with its first claim, since it may be its last.
    for number in 0..3 {
        granted(&file.store().await, number, HOUR).await;
    }
    assert_eq!(file.rows().await, 3, "only the claimed events");
}

#[tokio::test]
async fn a_purge_finds_expired_rows_after_many_others() {
    let file = File::new();
    let store = file.store().await;
    let rows = "
        INSERT INTO countersign_events
        SELECT randomblob(32), 1, 2, iif(n % 1000 = 0, 0, 1 << 60), 0 FROM (
            WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT 4000)
            SELECT n FROM number
        )";
    query(rows).execute(&mut file.connection().await).await.unwrap();
    assert_eq!(store.purge(3).await, Ok(3));
    assert_eq!(store.purge(3).await, Ok(1));
    assert_eq!(file.rows().await, 3996);
}

#[tokio::test]
async fn the_write_and_the_mark_are_one_commit() {
    let file = File::new();
    let store = file.with_notes().await;
    let claim_token = granted(&store, 0, HOUR).await;
    let mut transaction = store.begin_claim(&claim_token).await.unwrap();
    query(NOTE).execute(&mut *transaction).await.unwrap();
    assert_eq!(file.notes().await, 0);
    transaction.commit().await.unwrap();
    assert_eq!(file.notes().await, 1);
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
async fn a_handler_that_has_committed_still_has_its_lease() {
    let file = File::new();
    let store = file.store().await;
    let claim_token = granted(&store, 0, HOUR).await;
    store.begin_claim(&claim_token).await.unwrap().commit().await.unwrap();
    let renew = || store.renew(claim_token.key(), claim_token.fencing_token(), Duration::ZERO);
    assert_eq!(renew().await, Ok(UpdateOutcome::Applied));
    assert!(is_handled(claim(&store, 0).await), "the renewal changes nothing");
    commit(&store, &claim_token).await;
    assert_eq!(renew().await, Ok(UpdateOutcome::StaleToken), "the handler has ended");
}

#[tokio::test]
async fn in_one_batch_a_fencing_token_counts_only_for_its_own_event() {
    let file = File::new();
    let store = file.store().await;
    let first = granted(&store, 1, HOUR).await;
    let second = granted(&store, 2, HOUR).await;
    let third = granted(&store, 3, HOUR).await;
    // While a transaction has the write lock, these wait to be written together.
    let holding = granted(&store, 0, HOUR).await;
    let transaction = store.begin_claim(&holding).await.unwrap();
    let commit = |of: &ClaimToken, by: &ClaimToken| {
        let (store, key, fencing_token) = (store.clone(), *of.key(), by.fencing_token());
        tokio::spawn(async move { store.commit(&key, fencing_token, HOUR).await })
    };
    let release = || {
        let (store, key, fencing_token) = (store.clone(), *third.key(), third.fencing_token());
        tokio::spawn(async move { store.release(&key, fencing_token).await })
    };
    let jobs = [commit(&first, &first), commit(&second, &first), release(), release()];
    sleep(SHORT).await;
    transaction.rollback().await.unwrap();
    let mut outcomes = Vec::new();
    for job in jobs {
        outcomes.push(job.await.unwrap().unwrap());
    }
    assert_eq!(outcomes[..2], [UpdateOutcome::Applied, UpdateOutcome::StaleToken]);
    outcomes[2..].sort_by_key(|outcomes| *outcomes == UpdateOutcome::StaleToken);
    assert_eq!(outcomes[2..], [UpdateOutcome::Applied, UpdateOutcome::StaleToken]);
    assert!(is_in_progress(claim(&store, 2).await));
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_the_event_claimed() {
    let file = File::new();
    let store = file.with_notes().await;
    let claim_token = granted(&store, 0, HOUR).await;
    let mut transaction = store.begin_claim(&claim_token).await.unwrap();
    query(NOTE).execute(&mut *transaction).await.unwrap();
    drop(transaction);
    assert!(is_in_progress(claim(&store, 0).await));
    assert_eq!(file.notes().await, 0);
    store.begin_claim(&claim_token).await.unwrap().rollback().await.unwrap();
    assert_eq!(
        store.release(claim_token.key(), claim_token.fencing_token()).await,
        Ok(UpdateOutcome::Applied)
    );
}

#[tokio::test]
async fn a_stale_claim_gets_no_transaction() {
    let file = File::new();
    let store = file.with_notes().await;
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
    let file = File::new();
    let error = file.store().await.begin(&unclaimed()).await.unwrap_err();
    assert_eq!(error.kind(), TransactionErrorKind::Unclaimed);
    let error = file.store().await.begin(&unclaimed().items().unwrap()[0]).await.unwrap_err();
    assert_eq!(error.kind(), TransactionErrorKind::Unclaimed);
}

#[tokio::test]
async fn an_open_transaction_holds_its_event_past_the_lease() {
    let file = File::new();
    let store = file.store().await;
    let claim_token = granted(&store, 0, Duration::ZERO).await;
    let transaction = store.begin_claim(&claim_token).await.unwrap();
    let renewed = store.renew(claim_token.key(), claim_token.fencing_token(), HOUR).await;
    assert_eq!(renewed, Ok(UpdateOutcome::Applied));
    timeout(SHORT, claim(&store, 0)).await.unwrap_err();
    transaction.commit().await.unwrap();
    assert!(is_handled(claim(&store, 0).await));
}

#[tokio::test]
async fn stats_count_events_by_their_current_state() {
    let file = File::new();
    let store = file.store().await;
    for number in 0..3 {
        let claim_token = granted(&store, number, HOUR).await;
        commit(&store, &claim_token).await;
    }
    granted(&store, 3, HOUR).await;
    granted(&store, 4, Duration::ZERO).await;
    let expired = granted(&store, 5, HOUR).await;
    let commit = store.commit(expired.key(), expired.fencing_token(), Duration::ZERO);
    assert_eq!(commit.await, Ok(UpdateOutcome::Applied));
    // As if the event had been claimed an hour ago.
    let ago = query("UPDATE countersign_events SET until = until - 3600000 WHERE key = ?1");
    let ago = ago.bind(event(4).as_bytes().to_vec());
    ago.execute(&mut file.connection().await).await.unwrap();
    let stats = store.stats().await.unwrap();
    assert_eq!(
        (stats.handled, stats.in_progress, stats.lease_expired, stats.expired),
        (3, 2, 1, 1)
    );
    assert!((HOUR..HOUR * 2).contains(&stats.oldest_expired_lease), "{stats:?}");
    assert!(stats.bytes.unwrap() > 0);
}
