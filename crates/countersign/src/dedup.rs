//! Handling an event once: claim before the handler, commit after, release on failure.
//!
//! ```text
//! Absent ──claim──► InProgress(fencing_token, lease) ──commit(fencing_token)──► Done(expires) ──expiry──► Absent
//!                        │   ▲ renew(fencing_token)
//!                        └─release(fencing_token)──► Absent     lease run out: the next claim takes over
//! ```
//!
//! Every operation is one atomic step in the store, judged by the store's own clock. An operation
//! with a fencing token that is no longer the current one changes nothing and says so. Fencing tokens of a key only
//! rise: over release, takeover and expiry.
//!
//! What this gives, whatever the store: an event is handled **at least once**, and **one at a time
//! within a lease**. No store outside the handler's own transaction can give more.

mod inspect;
pub(crate) mod memory;

use std::fmt;
use std::future::Future;
use std::time::Duration;

pub use self::inspect::{InspectStore, Record, RecordState, StoreStats};
pub use crate::claim_token::{ClaimToken, EventKey};
use crate::delivery::Delivery;
pub use crate::fencing_token::FencingToken;
use crate::mac::{FieldHash, TAG_BYTES, sha256};

impl EventKey {
    /// The key of `identity` at `endpoint`, which comes from set-up and never from a request.
    #[must_use]
    pub fn new(endpoint: &str, sender: &str, identity: &Identity) -> Self {
        let hash = FieldHash::new()
            .field(b"countersign event key v1")
            .field(endpoint.as_bytes())
            .field(sender.as_bytes())
            .field(identity.kind.as_bytes())
            .field(&identity.digest);
        Self(hash.finish())
    }

    /// The same for a tenant of the endpoint, as [`Tenants`](crate::Tenants) know its events.
    #[must_use]
    pub fn of_tenant(endpoint: &str, tenant: &str, sender: &str, identity: &Identity) -> Self {
        Self::new(&tenant_scope(endpoint, tenant), sender, identity)
    }
}

/// What the events of a tenant are apart by; no tenant's name has the character between.
pub(crate) fn tenant_scope(endpoint: &str, tenant: &str) -> String {
    format!("{endpoint}\u{1f}{tenant}")
}

/// What makes two deliveries the same event, taken from what is signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    kind: &'static str,
    digest: [u8; TAG_BYTES],
    short_lived: bool,
}

impl Identity {
    /// The event's own id, which the signature covers.
    #[must_use]
    pub fn id(id: &str) -> Self {
        Self { kind: "id", digest: sha256(id.as_bytes()), short_lived: false }
    }

    /// Several fields that together name the event, in a fixed order.
    #[must_use]
    pub fn fields<'f>(fields: impl IntoIterator<Item = &'f str>) -> Self {
        let hash =
            fields.into_iter().fold(FieldHash::new(), |hash, field| hash.field(field.as_bytes()));
        Self { kind: "fields", digest: hash.finish(), short_lived: false }
    }

    /// The digest of the whole body, for a sender that gives no id.
    ///
    /// Two genuine events may have the same body, so it is remembered for
    /// [`Contract::digest_retention`](crate::Contract::digest_retention) only.
    #[must_use]
    pub fn body(body: &[u8]) -> Self {
        Self { kind: "body", digest: sha256(body), short_lived: true }
    }

    /// The digest of what is signed, where that is some fields of a body.
    const fn signed(digest: [u8; TAG_BYTES]) -> Self {
        Self { kind: "signed", digest, short_lived: true }
    }

    /// Whether it is remembered only briefly.
    #[must_use]
    pub const fn is_short_lived(&self) -> bool {
        self.short_lived
    }
}

/// The signed id where there is one, else the digest of what is signed of the body.
impl From<&Delivery> for Identity {
    fn from(delivery: &Delivery) -> Self {
        match (delivery.signed_id(), &delivery.signed_digest) {
            (Some(id), _) => Self::id(&id),
            (None, Some(digest)) => Self::signed(**digest),
            (None, None) => Self::body(delivery.body()),
        }
    }
}

/// What a store says to a claim.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClaimOutcome {
    /// The event is the caller's until the lease ends.
    Acquired {
        /// To be shown with every further operation.
        fencing_token: FencingToken,
        /// An earlier claim's lease ran out, so its handler may have done part of the work.
        takeover: bool,
    },
    /// Another delivery of the event is being handled.
    InProgress {
        /// How long its lease still runs.
        retry_after: Duration,
    },
    /// The event has been handled.
    Duplicate {
        /// Whether the handled delivery had the same body.
        same_body: bool,
    },
}

/// What a store says to a renewal, commit or release.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UpdateOutcome {
    /// It is done.
    Applied,
    /// The fencing token is not the current one: nothing changed.
    StaleToken,
}

/// Remembers which events are being handled and which have been.
///
/// Each operation is **one atomic step**, and every time is the **store's own**. A store never
/// forgets an event before its time to make room: at its limit it rejects new claims.
pub trait DedupStore: Send + Sync + 'static {
    /// Takes the event for `lease`, if nobody has it and it is not done.
    ///
    /// `fingerprint` is kept to tell whether a later delivery has the same body.
    fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> impl Future<Output = Result<ClaimOutcome, StoreError>> + Send;

    /// Lets the lease run for `lease` from now.
    fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> impl Future<Output = Result<UpdateOutcome, StoreError>> + Send;

    /// Marks the event as handled and remembers it for `retention`.
    ///
    /// It succeeds after the lease ran out as long as nobody took over. Repeating it changes
    /// nothing and is `Applied`, so that a lost answer can be asked for again.
    fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> impl Future<Output = Result<UpdateOutcome, StoreError>> + Send;

    /// Gives the event up, so that its next delivery is handled.
    fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> impl Future<Output = Result<UpdateOutcome, StoreError>> + Send;
}

/// Why a store did not do as asked; whether the operation took effect is then unknown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: Box<str>,
}

impl StoreError {
    /// An error of `kind`; `message` is for the operator and holds no secret.
    #[must_use]
    pub fn new(kind: StoreErrorKind, message: impl Into<Box<str>>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What was wrong, to match on.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}

/// What was wrong with a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It cannot be reached, or failed.
    Unavailable,
    /// It did not answer in time.
    Timeout,
    /// It holds as many events as it may.
    Full,
}
