//! From headers and a body at hand to a [`Delivery`].
//!
//! Nothing here reads a clock, parses a body or allocates before the credential is compared, but where
//! the credential or what is signed is made from the body.

use std::sync::Arc;

use bytes::Bytes;

use crate::crypto::mac::{TAG_BYTES, sha256};
use crate::error::{Rejection, RejectionKind};
use crate::headers::Headers;
use crate::json::pointer::Pointer;
use crate::scheme::content::Content;
use crate::scheme::{CompiledTimestamp, Scheme};
use crate::time::{Freshness, Timestamp, TimestampFormat};
use crate::verify::Verifier;
use crate::verify::headers::{Credential, HeaderCheck};
use crate::verify::key::VerificationKey;
use crate::verify::signature_header::Signatures;
use crate::verify::{Delivery, HeaderText};

impl Verifier {
    /// Judges a request whose body is at hand: [`open`](Self::open), push and finish in one.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] that says what is wrong.
    pub fn verify<H: Headers + ?Sized>(
        self: &Arc<Self>,
        headers: &H,
        body: impl Into<Bytes>,
        now: Timestamp,
        max_body_size: usize,
    ) -> Result<Delivery, Rejection> {
        let verifier = self.select_header_family(headers);
        let mut check = HeaderCheck::default();
        verifier.check_headers(headers, now, max_body_size, &mut check)?;
        verifier.verify_body(&mut check, body.into(), now, max_body_size)
    }

    /// What [`verify`](Self::verify) does once the headers are judged.
    fn verify_body(
        self: &Arc<Self>,
        check: &mut HeaderCheck<'_>,
        body: Bytes,
        now: Timestamp,
        max_body_size: usize,
    ) -> Result<Delivery, Rejection> {
        if body.len() > max_body_size {
            return Err(Rejection::new(RejectionKind::BodyTooLarge));
        }
        let key = match &check.credential {
            Credential::Verified(key) => (!check.is_altered(&body)).then_some(*key),
            Credential::Hmacs(candidates) => {
                // No MAC is kept under way, so none is moved about; and the leader is filled up to
                // whole blocks, so that the rest is hashed where it stands.
                let signed_prefix = &mut check.signed_prefix;
                let (start, rest) = body.split_at(signed_prefix.gap().min(body.len()));
                signed_prefix.push(start);
                let mut matched = None;
                for (index, key) in self.valid_hmacs(now) {
                    if candidates.have(&key.tag([
                        signed_prefix.bytes(),
                        rest,
                        &check.signed_suffix,
                    ])) {
                        matched = Some(index);
                    }
                }
                matched
            }
            Credential::NeedsBody(signatures) => {
                return self.verify_buffered(check, signatures, body, now);
            }
        };
        self.into_delivery(check, key, body, None, now)
    }

    /// Compares the signatures of a body that had to be whole first.
    pub(crate) fn verify_buffered(
        self: &Arc<Self>,
        check: &HeaderCheck<'_>,
        signatures: &Signatures,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Delivery, Rejection> {
        let Some(content) = &self.scheme().content else {
            let message = [check.signed_prefix.bytes(), &body, &check.signed_suffix];
            let key = self.matching_key(&[message], signatures, now);
            return self.into_delivery(check, key, body, None, now);
        };
        let in_body;
        let signatures = match content {
            Content::UrlAndForm(_) => signatures,
            Content::Fields { signature, encoding, .. } => {
                let text = signature.scalar(&body);
                let decoded = text.and_then(|text| encoding.decode(text.as_bytes()));
                in_body = Signatures::one(decoded.ok_or_else(|| {
                    Rejection::new(RejectionKind::MissingSignature)
                        .with_location(signature.as_shared())
                })?);
                &in_body
            }
        };
        let Some(text) = content.text(check.query, &body) else {
            return self.into_delivery(check, None, body, None, now);
        };
        let messages = content.beginnings().map(|beginning| [beginning, &text, &[]]);
        let key = self.matching_key(&messages, signatures, now);
        self.into_delivery(check, key, body, Some(sha256(&text)), now)
    }

    /// The last key that made one of the signatures over one of the messages.
    fn matching_key(
        &self,
        messages: &[[&[u8]; 3]],
        signatures: &Signatures,
        now: Timestamp,
    ) -> Option<usize> {
        let verify_any = |check: &VerificationKey| {
            messages.iter().fold(false, |found, message| {
                found | check.verify_any(*message, signatures.as_slice())
            })
        };
        self.valid_keys(now).filter(|(_, check)| verify_any(check)).last().map(|(index, _)| index)
    }

    /// Hands the body over, if a key has proved it: what every [`Delivery`] comes from.
    ///
    /// `signed` is the digest of what is signed, where that is not the body.
    pub(crate) fn into_delivery(
        self: &Arc<Self>,
        check: &HeaderCheck<'_>,
        key: Option<usize>,
        body: Bytes,
        signed: Option<[u8; TAG_BYTES]>,
        now: Timestamp,
    ) -> Result<Delivery, Rejection> {
        if self.is_dummy() {
            return Err(Rejection::new(RejectionKind::SignatureMismatch)
                .with_detail("there is no tenant of the name that the request gives"));
        }
        let key = key.ok_or_else(|| {
            Rejection::new(if check.is_altered(&body) {
                RejectionKind::BodyAltered
            } else {
                RejectionKind::SignatureMismatch
            })
        })?;
        let scheme = self.scheme();
        let timestamp = match &scheme.timestamp {
            Some(CompiledTimestamp::Body(pointer, unit)) => {
                Some(time_in_body(scheme, pointer, *unit, &body, now)?)
            }
            _ => check.metadata.time.as_ref().map(|signed| signed.time),
        };
        Ok(Delivery {
            verifier: Arc::clone(self),
            key,
            received: now,
            timestamp,
            header_id: check.metadata.id.map(HeaderText::from),
            header_type: check.metadata.event_type.map(Arc::from),
            signed_digest: signed.map(Box::new),
            body,
            claim: None,
        })
    }
}

fn time_in_body(
    scheme: &Scheme,
    pointer: &Pointer,
    unit: TimestampFormat,
    body: &[u8],
    now: Timestamp,
) -> Result<Timestamp, Rejection> {
    let reject = |kind| Rejection::new(kind).with_location(pointer.as_shared());
    let (time, unit) = pointer
        .scalar(body)
        .and_then(|text| read_time(&text, unit))
        .ok_or_else(|| reject(RejectionKind::MissingTimestamp))?;
    match scheme.tolerance.check(now, time, unit) {
        Freshness::Fresh => Ok(time),
        Freshness::Stale => Err(reject(RejectionKind::StaleTimestamp)),
        Freshness::Future => Err(reject(RejectionKind::FutureTimestamp)),
    }
}

/// The time and the unit it is exact to.
fn read_time(text: &str, unit: TimestampFormat) -> Option<(Timestamp, TimestampFormat)> {
    let bytes = text.as_bytes();
    let number =
        (unit != TimestampFormat::Rfc3339).then(|| Timestamp::parse(bytes, unit)).flatten();
    match number {
        Some(time) => Some((time, unit)),
        None => Some((Timestamp::parse_rfc3339(bytes)?, TimestampFormat::Millis)),
    }
}
