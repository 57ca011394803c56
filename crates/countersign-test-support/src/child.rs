//! A test of the current test program, run again in a process of its own.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The variable with the location of the child's store.
const STORE: &str = "COUNTERSIGN_TEST_STORE";

/// The prefix of the child's lines, which distinguishes them from those of the test harness.
const PREFIX: &str = "child: ";

/// A test in a process of its own, which reports numbers to its parent.
#[derive(Debug)]
pub struct ChildTest {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl ChildTest {
    /// Starts the test of that name, whose [`store_location`] is `store`.
    #[must_use]
    pub fn start(test: &str, store: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(STORE, store)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits for the next number that the child reports; `None` if the child ends.
    pub fn next_report(&mut self) -> Option<usize> {
        loop {
            let line = self.lines.next()?.unwrap();
            if let Some((_, number)) = line.split_once(PREFIX) {
                return Some(number.parse().unwrap());
            }
        }
    }

    /// Waits until the child succeeds, and returns the numbers that it still reports.
    #[must_use]
    pub fn finish(mut self) -> Vec<usize> {
        let reports: Vec<_> = std::iter::from_fn(|| self.next_report()).collect();
        assert!(self.child.wait().unwrap().success());
        reports
    }

    /// Kills the child, which cannot clean up, and returns the numbers that it had reported.
    #[must_use]
    pub fn kill(mut self) -> Vec<usize> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.next_report()).collect()
    }
}

/// Returns the location of the store in a child; `None` in the parent.
#[must_use]
pub fn store_location() -> Option<String> {
    std::env::var(STORE).ok()
}

/// Reports a number to the parent of a child.
pub fn report(number: usize) {
    println!("{PREFIX}{number}");
}
