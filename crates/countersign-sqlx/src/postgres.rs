//! Events in a PostgreSQL table.

mod inspect;
mod statements;
mod sweep;
mod table;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign::Delivery;
use countersign::dedup::{
    ClaimOutcome, ClaimToken, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind,
    UpdateOutcome,
};
use sqlx::postgres::{PgPool, PgQueryResult, PgRow};
use sqlx::{Postgres, Row};

use self::statements::{Statement, Statements};
use self::table::Table;
use crate::error::{TransactionError, TransactionErrorKind, store_error};
use crate::held::Held;
use crate::row::{Found, TAKEN_OVER, from_fencing_token, key_bytes, millis, to_fencing_token};
use crate::transaction::Transaction;

/// How often a statement is tried that others got in the way of.
const TRIES: usize = 10;

/// What is said while somebody has an event's row locked; it is as good as in progress.
const LOCKED: ClaimOutcome = ClaimOutcome::InProgress { retry_after: Duration::from_secs(1) };

/// A serialization failure, a deadlock, and a key that came in between.
const IN_THE_WAY: [&str; 3] = ["40001", "40P01", "23505"];

/// Remembers events in a PostgreSQL table, for many machines.
///
/// Each operation is one statement. Only a claim of an event that the table has and nobody holds takes
/// a second one: it was released, its lease ran out, or its retention is over; and a third where
/// somebody was quicker, or a handler's transaction has it. (Unless its pool was made with
/// `test_before_acquire(false)`, sqlx asks a connection before it lends it whether it still lives, which
/// is a round trip of its own.)
///
/// Time is that of the database server, whatever the machines' clocks say. What was answered is as
/// durable as the server's `synchronous_commit` makes it. After a fail-over to a standby that lagged
/// behind, events that it did not have are handled again, and fencing tokens that were granted may come again:
/// a handler of before the fail-over is then not told apart.
///
/// Rows that are over are cleared away beside the claims, by one of a thousand, in a task of its own
/// that nobody waits for. That takes PostgreSQL 14 or later to be quick.
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
/// For an encrypted connection enable a `tls-…` feature of sqlx in your own `Cargo.toml`.
#[derive(Clone)]
pub struct PostgresStore(Arc<Shared>);

struct Shared {
    pool: PgPool,
    table: Table,
    statements: Statements,
    held: Held,
}

impl PostgresStore {
    /// Connects to the database at `url`, to the table `countersign_events`.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the database cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Ok(Self::new(PgPool::connect(url).await.map_err(|error| store_error(&error))?))
    }

    /// The same over the application's own pool.
    ///
    /// A claim needs a connection for one statement, and a handler's transaction holds one: give
    /// the pool more than there are handlers with a transaction at a time.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self::with_table(pool, Table::default())
    }

    /// The same, in another table; `name` may be `schema.table`. All of it is letters, digits and
    /// `_`, as it stands in the catalogue.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the name has other characters, or is longer than PostgreSQL's.
    pub fn table(self, name: &str) -> Result<Self, StoreError> {
        Ok(Self::with_table(self.0.pool.clone(), Table::parse(name)?))
    }

    /// Makes the table, and its schema, where they are missing.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the database fails, or does not allow it.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.0.table.create(&self.0.pool).await.map_err(|error| store_error(&error))
    }

    /// A transaction whose commit marks the event of `delivery` as handled.
    ///
    /// The handler's tables must be in the same database. It locks the event: should its lease run
    /// out meanwhile, nobody else is granted it before the transaction's end. Whoever commits or releases
    /// the claim itself within the transaction, or begins another for it, waits for himself.
    ///
    /// # Errors
    ///
    /// [`TransactionErrorKind::StaleToken`] if the claim is no longer the current one,
    /// [`TransactionErrorKind::Unclaimed`] if there is none, and
    /// [`TransactionErrorKind::Failed`] if the database fails.
    pub async fn begin(
        &self,
        delivery: &Delivery,
    ) -> Result<Transaction<Postgres>, TransactionError> {
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
    ) -> Result<Transaction<Postgres>, TransactionError> {
        let mut transaction = self.0.pool.begin().await?;
        let holding = self.0.held.hold(claim_token);
        let (key, fencing_token) =
            (key_bytes(claim_token.key()), from_fencing_token(claim_token.fencing_token()));
        let hold = self.0.statements.hold().bind(key).bind(fencing_token);
        if hold.fetch_optional(&mut *transaction).await?.is_none() {
            transaction.rollback().await?;
            return Err(TransactionError::new(TransactionErrorKind::StaleToken));
        }
        let mark = self.0.statements.mark(
            claim_token.key(),
            fencing_token,
            millis(claim_token.retention()),
        );
        Ok(Transaction::new(transaction, Some(mark), holding, None))
    }

    async fn find(&self, key: &EventKey) -> Result<Option<Found>, StoreError> {
        self.row(|| self.0.statements.find().bind(key_bytes(key)), |row| Found::read(row)).await
    }

    /// What the statement's row says, where it gives one.
    async fn row<T>(
        &self,
        statement: impl Fn() -> Statement<'static>,
        read: impl Fn(&PgRow) -> Result<T, sqlx::Error>,
    ) -> Result<Option<T>, StoreError> {
        let row = retried(|| statement().fetch_optional(&self.0.pool)).await?;
        row.map(|row| read(&row)).transpose().map_err(|error| store_error(&error))
    }

    fn with_table(pool: PgPool, table: Table) -> Self {
        let statements = Statements::new(&table);
        Self(Arc::new(Shared { pool, table, statements, held: Held::default() }))
    }
}

impl DedupStore for PostgresStore {
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
            let found = match self.row(|| bound(statements.claim()), Seen::read).await? {
                Some(Seen::New(claim)) => {
                    self.keep_house(key);
                    return Ok(claim);
                }
                Some(Seen::Known(found)) => found,
                // Another's claim came in between.
                None => continue,
            };
            if let Some(denial) = found.denial(fingerprint) {
                return Ok(denial);
            }
            if let Some(claim) = self.row(|| bound(statements.take()), granted).await? {
                self.keep_house(key);
                return Ok(claim);
            }
            // Another was quicker, or has the row locked: a handler's transaction may outlive its lease.
            if let Some(found) = self.find(key).await? {
                return Ok(found.denial(fingerprint).unwrap_or(LOCKED));
            }
        }
        Err(StoreError::new(
            StoreErrorKind::Unavailable,
            "too many claims of one event at once came in each other's way",
        ))
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
        let renew = || {
            let renew = self
                .0
                .statements
                .renew()
                .bind(key_bytes(key))
                .bind(from_fencing_token(fencing_token));
            renew.bind(millis(lease)).execute(&self.0.pool)
        };
        retried(renew).await.map(settled)
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let commit = || {
            let commit = self
                .0
                .statements
                .commit()
                .bind(key_bytes(key))
                .bind(from_fencing_token(fencing_token));
            commit.bind(millis(retention)).execute(&self.0.pool)
        };
        retried(commit).await.map(settled)
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        let release = || {
            let release = self.0.statements.release().bind(key_bytes(key));
            release.bind(from_fencing_token(fencing_token)).execute(&self.0.pool)
        };
        retried(release).await.map(settled)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("table", &self.0.table).finish_non_exhaustive()
    }
}

/// Tries a statement again as long as others get in its way: it has had no effect then.
async fn retried<T, F>(statement: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    let mut tries = 1;
    loop {
        match statement().await {
            Err(sqlx::Error::Database(error))
                if tries < TRIES
                    && error.code().is_some_and(|code| IN_THE_WAY.contains(&&*code)) =>
            {
                tries += 1;
            }
            result => return result.map_err(|error| store_error(&error)),
        }
    }
}

/// What came of the first statement of a claim.
enum Seen {
    New(ClaimOutcome),
    Known(Found),
}

impl Seen {
    /// What is new comes without the time that is left.
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        match row.try_get::<Option<i64>, _>("left_ms")? {
            None => granted(row).map(Self::New),
            Some(_) => Found::read(row).map(Self::Known),
        }
    }
}

fn granted(row: &PgRow) -> Result<ClaimOutcome, sqlx::Error> {
    let takeover = row.try_get::<i16, _>("state")? == TAKEN_OVER;
    Ok(ClaimOutcome::Acquired { fencing_token: to_fencing_token(row.try_get("fence")?), takeover })
}

#[expect(clippy::needless_pass_by_value, reason = "it is mapped over a result")]
fn settled(result: PgQueryResult) -> UpdateOutcome {
    if result.rows_affected() > 0 { UpdateOutcome::Applied } else { UpdateOutcome::StaleToken }
}
