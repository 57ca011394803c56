//! One store in several processes, which take turns at its calls.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use countersign::{
    Claim, DedupStore, EventKey, Fence, Identity, Settled, StoreError, StoreErrorKind,
};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::place::{Place, Store};

/// What a child is told: where its store is, as JSON.
const PLACE: &str = "COUNTERSIGN_PROCESSES_PLACE";

/// The test that calls, in a process of its own.
const TEST: &str = "child_that_calls_the_store";

/// How its lines begin, among those of the test harness.
const MARK: &str = "child: ";

#[derive(Clone)]
pub(crate) struct Spread(Arc<Vec<Process>>, Arc<AtomicUsize>);

struct Process {
    child: Mutex<Child>,
    to: Mutex<ChildStdin>,
    open: Arc<Mutex<HashMap<usize, oneshot::Sender<Answer>>>>,
    calls: AtomicUsize,
    /// What its clock said with its last answer.
    clock: Arc<Mutex<Option<SystemTime>>>,
}

/// The clock of a process.
#[derive(Clone)]
pub(crate) enum Clock {
    Right,
    /// By libfaketime, which is loaded before the system's own library.
    Ahead {
        hours: i32,
        library: PathBuf,
    },
}

#[derive(Deserialize, Serialize)]
struct Ask {
    number: usize,
    key: String,
    call: Call,
}

#[derive(Deserialize, Serialize)]
enum Call {
    Claim { fingerprint: u64, lease: Duration },
    Renew { fence: u64, lease: Duration },
    Commit { fence: u64, retention: Duration },
    Release { fence: u64 },
}

#[derive(Deserialize, Serialize)]
struct Told {
    number: usize,
    answer: Answer,
    clock: SystemTime,
}

#[derive(Debug, Deserialize, Serialize)]
enum Answer {
    Acquired { fence: u64, takeover: bool },
    Busy { retry_after: Duration },
    Duplicate { same_body: bool },
    Applied,
    Stale,
    Failed(String),
}

impl Spread {
    /// A process for each clock, which is so far ahead.
    pub(crate) fn over(place: &Place, clocks: &[Clock]) -> Self {
        let processes = clocks.iter().map(|clock| Process::start(place, clock));
        Self(Arc::new(processes.collect()), Arc::default())
    }

    /// How many calls each process made.
    pub(crate) fn calls(&self) -> Vec<usize> {
        self.0.iter().map(|process| process.calls.load(Ordering::Relaxed)).collect()
    }

    /// By how many hours the processes' clocks were ahead of ours, all told.
    pub(crate) fn hours_ahead(&self) -> Vec<f64> {
        let now = SystemTime::now();
        let ahead = |clock: SystemTime| match clock.duration_since(now) {
            Ok(ahead) => ahead.as_secs_f64(),
            Err(behind) => -behind.duration().as_secs_f64(),
        };
        let clocks = self.0.iter().map(|process| process.clock.lock().unwrap().unwrap());
        clocks.map(|clock| (ahead(clock) / 3600.0).round()).collect()
    }

    async fn ask(&self, key: &EventKey, call: Call) -> Answer {
        let number = self.1.fetch_add(1, Ordering::Relaxed);
        let process = self.0.get(number % self.0.len()).unwrap();
        process.calls.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        process.open.lock().unwrap().insert(number, tell);
        let ask = serde_json::to_string(&Ask { number, key: key.to_string(), call }).unwrap();
        writeln!(process.to.lock().unwrap(), "{ask}").unwrap();
        told.await.unwrap()
    }

    async fn settle(&self, key: &EventKey, call: Call) -> Result<Settled, StoreError> {
        match self.ask(key, call).await {
            Answer::Applied => Ok(Settled::Applied),
            Answer::Stale => Ok(Settled::Stale),
            answer => Err(failed(&answer)),
        }
    }
}

fn failed(answer: &Answer) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, format!("{answer:?}"))
}

impl DedupStore for Spread {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<Claim, StoreError> {
        match self.ask(key, Call::Claim { fingerprint, lease }).await {
            Answer::Acquired { fence, takeover } => {
                Ok(Claim::Acquired { fence: Fence::new(fence), takeover })
            }
            Answer::Busy { retry_after } => Ok(Claim::Busy { retry_after }),
            Answer::Duplicate { same_body } => Ok(Claim::Duplicate { same_body }),
            answer => Err(failed(&answer)),
        }
    }

    async fn renew(
        &self,
        key: &EventKey,
        fence: Fence,
        lease: Duration,
    ) -> Result<Settled, StoreError> {
        self.settle(key, Call::Renew { fence: fence.as_u64(), lease }).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fence: Fence,
        retention: Duration,
    ) -> Result<Settled, StoreError> {
        self.settle(key, Call::Commit { fence: fence.as_u64(), retention }).await
    }

    async fn release(&self, key: &EventKey, fence: Fence) -> Result<Settled, StoreError> {
        self.settle(key, Call::Release { fence: fence.as_u64() }).await
    }
}

impl Process {
    fn start(place: &Place, clock: &Clock) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([TEST, "--exact", "--nocapture", "--test-threads=1"])
            .env(PLACE, serde_json::to_string(place).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Clock::Ahead { hours, library } = clock {
            command.env("LD_PRELOAD", library).env("FAKETIME", format!("{hours:+}h"));
            // A timer runs as before.
            command.env("DONT_FAKE_MONOTONIC", "1");
        }
        let mut child = command.spawn().unwrap();
        let to = Mutex::new(child.stdin.take().unwrap());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let open: Arc<Mutex<HashMap<usize, oneshot::Sender<Answer>>>> = Arc::default();
        let clock: Arc<Mutex<Option<SystemTime>>> = Arc::default();
        let (answered, shown) = (Arc::clone(&open), Arc::clone(&clock));
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let Some((_, told)) = line.split_once(MARK) else { continue };
                let told: Told = serde_json::from_str(told).unwrap();
                *shown.lock().unwrap() = Some(told.clock);
                let tell = answered.lock().unwrap().remove(&told.number).unwrap();
                // The call may have been dropped.
                drop(tell.send(told.answer));
            }
            // Whoever still waits is told that nothing comes.
            answered.lock().unwrap().clear();
        });
        Self { child: Mutex::new(child), to, open, calls: AtomicUsize::new(0), clock }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap();
        drop(child.kill());
        drop(child.wait());
    }
}

/// In a child: calls the store as it is told, each call in a task of its own, until there is nobody
/// to tell it.
pub(crate) async fn call_as_told() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let place: Place = serde_json::from_str(&place).unwrap();
    let store = place.open().await;
    let calls = tokio::runtime::Handle::current();
    let reading = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            let ask: Ask = serde_json::from_str(&line).unwrap();
            let store = store.clone();
            calls.spawn(async move {
                let (number, answer) = (ask.number, answer(&store, ask).await);
                let told = Told { number, answer, clock: SystemTime::now() };
                println!("{MARK}{}", serde_json::to_string(&told).unwrap());
            });
        }
    });
    reading.await.unwrap();
}

async fn answer(store: &Store, ask: Ask) -> Answer {
    // One key for each: a key cannot be made of its own text.
    let key = EventKey::new("processes", "sender", &Identity::id(&ask.key));
    let settled = match ask.call {
        Call::Claim { fingerprint, lease } => {
            return match store.claim(&key, fingerprint, lease).await {
                Ok(Claim::Acquired { fence, takeover }) => {
                    Answer::Acquired { fence: fence.as_u64(), takeover }
                }
                Ok(Claim::Busy { retry_after }) => Answer::Busy { retry_after },
                Ok(Claim::Duplicate { same_body }) => Answer::Duplicate { same_body },
                answer => Answer::Failed(format!("{answer:?}")),
            };
        }
        Call::Renew { fence, lease } => store.renew(&key, Fence::new(fence), lease).await,
        Call::Commit { fence, retention } => store.commit(&key, Fence::new(fence), retention).await,
        Call::Release { fence } => store.release(&key, Fence::new(fence)).await,
    };
    match settled {
        Ok(Settled::Applied) => Answer::Applied,
        Ok(Settled::Stale) => Answer::Stale,
        Err(error) => Answer::Failed(error.to_string()),
    }
}
