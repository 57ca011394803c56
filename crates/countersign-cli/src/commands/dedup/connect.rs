//! The connection to a dedup store.

use countersign::dedup::StoreError;
use countersign_redis::RedisStore;
use countersign_sqlx::SqliteStore;

use super::task::{Task, TaskResult};
use crate::commands::store::{RedisKind, StoreLocation, open_postgres};

/// Connects to the store and runs a task.
pub(super) async fn run(location: &StoreLocation, task: &Task) -> Result<TaskResult, StoreError> {
    match location {
        StoreLocation::Sqlite(path) => task.run(&SqliteStore::open_existing(path).await?).await,
        StoreLocation::Postgres { url, table } => {
            task.run(&open_postgres(url, table.as_deref()).await?).await
        }
        StoreLocation::Redis { url, prefix, kind } => {
            // A provider that is already installed is fine.
            drop(rustls::crypto::ring::default_provider().install_default());
            let store = match kind {
                RedisKind::Single => RedisStore::connect(url).await?,
                RedisKind::Cluster => RedisStore::cluster(&[url]).await?,
                RedisKind::Sentinel(master) => RedisStore::sentinel(&[url], master).await?,
            };
            let store = match prefix {
                Some(prefix) => store.prefix(prefix),
                None => store,
            };
            task.run(&store).await
        }
    }
}
