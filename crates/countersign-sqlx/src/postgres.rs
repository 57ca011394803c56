//! Events in a PostgreSQL table.

mod inspect;
mod statements;
mod table;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign::{
    Claim, DedupStore, Delivery, EventKey, Fence, Settled, StoreError, StoreErrorKind, Ticket,
};
use sqlx::postgres::{PgPool, PgQueryResult, PgRow};
use sqlx::{Postgres, Row};

use self::statements::{Statement, Statements};
use self::table::Table;
use crate::error::{TransactionError, TransactionErrorKind, store_error};
use crate::held::Held;
use crate::row::{Found, TAKEN_OVER, from_fence, key_bytes, millis, to_fence};
use crate::transaction::Transaction;

/// How often a statement is tried that others got in the way of.
const TRIES: usize = 10;

/// What is said while somebody has an event's row locked; it is as good as in progress.
const LOCKED: Claim = Claim::Busy { retry_after: Duration::from_secs(1) };

/// A serialization failure, a deadlock, and a key that came in between.
const IN_THE_WAY: [&str; 3] = ["40001", "40P01", "23505"];

/// Of how many claims, those of all machines counted, one clears away rows that are over; and how
/// many rows that is. Twice as many, so that they become fewer while claims come.
const CLAIMS_PER_PURGE: u64 = 512;
const ROWS_PER_PURGE: u32 = 1024;

/// Remembers events in a PostgreSQL table, for many machines.
///
/// Each operation is one statement, one round trip. Only a claim of an event that the table already
/// has takes a second one, to say why it is denied, and a third where it is granted all the same:
/// the event was released, its lease ran out, or its retention is over. Time is that of the
/// database server, whatever the machines' clocks say. What was answered is as durable as the
/// server's `synchronous_commit` makes it; after a fail-over to a standby that lagged behind, events
/// that it did not have are handled again.
///
/// Rows that are over are cleared away beside the claims, by one of some five hundred, in a task of
/// its own that nobody waits for.
///
/// Connect, and [migrate](Self::migrate) once:
///
/// ```no_run
/// # async fn run(provider: countersign::StandardWebhooks) -> Result<(), Box<dyn std::error::Error>> {
/// use countersign::Receiver;
/// use countersign_sqlx::PostgresStore;
///
/// let store = PostgresStore::connect("postgres://app@db/app").await?;
/// store.migrate().await?;
/// let receiver = Receiver::new(provider).dedup(store);
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
    /// A claim needs a connection for one round trip, and a handler's transaction holds one: give
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

    /// A transaction in which the event of `delivery` is marked as handled.
    ///
    /// The handler's tables must be in the same database. It locks the event: should its lease run
    /// out meanwhile, nobody else is granted it before the transaction's end.
    ///
    /// # Errors
    ///
    /// [`TransactionErrorKind::Stale`] if the claim is no longer the current one,
    /// [`TransactionErrorKind::Unclaimed`] if there is none, and
    /// [`TransactionErrorKind::Failed`] if the database fails.
    pub async fn begin(
        &self,
        delivery: &Delivery,
    ) -> Result<Transaction<Postgres>, TransactionError> {
        let unclaimed = TransactionError::new(TransactionErrorKind::Unclaimed);
        self.begin_with(&delivery.ticket().ok_or(unclaimed)?).await
    }

    /// The same for a claim in hand.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin).
    pub async fn begin_with(
        &self,
        ticket: &Ticket,
    ) -> Result<Transaction<Postgres>, TransactionError> {
        let mut transaction = self.0.pool.begin().await?;
        let holding = self.0.held.hold(ticket);
        let marked = self
            .0
            .statements
            .mark()
            .bind(key_bytes(ticket.key()))
            .bind(from_fence(ticket.fence()))
            .bind(millis(ticket.retention()))
            .execute(&mut *transaction)
            .await?;
        if marked.rows_affected() == 0 {
            transaction.rollback().await?;
            return Err(TransactionError::new(TransactionErrorKind::Stale));
        }
        Ok(Transaction::new(transaction, holding, None))
    }

    /// Removes up to `limit` rows that have been over for a while, and tells how many it removed.
    ///
    /// It waits for nobody, and nobody waits for it. Claims do so as they come; this is for a store
    /// that gets none.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the database fails.
    pub async fn purge(&self, limit: u32) -> Result<u64, StoreError> {
        let purge = || self.0.statements.purge().bind(i64::from(limit)).execute(&self.0.pool);
        Ok(retried(purge).await?.rows_affected())
    }

    /// Tries to claim by one of the two statements for that.
    async fn grant(
        &self,
        statement: impl Fn() -> Statement<'static>,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<Option<Claim>, StoreError> {
        let claim = || {
            let claim = statement().bind(key_bytes(key)).bind(fingerprint.cast_signed());
            claim.bind(millis(lease)).fetch_optional(&self.0.pool)
        };
        let row = retried(claim).await?;
        row.map(|row| granted(&row)).transpose().map_err(|error| store_error(&error))
    }

    /// Fences come one after the other for all machines, so they tell whose turn it is.
    fn keep_house(&self, claim: Claim) {
        let Claim::Acquired { fence, .. } = claim else { return };
        if fence.as_u64().is_multiple_of(CLAIMS_PER_PURGE) {
            let store = self.clone();
            // If it fails, the next one does more.
            tokio::spawn(async move { store.purge(ROWS_PER_PURGE).await });
        }
    }

    async fn find(&self, key: &EventKey) -> Result<Option<Found>, StoreError> {
        let find = || self.0.statements.find().bind(key_bytes(key)).fetch_optional(&self.0.pool);
        let row = retried(find).await?;
        row.map(|row| Found::read(&row)).transpose().map_err(|error| store_error(&error))
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
    ) -> Result<Claim, StoreError> {
        for _ in 0..TRIES {
            let new = || self.0.statements.claim();
            if let Some(claim) = self.grant(new, key, fingerprint, lease).await? {
                self.keep_house(claim);
                return Ok(claim);
            }
            if let Some(denial) = self.find(key).await?.and_then(|found| found.denial(fingerprint))
            {
                return Ok(denial);
            }
            let known = || self.0.statements.take();
            if let Some(claim) = self.grant(known, key, fingerprint, lease).await? {
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
        fence: Fence,
        lease: Duration,
    ) -> Result<Settled, StoreError> {
        if self.0.held.holds(key, fence) {
            return Ok(Settled::Applied);
        }
        let renew = || {
            let renew = self.0.statements.renew().bind(key_bytes(key)).bind(from_fence(fence));
            renew.bind(millis(lease)).execute(&self.0.pool)
        };
        retried(renew).await.map(settled)
    }

    async fn commit(
        &self,
        key: &EventKey,
        fence: Fence,
        retention: Duration,
    ) -> Result<Settled, StoreError> {
        let commit = || {
            let commit = self.0.statements.commit().bind(key_bytes(key)).bind(from_fence(fence));
            commit.bind(millis(retention)).execute(&self.0.pool)
        };
        retried(commit).await.map(settled)
    }

    async fn release(&self, key: &EventKey, fence: Fence) -> Result<Settled, StoreError> {
        let release = || {
            let release = self.0.statements.release().bind(key_bytes(key));
            release.bind(from_fence(fence)).execute(&self.0.pool)
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

fn granted(row: &PgRow) -> Result<Claim, sqlx::Error> {
    let takeover = row.try_get::<i16, _>("state")? == TAKEN_OVER;
    Ok(Claim::Acquired { fence: to_fence(row.try_get("fence")?), takeover })
}

#[expect(clippy::needless_pass_by_value, reason = "it is mapped over a result")]
fn settled(result: PgQueryResult) -> Settled {
    if result.rows_affected() > 0 { Settled::Applied } else { Settled::Stale }
}
