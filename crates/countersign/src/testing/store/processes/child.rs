//! The side of the processes that hold the store.

use std::future::{Future, poll_fn};
use std::io::{self, Write};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread;

use super::protocol::{Call, CallResult, REPLY_MARKER, Reply, Request};
use super::watched::Watched;
use crate::dedup::{ClaimOutcome, DedupStore, EventKey, FencingToken};

/// Serves calls on `store` in a process that [`Processes`](super::Processes) started.
///
/// Reads the calls from standard input, runs them concurrently in one future and prints the replies to
/// standard output. Returns when the input ends.
pub async fn serve_calls(store: impl DedupStore) {
    let inbox: Arc<Watched<Inbox>> = Arc::default();
    let filled = Arc::clone(&inbox);
    thread::spawn(move || {
        let lines = io::stdin().lines().map_while(Result::ok);
        for request in lines.map_while(|line| serde_json::from_str(&line).ok()) {
            filled.change(|inbox| inbox.new.push(request));
        }
        filled.change(|inbox| inbox.is_closed = true);
    });
    let store = &store;
    let mut running: Vec<Pin<Box<dyn Future<Output = ()> + Send + '_>>> = Vec::new();
    poll_fn(|cx| {
        let (new, is_closed) = inbox.poll(cx, |inbox| (mem::take(&mut inbox.new), inbox.is_closed));
        if is_closed {
            return Poll::Ready(());
        }
        for request in new {
            running.push(Box::pin(serve(store, request)));
        }
        running.retain_mut(|call| call.as_mut().poll(cx).is_pending());
        Poll::Pending
    })
    .await;
}

/// The requests that were received and have not started.
#[derive(Default)]
struct Inbox {
    new: Vec<Request>,
    is_closed: bool,
}

async fn serve(store: &impl DedupStore, Request { number, key, call }: Request) {
    let key = EventKey::from_bytes(key);
    let result = match call {
        Call::Claim { fingerprint, lease } => {
            store.claim(&key, fingerprint, lease).await.map(|outcome| match outcome {
                ClaimOutcome::Acquired { fencing_token, takeover } => {
                    CallResult::Acquired { fencing_token: fencing_token.as_u64(), takeover }
                }
                ClaimOutcome::InProgress { retry_after } => CallResult::InProgress { retry_after },
                ClaimOutcome::Duplicate { same_body } => CallResult::Duplicate { same_body },
            })
        }
        Call::Renew { fencing_token, lease } => {
            store.renew(&key, FencingToken::new(fencing_token), lease).await.map(CallResult::from)
        }
        Call::Commit { fencing_token, retention } => store
            .commit(&key, FencingToken::new(fencing_token), retention)
            .await
            .map(CallResult::from),
        Call::Release { fencing_token } => {
            store.release(&key, FencingToken::new(fencing_token)).await.map(CallResult::from)
        }
    };
    let result = result.unwrap_or_else(CallResult::from);
    if let Ok(reply) = serde_json::to_string(&Reply { number, result }) {
        // Not `println!`, which a test harness would capture. If the pipe is closed, no caller waits.
        drop(writeln!(io::stdout().lock(), "{REPLY_MARKER}{reply}"));
    }
}
