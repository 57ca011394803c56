//! The first stage: the checks that need the headers alone.

use crate::crypto::mac::Tag;
use crate::error::{Rejection, RejectionKind};
use crate::headers::{HeaderValues, Headers, IndexedHeader};
use crate::scheme::{
    Algorithm, CompiledSignature, CompiledTimestamp, Scheme, SignedPart, SignedUrl,
};
use crate::time::Timestamp;
use crate::verify::Verifier;
use crate::verify::gzip::max_coded_size;
use crate::verify::key::VerificationKey;
use crate::verify::metadata::{EventMetadata, SignedTime, announced_length, is_gzip_body};
use crate::verify::signature_header::{
    Candidates, Signatures, check_characters, only_value, time_pair,
};
use crate::verify::signed_prefix::SignedPrefix;
use crate::verify::splicing::{is_ended_by_time, is_unambiguous};

/// The findings of the header checks, for the stages that need the body.
#[derive(Default)]
pub(crate) struct HeaderCheck<'r> {
    /// The body's length by `content-length`.
    pub(crate) announced: Option<u64>,
    /// Whether the body is sent as gzip, with the signature over its plain bytes.
    pub(crate) is_gzip: bool,
    /// The body's length as received, if it differs from the plain body's.
    pub(crate) received: Option<u64>,
    pub(crate) metadata: EventMetadata<'r>,
    pub(crate) credential: Credential<'r>,
    /// The signed content before the body.
    pub(crate) signed_prefix: SignedPrefix,
    /// The signed content after the body.
    pub(crate) signed_suffix: Vec<u8>,
    /// The query of the request's target, where the sender signs the URL.
    pub(crate) query: Option<&'r str>,
    /// The signed content in each form that the URL may have, where there is more than one form.
    pub(crate) by_url: Vec<ContentWithUrl>,
}

/// The signed content before and after the body, with one form of the public URL.
pub(crate) struct ContentWithUrl {
    pub(crate) url: SignedUrl,
    pub(crate) prefix: Vec<u8>,
    pub(crate) suffix: Vec<u8>,
}

/// The proof that a request is the sender's, as far as the headers give it.
pub(crate) enum Credential<'r> {
    /// The headers alone matched the key with this number.
    Verified(usize),
    /// The HMAC of the signed content must be one of these.
    Hmacs(Candidates<'r>),
    /// One of these signatures must match the signed content, once the body is complete.
    NeedsBody(Box<Signatures>),
}

impl Default for Credential<'_> {
    fn default() -> Self {
        Self::Verified(0)
    }
}

impl Verifier {
    /// Checks everything that the headers alone decide, and records the findings in `check`; `values` are
    /// those of the scheme's names.
    pub(super) fn check_headers<'r, H: Headers + ?Sized>(
        &'r self,
        headers: &'r H,
        values: &HeaderValues<'r>,
        now: Timestamp,
        max_body_size: usize,
        check: &mut HeaderCheck<'r>,
    ) -> Result<(), Rejection> {
        if self.scheme().content.is_some() || self.scheme().url.is_some() {
            check.query = headers.query();
        }
        self.check_header_values(values, now, max_body_size, check)
    }

    /// The part of [`check_headers`](Self::check_headers) that is compiled once for all header maps.
    fn check_header_values<'r>(
        &'r self,
        values: &HeaderValues<'r>,
        now: Timestamp,
        max_body_size: usize,
        check: &mut HeaderCheck<'r>,
    ) -> Result<(), Rejection> {
        let scheme = self.scheme();
        check.is_gzip = is_gzip_body(scheme, values)?;
        check.announced = announced_length(scheme, values)?;
        let largest =
            if check.is_gzip { max_coded_size(max_body_size) } else { max_body_size as u64 };
        if check.announced.is_some_and(|length| length > largest) {
            return Err(Rejection::new(RejectionKind::BodyTooLarge));
        }
        for (name, value) in &scheme.required_headers {
            if name.required_value(values)? != value.as_bytes() {
                return Err(name.reject(RejectionKind::UnexpectedHeaderValue));
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
                return self.require_valid_key(now);
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
        self.require_valid_key(now)
    }

    /// Rejects a request at a time at which no key is valid.
    fn require_valid_key(&self, now: Timestamp) -> Result<(), Rejection> {
        match self.keys.valid(now).next() {
            Some(_) => Ok(()),
            None => Err(self.no_valid_key()),
        }
    }

    /// Returns the rejection at a time at which no key is valid.
    #[cold]
    fn no_valid_key(&self) -> Rejection {
        if self.keys.is_empty() {
            return Rejection::new(RejectionKind::KeysUnavailable).with_detail(
                "the secret is still to come in the sender's handshake: store it, and start with it as the key",
            );
        }
        Rejection::new(RejectionKind::UnknownKey)
    }

    /// Returns the last valid key whose token is the value of the header `name`.
    ///
    /// Digests are compared, and every key's, so that the time taken shows neither length nor content.
    fn match_token(
        &self,
        at: &CompiledSignature,
        name: &IndexedHeader,
        value: &[u8],
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        let token = Tag::of_token(only_value(at, name, value)?);
        let mut any_valid = false;
        let mut matched = None;
        for (index, key) in self.keys.valid(now) {
            any_valid = true;
            if let VerificationKey::Token(own) = key
                && own.matches(&token)
            {
                matched = Some(index);
            }
        }
        if !any_valid {
            return Err(self.no_valid_key());
        }
        matched.ok_or_else(|| name.reject(RejectionKind::SignatureMismatch))
    }
}

/// Returns the credential header, its value, and the decoded signature if the value is exactly one
/// signature.
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
        check_characters(at, name, value)?;
    }
    let mut conflicting_headers = scheme.conflicting_headers.iter();
    match conflicting_headers.find(|name| name.is_in(values)) {
        Some(conflicting) => Err(conflicting.reject(RejectionKind::MixedHeaderFamilies)),
        None => Ok((name, value, only)),
    }
}

/// Returns the signatures of both headers that may hold one.
fn read_signatures(
    scheme: &Scheme,
    at: &CompiledSignature,
    name: &IndexedHeader,
    value: &[u8],
    values: &HeaderValues<'_>,
) -> Result<Signatures, Rejection> {
    let second = at.second.as_ref().filter(|_| at.header.is_in(values));
    let second = second.filter(|name| name.is_in(values));
    let read = |name: &IndexedHeader| {
        name.single_value(values)
            .and_then(|value| check_characters(at, name, value).map(|()| value))
    };
    let second = second.map(read).transpose()?;
    Signatures::read(scheme.algorithm, at, name, value, second)
}

/// Rejects a request in which the value of `part` contains the text that separates it from its
/// neighbour.
#[cold]
fn reject_splicing(scheme: &Scheme, at: &CompiledSignature, part: &SignedPart) -> Rejection {
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
    /// Reads the time beside the signature, and the signed content before and after the body.
    #[inline]
    fn read_signed(
        &mut self,
        scheme: &'r Scheme,
        at: &'r CompiledSignature,
        value: &'r [u8],
        values: &HeaderValues<'r>,
        now: Timestamp,
    ) -> Result<(), Rejection> {
        if let Some(CompiledTimestamp::Pair(format)) = scheme.timestamp {
            let digits = time_pair(at, value)?;
            let time = SignedTime::read(scheme, &at.header, digits, format, now)?;
            self.metadata.time = Some(time);
        }
        let Some(url) = &scheme.url else {
            let (prefix, suffix) = (&mut self.signed_prefix, &mut self.signed_suffix);
            return gather(&self.metadata, scheme, at, values, "", |after_body, bytes| {
                if after_body { suffix.extend_from_slice(bytes) } else { prefix.push(bytes) }
            });
        };
        let urls = url.signed_urls(self.query).unwrap_or_default();
        for url in &*urls {
            let (mut prefix, mut suffix) = (Vec::new(), Vec::new());
            gather(&self.metadata, scheme, at, values, &url.text, |after_body, bytes| {
                let side = if after_body { &mut suffix } else { &mut prefix };
                side.extend_from_slice(bytes);
            })?;
            if scheme.is_streamed() {
                self.signed_prefix.push(&prefix);
                self.signed_suffix = suffix;
                return Ok(());
            }
            self.by_url.push(ContentWithUrl { url: url.clone(), prefix, suffix });
        }
        Ok(())
    }

    /// Returns whether the body does not have the announced length.
    pub(crate) fn is_altered(&self, body: &[u8]) -> bool {
        let received = self.received.unwrap_or(body.len() as u64);
        self.announced.is_some_and(|announced| announced != received)
    }
}

/// Passes the signed content to `push`, in order; each piece with whether it is after the body.
#[inline]
fn gather<'r>(
    metadata: &EventMetadata<'r>,
    scheme: &'r Scheme,
    at: &'r CompiledSignature,
    values: &HeaderValues<'r>,
    url: &str,
    mut push: impl FnMut(bool, &[u8]),
) -> Result<(), Rejection> {
    let mut before: &[u8] = b"";
    let mut after_body = false;
    let mut parts = scheme.signed.as_slice();
    while let [part, rest @ ..] = parts {
        parts = rest;
        if matches!(part, SignedPart::Body) {
            after_body = true;
            before = b"";
            continue;
        }
        let value = match part {
            SignedPart::Url => url.as_bytes(),
            _ => signed_value(metadata, part, values)?,
        };
        let has_one_reading = match part {
            SignedPart::Id(_) if scheme.allows_separator_in_id => {
                let time = metadata.time.as_ref().map_or(&b""[..], |time| time.digits);
                is_ended_by_time(value, time, rest)
            }
            SignedPart::Id(_) if scheme.id_length.is_some() => true,
            _ => is_unambiguous(part, value, before, after_body, rest),
        };
        if !has_one_reading {
            return Err(reject_splicing(scheme, at, part));
        }
        before = value;
        push(after_body, value);
    }
    Ok(())
}

/// Returns the bytes that `part` adds to the signed content.
#[inline]
fn signed_value<'r>(
    metadata: &EventMetadata<'r>,
    part: &'r SignedPart,
    values: &HeaderValues<'r>,
) -> Result<&'r [u8], Rejection> {
    match part {
        SignedPart::Literal(text) => Ok(text.as_bytes()),
        SignedPart::Header(name) => name.required_value(values),
        SignedPart::Id(name) => match metadata.id {
            Some(id) => Ok(id),
            None => name.required_value(values),
        },
        SignedPart::Timestamp => Ok(metadata.time.as_ref().map_or(b"", |time| time.digits)),
        SignedPart::Body | SignedPart::Url => Ok(b""),
    }
}
