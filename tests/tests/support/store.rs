//! A store of any kind, with the handler's table beside it.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, InspectStore, RecordState, StoreError,
    UpdateOutcome,
};
use countersign::{Delivery, MemoryStore};
use countersign_redis::RedisStore;
use countersign_sqlx::{PostgresStore, SqliteStore, TransactionError};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, Row, query};

/// The handler's table, which has no constraint against duplicate rows.
const TABLE: &str = "CREATE TABLE applied (id TEXT NOT NULL)";
const INSERT: &str = "INSERT INTO applied (id) VALUES ($1)";
const COUNT: &str = "SELECT id, count(*) AS times FROM applied GROUP BY id";

/// The location of a store.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum StoreLocation {
    /// The path of a file.
    Sqlite(String),
    /// The URL of a database.
    Postgres(String),
    /// The URL of a server.
    Redis(String),
}

impl StoreLocation {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
            Self::Redis(_) => "Redis",
        }
    }

    /// Creates the tables, as an operator does before the first start.
    pub(crate) async fn prepare(&self) {
        match self {
            Self::Sqlite(path) => {
                drop(SqliteStore::open(path).await.unwrap());
                query(TABLE).execute(&sqlite(path)).await.unwrap();
            }
            Self::Postgres(url) => {
                let pool = PgPool::connect(url).await.unwrap();
                PostgresStore::new(pool.clone()).migrate().await.unwrap();
                query(TABLE).execute(&pool).await.unwrap();
            }
            Self::Redis(_) => {}
        }
    }

    pub(crate) async fn open(&self) -> Store {
        match self {
            Self::Sqlite(path) => {
                Store::Sqlite(SqliteStore::open(path).await.unwrap(), sqlite(path))
            }
            Self::Postgres(url) => {
                let pool = PgPool::connect(url).await.unwrap();
                Store::Postgres(PostgresStore::new(pool.clone()), pool)
            }
            Self::Redis(url) => Store::Redis(RedisStore::connect(url).await.unwrap()),
        }
    }
}

fn sqlite(path: &str) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(5));
    SqlitePool::connect_lazy_with(options)
}

/// A store of any kind, with a pool for the handler's table if it has one.
#[derive(Clone)]
pub(crate) enum Store {
    Sqlite(SqliteStore, SqlitePool),
    Postgres(PostgresStore, PgPool),
    Redis(RedisStore),
    Memory(MemoryStore),
}

impl Store {
    /// Writes the row in the delivery's transaction, awaits `before_commit`, and commits.
    pub(crate) async fn apply(
        &self,
        delivery: &Delivery,
        id: &str,
        before_commit: impl Future<Output = ()>,
    ) -> Result<(), TransactionError> {
        match self {
            Self::Sqlite(store, _) => {
                let mut transaction = store.begin(delivery).await?;
                query(INSERT).bind(id).execute(&mut *transaction).await?;
                before_commit.await;
                transaction.commit().await
            }
            Self::Postgres(store, _) => {
                let mut transaction = store.begin(delivery).await?;
                query(INSERT).bind(id).execute(&mut *transaction).await?;
                before_commit.await;
                transaction.commit().await
            }
            Self::Redis(_) | Self::Memory(_) => panic!("this store has no transactions"),
        }
    }

    /// Writes the row outside the delivery's transaction, which then only marks the event.
    pub(crate) async fn apply_outside(
        &self,
        delivery: &Delivery,
        id: &str,
        before_commit: impl Future<Output = ()>,
    ) -> Result<(), TransactionError> {
        match self {
            Self::Sqlite(store, pool) => {
                query(INSERT).bind(id).execute(pool).await?;
                before_commit.await;
                store.begin(delivery).await?.commit().await
            }
            Self::Postgres(store, pool) => {
                query(INSERT).bind(id).execute(pool).await?;
                before_commit.await;
                store.begin(delivery).await?.commit().await
            }
            Self::Redis(_) | Self::Memory(_) => panic!("this store has no transactions"),
        }
    }

    /// Returns whether the event is handled.
    pub(crate) async fn is_handled(&self, key: &EventKey) -> Result<bool, StoreError> {
        let record = match self {
            Self::Sqlite(store, _) => store.get(key).await?,
            Self::Postgres(store, _) => store.get(key).await?,
            Self::Redis(store) => store.get(key).await?,
            Self::Memory(_) => panic!("this store cannot be read by another process"),
        };
        Ok(record.is_some_and(|record| matches!(record.state, RecordState::Handled { .. })))
    }

    /// Returns how many rows each event has.
    pub(crate) async fn rows(&self) -> Result<BTreeMap<String, i64>, sqlx::Error> {
        let count = AssertSqlSafe(COUNT);
        match self {
            Self::Sqlite(_, pool) => {
                let rows = query(count).fetch_all(pool).await?;
                rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
            }
            Self::Postgres(_, pool) => {
                let rows = query(count).fetch_all(pool).await?;
                rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
            }
            Self::Redis(_) | Self::Memory(_) => Ok(BTreeMap::new()),
        }
    }
}

impl DedupStore for Store {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        match self {
            Self::Sqlite(store, _) => store.claim(key, fingerprint, lease).await,
            Self::Postgres(store, _) => store.claim(key, fingerprint, lease).await,
            Self::Redis(store) => store.claim(key, fingerprint, lease).await,
            Self::Memory(store) => store.claim(key, fingerprint, lease).await,
        }
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        match self {
            Self::Sqlite(store, _) => store.renew(key, fencing_token, lease).await,
            Self::Postgres(store, _) => store.renew(key, fencing_token, lease).await,
            Self::Redis(store) => store.renew(key, fencing_token, lease).await,
            Self::Memory(store) => store.renew(key, fencing_token, lease).await,
        }
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        match self {
            Self::Sqlite(store, _) => store.commit(key, fencing_token, retention).await,
            Self::Postgres(store, _) => store.commit(key, fencing_token, retention).await,
            Self::Redis(store) => store.commit(key, fencing_token, retention).await,
            Self::Memory(store) => store.commit(key, fencing_token, retention).await,
        }
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        match self {
            Self::Sqlite(store, _) => store.release(key, fencing_token).await,
            Self::Postgres(store, _) => store.release(key, fencing_token).await,
            Self::Redis(store) => store.release(key, fencing_token).await,
            Self::Memory(store) => store.release(key, fencing_token).await,
        }
    }
}
