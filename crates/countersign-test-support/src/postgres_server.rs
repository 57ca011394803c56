//! A PostgreSQL server of the test's own.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tempfile::TempDir;

use crate::report_missing;

/// A PostgreSQL server that listens on a socket in a directory of its own, and on no port. It stops when it
/// is dropped.
#[derive(Debug)]
pub struct PostgresServer {
    bin: PathBuf,
    dir: TempDir,
    as_postgres: bool,
    options: &'static str,
}

impl PostgresServer {
    /// Returns the server that all tests of this program share; `None` if PostgreSQL is not installed.
    ///
    /// The first test that needs it starts it, and it stops after the last one.
    #[must_use]
    pub fn shared() -> Option<Arc<Self>> {
        static RUNNING: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(server) = running.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start()?);
        *running = Arc::downgrade(&server);
        Some(server)
    }

    /// Starts a fast server, whose writes need not survive a crash of the machine.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::with_options("-c fsync=off -c max_connections=200 -c shared_buffers=16MB")
    }

    /// Starts a server with these options; returns `None` if PostgreSQL is not installed.
    #[must_use]
    pub fn with_options(options: &'static str) -> Option<Self> {
        let Some(bin) = installed() else {
            report_missing("PostgreSQL");
            return None;
        };
        let dir = tempfile::Builder::new().prefix("pg").tempdir().unwrap();
        // PostgreSQL does not run as root.
        let as_postgres = id(&["-u"]) == 0;
        if as_postgres {
            let owner = (id(&["-u", "postgres"]), id(&["-g", "postgres"]));
            chown(dir.path(), Some(owner.0), Some(owner.1)).unwrap();
        }
        let server = Self { bin, dir, as_postgres, options };
        server.run("initdb", &["-A", "trust", "-U", "postgres", "--no-sync"]);
        server.restart();
        Some(server)
    }

    /// Starts the server again after a [crash](Self::crash).
    pub fn restart(&self) {
        let socket = self.dir.path().display();
        let options = format!("-k {socket} -c listen_addresses='' {}", self.options);
        let log = self.data().join("log");
        self.run("pg_ctl", &["-w", "-l", log.to_str().unwrap(), "-o", &options, "start"]);
    }

    /// Stops the server without a shutdown checkpoint.
    pub fn crash(&self) {
        self.run("pg_ctl", &["-w", "-m", "immediate", "stop"]);
    }

    /// Returns the URL of the database `postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.dir.path().display())
    }

    /// Returns the directory of the server's socket, which has its data in `data`.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Opens a pool whose sessions have these settings.
    pub async fn pool(&self, connections: u32, settings: &[(&str, &str)]) -> PgPool {
        let options: PgConnectOptions = self.url().parse().unwrap();
        let pool = PgPoolOptions::new().max_connections(connections);
        pool.connect_with(options.options(settings.iter().copied())).await.unwrap()
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn run(&self, program: &str, args: &[&str]) {
        let program = self.bin.join(program);
        let mut command = if self.as_postgres {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let status = command
            .arg("-D")
            .arg(self.data())
            .args(args)
            .current_dir(self.dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let log = || std::fs::read_to_string(self.data().join("log")).unwrap_or_default();
        assert!(status.unwrap().success(), "{args:?}: {}", log());
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.crash();
    }
}

/// Returns the directory of the newest server's programs.
fn installed() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<_> = debian.filter(|bin| is_server(bin)).collect();
    found.sort();
    found.pop().or_else(|| std::env::split_paths(&on_path).find(|bin| is_server(bin)))
}

fn is_server(bin: &Path) -> bool {
    bin.join("initdb").is_file() && bin.join("pg_ctl").is_file()
}

fn id(args: &[&str]) -> u32 {
    let output = Command::new("id").args(args).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}
