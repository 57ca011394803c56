//! What a request's headers tell before its body is there.

use arrayvec::ArrayVec;
use memchr::memchr;

use crate::crypto::mac::BLOCK_BYTES;
use crate::error::{Rejection, RejectionKind};
use crate::headers::{HeaderValues, Headers, IndexedHeader};
use crate::scheme::{Algorithm, Scheme, SignatureAt, SignedPart, TimestampAt};
use crate::time::Timestamp;
use crate::verify::Verifier;
use crate::verify::metadata::{EventMetadata, SignedTime, announced_length, reject_coded_body};
use crate::verify::signature_header::{Candidates, Signatures, time_pair};

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
        for (name, value) in &scheme.fixed {
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
    at: &'r SignatureAt,
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
    at: &SignatureAt,
    name: &IndexedHeader,
    value: &[u8],
    values: &HeaderValues<'_>,
) -> Result<Signatures, Rejection> {
    let second = at.second.as_ref().filter(|_| at.header.is_in(values));
    let second = second.filter(|name| name.is_in(values));
    let second = second.map(|name| name.required_value(values)).transpose()?;
    Signatures::read(scheme.algorithm, at, name, value, second)
}

impl<'r> HeaderCheck<'r> {
    /// Reads the time beside the signature, and what is signed before and after the body.
    #[inline]
    fn read_signed(
        &mut self,
        scheme: &'r Scheme,
        at: &'r SignatureAt,
        value: &'r [u8],
        values: &HeaderValues<'r>,
        now: Timestamp,
    ) -> Result<(), Rejection> {
        if let Some(TimestampAt::Pair(unit)) = scheme.timestamp {
            self.metadata.time =
                Some(SignedTime::read(scheme, &at.header, time_pair(at, value)?, unit, now)?);
        }
        let digits = self.metadata.time.as_ref().map_or(&b""[..], |time| time.digits);
        let mut before: &[u8] = b"";
        let mut after_body = false;
        let mut parts = scheme.signed.as_slice();
        while let [part, rest @ ..] = parts {
            parts = rest;
            let (name, bytes) = match part {
                SignedPart::Body => {
                    after_body = true;
                    before = b"";
                    continue;
                }
                SignedPart::Literal(text) => (None, text.as_bytes()),
                SignedPart::Header(name) => (Some(name), name.required_value(values)?),
                SignedPart::Id(name) => match self.metadata.id {
                    Some(id) => (Some(name), id),
                    None => (Some(name), name.required_value(values)?),
                },
                SignedPart::Timestamp => match &scheme.timestamp {
                    Some(TimestampAt::Header(name, _)) => (Some(name), digits),
                    _ => (Some(&at.header), digits),
                },
            };
            // Read from the left up to the body, and from the right down to it, what is signed must
            // come apart in one way only, or bytes could move from one value to the next.
            if let Some(name) = name
                && match rest {
                    // Only a time of fixed width has nothing before it.
                    _ if after_body => !before.is_empty() && is_met_again(bytes, before),
                    // Digits hold nothing else.
                    [SignedPart::Literal(after), ..]
                        if matches!(part, SignedPart::Timestamp)
                            && !after.starts_with(|first: char| first.is_ascii_digit()) =>
                    {
                        false
                    }
                    [SignedPart::Literal(after), ..] => is_met_early(bytes, after.as_bytes()),
                    _ => false,
                }
            {
                return Err(name
                    .reject(RejectionKind::MalformedHeader)
                    .with_detail("it contains the text that parts the signed values"));
            }
            before = bytes;
            if after_body {
                self.signed_suffix.extend_from_slice(bytes);
            } else {
                self.signed_prefix.push(bytes);
            }
        }
        Ok(())
    }

    /// Whether the body is not as long as was announced.
    pub(crate) fn is_altered(&self, body: &[u8]) -> bool {
        self.announced.is_some_and(|announced| announced != body.len() as u64)
    }
}

/// What is signed before the body: mostly short, and one update of the MAC instead of many.
#[derive(Default)]
pub(crate) struct SignedPrefix {
    short: ArrayVec<u8, 128>,
    /// All of it, where it is longer.
    long: Vec<u8>,
}

impl SignedPrefix {
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let fits = match bytes {
            // Mostly the dot between two values, for which a call to copy it would be long.
            [byte] => self.short.try_push(*byte).is_ok(),
            _ => self.short.try_extend_from_slice(bytes).is_ok(),
        };
        if !fits || !self.long.is_empty() {
            self.push_long(bytes);
        }
    }

    #[cold]
    fn push_long(&mut self, bytes: &[u8]) {
        if self.long.is_empty() {
            self.long.extend_from_slice(&self.short);
        }
        self.long.extend_from_slice(bytes);
    }

    /// How many bytes it is short of whole blocks of the hash.
    pub(crate) fn gap(&self) -> usize {
        self.bytes().len().wrapping_neg() % BLOCK_BYTES
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        if self.long.is_empty() { &self.short } else { &self.long }
    }
}

/// Whether `separator`, standing behind `value`, is met before the end of `value`.
fn is_met_early(value: &[u8], separator: &[u8]) -> bool {
    if let [byte] = separator {
        return memchr(*byte, value).is_some();
    }
    (0..value.len()).any(|at| {
        let (_, rest) = value.split_at(at);
        let overlap = separator.strip_prefix(rest);
        rest.starts_with(separator) || overlap.is_some_and(|tail| separator.starts_with(tail))
    })
}

/// Whether `separator`, standing before `value`, is met again in `value`.
fn is_met_again(value: &[u8], separator: &[u8]) -> bool {
    (1..=value.len()).any(|end| {
        let (start, _) = value.split_at(end);
        let overlap = separator.strip_suffix(start);
        start.ends_with(separator) || overlap.is_some_and(|head| separator.ends_with(head))
    })
}
