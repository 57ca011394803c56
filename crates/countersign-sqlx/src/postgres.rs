//! Events in a PostgreSQL table.

mod inbox;
mod inspect;
mod log;
mod settle;
mod settlements;
mod statements;
mod sweep;
mod table;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, ClaimToken, Claimed, DedupStore, EventKey, FencingToken, StoreError,
    StoreErrorKind, StoreId, UpdateOutcome,
};
use sqlx::postgres::{PgPool, PgQueryResult, PgRow};
use sqlx::query;
use sqlx::{Postgres, Row};

use self::inbox::PostgresInbox;
use self::log::tables::LogTables;
use self::settlements::{Settle, Settlements};
use self::statements::{Statement, Statements};
use self::table::Table;
use crate::error::{TransactionError, TransactionErrorKind, store_error};
use crate::open_transactions::OpenTransactions;
use crate::row::{EventRow, TAKEN_OVER, from_fencing_token, key_bytes, millis, to_fencing_token};
use crate::transaction::Transaction;

/// How often a statement is tried that conflicts with others.
const TRIES: usize = 10;

/// The outcome of a claim while another session has the event's row locked.
const LOCKED: ClaimOutcome = ClaimOutcome::InProgress { retry_after: Duration::from_secs(1) };

/// The errors after which a statement is tried again: a serialization failure, a deadlock, and a key
/// that another session inserted at the same time.
const CONFLICTS: [&str; 3] = ["40001", "40P01", "23505"];

/// Stores events in a PostgreSQL table, for many machines.
///
/// Connect, and [migrate](Self::migrate) once:
///
/// ```no_run
/// # async fn run(sender: countersign::StandardWebhooks) -> Result<(), Box<dyn std::error::Error>> {
/// use countersign::Receiver;
/// use countersign_sqlx::PostgresStore;
///
/// let store = PostgresStore::connect("postgres://app@db/app").await?;
/// store.migrate().await?;
/// let receiver = Receiver::builder(sender).dedup(store).build()?;
/// # Ok(())
/// # }
/// ```
///
/// For an encrypted connection, enable a `tls-…` feature of sqlx 0.9 in your own `Cargo.toml`. See
/// [Choosing a store](https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md#postgresql)
/// for that, the table's SQL, and the privileges that a role needs.
///
/// # Round trips
///
/// Each operation is one statement. Commits and releases that wait at the same time are one statement together, so
/// under load the server flushes its log once for many of them. Only a claim of a known event that can be claimed takes a second
/// statement: the event was released, its lease expired, or its retention expired. It takes a third
/// statement if another claim was faster, or if a handler's transaction has the row locked. (By default
/// sqlx also pings a connection before it hands it out, which is another round trip; a pool with
/// `test_before_acquire(false)` does not.)
///
/// # Durability
///
/// Time is that of the database server, whatever the machines' clocks show. An acknowledged operation is
/// as durable as the server's `synchronous_commit` makes it. After a failover to a standby that lagged
/// behind, events that the standby lacked are handled again. Fencing tokens that were granted shortly
/// before the failover may be granted again, so a handler from before it may pass for a current one.
///
/// # Expired rows
///
/// About one in a thousand claims starts a task that deletes expired rows; no claim waits for it. The
/// sweep is fast from PostgreSQL 14 on.
#[derive(Clone)]
pub struct PostgresStore(Arc<StoreInner>);

struct StoreInner {
    pool: PgPool,
    table: Table,
    statements: Statements,
    inbox: PostgresInbox,
    log: LogTables,
    open_transactions: OpenTransactions,
    settlements: Settlements,
}

impl PostgresStore {
    /// Connects to the database at `url`, for the table `countersign_events`.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the database cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Ok(Self::new(PgPool::connect(url).await.map_err(|error| store_error(&error))?))
    }

    /// Creates a store over the application's own pool.
    ///
    /// A claim needs a connection for one statement, and a handler's transaction needs one until it
    /// ends. Give the pool more connections than there are handlers with a transaction at a time.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self::with_table(pool, Table::default())
    }

    /// Returns a store over the same pool that uses another table.
    ///
    /// `name` is `table` or `schema.table`, of letters, digits and `_`, in the case that the catalogue
    /// has it.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the name has other characters, or is too long for PostgreSQL.
    pub fn table(self, name: &str) -> Result<Self, StoreError> {
        Ok(Self::with_table(self.0.pool.clone(), Table::parse(name)?))
    }

    /// Creates the table, its sequences and its schema, and the tables of the inbox and of the delivery log, if
    /// they are missing.
    ///
    /// Runs the files in `sql/postgres`, with the names of another [table](Self::table) where one is set. The
    /// tables of the inbox and of the log are named after it: `orders_inbox`, `orders_log` and so on for
    /// `orders`.
    ///
    /// Several processes may call it at the same time. An existing table is not touched.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the database fails, or the role lacks the privilege.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let StoreInner { pool, table, inbox, log, .. } = &*self.0;
        let parts = [(inbox.meta(), inbox.sql()), (log.meta(), log.sql())];
        table.create(pool, parts).await.map_err(|error| store_error(&error))
    }

    /// Begins a transaction whose commit also marks the event of a delivery, or an item of one, as
    /// handled, or the delivery's message in an [inbox](countersign::inbox) as done.
    ///
    /// The handler's tables must be in the same database. The transaction locks the event's row: even if
    /// the lease expires meanwhile, no other claim is granted before the transaction ends.
    ///
    /// Do not commit or release the claim itself, or begin another transaction for it, while the
    /// transaction is open: that call would wait for the transaction's end.
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
    ) -> Result<Transaction<Postgres>, TransactionError> {
        if let Some(message_token) = claimed.message_token() {
            if message_token.store().is_some_and(|store| Some(store) != self.id()) {
                return Err(TransactionError::new(TransactionErrorKind::OtherStore));
            }
            return self.begin_message(message_token).await;
        }
        let unclaimed = TransactionError::new(TransactionErrorKind::Unclaimed);
        self.begin_claim(&claimed.claim_token().ok_or(unclaimed)?).await
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
    ) -> Result<Transaction<Postgres>, TransactionError> {
        let mut transaction = self.0.pool.begin().await?;
        let guard = self.0.open_transactions.register(claim_token);
        let (key, fencing_token) =
            (key_bytes(claim_token.key()), from_fencing_token(claim_token.fencing_token()));
        let lock_row = self.0.statements.lock_row().bind(key).bind(fencing_token);
        if lock_row.fetch_optional(&mut *transaction).await?.is_none() {
            transaction.rollback().await?;
            return Err(TransactionError::new(TransactionErrorKind::StaleToken));
        }
        let mark_handled = self.0.statements.mark_handled(
            claim_token.key(),
            fencing_token,
            millis(claim_token.retention()),
        );
        Ok(Transaction::new(transaction, Some(mark_handled), Some(guard), None))
    }

    async fn find(&self, key: &EventKey) -> Result<Option<EventRow>, StoreError> {
        self.row(|| self.0.statements.find().bind(key_bytes(key)), |row| EventRow::read(row)).await
    }

    /// Runs the statement and reads its row, if it returns one.
    async fn row<T>(
        &self,
        statement: impl Fn() -> Statement<'static>,
        read: impl Fn(&PgRow) -> Result<T, sqlx::Error>,
    ) -> Result<Option<T>, StoreError> {
        let row = with_retries(|| statement().fetch_optional(&self.0.pool)).await?;
        row.map(|row| read(&row)).transpose().map_err(|error| store_error(&error))
    }

    fn with_table(pool: PgPool, table: Table) -> Self {
        let (statements, inbox) = (Statements::new(&table), PostgresInbox::beside(&table));
        let log = LogTables::beside(&table);
        let open_transactions = OpenTransactions::default();
        let settlements = Settlements::default();
        Self(Arc::new(StoreInner {
            pool,
            table,
            statements,
            inbox,
            log,
            open_transactions,
            settlements,
        }))
    }
}

impl DedupStore for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        let ping = query("SELECT 1").execute(&self.0.pool).await;
        ping.map(drop).map_err(|error| store_error(&error))
    }

    /// Stores on one table have one id: of one server, database and role as the pool is configured.
    fn id(&self) -> Option<StoreId> {
        let options = self.0.pool.connect_options();
        let socket = options.get_socket().and_then(|path| path.to_str());
        Some(StoreId::new([
            "postgres",
            socket.unwrap_or_else(|| options.get_host()),
            &options.get_port().to_string(),
            // A role and its options may have a search path of their own.
            options.get_username(),
            options.get_database().unwrap_or_else(|| options.get_username()),
            options.get_options().unwrap_or_default(),
            &self.0.table.to_string(),
        ]))
    }

    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let statements = &self.0.statements;
        let bound = |statement: Statement<'static>| {
            let statement = statement.bind(key_bytes(key)).bind(fingerprint.cast_signed());
            statement.bind(millis(lease))
        };
        for _ in 0..TRIES {
            let known = match self.row(|| bound(statements.claim()), ClaimRow::read).await? {
                Some(ClaimRow::New(claim)) => {
                    self.spawn_sweep(key);
                    return Ok(claim);
                }
                Some(ClaimRow::Known(row)) => row,
                // Another session inserted the event at the same time.
                None => continue,
            };
            if let Some(rejection) = known.rejection(fingerprint) {
                return Ok(rejection);
            }
            if let Some(claim) = self.row(|| bound(statements.take_over()), granted).await? {
                self.spawn_sweep(key);
                return Ok(claim);
            }
            // Another claim was faster, or a handler's transaction outlives its lease.
            if let Some(row) = self.find(key).await? {
                return Ok(row.rejection(fingerprint).unwrap_or(LOCKED));
            }
        }
        Err(StoreError::new(
            StoreErrorKind::Unavailable,
            "too many simultaneous claims of one event",
        ))
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
        let renew = || {
            let renew = self
                .0
                .statements
                .renew()
                .bind(key_bytes(key))
                .bind(from_fencing_token(fencing_token));
            renew.bind(millis(lease)).execute(&self.0.pool)
        };
        with_retries(renew).await.map(update_outcome)
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.settle_in_group(key, fencing_token, Settle::Commit { retention }).await
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.settle_in_group(key, fencing_token, Settle::Release).await
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("table", &self.0.table).finish_non_exhaustive()
    }
}

/// Runs a statement, again after each conflict: a statement that failed so had no effect.
async fn with_retries<T, F>(statement: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    let mut tries = 1;
    loop {
        match statement().await {
            Err(sqlx::Error::Database(error))
                if tries < TRIES
                    && error.code().is_some_and(|code| CONFLICTS.contains(&&*code)) =>
            {
                tries += 1;
            }
            result => return result.map_err(|error| store_error(&error)),
        }
    }
}

/// The row that the first statement of a claim returns.
enum ClaimRow {
    /// The statement inserted the event.
    New(ClaimOutcome),
    /// The table has the event already.
    Known(EventRow),
}

impl ClaimRow {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        // The column is null exactly in a row that was just inserted.
        match row.try_get::<Option<i64>, _>("left_ms")? {
            None => granted(row).map(Self::New),
            Some(_) => EventRow::read(row).map(Self::Known),
        }
    }
}

fn granted(row: &PgRow) -> Result<ClaimOutcome, sqlx::Error> {
    let takeover = row.try_get::<i16, _>("state")? == TAKEN_OVER;
    Ok(ClaimOutcome::Acquired { fencing_token: to_fencing_token(row.try_get("fence")?), takeover })
}

#[expect(clippy::needless_pass_by_value, reason = "passed to `Result::map`")]
fn update_outcome(result: PgQueryResult) -> UpdateOutcome {
    if result.rows_affected() > 0 { UpdateOutcome::Applied } else { UpdateOutcome::StaleToken }
}
