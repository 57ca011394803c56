//! The location of a store, and the connection to PostgreSQL.

use std::fmt::Display;
use std::time::Duration;

use countersign::dedup::{StoreError, StoreErrorKind};
use countersign_sqlx::PostgresStore;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use tokio::time::timeout;

use crate::args::StoreArgs;
use crate::error::CliError;

/// The time limit for connecting to a database.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A kind of store and its location.
pub(super) enum StoreLocation {
    Sqlite(String),
    Postgres { url: String, table: Option<String> },
    Redis { url: String, prefix: Option<String>, kind: RedisKind },
}

pub(super) enum RedisKind {
    Single,
    Cluster,
    /// A sentinel, with the master's name.
    Sentinel(String),
}

impl StoreLocation {
    pub(super) fn from_args(args: &StoreArgs) -> Result<Self, CliError> {
        let given = args.store.clone().or_else(|| std::env::var(&args.store_env).ok());
        let location = given.filter(|location| !location.is_empty()).ok_or_else(|| {
            CliError::at(
                "the store",
                "is not given: use `--store`, or set the environment variable COUNTERSIGN_STORE \
                 or the one of `--store-env`",
            )
        })?;
        let (table, prefix) = (args.table.clone(), args.key_prefix.clone());
        let store = match location.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Self::Postgres { url: location, table },
            Some(("redis" | "rediss" | "unix" | "redis+unix", _)) => {
                let kind = match &args.sentinel {
                    Some(master) => RedisKind::Sentinel(master.clone()),
                    None if args.cluster => RedisKind::Cluster,
                    None => RedisKind::Single,
                };
                Self::Redis { url: location, prefix, kind }
            }
            Some(("sqlite", path)) => Self::Sqlite(path.to_owned()),
            None => Self::Sqlite(location.strip_prefix("sqlite:").unwrap_or(&location).to_owned()),
            Some(_) => {
                return Err(CliError::at(
                    "the store",
                    "is of an unknown kind: use a SQLite file, or a URL that begins with \
                     postgres://, redis:// or rediss://",
                ));
            }
        };
        store.check_flags(args).map(|()| store)
    }

    /// Rejects the flags of other kinds of stores.
    fn check_flags(&self, args: &StoreArgs) -> Result<(), CliError> {
        let is_postgres = matches!(self, Self::Postgres { .. });
        let is_redis = matches!(self, Self::Redis { .. });
        let unsupported =
            |flag, of| Err(CliError::at(flag, format!("is for a {of} store: leave it out")));
        match args {
            StoreArgs { table: Some(_), .. } if !is_postgres => {
                unsupported("`--table`", "PostgreSQL")
            }
            StoreArgs { key_prefix: Some(_), .. } if !is_redis => {
                unsupported("`--key-prefix`", "Redis")
            }
            StoreArgs { cluster: true, .. } if !is_redis => unsupported("`--cluster`", "Redis"),
            StoreArgs { sentinel: Some(_), .. } if !is_redis => {
                unsupported("`--sentinel`", "Redis")
            }
            _ => Ok(()),
        }
    }
}

/// Connects to PostgreSQL, for the table of this name if it is renamed.
pub(super) async fn open_postgres(
    url: &str,
    table: Option<&str>,
) -> Result<PostgresStore, StoreError> {
    let store = PostgresStore::new(connect(url).await?);
    match table {
        Some(name) => store.table(name),
        None => Ok(store),
    }
}

/// Connects once before the pool is created: a pool retries for half a minute, and its error has no
/// reason.
async fn connect(url: &str) -> Result<PgPool, StoreError> {
    let failed =
        |kind, reason: &dyn Display| StoreError::new(kind, format!("PostgreSQL: {reason}"));
    let options: PgConnectOptions =
        url.parse().map_err(|error: sqlx::Error| failed(StoreErrorKind::Unavailable, &error))?;
    let connecting = PgConnection::connect_with(&options);
    match timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(Ok(_)) => Ok(PgPoolOptions::new().max_connections(1).connect_lazy_with(options)),
        Ok(Err(error)) => Err(failed(StoreErrorKind::Unavailable, &error)),
        Err(_) => Err(failed(StoreErrorKind::Timeout, &"it does not respond")),
    }
}
