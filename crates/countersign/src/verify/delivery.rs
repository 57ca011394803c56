//! A verified request.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::Deserialize;

use crate::body::reading::{DecodedForm, Reading};
use crate::body::{FilePart, decode_form, decode_json};
use crate::crypto::encoding::hex;
use crate::crypto::mac::{HmacKey, TAG_BYTES};
use crate::error::{Rejection, RejectionKind};
use crate::event::{ClaimToken, Claimed, FencingToken, Identity, MessageToken, fingerprint};
use crate::json::pointer::Pointer;
use crate::scheme::{CompiledLocation, Scheme};
use crate::time::Timestamp;
use crate::verify::claimed_as::ClaimedAs;
use crate::verify::header_text::HeaderText;
use crate::verify::named_fields::{NamedField, NamedFields};
use crate::verify::signed_content::SignedContent;
use crate::verify::{ItemClaims, Verifier};

/// A verified request: authentic, fresh, and unchanged where its signature covers it.
///
/// Only verification makes a delivery, so code that takes one cannot be called with an unverified
/// request:
///
/// ```compile_fail
/// let forged = countersign::Delivery { body: b"{}"[..].into() };
/// ```
///
/// A handler decodes the body, and finds what else is known of the request beside it:
///
/// ```
/// use countersign::{Delivery, Rejection};
///
/// #[derive(serde::Deserialize)]
/// struct Invoice {
///     number: String,
/// }
///
/// fn on_invoice(delivery: &Delivery) -> Result<(), Rejection> {
///     let invoice: Invoice = delivery.event()?;
///     println!("invoice {} from {}", invoice.number, delivery.sender());
///     Ok(())
/// }
/// ```
///
/// Deliveries for tests are described in
/// [the guide](https://github.com/countersign/countersign/blob/main/docs/testing-your-handlers.md).
#[derive(Clone)]
pub struct Delivery {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) key: usize,
    pub(crate) received: Timestamp,
    pub(crate) timestamp: Option<Timestamp>,
    pub(crate) header_id: Option<HeaderText>,
    pub(crate) header_type: Option<Arc<[u8]>>,
    /// What is known of signed content that is not the body itself.
    pub(super) signed: Option<Box<SignedContent>>,
    pub(crate) body: Bytes,
    /// What a form is decoded to, once it is needed; `None` for JSON.
    pub(crate) decoded: OnceLock<Option<Arc<DecodedForm>>>,
    /// The positions of the fields that the scheme names, once one of them is needed.
    pub(super) named_fields: OnceLock<NamedFields>,
    pub(crate) claimed_as: ClaimedAs,
    /// What claims the items, once the event is claimed; `None` without dedup.
    pub(crate) item_claims: Option<Arc<dyn ItemClaims>>,
}

impl Delivery {
    /// Returns the body as received, to the byte.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the signed query of a delivery by `GET`, which holds the event's fields as a form does;
    /// `None` for a delivery with a body.
    ///
    /// The order and the escapes are those that the sender signed, so they can differ from those of
    /// the request if the public URL is configured with a query.
    #[must_use]
    pub fn signed_query(&self) -> Option<&Bytes> {
        self.signed.as_ref()?.query.as_ref()
    }

    /// Returns the digest of the signed content, where that is derived from the body.
    pub(super) fn signed_digest(&self) -> Option<[u8; TAG_BYTES]> {
        self.signed.as_ref().map(|signed| signed.digest)
    }

    /// Decodes the event as `T`: the JSON body, the JSON in a field of a form, or the form's fields, as
    /// [the sender writes it](crate::scheme::SchemeBuilder::body_formats).
    ///
    /// From JSON, `T` may borrow. A byte order mark before JSON is skipped. In a form, numbers and booleans
    /// are read from their text, and a field that is given several times is a list; see
    /// [Forms](https://github.com/countersign/countersign/blob/main/docs/forms.md).
    ///
    /// # Errors
    ///
    /// [`RejectionKind::Undecodable`] if the event does not fit `T`, or a form is malformed. The message
    /// names the field of `T` at fault, such as `data.items[2].price`, but holds nothing of the body: keys
    /// of maps are written `*`.
    pub fn event<'d, T: Deserialize<'d>>(&'d self) -> Result<T, Rejection> {
        match self.reading() {
            Ok(Reading::Json(text)) => decode_json(text),
            Ok(Reading::Fields(fields)) => decode_form(fields),
            Err(what) => return Err(self.undecodable(what.clone())),
        }
        .map_err(|what| self.undecodable(what.into()))
    }

    /// Decodes the payload as `T`: the field that [`SchemeBuilder::payload_field`] names, or else the
    /// whole body.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::Undecodable`] if there is no payload, or it does not fit `T`.
    ///
    /// [`SchemeBuilder::payload_field`]: crate::scheme::SchemeBuilder::payload_field
    pub fn payload<'d, T: Deserialize<'d>>(&'d self) -> Result<T, Rejection> {
        let Some(pointer) = &self.scheme().payload else { return self.event() };
        let payload = match self.reading() {
            Ok(Reading::Json(text)) => self.named_value(NamedField::Payload, text),
            // The fields of a form hold text, not JSON.
            Ok(Reading::Fields(_)) => None,
            Err(what) => return Err(self.undecodable(what.clone())),
        };
        let Some(payload) = payload else {
            return Err(self
                .undecodable("it has no payload at the configured JSON pointer".into())
                .with_location(pointer.as_shared()));
        };
        decode_json(payload.as_bytes()).map_err(|what| self.undecodable(what.into()))
    }

    /// Returns the files of a form in parts, such as the attachments of a message; none for other bodies.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::Undecodable`] if the form is malformed.
    pub fn files(&self) -> Result<&[FilePart], Rejection> {
        match self.decoded() {
            None => Ok(&[]),
            Some(form) => match form.reading() {
                Ok(_) => Ok(form.files()),
                Err(what) => Err(self.undecodable(what.clone())),
            },
        }
    }

    /// Returns the sender's name.
    #[must_use]
    pub fn sender(&self) -> &str {
        self.scheme().sender()
    }

    /// Returns the name of the endpoint that received the request; the sender's name if a bare
    /// [`Verifier`](crate::senders::Verifier) verified it.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.verifier.endpoint().map(AsRef::as_ref).unwrap_or_else(|| self.sender())
    }

    /// Returns the tenant whose keys verified the request, where one endpoint serves many
    /// [`Tenants`](crate::tenants::Tenants).
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.verifier.tenant()
    }

    /// Returns the name of the key that verified the request.
    #[must_use]
    pub fn key_name(&self) -> &str {
        match self.claimed_as.redelivery() {
            Some(redelivery) => &redelivery.key_name,
            None => self.verifier.keys.name(self.key),
        }
    }

    /// Returns the fencing token of the event's claim or of the attempt at its message, which guards the
    /// handler's own writes; `None` without dedup.
    #[must_use]
    pub fn fencing_token(&self) -> Option<FencingToken> {
        self.claimed_as.fencing_token()
    }

    /// Returns the token of the attempt at the event's message, by which a store marks the message as done in
    /// the handler's own transaction; `None` without an [inbox](crate::inbox).
    #[must_use]
    pub fn message_token(&self) -> Option<MessageToken> {
        self.claimed_as.message_token()
    }

    /// Returns the number of the attempt at the event's message, from 1; always 1 without an
    /// [inbox](crate::inbox).
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.claimed_as.redelivery().map_or(1, |redelivery| redelivery.attempt)
    }

    /// Returns whether an operator has replayed the event's message in an [inbox](crate::inbox), so that its
    /// handler may have succeeded before.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        self.claimed_as.redelivery().is_some_and(|redelivery| redelivery.replays > 0)
    }

    /// Returns the token of the event's claim, by which a store commits the event in the handler's own
    /// transaction; `None` without dedup.
    #[must_use]
    pub const fn claim_token(&self) -> Option<ClaimToken> {
        self.claimed_as.claim_token()
    }

    /// Returns whether the claim, or the attempt at a message, took over from an expired lease, whose handler
    /// may have done part of the work.
    #[must_use]
    pub fn is_takeover(&self) -> bool {
        self.claimed_as.is_takeover()
    }

    /// Returns the time of receipt: the `now` that verification was given.
    #[must_use]
    pub const fn received(&self) -> Timestamp {
        self.received
    }

    /// Returns the signed time, where the sender signs one.
    #[must_use]
    pub const fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp
    }

    /// Returns the event's id where the signature covers it: a signed header, or a field of a signed
    /// body.
    #[must_use]
    pub fn signed_id(&self) -> Option<Cow<'_, str>> {
        if self.scheme().signs_id() { self.unverified_id() } else { None }
    }

    /// Returns the event's id, which is **not always signed**: for logs, never for a decision.
    #[must_use]
    pub fn unverified_id(&self) -> Option<Cow<'_, str>> {
        match self.scheme().id.as_ref()? {
            CompiledLocation::Header(_) => self.id_header(),
            CompiledLocation::Body(_) => self.named_scalar(NamedField::Id),
        }
    }

    /// Returns the event's type, where the scheme names its header or field.
    ///
    /// A type in a header is not signed by most senders: check it against the body before you rely on it.
    /// A type that is part of the dedup key is returned as it is in the key, such as `orders/create` for
    /// `Orders/Create`, so that deliveries of one event have one type.
    #[must_use]
    pub fn event_type(&self) -> Option<Cow<'_, str>> {
        let scheme = self.scheme();
        let found = match scheme.event_type.as_ref() {
            Some(CompiledLocation::Header(_)) => {
                let as_received = || self.header_type.as_deref().map(String::from_utf8_lossy);
                self.identifying_event_type().or_else(as_received)
            }
            Some(CompiledLocation::Body(_)) => self.named_scalar(NamedField::EventType),
            None => None,
        };
        found.or_else(|| scheme.other_event_types.iter().find_map(|pointer| self.scalar(pointer)))
    }

    /// Returns the event's type as far as it is part of the dedup key: a type in a header, of the sender's
    /// syntax, and declared if the application declares types.
    pub(crate) fn identifying_event_type(&self) -> Option<Cow<'_, str>> {
        self.scheme().event_types.as_ref()?.find(self.header_type.as_deref()?)
    }

    /// Returns what the dedup key depends on at an endpoint without a name: the key that verified the request,
    /// and the path of the public URL.
    pub(crate) fn unnamed_scope(&self) -> [u8; TAG_BYTES] {
        self.verifier.unnamed_scope(self.key)
    }

    /// Returns the body's fingerprint, by which a retry with another body is found.
    pub(crate) fn fingerprint(&self) -> u64 {
        fingerprint(&self.body)
    }

    /// Returns whether the key that verified the request is `secret`, for a scheme that signs the body alone
    /// with HMAC-SHA256.
    pub(crate) fn is_verified_by(&self, secret: &str) -> bool {
        let own = self.verifier.hmac_hex(self.key, &self.body);
        own.is_some_and(|own| {
            own == hex(&HmacKey::new(secret.as_bytes()).tag([&self.body, b"", b""]).to_bytes())
        })
    }

    fn id_header(&self) -> Option<Cow<'_, str>> {
        self.header_id.as_ref().map(HeaderText::as_cow)
    }

    pub(super) fn scheme(&self) -> &Scheme {
        self.verifier.scheme()
    }

    /// Returns the text of the string or number at `pointer` in the event.
    pub(crate) fn scalar(&self, pointer: &Pointer) -> Option<Cow<'_, str>> {
        self.reading().ok()?.scalar(pointer)
    }

    /// Returns the event's JSON; `None` if the event is the fields of a form.
    pub(crate) fn json(&self) -> Option<&[u8]> {
        match self.reading().ok()? {
            Reading::Json(text) => Some(text),
            Reading::Fields(_) => None,
        }
    }

    /// Returns the event in the body, or what is wrong with a form.
    ///
    /// Only signed bytes decide it, so an event's id and identity do not depend on unsigned headers.
    pub(super) fn reading(&self) -> Result<Reading<'_>, &Cow<'static, str>> {
        self.decoded().map_or(Ok(Reading::Json(&self.body)), DecodedForm::reading)
    }

    /// Returns what the body is decoded to if it is a form, or the signed query.
    fn decoded(&self) -> Option<&DecodedForm> {
        let read = || match self.signed_query() {
            Some(query) => Some(DecodedForm::of_query(query)),
            None => DecodedForm::read(&self.scheme().body_formats, &self.body),
        };
        self.decoded.get_or_init(|| read().map(Arc::new)).as_deref()
    }

    /// Returns the rejection of an event that cannot be decoded.
    pub(super) fn undecodable(&self, what: Cow<'static, str>) -> Rejection {
        let rejection = Rejection::new(RejectionKind::Undecodable);
        match self.scheme().body_formats.undeclared(&self.body) {
            None => rejection.with_detail(what),
            Some(media) => rejection.with_detail(format!(
                "{what}; the body begins as {}, which `{}` is not declared to send: declare it with `SchemeBuilder::body_formats` or `SenderConfig::with_body_formats`",
                media.as_str(),
                self.sender(),
            )),
        }
    }
}

impl Claimed for Delivery {
    fn claim_token(&self) -> Option<ClaimToken> {
        self.claim_token()
    }

    fn message_token(&self) -> Option<MessageToken> {
        self.message_token()
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

/// The signed id; or else the items of a body that holds several events, in any order; or else the digest
/// of the signed content of the body. The latter two with the event's type where the sender names it in a
/// header.
impl From<&Delivery> for Identity {
    fn from(delivery: &Delivery) -> Self {
        if let Some(id) = delivery.signed_id() {
            return Self::id(&id);
        }
        let content = match delivery.signed_digest() {
            Some(digest) => Self::signed(digest),
            None => delivery.identity_of_items().unwrap_or_else(|| Self::body(delivery.body())),
        };
        match delivery.identifying_event_type() {
            Some(event_type) => content.with_event_type(&event_type),
            None => content,
        }
    }
}
