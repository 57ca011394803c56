//! Which store is meant, and how it is reached.

use std::fmt::Display;
use std::time::Duration;

use countersign::dedup::{StoreError, StoreErrorKind};
use countersign_redis::RedisStore;
use countersign_sqlx::{PostgresStore, SqliteStore};
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use tokio::time::timeout;

use super::{Task, Told};
use crate::args::StoreArgs;
use crate::failure::Failure;

/// How long a database may take to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Which store, and where.
pub(super) enum Place {
    Sqlite(String),
    Postgres { url: String, table: Option<String> },
    Redis { url: String, prefix: Option<String>, kind: RedisKind },
}

pub(super) enum RedisKind {
    Single,
    Cluster,
    /// The master's name.
    Sentinel(String),
}

impl Place {
    pub(super) fn read(args: &StoreArgs) -> Result<Self, Failure> {
        let given = args.store.clone().or_else(|| std::env::var(&args.store_env).ok());
        let place = given.filter(|place| !place.is_empty()).ok_or_else(|| {
            Failure::at(
                "the store",
                "is not named: give `--store`, or set the environment variable COUNTERSIGN_STORE \
                 or that of `--store-env`",
            )
        })?;
        let (table, prefix) = (args.table.clone(), args.key_prefix.clone());
        let place = match place.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Self::Postgres { url: place, table },
            Some(("redis" | "rediss" | "unix" | "redis+unix", _)) => {
                let kind = match &args.sentinel {
                    Some(master) => RedisKind::Sentinel(master.clone()),
                    None if args.cluster => RedisKind::Cluster,
                    None => RedisKind::Single,
                };
                Self::Redis { url: place, prefix, kind }
            }
            Some(("sqlite", path)) => Self::Sqlite(path.to_owned()),
            None => Self::Sqlite(place.strip_prefix("sqlite:").unwrap_or(&place).to_owned()),
            Some(_) => {
                return Err(Failure::at(
                    "the store",
                    "is of no kind that is known: give a SQLite file, or a URL that begins with \
                     postgres://, redis:// or rediss://",
                ));
            }
        };
        place.fits(args).map(|()| place)
    }

    /// No flag is passed over.
    fn fits(&self, args: &StoreArgs) -> Result<(), Failure> {
        let is_postgres = matches!(self, Self::Postgres { .. });
        let is_redis = matches!(self, Self::Redis { .. });
        let misfit =
            |flag, of| Err(Failure::at(flag, format!("is for a {of} store: leave it out")));
        match args {
            StoreArgs { table: Some(_), .. } if !is_postgres => misfit("`--table`", "PostgreSQL"),
            StoreArgs { key_prefix: Some(_), .. } if !is_redis => misfit("`--key-prefix`", "Redis"),
            StoreArgs { cluster: true, .. } if !is_redis => misfit("`--cluster`", "Redis"),
            StoreArgs { sentinel: Some(_), .. } if !is_redis => misfit("`--sentinel`", "Redis"),
            _ => Ok(()),
        }
    }

    pub(super) async fn ask(&self, task: &Task) -> Result<Told, StoreError> {
        match self {
            Self::Sqlite(path) => task.ask(&SqliteStore::open_existing(path).await?).await,
            Self::Postgres { url, table } => {
                let store = PostgresStore::new(connect(url).await?);
                let store = match table {
                    Some(name) => store.table(name)?,
                    None => store,
                };
                task.ask(&store).await
            }
            Self::Redis { url, prefix, kind } => {
                // One that was installed before does as well.
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
                task.ask(&store).await
            }
        }
    }
}

/// A pool would try for half a minute, and then not say why it could not connect.
async fn connect(url: &str) -> Result<PgPool, StoreError> {
    let failed = |kind, why: &dyn Display| StoreError::new(kind, format!("PostgreSQL: {why}"));
    let options: PgConnectOptions =
        url.parse().map_err(|error: sqlx::Error| failed(StoreErrorKind::Unavailable, &error))?;
    let connecting = PgConnection::connect_with(&options);
    match timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(Ok(_)) => Ok(PgPoolOptions::new().max_connections(1).connect_lazy_with(options)),
        Ok(Err(error)) => Err(failed(StoreErrorKind::Unavailable, &error)),
        Err(_) => Err(failed(StoreErrorKind::Timeout, &"it does not answer")),
    }
}
