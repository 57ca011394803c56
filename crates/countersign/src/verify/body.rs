//! The last stage: the comparison of a complete body with the credential.
//!
//! No clock is read, no body is parsed, and nothing is allocated before the credential is compared,
//! except where the credential or the signed content is part of the body.

use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};

use crate::crypto::mac::{Tag, sha256};
use crate::error::{Rejection, RejectionKind};
use crate::json::pointer::Pointer;
use crate::scheme::CompiledTimestamp;
use crate::scheme::content::Content;
use crate::time::{Freshness, Timestamp, TimestampFormat};
use crate::verify::Delivery;
use crate::verify::Verifier;
use crate::verify::claimed_as::ClaimedAs;
use crate::verify::gzip::GzipBody;
use crate::verify::header_text::HeaderText;
use crate::verify::headers::{Credential, HeaderCheck};
use crate::verify::key::VerificationKey;
use crate::verify::named_fields::NamedField;
use crate::verify::signature_header::{Candidates, Signatures};
use crate::verify::signed_content::SignedContent;

impl Verifier {
    /// Compares the credential of checked headers with a complete body.
    pub(super) fn verify_body(
        self: &Arc<Self>,
        check: &mut HeaderCheck<'_>,
        body: Bytes,
        now: Timestamp,
        max_body_size: usize,
    ) -> Result<Delivery, Rejection> {
        let body = match GzipBody::begin(check.is_gzip, max_body_size) {
            Some(gzip) => decompress(gzip, check, &body)?,
            None if body.len() > max_body_size => {
                return Err(Rejection::new(RejectionKind::BodyTooLarge));
            }
            None => body,
        };
        let key = match &check.credential {
            Credential::Verified(key) => (!check.is_altered(&body)).then_some(*key),
            Credential::Hmacs(candidates) => {
                // The MAC's input begins with whole blocks: the body's first bytes complete the
                // prefix's last block, so that the rest is hashed in place.
                let signed_prefix = &mut check.signed_prefix;
                let (start, rest) = body.split_at(signed_prefix.gap().min(body.len()));
                signed_prefix.push(start);
                let message = [signed_prefix.bytes(), rest, &check.signed_suffix];
                let first = self.keys.first(now);
                first.and_then(|(first, _)| {
                    self.matching_hmac(first, None, candidates, message, now)
                })
            }
            Credential::NeedsBody(signatures) => {
                return self.verify_buffered(check, signatures, body, now);
            }
        };
        self.into_delivery(check, key, body, None, now)
    }

    /// Compares signatures that can only be verified over the complete body.
    pub(super) fn verify_buffered(
        self: &Arc<Self>,
        check: &HeaderCheck<'_>,
        signatures: &Signatures,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Delivery, Rejection> {
        let Some(content) = &self.scheme().content else {
            return self.verify_parts(check, signatures, body, now);
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
        let (beginnings, texts) = (content.beginnings(), content.texts(check.query, &body));
        let messages: Vec<_> = texts
            .iter()
            .flat_map(|text| beginnings.iter().map(move |beginning| [*beginning, &**text, &[][..]]))
            .collect();
        let Some((key, message)) = self.matching_key(&messages, signatures, now) else {
            return self.into_delivery(check, None, body, None, now);
        };
        let text = texts.get(message / beginnings.len()).map_or(&b""[..], |text| text);
        let signed = SignedContent {
            digest: sha256(text),
            query: content.query_event(text).map(Bytes::copy_from_slice),
        };
        self.into_delivery(check, Some(key), body, Some(signed), now)
    }

    /// Compares signatures over parts that are signed verbatim.
    fn verify_parts(
        self: &Arc<Self>,
        check: &HeaderCheck<'_>,
        signatures: &Signatures,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Delivery, Rejection> {
        let Some(url) = self.scheme().url.as_ref().filter(|_| !self.scheme().is_streamed()) else {
            let message = [check.signed_prefix.bytes(), &body, &check.signed_suffix];
            let key = self.matching_key(&[message], signatures, now).map(|(key, _)| key);
            return self.into_delivery(check, key, body, None, now);
        };
        // A body would be read as the end of the query.
        let forms = if url.is_query_event && !body.is_empty() { &[][..] } else { &check.by_url };
        let messages: Vec<_> =
            forms.iter().map(|form| [&*form.prefix, &*body, &*form.suffix]).collect();
        let matched = self.matching_key(&messages, signatures, now);
        let form = matched.and_then(|(_, message)| forms.get(message));
        let signed = form.filter(|_| url.is_query_event).map(|form| SignedContent {
            digest: sha256(form.url.text.as_bytes()),
            query: Some(Bytes::copy_from_slice(form.url.query.as_bytes())),
        });
        self.into_delivery(check, matched.map(|(key, _)| key), body, signed, now)
    }

    /// Returns the last key that made one of `candidates` over `message`.
    ///
    /// `tag` is the tag under the key with the number `first`, if it was computed while the body arrived.
    #[inline]
    pub(super) fn matching_hmac(
        &self,
        first: usize,
        tag: Option<Tag>,
        candidates: &Candidates<'_>,
        message: [&[u8]; 3],
        now: Timestamp,
    ) -> Option<usize> {
        let mut tag = tag;
        let verify = |_, key: &VerificationKey| {
            // The first key is tried first, and has the tag.
            let tag = tag.take().or_else(|| Some(key.as_hmac()?.tag(message)))?;
            candidates.contain(&tag).then_some(())
        };
        let matched = self.keys.find_match(first, now, || candidates.is_one(), verify);
        matched.map(|(key, ())| key)
    }

    /// Returns the last key that made one of the signatures, and the last message that it made it over.
    fn matching_key(
        &self,
        messages: &[[&[u8]; 3]],
        signatures: &Signatures,
        now: Timestamp,
    ) -> Option<(usize, usize)> {
        let signatures = signatures.as_slice();
        let (first, _) = self.keys.first(now)?;
        self.keys.find_match(
            first,
            now,
            || signatures.len() == 1,
            |_, key| {
                // Every message is tried, so that the time does not show which of them is signed.
                let mut made = None;
                for (number, message) in messages.iter().enumerate() {
                    if key.verify_any(*message, signatures) {
                        made = Some(number);
                    }
                }
                made
            },
        )
    }

    /// Turns a body into a [`Delivery`] if a key verified it. Every delivery is made here.
    ///
    /// `signed` is what is known of signed content that is not the body itself.
    pub(super) fn into_delivery(
        self: &Arc<Self>,
        check: &HeaderCheck<'_>,
        key: Option<usize>,
        body: Bytes,
        signed: Option<SignedContent>,
        now: Timestamp,
    ) -> Result<Delivery, Rejection> {
        if self.is_dummy() {
            return Err(Rejection::new(RejectionKind::SignatureMismatch)
                .with_detail("there is no tenant with the name that the request gives"));
        }
        let key = key.ok_or_else(|| {
            Rejection::new(if check.is_altered(&body) {
                RejectionKind::BodyAltered
            } else {
                RejectionKind::SignatureMismatch
            })
        })?;
        if self.is_reserved(&body) {
            return Err(Rejection::new(RejectionKind::SignatureMismatch).with_detail(
                "the body is empty or a text that the handshake signs for any client: no event of the sender is one",
            ));
        }
        let delivery = Delivery {
            verifier: Arc::clone(self),
            key,
            received: now,
            timestamp: check.metadata.time.as_ref().map(|signed| signed.time),
            header_id: check.metadata.id.map(HeaderText::from),
            header_type: check.metadata.event_type.map(Arc::from),
            signed: signed.map(Box::new),
            body,
            decoded: OnceLock::new(),
            named_fields: OnceLock::new(),
            claimed_as: ClaimedAs::Nothing,
            item_claims: None,
        };
        match &self.scheme().timestamp {
            Some(CompiledTimestamp::Body(pointer, format)) => {
                with_time_in_body(delivery, pointer, *format)
            }
            _ => Ok(delivery),
        }
    }
}

/// Returns the plain body, and records the length of the compressed one.
fn decompress(
    mut gzip: Box<GzipBody>,
    check: &mut HeaderCheck<'_>,
    body: &[u8],
) -> Result<Bytes, Rejection> {
    let mut plain = BytesMut::new();
    gzip.decode(body, |bytes| plain.extend_from_slice(bytes))?;
    check.received = Some(gzip.finish(|bytes| plain.extend_from_slice(bytes))?);
    Ok(plain.freeze())
}

/// Reads the signed time at `pointer` in the body of a verified request, and checks that it is fresh.
fn with_time_in_body(
    delivery: Delivery,
    pointer: &Pointer,
    format: TimestampFormat,
) -> Result<Delivery, Rejection> {
    let reject = |kind| Err(Rejection::new(kind).with_location(pointer.as_shared()));
    let text = delivery.named_scalar(NamedField::Time);
    let Some((time, precision)) = text.and_then(|text| parse_time(&text, format)) else {
        return reject(RejectionKind::MissingTimestamp);
    };
    match delivery.scheme().tolerance.check(delivery.received, time, precision) {
        Freshness::Fresh => Ok(Delivery { timestamp: Some(time), ..delivery }),
        Freshness::Stale => reject(RejectionKind::StaleTimestamp),
        Freshness::Future => reject(RejectionKind::FutureTimestamp),
    }
}

/// Returns the time that `text` holds, a number in `format` or RFC 3339, and the format of its
/// precision.
fn parse_time(text: &str, format: TimestampFormat) -> Option<(Timestamp, TimestampFormat)> {
    let bytes = text.as_bytes();
    let number =
        (format != TimestampFormat::Rfc3339).then(|| Timestamp::parse(bytes, format)).flatten();
    match number {
        Some(time) => Some((time, format)),
        None => Some((Timestamp::parse_rfc3339(bytes)?, TimestampFormat::Millis)),
    }
}
