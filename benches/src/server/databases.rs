//! The databases of the contenders.

use countersign_test_support::{PostgresServer, RedisServer};
use tempfile::TempDir;

use crate::server::Contender;
use crate::{Program, Result};

/// The variable with the file of SQLite.
pub(super) const SQLITE_FILE: &str = "BENCH_SQLITE_FILE";
/// The variable with the URL of PostgreSQL.
pub(super) const POSTGRES_URL: &str = "BENCH_POSTGRES_URL";
/// The variable with the URL of Redis.
pub(super) const REDIS_URL: &str = "BENCH_REDIS_URL";

/// Databases of this program's own, which end with the value.
#[derive(Debug)]
pub struct Databases {
    folder: TempDir,
    postgres: Option<PostgresServer>,
    redis: Option<RedisServer>,
}

impl Databases {
    /// Starts the databases of these contenders, and removes those contenders whose database is not
    /// installed.
    ///
    /// # Errors
    ///
    /// An error if there is no temporary folder.
    pub fn start(program: &mut Program, contenders: &mut Vec<Contender>) -> Result<Self> {
        let uses = |contender| contenders.contains(&contender);
        let postgres = uses(Contender::Postgres).then(PostgresServer::start).flatten();
        let redis = uses(Contender::Redis).then(|| RedisServer::start(&[])).flatten();
        for (contender, is_running) in
            [(Contender::Postgres, postgres.is_some()), (Contender::Redis, redis.is_some())]
        {
            if contenders.contains(&contender) && !is_running {
                contenders.retain(|other| *other != contender);
                program.note(&format!("{} is not measured: no server.", contender.name()));
            }
        }
        Ok(Self { folder: TempDir::new()?, postgres, redis })
    }

    /// Returns the variables that name the databases, with a new file for SQLite.
    pub(super) fn variables(&self, case: &str) -> Vec<(&'static str, String)> {
        let file = self.folder.path().join(case).with_extension("db");
        let mut variables = vec![(SQLITE_FILE, file.to_string_lossy().into_owned())];
        variables.extend(self.postgres.as_ref().map(|server| (POSTGRES_URL, server.url())));
        variables.extend(self.redis.as_ref().map(|server| (REDIS_URL, server.url())));
        variables
    }
}
