//! Receivers behind one address, each of which can be killed.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use crate::setup::Setup;

/// What a child is told: its setup, as JSON.
pub(crate) const RECEIVE: &str = "COUNTERSIGN_CRASH_RECEIVE";

/// The test that receives, in a process of its own.
const TEST: &str = "child_that_receives";

/// They share a socket that outlives them, as under a service manager that hands it on: whoever
/// lives takes the next connection, and none is rejected while all are down.
pub(crate) struct Fleet {
    socket: TcpListener,
    setup: Setup,
    children: Vec<Child>,
    /// The place that each receiver has or had, by its number.
    places: BTreeMap<u32, usize>,
}

impl Fleet {
    pub(crate) fn start(setup: Setup, size: usize) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut fleet = Self { socket, setup, children: Vec::new(), places: BTreeMap::new() };
        for place in 0..size {
            let child = fleet.spawn(place);
            fleet.children.push(child);
        }
        fleet
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Kills the receiver in that place, which has no chance to tidy up, and gives its number.
    pub(crate) fn kill(&mut self, place: usize) -> u32 {
        let child = self.children.get_mut(place).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        self.number(place)
    }

    /// The number of the receiver that has that place, or had it last.
    pub(crate) fn number(&self, place: usize) -> u32 {
        *self.places.iter().rev().find(|(_, own)| **own == place).unwrap().0
    }

    pub(crate) fn journal(&self) -> &str {
        &self.setup.journal
    }

    pub(crate) fn restart(&mut self, place: usize) {
        let child = self.spawn(place);
        *self.children.get_mut(place).unwrap() = child;
    }

    /// Ends all; gives the place that each receiver had.
    pub(crate) fn stop(mut self) -> BTreeMap<u32, usize> {
        std::mem::take(&mut self.places)
    }

    fn spawn(&mut self, place: usize) -> Child {
        self.setup.number += 1;
        self.places.insert(self.setup.number, place);
        self.setup.seed = self.setup.seed.wrapping_add(1);
        let socket: OwnedFd = self.socket.try_clone().unwrap().into();
        again(TEST)
            .env(RECEIVE, serde_json::to_string(&self.setup).unwrap())
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

/// This program again, for one of its tests.
pub(crate) fn again(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command
}
