//! The side of the test, which sends the calls.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use super::protocol::{Call, CallResult, REPLY_MARKER, Reply, Request};
use super::watched::{Watched, lock};
use crate::dedup::{ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, UpdateOutcome};

const CLOSED: &str = "the process has exited or closed its output";

/// A store whose calls are spread over several processes, each of which has opened it.
///
/// Each process opens the store and passes it to [`serve_calls`](super::serve_calls). The calls go to
/// the processes in turn. Return a clone from [`StoreUnderTest::open`](super::super::StoreUnderTest::open).
///
/// The processes are killed when the last clone is dropped. A process that does not read its input
/// blocks the callers once its pipe is full.
///
/// ```no_run
/// use std::process::Command;
///
/// use countersign::testing::store::Processes;
///
/// # fn main() -> std::io::Result<()> {
/// // Runs the test `child` of this test binary. That test does nothing unless `CHILD` is set; then it
/// // ends with `serve_calls(store).await`.
/// let tests = std::env::current_exe()?;
/// let child = || {
///     let mut command = Command::new(&tests);
///     command.args(["child", "--exact"]).env("CHILD", "");
///     command
/// };
/// let store = Processes::start([child(), child(), child()])?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Processes {
    processes: Arc<Vec<Process>>,
    calls: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    stdin: Mutex<ChildStdin>,
    pending: Arc<Mutex<Pending>>,
    calls: AtomicUsize,
}

/// The calls without a reply, by number.
#[derive(Debug, Default)]
struct Pending {
    slots: HashMap<usize, Arc<Watched<Option<CallResult>>>>,
    /// Whether the process has closed its output, so that no further reply comes.
    is_closed: bool,
}

impl Processes {
    /// Starts one process for each command, with pipes as its standard input and output.
    ///
    /// # Errors
    ///
    /// The system's error if a process cannot be started.
    pub fn start(commands: impl IntoIterator<Item = Command>) -> io::Result<Self> {
        let processes = commands.into_iter().map(Process::start).collect::<io::Result<_>>()?;
        Ok(Self { processes: Arc::new(processes), calls: Arc::default() })
    }

    /// Returns the number of calls that each process was sent.
    #[must_use]
    pub fn calls(&self) -> Vec<usize> {
        self.processes.iter().map(|process| process.calls.load(Ordering::Relaxed)).collect()
    }

    async fn send(&self, key: &EventKey, call: Call) -> CallResult {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let index = number.checked_rem(self.processes.len()).unwrap_or(0);
        let Some(process) = self.processes.get(index) else {
            return CallResult::unavailable("there is no process");
        };
        process.calls.fetch_add(1, Ordering::Relaxed);
        process.send(&Request { number, key: *key.as_bytes(), call }).await
    }

    async fn update(&self, key: &EventKey, call: Call) -> Result<UpdateOutcome, StoreError> {
        match self.send(key, call).await {
            CallResult::Applied => Ok(UpdateOutcome::Applied),
            CallResult::StaleToken => Ok(UpdateOutcome::StaleToken),
            result => Err(result.into_error()),
        }
    }
}

impl DedupStore for Processes {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        match self.send(key, Call::Claim { fingerprint, lease }).await {
            CallResult::Acquired { fencing_token, takeover } => Ok(ClaimOutcome::Acquired {
                fencing_token: FencingToken::new(fencing_token),
                takeover,
            }),
            CallResult::InProgress { retry_after } => Ok(ClaimOutcome::InProgress { retry_after }),
            CallResult::Duplicate { same_body } => Ok(ClaimOutcome::Duplicate { same_body }),
            result => Err(result.into_error()),
        }
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.update(key, Call::Renew { fencing_token: fencing_token.as_u64(), lease }).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.update(key, Call::Commit { fencing_token: fencing_token.as_u64(), retention }).await
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.update(key, Call::Release { fencing_token: fencing_token.as_u64() }).await
    }
}

impl Process {
    fn start(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let no_pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        let stdin = Mutex::new(child.stdin.take().ok_or_else(no_pipe)?);
        let stdout = BufReader::new(child.stdout.take().ok_or_else(no_pipe)?);
        let pending: Arc<Mutex<Pending>> = Arc::default();
        let answered = Arc::clone(&pending);
        thread::spawn(move || deliver_replies(stdout, &answered));
        Ok(Self { child, stdin, pending, calls: AtomicUsize::new(0) })
    }

    async fn send(&self, request: &Request) -> CallResult {
        let Ok(line) = serde_json::to_string(request) else {
            return CallResult::unavailable("the call cannot be serialized");
        };
        let slot: Arc<Watched<Option<CallResult>>> = Arc::default();
        {
            let mut pending = lock(&self.pending);
            if pending.is_closed {
                return CallResult::unavailable(CLOSED);
            }
            pending.slots.insert(request.number, Arc::clone(&slot));
        }
        if let Err(error) = writeln!(lock(&self.stdin), "{line}") {
            return CallResult::unavailable(&error.to_string());
        }
        poll_fn(|cx| slot.poll(cx, Option::take).map_or(Poll::Pending, Poll::Ready)).await
    }
}

/// Delivers each reply to its caller until the process closes its output.
fn deliver_replies(mut output: impl BufRead, pending: &Mutex<Pending>) {
    let mut line = Vec::new();
    while matches!(output.read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(&line);
        if let Some((_, reply)) = text.rsplit_once(REPLY_MARKER) {
            // The caller of an unreadable reply is unknown and would wait forever, so stop here.
            let Ok(Reply { number, result }) = serde_json::from_str(reply) else { break };
            let slot = lock(pending).slots.remove(&number);
            if let Some(slot) = slot {
                slot.change(|slot| *slot = Some(result));
            }
        }
        line.clear();
    }
    let slots: Vec<_> = {
        let mut pending = lock(pending);
        pending.is_closed = true;
        pending.slots.drain().map(|(_, slot)| slot).collect()
    };
    for slot in slots {
        slot.change(|slot| *slot = Some(CallResult::unavailable(CLOSED)));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process may have exited by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
