//! A body that arrives in pieces.

use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::crypto::mac::HmacState;
use crate::error::{Rejection, RejectionKind};
use crate::time::Timestamp;
use crate::verify::Delivery;
use crate::verify::Verifier;
use crate::verify::gzip::GzipBody;
use crate::verify::headers::{Credential, HeaderCheck};

/// Verifies a body that arrives in pieces, after its headers were checked.
///
/// [`Receiver::open`](crate::Receiver::open) returns one. The body is hashed as it arrives, and kept
/// up to the largest accepted size, which no header can raise.
///
/// ```
/// use countersign::scheme::SigningRequest;
/// use countersign::senders::Sender;
/// use countersign::{Receiver, Secret, StandardWebhooks, Timestamp};
///
/// let secret = || Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
/// let sender = StandardWebhooks::new(secret()?)?;
/// let now = Timestamp::from_secs(1614265330);
/// let headers = SigningRequest::new(br#"{"test": 2432232314}"#)
///     .id("msg_p5jXN8AQM9LWM0D4loKWxJek")
///     .timestamp(now)
///     .sign(sender.verifier().scheme(), &secret()?)?;
///
/// let receiver = Receiver::builder(sender).build()?;
/// let mut verifier = receiver.open(&headers, now)?;
/// for piece in ["{\"test\": ", "2432232314}"] {
///     verifier.update(piece)?;
/// }
/// let delivery = verifier.finalize()?;
/// assert_eq!(delivery.signed_id().as_deref(), Some("msg_p5jXN8AQM9LWM0D4loKWxJek"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StreamingVerifier<'r> {
    verifier: &'r Arc<Verifier>,
    now: Timestamp,
    max_body_size: usize,
    pub(super) check: HeaderCheck<'r>,
    mac: RunningMac,
    body: Body,
    /// The decoder of a body that is sent as gzip.
    gzip: Option<Box<GzipBody>>,
    /// The rejection of a piece, after which nothing can be verified.
    poisoned: Option<Box<Rejection>>,
}

/// The MAC that runs while the body arrives, under the key that is tried first.
///
/// The MACs of other keys, during a rotation, run over the whole body if this one fails. Nearly every request
/// is signed with the same key as the one before, so it costs one MAC however many keys are valid.
#[derive(Default)]
struct RunningMac {
    /// The key's number.
    key: usize,
    state: HmacState,
}

enum Body {
    Empty,
    /// The only piece so far, without a copy.
    One(Bytes),
    /// Several pieces, joined.
    Many(BytesMut),
}

impl<'r> StreamingVerifier<'r> {
    pub(super) fn new(verifier: &'r Arc<Verifier>, now: Timestamp, max_body_size: usize) -> Self {
        Self {
            verifier,
            now,
            max_body_size,
            check: HeaderCheck::default(),
            mac: RunningMac::default(),
            body: Body::Empty,
            gzip: None,
            poisoned: None,
        }
    }

    /// Begins the MAC with the signed content before the body.
    pub(super) fn begin_mac(&mut self) {
        self.gzip = GzipBody::begin(self.check.is_gzip, self.max_body_size);
        if let Credential::Hmacs(_) = &self.check.credential
            && let Some((number, key)) = self.verifier.keys.first(self.now)
            && let Some(key) = key.as_hmac()
        {
            self.mac = RunningMac { key: number, state: key.begin() };
            self.mac.state.update(self.check.signed_prefix.bytes());
        }
    }

    /// Appends the next piece of the body.
    ///
    /// # Errors
    ///
    /// - [`RejectionKind::BodyTooLarge`] once the pieces together, or their plain bytes, exceed the largest
    ///   accepted body.
    /// - [`RejectionKind::MalformedEncoding`] if the body is sent as gzip, and is not a gzip stream.
    pub fn update(&mut self, chunk: impl Into<Bytes>) -> Result<(), Rejection> {
        let chunk = chunk.into();
        if chunk.is_empty() {
            return Ok(());
        }
        let Self { gzip, mac, body, .. } = self;
        let result = match gzip {
            Some(gzip) => gzip.decode(&chunk, |plain| {
                mac.state.update(plain);
                body.push(Bytes::copy_from_slice(plain));
            }),
            None if chunk.len() > self.max_body_size - body.len() => {
                Err(Rejection::new(RejectionKind::BodyTooLarge))
            }
            None => {
                mac.state.update(&chunk);
                body.push(chunk);
                Ok(())
            }
        };
        result.inspect_err(|rejection| self.poisoned = Some(Box::new(rejection.clone())))
    }

    /// Compares the credential with the whole body, and returns the verified request.
    ///
    /// # Errors
    ///
    /// - [`RejectionKind::SignatureMismatch`] if no valid key made any of the signatures.
    /// - [`RejectionKind::BodyAltered`] if the same is true and the body does not have the length
    ///   that its headers announce.
    /// - The rejection of [`update`](Self::update) if it rejected a piece.
    /// - [`RejectionKind::MalformedEncoding`] if the body is sent as gzip, and the stream is incomplete.
    /// - [`RejectionKind::MissingSignature`] if the sender signs in the body and has not.
    /// - [`RejectionKind::StaleTimestamp`], [`RejectionKind::FutureTimestamp`] or
    ///   [`RejectionKind::MissingTimestamp`] if the sender's signed time is in the body.
    pub fn finalize(self) -> Result<Delivery, Rejection> {
        if let Some(rejection) = self.poisoned {
            return Err(*rejection);
        }
        let Self { verifier, now, mut check, mut mac, mut body, gzip, .. } = self;
        if let Some(gzip) = gzip {
            check.received = Some(gzip.finish(|plain| {
                mac.state.update(plain);
                body.push(Bytes::copy_from_slice(plain));
            })?);
        }
        let body = body.into_bytes();
        let key = match &check.credential {
            Credential::Verified(key) => (!check.is_altered(&body)).then_some(*key),
            Credential::Hmacs(candidates) => {
                if !check.signed_suffix.is_empty() {
                    mac.state.update(&check.signed_suffix);
                }
                let message = [check.signed_prefix.bytes(), &body, &check.signed_suffix];
                verifier.matching_hmac(mac.key, mac.state.finish(), candidates, message, now)
            }
            Credential::NeedsBody(signatures) => {
                return verifier.verify_buffered(&check, signatures, body, now);
            }
        };
        verifier.into_delivery(&check, key, body, None, now)
    }
}

impl fmt::Debug for StreamingVerifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamingVerifier")
            .field("sender", &self.verifier.scheme().sender())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(chunk) => chunk.len(),
            Self::Many(joined) => joined.len(),
        }
    }

    fn push(&mut self, chunk: Bytes) {
        match self {
            Self::Empty => *self = Self::One(chunk),
            Self::One(first) => {
                let mut joined = BytesMut::with_capacity(first.len() + chunk.len());
                joined.extend_from_slice(first);
                joined.extend_from_slice(&chunk);
                *self = Self::Many(joined);
            }
            Self::Many(joined) => joined.extend_from_slice(&chunk),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Empty => Bytes::new(),
            Self::One(chunk) => chunk,
            Self::Many(joined) => joined.freeze(),
        }
    }
}
