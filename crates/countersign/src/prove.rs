//! From headers and a body at hand to a [`Delivery`].
//!
//! Nothing here reads a clock, parses a body or allocates before the credential is compared, but where
//! the credential or what is signed is made from the body.

use std::sync::Arc;

use bytes::Bytes;

use crate::check::Check;
use crate::content::Content;
use crate::delivery::{Delivery, HeaderText};
use crate::error::{Rejection, RejectionKind};
use crate::headers::Headers;
use crate::mac::{TAG_BYTES, sha256};
use crate::opening::{Opening, Proof};
use crate::pointer::Pointer;
use crate::scheme::{Scheme, TimestampAt};
use crate::signature::Signatures;
use crate::time::{Freshness, TimeUnit, Timestamp};
use crate::verify::Verifier;

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
        body_cap: usize,
    ) -> Result<Delivery, Rejection> {
        let verifier = self.meant_by(headers);
        let mut opening = Opening::default();
        verifier.begin(headers, now, body_cap, &mut opening)?;
        verifier.prove(&mut opening, body.into(), now, body_cap)
    }

    /// What [`verify`](Self::verify) does once the headers are judged.
    fn prove(
        self: &Arc<Self>,
        opening: &mut Opening<'_>,
        body: Bytes,
        now: Timestamp,
        body_cap: usize,
    ) -> Result<Delivery, Rejection> {
        if body.len() > body_cap {
            return Err(Rejection::new(RejectionKind::BodyTooLarge));
        }
        let key = match &opening.proof {
            Proof::Key(key) => (!opening.is_altered(&body)).then_some(*key),
            Proof::Macs(candidates) => {
                // No MAC is kept under way, so none is moved about; and the leader is filled up to
                // whole blocks, so that the rest is hashed where it stands.
                let leader = &mut opening.leader;
                let (start, rest) = body.split_at(leader.gap().min(body.len()));
                leader.push(start);
                let mut matched = None;
                for (index, key) in self.valid_hmacs(now) {
                    if candidates.have(&key.tag([leader.bytes(), rest, &opening.trailer])) {
                        matched = Some(index);
                    }
                }
                matched
            }
            Proof::Whole(signatures) => return self.prove_whole(opening, signatures, body, now),
        };
        self.deliver(opening, key, body, None, now)
    }

    /// Compares the signatures of a body that had to be whole first.
    pub(crate) fn prove_whole(
        self: &Arc<Self>,
        opening: &Opening<'_>,
        signatures: &Signatures,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Delivery, Rejection> {
        let Some(content) = &self.scheme().content else {
            let message = [opening.leader.bytes(), &body, &opening.trailer];
            let key = self.key_that_made(&[message], signatures, now);
            return self.deliver(opening, key, body, None, now);
        };
        let in_body;
        let signatures = match content {
            Content::UrlAndForm(_) => signatures,
            Content::Fields { signature, encoding, .. } => {
                let text = signature.scalar(&body);
                let decoded = text.and_then(|text| encoding.decode(text.as_bytes()));
                in_body = Signatures::one(decoded.ok_or_else(|| {
                    Rejection::new(RejectionKind::MissingSignature).at(signature.as_shared())
                })?);
                &in_body
            }
        };
        let Some(text) = content.text(opening.query, &body) else {
            return self.deliver(opening, None, body, None, now);
        };
        let messages = content.beginnings().map(|beginning| [beginning, &text, &[]]);
        let key = self.key_that_made(&messages, signatures, now);
        self.deliver(opening, key, body, Some(sha256(&text)), now)
    }

    /// The last key that made one of the signatures over one of the messages.
    fn key_that_made(
        &self,
        messages: &[[&[u8]; 3]],
        signatures: &Signatures,
        now: Timestamp,
    ) -> Option<usize> {
        let made = |check: &Check| {
            messages
                .iter()
                .fold(false, |found, message| found | check.made(*message, signatures.as_slice()))
        };
        self.valid_keys(now).filter(|(_, check)| made(check)).last().map(|(index, _)| index)
    }

    /// Hands the body over, if a key has proved it: what every [`Delivery`] comes from.
    ///
    /// `signed` is the digest of what is signed, where that is not the body.
    pub(crate) fn deliver(
        self: &Arc<Self>,
        opening: &Opening<'_>,
        key: Option<usize>,
        body: Bytes,
        signed: Option<[u8; TAG_BYTES]>,
        now: Timestamp,
    ) -> Result<Delivery, Rejection> {
        if self.is_decoy() {
            return Err(Rejection::new(RejectionKind::SignatureMismatch)
                .because("there is no tenant of the name that the request gives"));
        }
        let key = key.ok_or_else(|| {
            Rejection::new(if opening.is_altered(&body) {
                RejectionKind::BodyAltered
            } else {
                RejectionKind::SignatureMismatch
            })
        })?;
        let scheme = self.scheme();
        let timestamp = match &scheme.timestamp {
            Some(TimestampAt::Body(pointer, unit)) => {
                Some(time_in_body(scheme, pointer, *unit, &body, now)?)
            }
            _ => opening.facts.time.as_ref().map(|signed| signed.time),
        };
        Ok(Delivery {
            verifier: Arc::clone(self),
            key,
            received: now,
            timestamp,
            header_id: opening.facts.id.map(HeaderText::from),
            header_type: opening.facts.event_type.map(Arc::from),
            signed_digest: signed.map(Box::new),
            body,
            claim: None,
        })
    }
}

fn time_in_body(
    scheme: &Scheme,
    pointer: &Pointer,
    unit: TimeUnit,
    body: &[u8],
    now: Timestamp,
) -> Result<Timestamp, Rejection> {
    let reject = |kind| Rejection::new(kind).at(pointer.as_shared());
    let (time, unit) = pointer
        .scalar(body)
        .and_then(|text| read_time(&text, unit))
        .ok_or_else(|| reject(RejectionKind::MissingTimestamp))?;
    match scheme.tolerance.judge(now, time, unit) {
        Freshness::Fresh => Ok(time),
        Freshness::Stale => Err(reject(RejectionKind::StaleTimestamp)),
        Freshness::Future => Err(reject(RejectionKind::FutureTimestamp)),
    }
}

/// The time and the unit it is exact to.
fn read_time(text: &str, unit: TimeUnit) -> Option<(Timestamp, TimeUnit)> {
    let bytes = text.as_bytes();
    let number = (unit != TimeUnit::Rfc3339).then(|| Timestamp::parse(bytes, unit)).flatten();
    match number {
        Some(time) => Some((time, unit)),
        None => Some((Timestamp::parse_rfc3339(bytes)?, TimeUnit::Millis)),
    }
}
