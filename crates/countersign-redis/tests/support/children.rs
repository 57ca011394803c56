//! This test program run again, as processes of their own.

use std::process::{Child, Command, Stdio};

/// What a child is told: where its store is.
const PLACE: &str = "COUNTERSIGN_TEST_PLACE";

/// How its lines begin, among those of the test harness.
const MARK: &str = "child: ";

/// The test of that name in a process of its own, which finds its store at `place`.
pub(crate) fn start(test: &str, place: &str) -> Child {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args([test, "--exact", "--nocapture"]).env(PLACE, place).stdout(Stdio::piped());
    program.spawn().unwrap()
}

/// The numbers that it tells until its end, which is a good one.
pub(crate) fn told(child: Child) -> Vec<usize> {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let numbers = lines.lines().filter_map(|line| line.split_once(MARK));
    numbers.map(|(_, number)| number.parse().unwrap()).collect()
}

/// In a child: where its store is.
pub(crate) fn place() -> Option<String> {
    std::env::var(PLACE).ok()
}

/// In a child: tells a number.
pub(crate) fn tell(number: usize) {
    println!("{MARK}{number}");
}
