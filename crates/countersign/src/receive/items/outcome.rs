//! How the items of a delivery ended.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::dedup::StoreError;
use crate::error::Rejection;
use crate::receive::outcome::Outcome;
use crate::receive::response::Response;

/// The items of a delivery, all of which are handled.
///
/// [`Delivery::for_each_item`](crate::Delivery::for_each_item) returns it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ItemsOutcome {
    /// The number of items that this call handled.
    pub handled: usize,
    /// The number of items that had been handled before, in another delivery or earlier in this one.
    pub duplicates: usize,
}

/// The reason why not all items of a delivery are handled, with the number of those that are.
///
/// The response to the sender is 503 with `Retry-After`, so that it repeats the delivery; the items that
/// are handled are then skipped. It is 422 where the body holds no items. The adapters convert the error
/// into that response.
///
/// ```
/// use countersign::{Delivery, ItemsError, ItemsOutcome};
///
/// async fn handle(delivery: &Delivery) -> Result<ItemsOutcome, ItemsError> {
///     let handled = delivery.for_each_item(|item| async move {
///         println!("{}", item.event::<serde_json::Value>()?);
///         Ok(())
///     });
///     handled.await.inspect_err(|error| {
///         for failure in error.failures() {
///             eprintln!("{failure}");
///         }
///     })
/// }
/// ```
#[derive(Debug)]
pub struct ItemsError {
    pub(super) outcome: ItemsOutcome,
    pub(super) failures: Vec<ItemFailure>,
    pub(super) in_progress: usize,
    pub(super) not_tried: usize,
    /// The longest remaining lease of an item in progress.
    pub(super) longest_lease: Duration,
    pub(super) cause: Option<Cause>,
}

/// The reason why no further item was tried.
#[derive(Debug)]
pub(super) enum Cause {
    Rejection(Rejection),
    Store(StoreError),
}

/// An item that is not handled, and why.
#[derive(Debug)]
pub struct ItemFailure {
    pub(super) index: usize,
    pub(super) pointer: Box<str>,
    pub(super) kind: ItemFailureKind,
    pub(super) error: Option<Box<dyn Error + Send + Sync>>,
}

/// The reason why an item is not handled.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ItemFailureKind {
    /// The closure returned an error. The item's claim is released.
    Failed,
    /// The closure panicked. The item's claim is released.
    Panicked,
    /// The lease was lost: another delivery has taken the item over, or could have, since the store did
    /// not renew it. The closure was cancelled, unless it had just ended.
    LeaseLost,
    /// The closure succeeded, and the store failed to mark the item as handled: it may run again.
    NotCommitted,
}

impl ItemsError {
    pub(super) fn rejected(rejection: Rejection) -> Self {
        Self { cause: Some(Cause::Rejection(rejection)), ..Self::new() }
    }

    pub(super) const fn new() -> Self {
        Self {
            outcome: ItemsOutcome { handled: 0, duplicates: 0 },
            failures: Vec::new(),
            in_progress: 0,
            not_tried: 0,
            longest_lease: Duration::ZERO,
            cause: None,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.failures.is_empty()
            && self.in_progress == 0
            && self.not_tried == 0
            && self.cause.is_none()
    }

    /// Returns the number of items that are handled nevertheless.
    #[must_use]
    pub const fn outcome(&self) -> ItemsOutcome {
        self.outcome
    }

    /// Returns the items that failed, in order.
    #[must_use]
    pub fn failures(&self) -> &[ItemFailure] {
        &self.failures
    }

    /// Returns the number of items that another delivery is handling.
    #[must_use]
    pub const fn in_progress(&self) -> usize {
        self.in_progress
    }

    /// Returns the number of items that were not tried, since the store failed.
    #[must_use]
    pub const fn not_tried(&self) -> usize {
        self.not_tried
    }

    /// Returns why the body holds no items, if it does not.
    #[must_use]
    pub const fn rejection(&self) -> Option<&Rejection> {
        match &self.cause {
            Some(Cause::Rejection(rejection)) => Some(rejection),
            _ => None,
        }
    }

    /// Returns why the store granted no claim, if it failed to.
    #[must_use]
    pub const fn store_error(&self) -> Option<&StoreError> {
        match &self.cause {
            Some(Cause::Store(error)) => Some(error),
            _ => None,
        }
    }

    /// Returns the status of the response: 422 for a body without items, else 503.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.rejection().map_or(503, Rejection::status)
    }
}

impl fmt::Display for ItemsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ItemsOutcome { handled, duplicates } = self.outcome;
        let done = handled + duplicates;
        match &self.cause {
            Some(Cause::Rejection(rejection)) => rejection.fmt(f),
            Some(Cause::Store(error)) => write!(
                f,
                "the dedup store failed: {error}; {done} items are handled, {} failed, {} were not tried",
                self.failures.len(),
                self.not_tried
            ),
            None => write!(
                f,
                "{} items failed and {} are in progress elsewhere; {done} are handled",
                self.failures.len(),
                self.in_progress
            ),
        }
    }
}

impl Error for ItemsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Some(Cause::Rejection(rejection)) => Some(rejection),
            Some(Cause::Store(error)) => Some(error),
            None => None,
        }
    }
}

impl From<Rejection> for ItemsError {
    fn from(rejection: Rejection) -> Self {
        Self::rejected(rejection)
    }
}

/// The status 200, without a body.
impl From<ItemsOutcome> for Response {
    fn from(_: ItemsOutcome) -> Self {
        Self::success()
    }
}

/// A bare status, with `Retry-After` for 503.
impl From<ItemsError> for Response {
    fn from(error: ItemsError) -> Self {
        match error.cause {
            Some(Cause::Rejection(rejection)) => rejection.into(),
            Some(Cause::Store(error)) => Outcome::from(&error).into(),
            None if error.failures.is_empty() => {
                Outcome::InProgress { retry_after: error.longest_lease }.into()
            }
            None => Self::failed_items(),
        }
    }
}

impl ItemFailure {
    /// Returns the item's position among the items of its delivery, from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Returns the item's JSON pointer in the body.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Returns why the item is not handled, to match on.
    #[must_use]
    pub const fn kind(&self) -> ItemFailureKind {
        self.kind
    }

    /// Returns the error of the closure or of the store.
    #[must_use]
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.error.as_deref()
    }
}

/// Formats the item's pointer, the kind, and the error, whose text is the application's.
impl fmt::Display for ItemFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item `{}` {}", self.pointer, self.kind.text())?;
        match &self.error {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

impl ItemFailureKind {
    /// Returns the kind in snake case, as in the labels of metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::LeaseLost => "lease_lost",
            Self::NotCommitted => "not_committed",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::LeaseLost => "lost its lease",
            Self::NotCommitted => "succeeded, but is not marked as handled",
        }
    }
}
