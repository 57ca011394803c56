//! A PostgreSQL server of our own: started when it is first needed, stopped after its last test.

use std::io::Write;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tempfile::TempDir;

/// Set where a test that lacks its server is to fail.
const REQUIRED: &str = "COUNTERSIGN_REQUIRE_SERVERS";

/// It listens on a socket in its own folder, and on no port.
pub(crate) struct Server {
    bin: PathBuf,
    dir: TempDir,
    as_postgres: bool,
    options: &'static str,
}

/// The server that the tests of this program share; `None` where none is installed, which is told.
pub(crate) fn server() -> Option<Arc<Server>> {
    static RUNNING: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let mut running = RUNNING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(server) = running.upgrade() {
        return Some(server);
    }
    let server = Arc::new(Server::new()?);
    *running = Arc::downgrade(&server);
    Some(server)
}

impl Server {
    /// One that is quick: what it writes need not survive the machine.
    pub(crate) fn new() -> Option<Self> {
        Self::with_options("-c fsync=off -c max_connections=200 -c shared_buffers=16MB")
    }

    pub(crate) fn with_options(options: &'static str) -> Option<Self> {
        let Some(bin) = installed() else {
            missing("PostgreSQL");
            return None;
        };
        let dir = tempfile::Builder::new().prefix("pg").tempdir().unwrap();
        let as_postgres = id(&["-u"]) == 0;
        if as_postgres {
            let owner = (id(&["-u", "postgres"]), id(&["-g", "postgres"]));
            chown(dir.path(), Some(owner.0), Some(owner.1)).unwrap();
        }
        let server = Self { bin, dir, as_postgres, options };
        server.run("initdb", &["-A", "trust", "-U", "postgres", "--no-sync"]);
        server.start();
        Some(server)
    }

    pub(crate) fn start(&self) {
        let socket = self.dir.path().display();
        let options = format!("-k {socket} -c listen_addresses='' {}", self.options);
        let log = self.data().join("log");
        self.run("pg_ctl", &["-w", "-l", log.to_str().unwrap(), "-o", &options, "start"]);
    }

    /// Ends it with no chance to tidy up.
    pub(crate) fn crash(&self) {
        self.run("pg_ctl", &["-w", "-m", "immediate", "stop"]);
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.dir.path().display())
    }

    /// A pool whose sessions have these settings.
    pub(crate) async fn pool(&self, connections: u32, settings: &[(&str, &str)]) -> PgPool {
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

impl Drop for Server {
    fn drop(&mut self) {
        self.crash();
    }
}

/// Where the newest server's programs are.
/// Tells that a test lacks what it needs, or fails it.
pub(crate) fn missing(what: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    assert!(std::env::var_os(REQUIRED).is_none(), "{name}: {what} is not installed");
    // Past the test harness, which would keep it to itself.
    let note = format!("SKIPPED {name}: {what} is not installed\n");
    std::io::stderr().write_all(note.as_bytes()).unwrap();
}

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
