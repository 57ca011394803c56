//! This test program run again as a process of its own.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

/// What a child is told: which store to open.
const PLACE: &str = "COUNTERSIGN_TEST_PLACE";

/// How its lines begin, among those of the test harness.
const MARK: &str = "child: ";

/// A test of the name `test` in a process of its own, which finds its store at `place`.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub(crate) fn start(test: &str, place: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(PLACE, place)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next number it tells; none at its end.
    pub(crate) fn told(&mut self) -> Option<usize> {
        loop {
            let line = self.lines.next()?.unwrap();
            if let Some((_, number)) = line.split_once(MARK) {
                return Some(number.parse().unwrap());
            }
        }
    }

    /// All that is left to tell, until it ends well.
    pub(crate) fn finish(mut self) -> Vec<usize> {
        let told: Vec<_> = std::iter::from_fn(|| self.told()).collect();
        assert!(self.child.wait().unwrap().success());
        told
    }

    /// Ends it with no chance to tidy up, and gives what it had told by then.
    pub(crate) fn kill(mut self) -> Vec<usize> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.told()).collect()
    }
}

/// In a child: where its store is.
pub(crate) fn place() -> Option<String> {
    std::env::var(PLACE).ok()
}

/// In a child: tells a number.
pub(crate) fn tell(number: usize) {
    println!("{MARK}{number}");
}
