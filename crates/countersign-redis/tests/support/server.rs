//! Servers of our own, which end with their test.

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use redis::{Client, FromRedisValue, RedisResult, cmd};
use tempfile::TempDir;

/// Set where a test that lacks its server is to fail.
const REQUIRED: &str = "COUNTERSIGN_REQUIRE_SERVERS";

/// Names the program where it is not to be looked for.
const PROGRAM: &str = "REDIS_SERVER";

/// A cluster's nodes talk to each other at a port that is so much higher.
const BUS: u16 = 10_000;

/// One that listens on a free port of this machine's own interface.
pub(crate) struct Server {
    port: u16,
    program: PathBuf,
    settings: Vec<String>,
    dir: TempDir,
    process: Mutex<Child>,
}

impl Server {
    /// One that keeps nothing on disk; `None` where none is installed, which is told.
    pub(crate) fn start(settings: &[&str]) -> Option<Self> {
        let forgetful = ["--save", "", "--appendonly", "no"];
        Self::run(&[&forgetful, settings].concat(), None)
    }

    /// One that writes every answer to disk before it is given.
    pub(crate) fn durable() -> Option<Self> {
        Self::run(&["--save", "", "--appendonly", "yes", "--appendfsync", "always"], None)
    }

    /// A sentinel with these lines in its file.
    pub(crate) fn sentinel(lines: &str) -> Option<Self> {
        Self::run(&["--sentinel"], Some(lines))
    }

    fn run(settings: &[&str], file: Option<&str>) -> Option<Self> {
        let program = installed()?;
        loop {
            let dir = tempfile::tempdir().unwrap();
            let port = free_port();
            let mut given = Vec::new();
            if let Some(lines) = file {
                std::fs::write(dir.path().join("file"), lines).unwrap();
                given.push("file".to_owned());
            }
            given.extend(settings.iter().map(ToString::to_string));
            let process = Mutex::new(spawn(&program, port, &given, &dir));
            let server = Self { port, program: program.clone(), settings: given, dir, process };
            // Another program may have taken the port meanwhile.
            if server.answers() {
                return Some(server);
            }
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it with no chance to tidy up.
    pub(crate) fn crash(&self) {
        let mut process = self.process.lock().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    pub(crate) fn restart(&self) {
        *self.process.lock().unwrap() = spawn(&self.program, self.port, &self.settings, &self.dir);
        assert!(self.answers(), "the server does not come back");
    }

    /// Sends it a signal, by name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.process.lock().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Over a connection of its own: `ask("CONFIG SET maxmemory 1")`.
    pub(crate) fn ask<T: FromRedisValue>(&self, words: &str) -> T {
        self.try_ask(words).unwrap()
    }

    pub(crate) fn try_ask<T: FromRedisValue>(&self, words: &str) -> RedisResult<T> {
        let client = Client::open(self.url()).unwrap();
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(5))?;
        let mut words = words.split(' ');
        let mut call = cmd(words.next().unwrap());
        for word in words {
            call.arg(word);
        }
        call.query(&mut connection)
    }

    /// Waits until it does; whether it ever does.
    fn answers(&self) -> bool {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if self.try_ask::<String>("PING").is_ok() {
                return true;
            }
            if self.process.lock().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            thread::sleep(Duration::from_millis(2));
        }
        panic!("the server does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.crash();
    }
}

fn spawn(program: &PathBuf, port: u16, settings: &[String], dir: &TempDir) -> Child {
    Command::new(program)
        .args(settings)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir", "."])
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn free_port() -> u16 {
    loop {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        let bus = port.checked_add(BUS);
        if bus.is_some_and(|bus| TcpListener::bind(("127.0.0.1", bus)).is_ok()) {
            return port;
        }
    }
}

fn installed() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(PROGRAM) {
        return Some(named.into());
    }
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut programs = std::env::split_paths(&on_path)
        .flat_map(|dir| ["redis-server", "valkey-server"].map(|name| dir.join(name)));
    if let Some(found) = programs.find(|program| program.is_file()) {
        return Some(found);
    }
    let test = thread::current().name().unwrap_or_default().to_owned();
    assert!(std::env::var_os(REQUIRED).is_none(), "{test}: neither Redis nor Valkey is installed");
    // Past the test harness, which would keep it to itself.
    let note = format!("SKIPPED {test}: neither Redis nor Valkey is installed\n");
    std::io::stderr().write_all(note.as_bytes()).unwrap();
    None
}
