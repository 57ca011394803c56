//! Events in a SQLite file.

mod batch;
mod inspect;
mod job;
mod schema;
mod statements;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign::Delivery;
use countersign::dedup::{
    ClaimOutcome, ClaimToken, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind,
    UpdateOutcome,
};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use sqlx::{Sqlite, query};
use tokio::sync::{OnceCell, mpsc, oneshot};

use self::job::{Answer, Job, Operation, Place, Settle};
use self::statements::MARK;
use self::writer::Turns;
use crate::error::{TransactionError, TransactionErrorKind};
use crate::held::Held;
use crate::row::{from_fencing_token, key_bytes, millis};
use crate::transaction::Transaction;

/// How many connections read, or wait for their turn with a handler's transaction.
const CONNECTIONS: u32 = 8;

/// Remembers events in a SQLite file: one machine, any number of processes.
///
/// What it has answered survives a crash of the process and of the machine: each commit is synced to
/// the disk (WAL mode, `synchronous=FULL`). What concurrent requests ask for is written in one
/// transaction and synced once. Rows that are over are cleared away by the claims that follow. The log
/// beside the file, `…-wal`, may grow to some 40 MB before it is written back.
///
/// The file may be the application's own: the tables are `countersign_events` and
/// `countersign_meta`, and for [transactions](Self::begin) they must stand beside the handler's. It
/// must lie on a local disk, where SQLite's locks work. Time is that of the machine's clock.
///
/// ```no_run
/// # async fn run(sender: countersign::StandardWebhooks) -> Result<(), Box<dyn std::error::Error>> {
/// use countersign::Receiver;
/// use countersign_sqlx::SqliteStore;
///
/// let store = SqliteStore::open("app.db").await?;
/// let receiver = Receiver::builder(sender).dedup(store).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteStore(Arc<Shared>);

struct Shared {
    path: PathBuf,
    pool: SqlitePool,
    jobs: OnceCell<mpsc::Sender<Job>>,
    turns: Turns,
    held: Held,
}

impl SqliteStore {
    /// Opens the file, and makes it and the tables where they are missing.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the file cannot be opened, or its tables are of a later version.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if path.to_str().is_none() {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "the path of a SQLite store must be UTF-8: give the file another name",
            ));
        }
        let store = Self::of(path);
        store.jobs().await?;
        Ok(store)
    }

    /// Opens a file that has the tables already, for an operator's tools: it changes nothing before it
    /// is told to, and what it is asked waits for nobody.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if there is no such file, or no such tables in it.
    pub async fn existing(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        schema::look(path.as_ref()).await?;
        Ok(Self::of(path.as_ref()))
    }

    fn of(path: &Path) -> Self {
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_lazy_with(schema::options(path));
        Self(Arc::new(Shared {
            path: path.into(),
            pool,
            jobs: OnceCell::new(),
            turns: Turns::default(),
            held: Held::default(),
        }))
    }

    /// The way to the writer, which is started where nothing was written before.
    async fn jobs(&self) -> Result<&mpsc::Sender<Job>, StoreError> {
        let start = || writer::start(self.0.path.clone(), self.0.turns.clone());
        self.0.jobs.get_or_try_init(start).await
    }

    /// A transaction whose commit marks the event of `delivery` as handled.
    ///
    /// SQLite has one writer at a time: until it ends, other events wait to be claimed, in another
    /// process for two seconds and then in vain. So begin it last, keep it short, and ask this store
    /// nothing within it.
    ///
    /// # Errors
    ///
    /// [`TransactionErrorKind::StaleToken`] if the claim is no longer the current one,
    /// [`TransactionErrorKind::Unclaimed`] if there is none, and
    /// [`TransactionErrorKind::Failed`] if the database fails.
    pub async fn begin(
        &self,
        delivery: &Delivery,
    ) -> Result<Transaction<Sqlite>, TransactionError> {
        let unclaimed = TransactionError::new(TransactionErrorKind::Unclaimed);
        self.begin_with(&delivery.claim_token().ok_or(unclaimed)?).await
    }

    /// The same for a claim in hand.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin).
    pub async fn begin_with(
        &self,
        claim_token: &ClaimToken,
    ) -> Result<Transaction<Sqlite>, TransactionError> {
        let turn = self.0.turns.clone().lock_owned().await;
        let mut transaction = self.0.pool.begin_with("BEGIN IMMEDIATE").await?;
        let (key, fencing_token) =
            (key_bytes(claim_token.key()), from_fencing_token(claim_token.fencing_token()));
        let mark = query(MARK.as_str()).bind(key).bind(fencing_token).bind(millis(claim_token.retention()));
        if mark.execute(&mut *transaction).await?.rows_affected() == 0 {
            transaction.rollback().await?;
            return Err(TransactionError::new(TransactionErrorKind::StaleToken));
        }
        let holding = self.0.held.hold(claim_token);
        Ok(Transaction::new(transaction, None, holding, Some(Box::new(turn))))
    }

    /// Removes up to `limit` rows that are over, and tells how many it removed.
    ///
    /// Claims do so as they come; this is for a store that gets none.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the database fails.
    pub async fn purge(&self, limit: u32) -> Result<u64, StoreError> {
        let (mut removed, mut from) = (0, Some(Place::new()));
        while let Some(place) = from
            && removed < u64::from(limit)
        {
            let left = limit - u32::try_from(removed).unwrap_or(limit);
            let (rows, next) =
                self.ask(Operation::Sweep { from: place, limit: left }).await?.swept()?;
            removed += rows;
            from = next;
        }
        Ok(removed)
    }

    async fn settle(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        how: Settle,
        span: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.ask(Operation::Settle { key: *key, fencing_token, how, span }).await?.settled()
    }

    async fn ask(&self, operation: Operation) -> Result<Answer, StoreError> {
        let (answer, answered) = oneshot::channel();
        let jobs = self.jobs().await?;
        let mut waiting = Waiting { jobs, operation: operation.clone(), answered };
        jobs.send(Job { operation, answer }).await.map_err(|_| gone())?;
        (&mut waiting.answered).await.map_err(|_| gone())?
    }
}

/// Who waits for an answer. What was granted to one that is dropped just then is given up.
struct Waiting<'s> {
    jobs: &'s mpsc::Sender<Job>,
    operation: Operation,
    answered: oneshot::Receiver<Result<Answer, StoreError>>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // After this the writer finds nobody there, and gives it up itself.
        self.answered.close();
        if let Ok(Ok(answer)) = self.answered.try_recv()
            && let Some(release) = Job::giving_up(&self.operation, &answer)
        {
            // With a full queue it is free once its lease has run out.
            drop(self.jobs.try_send(release));
        }
    }
}

impl DedupStore for SqliteStore {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        self.ask(Operation::Claim { key: *key, fingerprint, lease }).await?.claim()
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        if self.0.held.holds(key, fencing_token) {
            return Ok(UpdateOutcome::Applied);
        }
        self.settle(key, fencing_token, Settle::Renew, lease).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.settle(key, fencing_token, Settle::Commit, retention).await
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.settle(key, fencing_token, Settle::Release, Duration::ZERO).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

fn gone() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the SQLite writer has ended: see its panic")
}
