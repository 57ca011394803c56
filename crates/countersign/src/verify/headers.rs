//! What a request's headers tell before its body is there.

use crate::error::{Rejection, RejectionKind};
use crate::headers::{HeaderValues, Headers, IndexedHeader};
use crate::scheme::{Algorithm, CompiledSignature, CompiledTimestamp, Scheme, SignedPart};
use crate::time::Timestamp;
use crate::verify::Verifier;
use crate::verify::metadata::{EventMetadata, SignedTime, announced_length, reject_coded_body};
use crate::verify::signature_header::{Candidates, Signatures, time_pair};
use crate::verify::signed_prefix::SignedPrefix;
use crate::verify::splicing::is_unambiguous;

/// What the headers tell, put together while they are judged.
#[derive(Default)]
pub(crate) struct HeaderCheck<'r> {
    pub(crate) announced: Option<u64>,
    pub(crate) metadata: EventMetadata<'r>,
    pub(crate) credential: Credential<'r>,
    /// What is signed before the body.
    pub(crate) signed_prefix: SignedPrefix,
    /// What is signed after the body.
    pub(crate) signed_suffix: Vec<u8>,
    /// The target's query, where the URL is signed.
    pub(crate) query: Option<&'r str>,
}

/// What shows that a request is the sender's.
pub(crate) enum Credential<'r> {
    /// The key of this number, by the headers alone.
    Verified(usize),
    /// The body, whose MAC is to be among these.
    Hmacs(Candidates<'r>),
    /// The body once it is whole, which is to have one of these.
    NeedsBody(Box<Signatures>),
}

impl Default for Credential<'_> {
    fn default() -> Self {
        Self::Verified(0)
    }
}

impl Verifier {
    /// Judges all that the headers alone can tell, and records it in `check`.
    pub(crate) fn check_headers<'r, H: Headers + ?Sized>(
        &'r self,
        headers: &'r H,
        now: Timestamp,
        max_body_size: usize,
        check: &mut HeaderCheck<'r>,
    ) -> Result<(), Rejection> {
        let mut values = HeaderValues::default();
        self.scheme().names.read(headers, &mut values);
        if self.scheme().content.is_some() {
            check.query = headers.query();
        }
        self.check_header_values(&values, now, max_body_size, check)
    }

    /// What [`check_headers`](Self::check_headers) does once the headers are found, whatever held them.
    fn check_header_values<'r>(
        &'r self,
        values: &HeaderValues<'r>,
        now: Timestamp,
        max_body_size: usize,
        check: &mut HeaderCheck<'r>,
    ) -> Result<(), Rejection> {
        let scheme = self.scheme();
        reject_coded_body(scheme, values)?;
        check.announced = announced_length(scheme, values)?;
        if check.announced.is_some_and(|length| length > max_body_size as u64) {
            return Err(Rejection::new(RejectionKind::BodyTooLarge));
        }
        for (name, value) in &scheme.required_headers {
            if name.required_value(values)? != value.as_bytes() {
                return Err(name.reject(RejectionKind::NoCandidate));
            }
        }
        let credential = match &scheme.signature {
            Some(at) => Some((at, read_credential(scheme, at, values)?)),
            None => None,
        };
        check.metadata = EventMetadata::read(scheme, values, now)?;
        let Some((at, (name, value, only))) = credential else {
            if scheme.content.is_some() {
                check.credential = Credential::NeedsBody(Box::new(Signatures::new()));
                return self.some_valid_key(now);
            }
            return Ok(());
        };
        if scheme.algorithm == Algorithm::StaticToken {
            check.credential = Credential::Verified(self.match_token(at, name, value, now)?);
            return Ok(());
        }
        check.credential = match only {
            Some(only) => Credential::Hmacs(only),
            None if scheme.is_streamed() => Credential::Hmacs(Candidates::listed(at, value)?),
            None => {
                Credential::NeedsBody(Box::new(read_signatures(scheme, at, name, value, values)?))
            }
        };
        check.read_signed(scheme, at, value, values, now)?;
        self.some_valid_key(now)
    }
}

/// The header that holds the credential, its value, and the signature it is, if it is one and nothing else.
#[inline]
fn read_credential<'r>(
    scheme: &'r Scheme,
    at: &'r CompiledSignature,
    values: &HeaderValues<'r>,
) -> Result<(&'r IndexedHeader, &'r [u8], Option<Candidates<'r>>), Rejection> {
    let name = match &at.second {
        Some(second) if second.is_in(values) && !at.header.is_in(values) => second,
        _ => &at.header,
    };
    let value = name.single_value(values)?;
    let only = if scheme.is_streamed() { Candidates::only(at, value) } else { None };
    if only.is_none() {
        name.required_value(values)?;
    }
    let mut conflicting_headers = scheme.conflicting_headers.iter();
    match conflicting_headers.find(|name| name.is_in(values)) {
        Some(conflicting) => Err(conflicting.reject(RejectionKind::MixedHeaderFamilies)),
        None => Ok((name, value, only)),
    }
}

/// The signatures of both headers that may hold one.
fn read_signatures(
    scheme: &Scheme,
    at: &CompiledSignature,
    name: &IndexedHeader,
    value: &[u8],
    values: &HeaderValues<'_>,
) -> Result<Signatures, Rejection> {
    let second = at.second.as_ref().filter(|_| at.header.is_in(values));
    let second = second.filter(|name| name.is_in(values));
    let second = second.map(|name| name.required_value(values)).transpose()?;
    Signatures::read(scheme.algorithm, at, name, value, second)
}

/// Rejects a request whose value for `part` holds the text that separates it from its neighbour.
#[cold]
fn splicing(scheme: &Scheme, at: &CompiledSignature, part: &SignedPart) -> Rejection {
    let header = match (part, &scheme.timestamp) {
        (SignedPart::Header(name) | SignedPart::Id(name), _) => name,
        (SignedPart::Timestamp, Some(CompiledTimestamp::Header(name, _))) => name,
        _ => &at.header,
    };
    header
        .reject(RejectionKind::MalformedHeader)
        .with_detail("its value contains the text that separates the signed values")
}

impl<'r> HeaderCheck<'r> {
    /// Reads the time beside the signature, and what is signed before and after the body.
    #[inline]
    fn read_signed(
        &mut self,
        scheme: &'r Scheme,
        at: &'r CompiledSignature,
        value: &'r [u8],
        values: &HeaderValues<'r>,
        now: Timestamp,
    ) -> Result<(), Rejection> {
        if let Some(CompiledTimestamp::Pair(unit)) = scheme.timestamp {
            self.metadata.time =
                Some(SignedTime::read(scheme, &at.header, time_pair(at, value)?, unit, now)?);
        }
        let digits = self.metadata.time.as_ref().map_or(&b""[..], |time| time.digits);
        let mut before: &[u8] = b"";
        let mut after_body = false;
        let mut parts = scheme.signed.as_slice();
        while let [part, rest @ ..] = parts {
            parts = rest;
            let value = match part {
                SignedPart::Body => {
                    after_body = true;
                    before = b"";
                    continue;
                }
                SignedPart::Literal(text) => text.as_bytes(),
                SignedPart::Header(name) => name.required_value(values)?,
                SignedPart::Id(name) => match self.metadata.id {
                    Some(id) => id,
                    None => name.required_value(values)?,
                },
                SignedPart::Timestamp => digits,
            };
            if !is_unambiguous(part, value, before, after_body, rest) {
                return Err(splicing(scheme, at, part));
            }
            before = value;
            if after_body {
                self.signed_suffix.extend_from_slice(value);
            } else {
                self.signed_prefix.push(value);
            }
        }
        Ok(())
    }

    /// Whether the body is not as long as was announced.
    pub(crate) fn is_altered(&self, body: &[u8]) -> bool {
        self.announced.is_some_and(|announced| announced != body.len() as u64)
    }
}
