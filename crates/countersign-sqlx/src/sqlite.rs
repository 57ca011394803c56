//! Events in a SQLite file.

mod batch;
mod inbox;
mod inspect;
mod job;
mod log;
mod schema;
mod statements;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, ClaimToken, Claimed, DedupStore, EventKey, FencingToken, StoreError,
    StoreErrorKind, StoreId, UpdateOutcome,
};
use countersign::inbox::MessageToken;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqlitePoolOptions};
use sqlx::{Sqlite, query};
use tokio::sync::{OnceCell, mpsc, oneshot};

use self::inbox::MARK_DONE;
use self::job::{Job, Operation, Output, SweepPosition, Update};
use self::statements::MARK_HANDLED;
use self::writer::{WriteLock, writer_stopped};
use crate::error::{TransactionError, TransactionErrorKind, store_error};
use crate::inbox_row::from_id;
use crate::open_transactions::OpenTransactions;
use crate::row::{from_fencing_token, key_bytes, millis};
use crate::transaction::Transaction;

/// How many connections there are for handlers' transactions and for an operator's reads.
const CONNECTIONS: u32 = 8;

/// Stores events in a SQLite file, for one machine and any number of processes.
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
///
/// The file may be the application's own: the tables are `countersign_events` and `countersign_meta`,
/// and for [transactions](Self::begin) they must be in the same file as the handler's. The file must be
/// on a local disk, where SQLite's locks work. Time is that of the machine's clock. See
/// [Choosing a store](https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md#sqlite)
/// for the tables' SQL.
///
/// # Durability
///
/// An acknowledged operation survives a crash of the process and of the machine: each commit is synced
/// to the disk (WAL mode, `synchronous=FULL`). The operations of concurrent requests are written in one
/// transaction and synced once. The log beside the file, `…-wal`, may grow to about 40 MB before it is
/// written back.
///
/// # Expired rows
///
/// Claims delete expired rows of earlier events.
#[derive(Clone)]
pub struct SqliteStore(Arc<StoreInner>);

struct StoreInner {
    path: PathBuf,
    pool: SqlitePool,
    jobs: OnceCell<mpsc::Sender<Job>>,
    write_lock: WriteLock,
    open_transactions: OpenTransactions,
}

impl SqliteStore {
    /// Opens the file, and creates it and the tables if they are missing.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the file cannot be opened, or its tables are of a later version.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if path.to_str().is_none() {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "the path of a SQLite store must be UTF-8: rename the file or its directory",
            ));
        }
        let store = Self::with_path(path);
        store.jobs().await?;
        Ok(store)
    }

    /// Opens a file that has the tables already, for an operator's tools.
    ///
    /// Nothing is created or written before the first operation that changes an event, and reads wait
    /// for no lock.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the file or its tables do not exist, or the tables are of a later
    /// version.
    pub async fn open_existing(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        schema::check(path.as_ref()).await?;
        Ok(Self::with_path(path.as_ref()))
    }

    fn with_path(path: &Path) -> Self {
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_lazy_with(schema::options(path));
        Self(Arc::new(StoreInner {
            path: path.into(),
            pool,
            jobs: OnceCell::new(),
            write_lock: WriteLock::default(),
            open_transactions: OpenTransactions::default(),
        }))
    }

    /// Returns the queue of the writer, which the first write starts.
    async fn jobs(&self) -> Result<&mpsc::Sender<Job>, StoreError> {
        let start = || writer::start(self.0.path.clone(), self.0.write_lock.clone());
        self.0.jobs.get_or_try_init(start).await
    }

    /// Begins a transaction whose commit also marks the event of a delivery, or an item of one, as
    /// handled, or the delivery's message in an [inbox](countersign::inbox) as done.
    ///
    /// SQLite has one writer at a time. Until the transaction ends, claims of other events wait; claims
    /// by another process fail after two seconds. Begin the transaction after the slow work, keep it
    /// short, and call no method of this store while it is open.
    ///
    /// # Errors
    ///
    /// [`TransactionErrorKind::StaleToken`] if the claim is no longer the current one,
    /// [`TransactionErrorKind::Unclaimed`] if it has no claim,
    /// [`TransactionErrorKind::OtherStore`] if its message is in another store's inbox, and
    /// [`TransactionErrorKind::Failed`] if the database fails.
    pub async fn begin(
        &self,
        claimed: &(impl Claimed + Sync),
    ) -> Result<Transaction<Sqlite>, TransactionError> {
        if let Some(message_token) = claimed.message_token() {
            if message_token.store().is_some_and(|store| Some(store) != self.id()) {
                return Err(TransactionError::new(TransactionErrorKind::OtherStore));
            }
            return self.begin_message(message_token).await;
        }
        let unclaimed = TransactionError::new(TransactionErrorKind::Unclaimed);
        self.begin_claim(&claimed.claim_token().ok_or(unclaimed)?).await
    }

    /// Begins a transaction whose commit also marks a message of the inbox as done.
    async fn begin_message(
        &self,
        message_token: MessageToken,
    ) -> Result<Transaction<Sqlite>, TransactionError> {
        let (id, fence) =
            (from_id(message_token.id()), from_fencing_token(message_token.fencing_token()));
        self.begin_with(query(MARK_DONE.as_str()).bind(id).bind(fence), None).await
    }

    /// Begins a transaction whose commit also marks the claimed event as handled, for callers without a
    /// delivery.
    ///
    /// # Errors
    ///
    /// [`TransactionErrorKind::StaleToken`] if the claim is no longer the current one, and
    /// [`TransactionErrorKind::Failed`] if the database fails.
    pub async fn begin_claim(
        &self,
        claim_token: &ClaimToken,
    ) -> Result<Transaction<Sqlite>, TransactionError> {
        let (key, fencing_token) =
            (key_bytes(claim_token.key()), from_fencing_token(claim_token.fencing_token()));
        let mark = query(MARK_HANDLED.as_str()).bind(key).bind(fencing_token);
        let mark = mark.bind(millis(claim_token.retention()));
        self.begin_with(mark, Some(claim_token)).await
    }

    /// Begins a transaction in which `mark` changes a row, or which is rolled back.
    async fn begin_with(
        &self,
        mark: Query<'_, Sqlite, SqliteArguments>,
        claim_token: Option<&ClaimToken>,
    ) -> Result<Transaction<Sqlite>, TransactionError> {
        let write_lock = self.0.write_lock.clone().lock_owned().await;
        let mut transaction = self.0.pool.begin_with("BEGIN IMMEDIATE").await?;
        if mark.execute(&mut *transaction).await?.rows_affected() == 0 {
            transaction.rollback().await?;
            return Err(TransactionError::new(TransactionErrorKind::StaleToken));
        }
        let guard = claim_token.map(|claim_token| self.0.open_transactions.register(claim_token));
        Ok(Transaction::new(transaction, None, guard, Some(Box::new(write_lock))))
    }

    /// Deletes up to `limit` expired rows, and returns how many it deleted.
    ///
    /// Claims delete expired rows by themselves; this is for a store that gets no claims. The row of a
    /// claim that was never settled is deleted a day after its lease expired.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the database fails.
    pub async fn purge(&self, limit: u32) -> Result<u64, StoreError> {
        let (mut removed, mut next) = (0, Some(SweepPosition::new()));
        while let Some(from) = next
            && removed < u64::from(limit)
        {
            let left = limit - u32::try_from(removed).unwrap_or(limit);
            let sweep = self.execute(Operation::Sweep { from, limit: left }).await?;
            let (rows, position) = sweep.swept()?;
            removed += rows;
            next = position;
        }
        Ok(removed)
    }

    async fn update(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        update: Update,
    ) -> Result<UpdateOutcome, StoreError> {
        self.execute(Operation::Update { key: *key, fencing_token, update }).await?.update_outcome()
    }

    async fn execute(&self, operation: Operation) -> Result<Output, StoreError> {
        let (reply, output) = oneshot::channel();
        let jobs = self.jobs().await?;
        let mut pending = PendingJob { jobs, operation: operation.clone(), output };
        jobs.send(Job { operation, reply }).await.map_err(|_| writer_stopped())?;
        (&mut pending.output).await.map_err(|_| writer_stopped())?
    }
}

/// An operation whose output its caller awaits.
///
/// A caller may be cancelled just as its claim is granted. That claim is released, so that the event does
/// not stay claimed for the whole lease.
struct PendingJob<'s> {
    jobs: &'s mpsc::Sender<Job>,
    operation: Operation,
    output: oneshot::Receiver<Result<Output, StoreError>>,
}

impl Drop for PendingJob<'_> {
    fn drop(&mut self) {
        // From here on the writer cannot send an output, and releases the claim itself.
        self.output.close();
        if let Ok(Ok(output)) = self.output.try_recv()
            && let Some(release) = Job::release_of(&self.operation, &output)
        {
            // If the queue is full, the claim ends with its lease.
            drop(self.jobs.try_send(release));
        }
    }
}

impl DedupStore for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        let ping = query("SELECT 1 FROM countersign_meta").execute(&self.0.pool).await;
        ping.map(drop).map_err(|error| store_error(&error))
    }

    /// Stores on one file have one id.
    fn id(&self) -> Option<StoreId> {
        let path = &self.0.path;
        // Links and relative paths lead to one file. A file that is missing cannot be resolved.
        let resolved = path.canonicalize().or_else(|_| std::path::absolute(path));
        Some(StoreId::new(["sqlite", resolved.as_ref().unwrap_or(path).to_str()?]))
    }

    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        self.execute(Operation::Claim { key: *key, fingerprint, lease }).await?.claim_outcome()
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        if self.0.open_transactions.contains(key, fencing_token) {
            return Ok(UpdateOutcome::Applied);
        }
        self.update(key, fencing_token, Update::Renew { lease }).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.update(key, fencing_token, Update::Commit { retention }).await
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.update(key, fencing_token, Update::Release).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}
