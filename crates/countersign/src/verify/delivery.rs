//! What verification proves: one authentic request.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arrayvec::ArrayVec;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::crypto::mac::{TAG_BYTES, sha256};
use crate::error::{Rejection, RejectionKind};
use crate::event::FencingToken;
use crate::event::{ClaimToken, Identity};
use crate::scheme::{CompiledLocation, Scheme};
use crate::time::Timestamp;
use crate::verify::Verifier;

/// The longest event id in a header, in bytes.
pub(crate) const MAX_ID_BYTES: usize = 256;

/// An authentic request. There is no way to make one but verification.
///
/// ```compile_fail
/// let forged = countersign::Delivery { body: b"{}"[..].into() };
/// ```
#[derive(Clone)]
pub struct Delivery {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) key: usize,
    pub(crate) received: Timestamp,
    pub(crate) timestamp: Option<Timestamp>,
    pub(crate) header_id: Option<HeaderText>,
    pub(crate) header_type: Option<Arc<[u8]>>,
    /// The digest of what is signed, where that is not header values and the body.
    pub(crate) signed_digest: Option<Box<[u8; TAG_BYTES]>>,
    pub(crate) body: Bytes,
    /// What a claim of the event gave, once there was one.
    pub(crate) claim: Option<(Option<ClaimToken>, bool)>,
}

impl Delivery {
    /// The body as received: what the signature covers.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as `T`, which may borrow from it.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::Undecodable`] if it does not fit. Its text says where, and names fields of
    /// `T`, but holds nothing of the body.
    pub fn event<'d, T: Deserialize<'d>>(&'d self) -> Result<T, Rejection> {
        let text = std::str::from_utf8(&self.body)
            .map_err(|_| Rejection::new(RejectionKind::Undecodable).with_detail("not UTF-8"))?;
        serde_json::from_str(text).map_err(|error| undecodable(&error, &self.body))
    }

    /// The payload as `T`: the field that the sender's set-up names, or else the whole body.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::Undecodable`] if there is none, or it does not fit.
    pub fn payload<'d, T: Deserialize<'d>>(&'d self) -> Result<T, Rejection> {
        let Some(pointer) = &self.scheme().payload else { return self.event() };
        let Some(payload) = pointer.find(&self.body) else {
            return Err(Rejection::new(RejectionKind::Undecodable)
                .with_detail("it has no payload there")
                .with_location(pointer.as_shared()));
        };
        serde_json::from_str(payload.get()).map_err(|error| undecodable(&error, &self.body))
    }

    /// The sender's name.
    #[must_use]
    pub fn sender(&self) -> &str {
        self.scheme().sender()
    }

    /// Whose keys it was verified with, where there are many [`Tenants`](crate::tenants::Tenants).
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.verifier.tenant()
    }

    /// The name of the key that matched.
    #[must_use]
    pub fn key_name(&self) -> &str {
        self.verifier.key_name(self.key)
    }

    /// The fencing token of the claim under which it is handled, to guard the handler's own writes with.
    #[must_use]
    pub fn fencing_token(&self) -> Option<FencingToken> {
        self.claim_token().map(|claim_token| claim_token.fencing_token())
    }

    /// The claim under which it is handled, for a store to mark it as handled in a transaction of
    /// the handler's own; `None` without dedup.
    #[must_use]
    pub fn claim_token(&self) -> Option<ClaimToken> {
        self.claim?.0
    }

    /// Whether an earlier handler's lease ran out, so that part of the work may be done.
    #[must_use]
    pub fn is_takeover(&self) -> bool {
        self.claim.is_some_and(|(_, takeover)| takeover)
    }

    /// When it was received: the `now` that verification was given.
    #[must_use]
    pub const fn received(&self) -> Timestamp {
        self.received
    }

    /// The signed time, where the sender signs one.
    #[must_use]
    pub const fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp
    }

    /// The event's id where the signature covers it: a signed header, or a field of a signed body.
    #[must_use]
    pub fn signed_id(&self) -> Option<Cow<'_, str>> {
        if self.scheme().signs_id() { self.unverified_id() } else { None }
    }

    /// The event's id wherever it stands. **Not** always signed: for logs, never to decide by.
    #[must_use]
    pub fn unverified_id(&self) -> Option<Cow<'_, str>> {
        match self.scheme().id.as_ref()? {
            CompiledLocation::Header(_) => self.id_header(),
            CompiledLocation::Body(pointer) => pointer.scalar(&self.body),
        }
    }

    /// The event's type, where the sender's set-up says where it stands.
    #[must_use]
    pub fn event_type(&self) -> Option<Cow<'_, str>> {
        match self.scheme().event_type.as_ref()? {
            CompiledLocation::Header(_) => self.header_type.as_deref().map(String::from_utf8_lossy),
            CompiledLocation::Body(pointer) => pointer.scalar(&self.body),
        }
    }

    /// The first eight bytes of the body's SHA-256: tells whether a repeat has the same body.
    pub(crate) fn fingerprint(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = sha256(&self.body);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    fn id_header(&self) -> Option<Cow<'_, str>> {
        self.header_id.as_ref().map(HeaderText::as_cow)
    }

    fn scheme(&self) -> &Scheme {
        self.verifier.scheme()
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("sender", &self.sender())
            .field("key", &self.key_name())
            .field("timestamp", &self.timestamp)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A header's ASCII, kept without allocating if it is as short as ids and types are.
#[derive(Clone)]
pub(crate) enum HeaderText {
    Short(ArrayVec<u8, 47>),
    Long(Arc<[u8]>),
}

impl HeaderText {
    fn as_cow(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(match self {
            Self::Short(text) => text,
            Self::Long(text) => text,
        })
    }
}

impl From<&[u8]> for HeaderText {
    fn from(text: &[u8]) -> Self {
        ArrayVec::try_from(text).map_or_else(|_| Self::Long(text.into()), Self::Short)
    }
}

/// A type that can be taken out of a [`Delivery`].
///
/// Every owned type that serde can read is one; it is read from the body.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken out of a webhook's delivery",
    note = "derive `serde::Deserialize` for it, without borrowed fields"
)]
pub trait FromDelivery: Sized {
    /// Takes it.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::Undecodable`] if the body does not fit.
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection>;
}

/// The delivery itself.
impl FromDelivery for Delivery {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        Ok(delivery.clone())
    }
}

impl<T: DeserializeOwned> FromDelivery for T {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        delivery.event()
    }
}

/// Says where the body does not fit.
///
/// serde's messages quote the body, and so may those of a type's own code. A message passes only as
/// far as it names a field or event of the receiver's own types: a name that the body has nowhere.
fn undecodable(error: &serde_json::Error, body: &[u8]) -> Rejection {
    let message = error.to_string();
    let own = |start| own_name(message.rsplit_once(start)?.1, body);
    let what = if let Some(field) = own("missing field `") {
        format!("it has no field `{field}`")
    } else if let Some(event) = own("expected the event `") {
        format!("it is not the event `{event}`")
    } else {
        match error.classify() {
            serde_json::error::Category::Syntax => "not JSON".to_owned(),
            serde_json::error::Category::Eof => "JSON ends early".to_owned(),
            _ if message.starts_with("duplicate field ") => "a field is given twice".to_owned(),
            _ => "a value does not fit".to_owned(),
        }
    };
    let place = format!("{what}, at line {} column {}", error.line(), error.column());
    Rejection::new(RejectionKind::Undecodable).with_detail(place)
}

/// The name before the next backtick, if it is one and is not taken from `body`.
fn own_name<'m>(text: &'m str, body: &[u8]) -> Option<&'m str> {
    let (name, _) = text.split_once('`')?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let is_own = memchr::memmem::find(body, name.as_bytes()).is_none();
    (!name.is_empty() && name.bytes().all(is_plain) && is_own).then_some(name)
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
