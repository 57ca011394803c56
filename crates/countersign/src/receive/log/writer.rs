//! The task that writes the log.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::dedup::{StoreError, StoreErrorKind};
use crate::log::{Begun, DeliveryLog, PAUSE};
use crate::receive::timer::{Timer, after, before, sleep};
use crate::receive::trace;

/// How long one call of the store may take.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);

/// The pause after a call of the store has failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// The pause between two removals of old lines, and how long the task waits for a line.
const MINUTE: Duration = Duration::from_secs(60);

/// How many lines one call removes.
const PRUNED: u32 = 1000;

/// Starts the task that writes a log, on the adapter's runtime.
pub(in crate::receive) type StartWriter = Arc<dyn Fn(DeliveryLog) + Send + Sync>;

/// A task's turn to write, which ends if the task does not: a runtime that stops drops it.
struct Turn {
    log: DeliveryLog,
    is_over: bool,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_over {
            self.log.abandon_turn();
        }
    }
}

/// Writes what is added to a log, and removes what is old, until nothing has been added for a minute.
///
/// A future that is dropped before it is polled ends its turn, too.
pub(in crate::receive) fn write_log<T: Timer>(
    log: DeliveryLog,
    timer: T,
) -> impl Future<Output = ()> {
    let turn = Turn { log, is_over: false };
    async move { write_until_idle(turn, timer).await }
}

async fn write_until_idle<T: Timer>(mut turn: Turn, timer: T) {
    let log = turn.log.clone();
    let mut next_prune = timer.now();
    let mut dropped = log.stats().dropped;
    let mut idle_until = after(timer.now(), MINUTE);
    loop {
        wait_for_batch(&log, &timer).await;
        if !log.is_empty() {
            idle_until = after(timer.now(), MINUTE);
        }
        if write_pending(&log, &timer).await.is_err() {
            sleep(&timer, STORE_PAUSE).await;
            continue;
        }
        if next_prune <= timer.now() {
            let lost = log.stats().dropped;
            if lost > dropped {
                trace::log_dropped(lost - dropped);
                dropped = lost;
            }
            let has_more = prune(&log, &timer).await;
            next_prune = after(timer.now(), if has_more { PAUSE } else { MINUTE });
        }
        if idle_until <= timer.now() && log.end_turn() {
            turn.is_over = true;
            return;
        }
    }
}

/// Waits until there is a full batch, but not for long.
async fn wait_for_batch(log: &DeliveryLog, timer: &impl Timer) {
    let changed = log.listen();
    if !log.has_batch() {
        before(pin!(changed), || sleep(timer, PAUSE)).await;
    }
}

async fn write_pending(log: &DeliveryLog, timer: &impl Timer) -> Result<(), StoreError> {
    loop {
        let changed = log.listen();
        let write = async {
            match log.begin() {
                Begun::Nothing => Ok(false),
                Begun::Busy => {
                    changed.await;
                    Ok(true)
                }
                Begun::Batch(writing) => writing.write().await.map(|()| true),
            }
        };
        let written = before(pin!(write), || sleep(timer, STORE_TIMEOUT)).await;
        match written.unwrap_or_else(timed_out) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                trace::log_failed(&error);
                return Err(error);
            }
        }
    }
}

/// Removes old lines; returns whether there may be more.
async fn prune(log: &DeliveryLog, timer: &impl Timer) -> bool {
    let pruned = before(pin!(log.prune(PRUNED)), || sleep(timer, STORE_TIMEOUT)).await;
    match pruned.unwrap_or_else(timed_out) {
        Ok(pruned) => pruned >= u64::from(PRUNED),
        Err(error) => {
            trace::log_failed(&error);
            false
        }
    }
}

fn timed_out<T>() -> Result<T, StoreError> {
    let text = format!("the log's store did not respond within {STORE_TIMEOUT:?}");
    Err(StoreError::new(StoreErrorKind::Timeout, text))
}
