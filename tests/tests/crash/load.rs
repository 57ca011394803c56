//! The sender: the command `countersign send`, and a person who repeats its failed deliveries by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use countersign_test_support::webhook::{SECRET, body, post, status};
use serde::Deserialize;

use crate::fleet::test_command;

/// The variable with the command's arguments, as JSON.
const SEND: &str = "COUNTERSIGN_CRASH_SEND";

/// The test that a child runs to send.
const TEST: &str = "child_that_sends";

/// The variable from which the command reads the secret.
const SECRET_ENV: &str = "COUNTERSIGN_CRASH_SECRET";

/// How many senders there are at once, and how many events each call of the command has.
const SENDERS: usize = 3;
const EVENTS: &str = "100";

/// How many times faster the retries are than the sender's own: the fifth and last follows after 2 s, which
/// is longer than a lease.
const SPEED: &str = "1500";

/// The time limit for the deliveries that are repeated by hand.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The parts of the command's report that the test reads.
#[derive(Deserialize)]
struct Report {
    attempts: u64,
    deliveries: Vec<Delivery>,
}

#[derive(Deserialize)]
struct Delivery {
    id: String,
    delivered: bool,
}

/// The sender's record of its deliveries.
#[derive(Default)]
pub(crate) struct Sent {
    /// Every event, and whether it got a success status.
    pub(crate) events: BTreeMap<String, bool>,
    pub(crate) attempts: u64,
    /// How many events were delivered by hand.
    pub(crate) repeated: usize,
}

impl Sent {
    /// Sends until `stop` is set, and waits for the deliveries that were started by then.
    pub(crate) fn until(stop: &AtomicBool, to: SocketAddr) -> Self {
        let send = || {
            let mut reports = Vec::new();
            while !stop.load(Ordering::Acquire) {
                reports.push(send(to));
            }
            reports
        };
        let reports = thread::scope(|scope| {
            let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(send)).collect();
            senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect::<Vec<_>>()
        });
        let mut sent = Self::default();
        for report in reports {
            sent.attempts += report.attempts;
            for delivery in report.deliveries {
                *sent.events.entry(delivery.id).or_default() |= delivery.delivered;
            }
        }
        sent
    }

    /// Repeats the failed deliveries until each gets a success status.
    pub(crate) fn repeat_by_hand(&mut self, to: SocketAddr) {
        let end = Instant::now() + TIMEOUT;
        let mut open: BTreeSet<_> = self
            .events
            .iter()
            .filter(|(_, delivered)| !**delivered)
            .map(|(id, _)| id.clone())
            .collect();
        self.repeated = open.len();
        while !open.is_empty() {
            assert!(Instant::now() < end, "not delivered after {TIMEOUT:?}: {open:?}");
            self.attempts += open.len() as u64;
            open.retain(|id| post(to, id).is_none_or(|response| status(&response) != 200));
            if !open.is_empty() {
                sleep(Duration::from_millis(50));
            }
        }
        self.events.values_mut().for_each(|delivered| *delivered = true);
    }
}

/// Runs the command to its end, and returns its report.
fn send(to: SocketAddr) -> Report {
    let arguments = [
        "countersign",
        "send",
        &format!("http://{to}/"),
        "--json",
        "--sender",
        "standard-webhooks",
        "--secret-env",
        SECRET_ENV,
        "--body",
        &body("{{id}}"),
        "--times",
        EVENTS,
        "--concurrency",
        "6",
        "--duplicate-share",
        "0.1",
        "--speed",
        SPEED,
    ];
    let output = test_command(TEST)
        .env(SEND, serde_json::to_string(&arguments).unwrap())
        .env(SECRET_ENV, SECRET)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    // The test harness writes before and after the report.
    let ends = output.find('{').zip(output.rfind('}'));
    let report = ends.and_then(|(start, end)| output.get(start..=end));
    serde_json::from_str(report.unwrap_or_else(|| panic!("no report: {output}"))).unwrap()
}

/// Runs the command with the arguments from the environment, in a child.
pub(crate) fn run_command() {
    let Ok(arguments) = std::env::var(SEND) else { return };
    let arguments: Vec<OsString> = serde_json::from_str::<Vec<String>>(&arguments)
        .unwrap()
        .into_iter()
        .map(OsString::from)
        .collect();
    // The status is ignored: the report lists what was not delivered.
    let _ = countersign_cli::run(&arguments);
}
