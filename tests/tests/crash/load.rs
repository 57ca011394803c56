//! The sender: the command `countersign send`, and a person who repeats by hand what it gave up.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use countersign_test_support::webhook::{SECRET, body, post, status};
use serde::Deserialize;

use crate::fleet::again;

/// What a child is told: the command's arguments, as JSON.
const SEND: &str = "COUNTERSIGN_CRASH_SEND";

/// The test that sends, in a process of its own.
const TEST: &str = "child_that_sends";

/// Where the command finds the secret.
const SECRET_ENV: &str = "COUNTERSIGN_CRASH_SECRET";

/// How many senders there are at once, and how many events each call of the command has.
const SENDERS: usize = 3;
const EVENTS: &str = "100";

/// The sender's retries come so many times as fast as it makes them: the fifth and last after 2 s in
/// all, which is more than a lease.
const SPEED: &str = "1500";

/// How long it may take until all that was given up is delivered.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the command reports; what else it holds is not asked for.
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

/// What the sender knows.
#[derive(Default)]
pub(crate) struct Sent {
    /// Every event, and whether it was answered with success.
    pub(crate) events: BTreeMap<String, bool>,
    pub(crate) attempts: u64,
    /// What was delivered by hand.
    pub(crate) repeated: usize,
}

impl Sent {
    /// Sends until `over`, and to the end of what was begun by then.
    pub(crate) fn until(over: &AtomicBool, to: SocketAddr) -> Self {
        let send = || {
            let mut reports = Vec::new();
            while !over.load(Ordering::Acquire) {
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

    /// Repeats what was given up until it is answered with success.
    pub(crate) fn repeat_by_hand(&mut self, to: SocketAddr) {
        let end = Instant::now() + PATIENCE;
        let mut open: BTreeSet<_> = self
            .events
            .iter()
            .filter(|(_, delivered)| !**delivered)
            .map(|(id, _)| id.clone())
            .collect();
        self.repeated = open.len();
        while !open.is_empty() {
            assert!(Instant::now() < end, "not delivered after {PATIENCE:?}: {open:?}");
            self.attempts += open.len() as u64;
            open.retain(|id| post(to, id).is_none_or(|answer| status(&answer) != 200));
            if !open.is_empty() {
                sleep(Duration::from_millis(50));
            }
        }
        self.events.values_mut().for_each(|delivered| *delivered = true);
    }
}

/// One call of the command, at its end.
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
    let output = again(TEST)
        .env(SEND, serde_json::to_string(&arguments).unwrap())
        .env(SECRET_ENV, SECRET)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    // The test harness stands before it and after it.
    let report = told.find('{').zip(told.rfind('}')).and_then(|(start, end)| told.get(start..=end));
    serde_json::from_str(report.unwrap_or_else(|| panic!("no report: {told}"))).unwrap()
}

/// In a child: runs the command it was told to, as its program does.
pub(crate) fn run_as_told() {
    let Ok(arguments) = std::env::var(SEND) else { return };
    let arguments: Vec<OsString> = serde_json::from_str::<Vec<String>>(&arguments)
        .unwrap()
        .into_iter()
        .map(OsString::from)
        .collect();
    // The report says what was not delivered.
    let _ = countersign_cli::run(&arguments);
}
