//! One store, opened by several processes.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::io::{self, BufRead, BufReader, Write};
use std::mem;
use std::pin::Pin;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};

/// How an answer begins, among what else a process prints.
const MARK: &str = "countersign-store-answer ";

const ENDED: &str = "the process has ended, or closed its output";

/// Handles on one store in processes of their own, which take turns at the calls. For the suite it is
/// a store like any other: let [`StoreUnderTest::open`](super::StoreUnderTest::open) clone it.
///
/// Each process opens the store and gives it to [`answer_calls`]. All are killed with the last clone.
/// A process that does not read is one that callers wait for: without end, once its pipe is full.
///
/// ```no_run
/// use std::process::Command;
///
/// use countersign::testing::store::Processes;
///
/// # fn main() -> std::io::Result<()> {
/// // Runs the test `child` of these same tests, which does nothing where `CHILD` is not set and else
/// // ends by `answer_calls(store).await`.
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
    to: Mutex<ChildStdin>,
    open: Arc<Mutex<Open>>,
    calls: AtomicUsize,
}

/// Who waits for an answer, by the number of the call.
#[derive(Debug, Default)]
struct Open {
    slots: HashMap<usize, Arc<Watched<Option<Answer>>>>,
    /// Nothing is answered any more.
    ended: bool,
}

/// What a thread changes, and one task waits for.
#[derive(Debug, Default)]
struct Watched<T>(Mutex<(T, Option<Waker>)>);

impl<T> Watched<T> {
    fn change(&self, change: impl FnOnce(&mut T)) {
        let waker = {
            let mut watched = lock(&self.0);
            change(&mut watched.0);
            watched.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Looks, and has the task woken by the next change.
    fn look<O>(&self, cx: &Context<'_>, look: impl FnOnce(&mut T) -> O) -> O {
        let mut watched = lock(&self.0);
        watched.1 = Some(cx.waker().clone());
        look(&mut watched.0)
    }
}

#[derive(Deserialize, Serialize)]
struct Ask {
    number: usize,
    key: [u8; 32],
    call: Call,
}

#[derive(Deserialize, Serialize)]
enum Call {
    Claim { fingerprint: u64, lease: Duration },
    Renew { fencing_token: u64, lease: Duration },
    Commit { fencing_token: u64, retention: Duration },
    Release { fencing_token: u64 },
}

#[derive(Deserialize, Serialize)]
struct Told {
    number: usize,
    answer: Answer,
}

#[derive(Debug, Deserialize, Serialize)]
enum Answer {
    Acquired { fencing_token: u64, takeover: bool },
    InProgress { retry_after: Duration },
    Duplicate { same_body: bool },
    Applied,
    Stale,
    Failed { failure: Failure, why: String },
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
enum Failure {
    Unavailable,
    Timeout,
    Full,
}

impl Processes {
    /// Starts a process by each command, with pipes in place of its input and output.
    ///
    /// # Errors
    ///
    /// That of the system if one cannot be started.
    pub fn start(commands: impl IntoIterator<Item = Command>) -> io::Result<Self> {
        let processes = commands.into_iter().map(Process::start).collect::<io::Result<_>>()?;
        Ok(Self { processes: Arc::new(processes), calls: Arc::default() })
    }

    /// How many calls each process was given.
    #[must_use]
    pub fn calls(&self) -> Vec<usize> {
        self.processes.iter().map(|process| process.calls.load(Ordering::Relaxed)).collect()
    }

    async fn ask(&self, key: &EventKey, call: Call) -> Answer {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let turn = number.checked_rem(self.processes.len()).unwrap_or(0);
        let Some(process) = self.processes.get(turn) else {
            return Answer::failed("there is no process");
        };
        process.calls.fetch_add(1, Ordering::Relaxed);
        process.ask(&Ask { number, key: *key.as_bytes(), call }).await
    }

    async fn settle(&self, key: &EventKey, call: Call) -> Result<UpdateOutcome, StoreError> {
        match self.ask(key, call).await {
            Answer::Applied => Ok(UpdateOutcome::Applied),
            Answer::Stale => Ok(UpdateOutcome::StaleToken),
            answer => Err(answer.into_error()),
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
        match self.ask(key, Call::Claim { fingerprint, lease }).await {
            Answer::Acquired { fencing_token, takeover } => Ok(ClaimOutcome::Acquired {
                fencing_token: FencingToken::new(fencing_token),
                takeover,
            }),
            Answer::InProgress { retry_after } => Ok(ClaimOutcome::InProgress { retry_after }),
            Answer::Duplicate { same_body } => Ok(ClaimOutcome::Duplicate { same_body }),
            answer => Err(answer.into_error()),
        }
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.settle(key, Call::Renew { fencing_token: fencing_token.as_u64(), lease }).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.settle(key, Call::Commit { fencing_token: fencing_token.as_u64(), retention }).await
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.settle(key, Call::Release { fencing_token: fencing_token.as_u64() }).await
    }
}

impl Process {
    fn start(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let to = Mutex::new(child.stdin.take().ok_or_else(gone)?);
        let from = BufReader::new(child.stdout.take().ok_or_else(gone)?);
        let open: Arc<Mutex<Open>> = Arc::default();
        let answered = Arc::clone(&open);
        thread::spawn(move || pass_on(from, &answered));
        Ok(Self { child, to, open, calls: AtomicUsize::new(0) })
    }

    async fn ask(&self, ask: &Ask) -> Answer {
        let Ok(line) = serde_json::to_string(ask) else {
            return Answer::failed("the call cannot be written down");
        };
        let slot: Arc<Watched<Option<Answer>>> = Arc::default();
        {
            let mut open = lock(&self.open);
            if open.ended {
                return Answer::failed(ENDED);
            }
            open.slots.insert(ask.number, Arc::clone(&slot));
        }
        if let Err(error) = writeln!(lock(&self.to), "{line}") {
            return Answer::failed(&error.to_string());
        }
        poll_fn(|cx| slot.look(cx, Option::take).map_or(Poll::Pending, Poll::Ready)).await
    }
}

/// Gives each answer to who waits for it, until the process ends.
fn pass_on(mut from: impl BufRead, open: &Mutex<Open>) {
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(&line);
        if let Some((_, told)) = text.rsplit_once(MARK) {
            // Whose answer that was cannot be known: whoever waited for it would wait for ever.
            let Ok(Told { number, answer }) = serde_json::from_str(told) else { break };
            let slot = lock(open).slots.remove(&number);
            if let Some(slot) = slot {
                slot.change(|slot| *slot = Some(answer));
            }
        }
        line.clear();
    }
    let slots: Vec<_> = {
        let mut open = lock(open);
        open.ended = true;
        open.slots.drain().map(|(_, slot)| slot).collect()
    };
    for slot in slots {
        slot.change(|slot| *slot = Some(Answer::failed(ENDED)));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Answer {
    fn failed(why: &str) -> Self {
        Self::Failed { failure: Failure::Unavailable, why: why.to_owned() }
    }

    fn into_error(self) -> StoreError {
        let Self::Failed { failure, why } = self else {
            let why = format!("{self:?} is no answer to this call");
            return StoreError::new(StoreErrorKind::Unavailable, why);
        };
        let kind = match failure {
            Failure::Unavailable => StoreErrorKind::Unavailable,
            Failure::Timeout => StoreErrorKind::Timeout,
            Failure::Full => StoreErrorKind::Full,
        };
        StoreError::new(kind, why)
    }
}

impl From<StoreError> for Answer {
    fn from(error: StoreError) -> Self {
        let failure = match error.kind() {
            StoreErrorKind::Unavailable => Failure::Unavailable,
            StoreErrorKind::Timeout => Failure::Timeout,
            StoreErrorKind::Full => Failure::Full,
        };
        Self::Failed { failure, why: error.to_string() }
    }
}

/// In a process that [`Processes`] started: makes the calls that it is told of on `store`, many at a
/// time in one future, and prints the answers, until there is nobody to tell it.
pub async fn answer_calls(store: impl DedupStore) {
    let asked: Arc<Watched<Asked>> = Arc::default();
    let telling = Arc::clone(&asked);
    thread::spawn(move || {
        let lines = io::stdin().lines().map_while(Result::ok);
        for ask in lines.map_while(|line| serde_json::from_str(&line).ok()) {
            telling.change(|asked| asked.new.push(ask));
        }
        telling.change(|asked| asked.is_over = true);
    });
    let store = &store;
    let mut open: Vec<Pin<Box<dyn Future<Output = ()> + Send + '_>>> = Vec::new();
    poll_fn(|cx| {
        let (new, is_over) = asked.look(cx, |asked| (mem::take(&mut asked.new), asked.is_over));
        if is_over {
            return Poll::Ready(());
        }
        for ask in new {
            open.push(Box::pin(answer(store, ask)));
        }
        open.retain_mut(|call| call.as_mut().poll(cx).is_pending());
        Poll::Pending
    })
    .await;
}

/// What a process was told to call, and has not begun.
#[derive(Default)]
struct Asked {
    new: Vec<Ask>,
    is_over: bool,
}

async fn answer(store: &impl DedupStore, Ask { number, key, call }: Ask) {
    let key = EventKey::from_bytes(key);
    let settled = |answer| match answer {
        UpdateOutcome::Applied => Answer::Applied,
        UpdateOutcome::StaleToken => Answer::Stale,
    };
    let answer = match call {
        Call::Claim { fingerprint, lease } => {
            store.claim(&key, fingerprint, lease).await.map(|answer| match answer {
                ClaimOutcome::Acquired { fencing_token, takeover } => {
                    Answer::Acquired { fencing_token: fencing_token.as_u64(), takeover }
                }
                ClaimOutcome::InProgress { retry_after } => Answer::InProgress { retry_after },
                ClaimOutcome::Duplicate { same_body } => Answer::Duplicate { same_body },
            })
        }
        Call::Renew { fencing_token, lease } => {
            store.renew(&key, FencingToken::new(fencing_token), lease).await.map(settled)
        }
        Call::Commit { fencing_token, retention } => {
            store.commit(&key, FencingToken::new(fencing_token), retention).await.map(settled)
        }
        Call::Release { fencing_token } => {
            store.release(&key, FencingToken::new(fencing_token)).await.map(settled)
        }
    };
    let answer = answer.unwrap_or_else(Answer::from);
    if let Ok(told) = serde_json::to_string(&Told { number, answer }) {
        // Not `println!`, which a test harness would keep. Where the pipe is closed nobody waits.
        drop(writeln!(io::stdout().lock(), "{MARK}{told}"));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
