//! A Redis or Valkey server of the test's own.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use redis::{Client, FromRedisValue, RedisResult, cmd};
use tempfile::TempDir;

use crate::report_missing;

/// The variable that names the program, instead of a search in `PATH`.
const PROGRAM: &str = "REDIS_SERVER";

/// How much higher the port is on which the nodes of a cluster communicate.
const BUS_OFFSET: u16 = 10_000;

/// A Redis or Valkey server on a free port of the loopback interface. It stops when it is dropped.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    program: PathBuf,
    settings: Vec<String>,
    dir: TempDir,
    process: Mutex<Child>,
}

impl RedisServer {
    /// Starts a server that writes nothing to disk; returns `None` if neither Redis nor Valkey is
    /// installed.
    #[must_use]
    pub fn start(settings: &[&str]) -> Option<Self> {
        let in_memory = ["--save", "", "--appendonly", "no"];
        Self::run(&[&in_memory, settings].concat(), None)
    }

    /// Starts a server that writes to disk before it responds.
    #[must_use]
    pub fn durable() -> Option<Self> {
        Self::run(&["--save", "", "--appendonly", "yes", "--appendfsync", "always"], None)
    }

    /// Starts a sentinel with these lines in its configuration file.
    #[must_use]
    pub fn sentinel(lines: &str) -> Option<Self> {
        Self::run(&["--sentinel"], Some(lines))
    }

    fn run(settings: &[&str], file: Option<&str>) -> Option<Self> {
        let program = installed()?;
        loop {
            let dir = tempfile::tempdir().unwrap();
            let port = free_port();
            let mut args = Vec::new();
            if let Some(lines) = file {
                std::fs::write(dir.path().join("file"), lines).unwrap();
                args.push("file".to_owned());
            }
            args.extend(settings.iter().map(ToString::to_string));
            let process = Mutex::new(spawn(&program, port, &args, &dir));
            let server = Self { port, program: program.clone(), settings: args, dir, process };
            // Another program may have taken the port in the meantime.
            if server.responds() {
                return Some(server);
            }
        }
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills the server, which cannot clean up.
    pub fn crash(&self) {
        let mut process = self.process.lock().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Starts the server again after a [crash](Self::crash).
    pub fn restart(&self) {
        *self.process.lock().unwrap() = spawn(&self.program, self.port, &self.settings, &self.dir);
        assert!(self.responds(), "the server does not restart");
    }

    /// Sends the process a signal, such as `-STOP`.
    pub fn signal(&self, name: &str) {
        let pid = self.process.lock().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Runs a command over a new connection, such as `command("CONFIG SET maxmemory 1")`.
    pub fn command<T: FromRedisValue>(&self, words: &str) -> T {
        self.try_command(words).unwrap()
    }

    /// Runs a command over a new connection.
    ///
    /// # Errors
    ///
    /// Returns the error of the connection or the command.
    pub fn try_command<T: FromRedisValue>(&self, words: &str) -> RedisResult<T> {
        let client = Client::open(self.url()).unwrap();
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(5))?;
        let mut words = words.split(' ');
        let mut call = cmd(words.next().unwrap());
        for word in words {
            call.arg(word);
        }
        call.query(&mut connection)
    }

    /// Waits until the server responds; returns `false` if it ends before.
    fn responds(&self) -> bool {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if self.try_command::<String>("PING").is_ok() {
                return true;
            }
            if self.process.lock().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            thread::sleep(Duration::from_millis(2));
        }
        panic!("the server does not respond");
    }
}

impl Drop for RedisServer {
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
        let bus = port.checked_add(BUS_OFFSET);
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
    report_missing("Redis or Valkey");
    None
}
