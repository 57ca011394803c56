//! Receivers behind one address that can be killed.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use crate::config::ReceiverConfig;

/// The variable with a child's configuration, as JSON.
pub(crate) const RECEIVE: &str = "COUNTERSIGN_CRASH_RECEIVE";

/// The test that a child runs to receive.
const TEST: &str = "child_that_receives";

/// Receivers that share a socket which outlives them, as under a service manager with socket activation. A
/// running receiver accepts the next connection, and none is refused while all are down.
pub(crate) struct Fleet {
    socket: TcpListener,
    config: ReceiverConfig,
    children: Vec<Child>,
    /// The slot of each receiver, past or present, by its number.
    slots: BTreeMap<u32, usize>,
}

impl Fleet {
    pub(crate) fn start(config: ReceiverConfig, size: usize) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut fleet = Self { socket, config, children: Vec::new(), slots: BTreeMap::new() };
        for slot in 0..size {
            let child = fleet.spawn(slot);
            fleet.children.push(child);
        }
        fleet
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Kills the receiver in that slot, which cannot clean up, and returns its number.
    pub(crate) fn kill(&mut self, slot: usize) -> u32 {
        let child = self.children.get_mut(slot).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        self.number(slot)
    }

    /// Returns the number of the receiver that has that slot, or had it last.
    pub(crate) fn number(&self, slot: usize) -> u32 {
        *self.slots.iter().rev().find(|(_, own)| **own == slot).unwrap().0
    }

    pub(crate) fn journal(&self) -> &str {
        &self.config.journal
    }

    pub(crate) fn restart(&mut self, slot: usize) {
        let child = self.spawn(slot);
        *self.children.get_mut(slot).unwrap() = child;
    }

    /// Kills all receivers, and returns the slot of each.
    pub(crate) fn stop(mut self) -> BTreeMap<u32, usize> {
        std::mem::take(&mut self.slots)
    }

    fn spawn(&mut self, slot: usize) -> Child {
        self.config.number += 1;
        self.slots.insert(self.config.number, slot);
        self.config.seed = self.config.seed.wrapping_add(1);
        let socket: OwnedFd = self.socket.try_clone().unwrap().into();
        test_command(TEST)
            .env(RECEIVE, serde_json::to_string(&self.config).unwrap())
            .stdin(Stdio::from(socket))
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for child in &mut self.children {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Returns the command that runs one test of this program.
pub(crate) fn test_command(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command
}
