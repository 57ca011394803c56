//! Servers that are stopped by a signal, so that they accept connections and never respond.

use std::path::Path;
use std::process::Command;

use countersign_test_support::RedisServer;

/// Processes that are stopped, and continue when this is dropped.
pub(crate) struct Stopped(Vec<String>);

impl Stopped {
    /// Stops the server of that directory, with the processes of its sessions.
    pub(crate) fn postgres(dir: &Path) -> Self {
        let file = std::fs::read_to_string(dir.join("data/postmaster.pid")).unwrap();
        let server = file.lines().next().unwrap().trim().to_owned();
        // Stopped first, so that it starts no more processes.
        let mut stopped = Self(vec![server.clone()]);
        signal("-STOP", &stopped.0);
        let all = Command::new("ps").args(["-A", "-o", "pid=", "-o", "ppid="]).output().unwrap();
        for line in String::from_utf8(all.stdout).unwrap().lines() {
            let mut numbers = line.split_whitespace().map(str::to_owned);
            let (Some(process), Some(parent)) = (numbers.next(), numbers.next()) else { continue };
            if parent == server {
                stopped.0.push(process);
            }
        }
        assert!(stopped.0.len() > 1, "the server has processes of its own");
        signal("-STOP", &stopped.0);
        stopped
    }

    pub(crate) fn redis(server: &RedisServer) -> Self {
        let info: String = server.command("INFO server");
        let process = info.lines().find_map(|line| line.strip_prefix("process_id:"));
        let stopped = Self(vec![process.unwrap().trim().to_owned()]);
        signal("-STOP", &stopped.0);
        stopped
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(name: &str, processes: &[String]) {
    assert!(Command::new("kill").arg(name).args(processes).status().unwrap().success());
}
