//! Runs a closure for each new item of a delivery.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::outcome::{Cause, ItemFailure, ItemFailureKind, ItemsError, ItemsOutcome};
use crate::dedup::{ClaimOutcome, StoreError, UpdateOutcome};
use crate::event::{ClaimToken, fingerprint};
use crate::receive::timer::before;
use crate::verify::{ClaimedAs, Delivery, Item, ItemClaims, ItemFuture};

/// The first pause between two attempts to commit an item.
const COMMIT_PAUSE: Duration = Duration::from_millis(100);

type BoxError = Box<dyn Error + Send + Sync>;

impl Delivery {
    /// Runs `handle` for each [item](Self::items) that is not handled yet, in order, and marks each as
    /// handled at once after its success.
    ///
    /// Every item has a claim of its own in the receiver's store, with the guarantees of a delivery: it is
    /// handled at least once, and by one closure at a time within a lease, across all deliveries that hold
    /// it. The lease is renewed while the closure runs. An item that was handled before is skipped. An
    /// item whose closure fails or panics is released, and the next one is tried. If this call is dropped,
    /// the lease of the current item expires.
    ///
    /// Respond with the error's status if there is one: the sender then repeats the delivery, and only the
    /// remaining items run. The adapters do so with `?`.
    ///
    /// Without dedup every item runs. The whole body is the only item where the scheme has no
    /// [`Items`](crate::scheme::Items); the delivery's claim is its claim.
    ///
    /// ```
    /// use countersign::{Delivery, ItemsError, RawJson};
    ///
    /// # async fn insert(event: RawJson) -> Result<(), std::io::Error> { drop(event); Ok(()) }
    /// async fn on_batch(delivery: &Delivery) -> Result<(), ItemsError> {
    ///     let outcome = delivery
    ///         .for_each_item(async |item| {
    ///             insert(item.event()?).await?;
    ///             Ok(())
    ///         })
    ///         .await?;
    ///     println!("{} new, {} known", outcome.handled, outcome.duplicates);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// An [`ItemsError`] if an item failed, is being handled by another delivery, or could not be claimed,
    /// or if the body holds no items.
    pub async fn for_each_item<F, Fut>(&self, mut handle: F) -> Result<ItemsOutcome, ItemsError>
    where
        F: FnMut(Item) -> Fut,
        Fut: Future<Output = Result<(), Box<dyn Error + Send + Sync>>>,
    {
        let items = self.items()?;
        let count = items.len();
        let mut error = ItemsError::new();
        for item in items {
            let (index, pointer) = (item.index(), item.pointer().into());
            let ended = match &self.item_claims {
                Some(claims) => run_claimed(&**claims, item, &mut handle).await,
                None => run(item, &mut handle).await,
            };
            let (kind, cause) = match ended {
                Ended::Handled => {
                    error.outcome.handled += 1;
                    continue;
                }
                Ended::Duplicate => {
                    error.outcome.duplicates += 1;
                    continue;
                }
                Ended::InProgress(lease) => {
                    error.in_progress += 1;
                    error.longest_lease = error.longest_lease.max(lease);
                    continue;
                }
                Ended::Unclaimed(store_error) => {
                    // Each further item would wait for the same store.
                    error.not_tried = count - index;
                    error.cause = Some(Cause::Store(store_error));
                    break;
                }
                Ended::Failed(kind, cause) => (kind, cause),
            };
            error.failures.push(ItemFailure { index, pointer, kind, error: cause });
        }
        if error.is_empty() { Ok(error.outcome) } else { Err(error) }
    }
}

/// How one item ended.
enum Ended {
    Handled,
    Duplicate,
    /// With the remaining lease of the other claim.
    InProgress(Duration),
    Unclaimed(StoreError),
    Failed(ItemFailureKind, Option<BoxError>),
}

impl Ended {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Duplicate => "duplicate",
            Self::InProgress(_) => "in_progress",
            Self::Unclaimed(_) => "not_claimed",
            Self::Failed(kind, _) => kind.as_str(),
        }
    }
}

/// Runs the closure for an item; a panic is a failure.
async fn run<F, Fut>(item: Item, handle: &mut F) -> Ended
where
    F: FnMut(Item) -> Fut,
    Fut: Future<Output = Result<(), BoxError>>,
{
    const PANICKED: Ended = Ended::Failed(ItemFailureKind::Panicked, None);
    let Ok(running) = catch_unwind(AssertUnwindSafe(|| handle(item))) else { return PANICKED };
    let mut running = pin!(running);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx))) {
        Ok(polled) => polled.map(|result| match result {
            Ok(()) => Ended::Handled,
            Err(error) => Ended::Failed(ItemFailureKind::Failed, Some(error)),
        }),
        Err(_) => Poll::Ready(PANICKED),
    })
    .await
}

/// Claims an item, runs the closure, and commits or releases the claim.
async fn run_claimed<F, Fut>(claims: &dyn ItemClaims, item: Item, handle: &mut F) -> Ended
where
    F: FnMut(Item) -> Fut,
    Fut: Future<Output = Result<(), BoxError>>,
{
    let reported = item.clone();
    let ended = claim_and_run(claims, item, handle).await;
    claims.ended(&reported, ended.as_str());
    ended
}

async fn claim_and_run<F, Fut>(claims: &dyn ItemClaims, mut item: Item, handle: &mut F) -> Ended
where
    F: FnMut(Item) -> Fut,
    Fut: Future<Output = Result<(), BoxError>>,
{
    let lease_deadline = lease_deadline(claims);
    let claim = claims.claim(item.identity(), fingerprint(item.json().as_bytes())).await;
    let (fencing_token, takeover) = match claim {
        Ok(ClaimOutcome::Acquired { fencing_token, takeover }) => (fencing_token, takeover),
        Ok(ClaimOutcome::Duplicate { .. }) => return Ended::Duplicate,
        Ok(ClaimOutcome::InProgress { retry_after }) => return Ended::InProgress(retry_after),
        Err(error) => return Ended::Unclaimed(error),
    };
    let token = claims.token(item.identity(), fencing_token);
    item.claimed_as = ClaimedAs::Event { token: Some(token), is_takeover: takeover };
    // The closure is dropped before the claim is released: one at a time.
    let ended = {
        let running = pin!(run(item, handle));
        before(running, || renew_until_lost(claims, token, lease_deadline)).await
    };
    match ended {
        Some(Ended::Handled) => commit(claims, token).await,
        Some(failed) => {
            // If the release fails, the item can be claimed once its lease has expired.
            drop(claims.release(token).await);
            failed
        }
        None => {
            drop(claims.release(token).await);
            Ended::Failed(ItemFailureKind::LeaseLost, None)
        }
    }
}

/// Returns the deadline by which a lease that is claimed or renewed now must be renewed again: before it
/// expires in the store, with a sixth of it left for dropping the closure.
fn lease_deadline(claims: &dyn ItemClaims) -> ItemFuture<'static, ()> {
    claims.sleep(claims.lease() - claims.lease() / 6)
}

/// Renews the lease at every third of it, and returns when another claim has taken the item over, or
/// could have.
async fn renew_until_lost(
    claims: &dyn ItemClaims,
    token: ClaimToken,
    mut lease_deadline: ItemFuture<'static, ()>,
) {
    loop {
        let next = pin!(claims.sleep(claims.lease() / 3));
        if before(next, || lease_deadline.as_mut()).await.is_none() {
            return;
        }
        let renewed = self::lease_deadline(claims);
        let renew = pin!(claims.renew(token));
        match before(renew, || lease_deadline.as_mut()).await {
            Some(Ok(UpdateOutcome::Applied)) => lease_deadline = renewed,
            Some(Ok(UpdateOutcome::StaleToken)) | None => return,
            // The store may recover before the lease expires.
            Some(Err(_)) => {}
        }
    }
}

/// Marks an item as handled, and retries that for the duration of a lease.
async fn commit(claims: &dyn ItemClaims, token: ClaimToken) -> Ended {
    let mut waited = Duration::ZERO;
    let mut pause = COMMIT_PAUSE;
    loop {
        let error = match claims.commit(token).await {
            Ok(UpdateOutcome::Applied) => return Ended::Handled,
            Ok(UpdateOutcome::StaleToken) => {
                return Ended::Failed(ItemFailureKind::LeaseLost, None);
            }
            Err(error) => error,
        };
        if waited >= claims.lease() {
            return Ended::Failed(ItemFailureKind::NotCommitted, Some(error.into()));
        }
        // The result does not matter: the failed commit may have taken effect, which only the next
        // attempt to commit can tell.
        drop(claims.renew(token).await);
        claims.sleep(pause).await;
        waited = waited.saturating_add(pause);
        pause = pause.saturating_mul(2).min(claims.lease() / 3);
    }
}
