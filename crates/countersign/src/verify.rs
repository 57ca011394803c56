//! From headers and bytes to a [`Delivery`]: open, push, finish.
//!
//! Nothing here reads a clock, parses a body or allocates before the credential is compared.

use std::fmt;
use std::sync::Arc;

use arrayvec::{ArrayString, ArrayVec};
use bytes::{Bytes, BytesMut};

use crate::delivery::{Delivery, MAX_ID_BYTES};
use crate::encoding::Encoding;
use crate::error::{ConfigError, ConfigErrorKind, Refusal, RefusalKind};
use crate::headers::{Found, Headers, Name};
use crate::mac::{HmacKey, HmacState, TAG_BYTES, Tag};
use crate::pointer::Pointer;
use crate::scheme::{Algorithm, Grammar, Place, Scheme, SignatureAt, SignedPart, TimestampAt};
use crate::secret::{Keyring, MAX_KEYS, Window};
use crate::time::{Freshness, TimeUnit, Timestamp};

/// The most signatures one header may list; Standard Webhooks senders list one for each secret in
/// rotation, so sixteen is far above any real list. They cost a compare each, never a MAC.
const MAX_CANDIDATES: usize = 16;

/// Below this many bytes a key is warned of: the least that Standard Webhooks advises.
const ADVISED_KEY_BYTES: usize = 24;

/// The longest event type that a header may carry, in bytes.
const MAX_TYPE_BYTES: usize = 256;

/// A scheme with the keys to check it.
pub struct Verifier {
    scheme: Scheme,
    keys: Vec<KeyedCheck>,
}

struct KeyedCheck {
    name: Arc<str>,
    is_short: bool,
    window: Window,
    check: Check,
}

enum Check {
    Hmac(HmacKey),
    Token(Tag),
}

impl Verifier {
    /// Readies the keys of `keys` for `scheme`.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::InvalidSecret`] or [`ConfigErrorKind::EmptySecret`] if a secret does not
    /// have the form that the scheme needs, and [`ConfigErrorKind::InvalidScheme`] if the scheme
    /// takes no key.
    pub fn new(scheme: Scheme, keys: impl Into<Keyring>) -> Result<Arc<Self>, ConfigError> {
        let keys = keys.into();
        let mut checks = Vec::with_capacity(keys.keys().len());
        for key in keys.keys() {
            let bytes = scheme.key_bytes(&key.secret)?;
            let check = match scheme.algorithm {
                Algorithm::HmacSha256 => Check::Hmac(HmacKey::new(&bytes)),
                Algorithm::StaticToken if !fits_a_header(&bytes) => {
                    return Err(ConfigError::new(
                        ConfigErrorKind::InvalidSecret,
                        format!(
                            "key `{}` could never arrive in a header: it has outer spaces or is not printable ASCII",
                            key.name
                        ),
                    ));
                }
                Algorithm::StaticToken => Check::Token(Tag::of_token(&bytes)),
                Algorithm::Unauthenticated => {
                    return Err(ConfigError::new(
                        ConfigErrorKind::InvalidScheme,
                        "this scheme takes no key: use `Verifier::danger_unauthenticated`",
                    ));
                }
            };
            checks.push(KeyedCheck {
                name: Arc::clone(&key.name),
                is_short: bytes.len() < ADVISED_KEY_BYTES,
                window: key.window,
                check,
            });
        }
        Ok(Arc::new(Self { scheme, keys: checks }))
    }

    /// Takes every request; for [`Scheme::danger_unauthenticated`].
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::MissingSetting`] if the scheme does authenticate, so needs keys.
    pub fn danger_unauthenticated(scheme: Scheme) -> Result<Arc<Self>, ConfigError> {
        if scheme.algorithm != Algorithm::Unauthenticated {
            return Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                "this scheme authenticates: give it a secret through `Verifier::new`",
            ));
        }
        Ok(Arc::new(Self { scheme, keys: Vec::new() }))
    }

    /// How the sender signs.
    #[must_use]
    pub const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    pub(crate) fn short_keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter(|key| key.is_short).map(|key| &*key.name)
    }

    pub(crate) fn key_name(&self, key: usize) -> &str {
        self.keys.get(key).map_or("none", |key| &*key.name)
    }

    /// Judges all that the headers alone can tell, and readies the MAC for the body.
    ///
    /// `now` is what the signed time is compared with; `body_cap` is in bytes.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] that says which header is wrong and how.
    pub fn open<H: Headers + ?Sized>(
        self: &Arc<Self>,
        headers: &H,
        now: Timestamp,
        body_cap: usize,
    ) -> Result<Intake<'_>, Refusal> {
        refuse_coded_body(headers)?;
        let announced = announced_length(headers)?;
        if announced.is_some_and(|length| length > body_cap as u64) {
            return Err(Refusal::new(RefusalKind::BodyTooLarge));
        }
        let mut intake = Intake {
            verifier: self,
            now,
            body_cap,
            announced,
            timestamp: None,
            id: None,
            event_type: None,
            proof: Proof::Key(0),
            trailer: Vec::new(),
            body: Body::Empty,
        };
        if let Some(at) = &self.scheme.signature {
            let value = at.header.required(headers)?;
            self.refuse_rivals(headers)?;
            intake.read_facts(&self.scheme, headers)?;
            match self.scheme.algorithm {
                Algorithm::HmacSha256 => intake.begin_macs(at, value, headers)?,
                _ => intake.proof = Proof::Key(self.match_token(at, value, now)?),
            }
        } else {
            intake.read_facts(&self.scheme, headers)?;
        }
        Ok(intake)
    }

    fn refuse_rivals<H: Headers + ?Sized>(&self, headers: &H) -> Result<(), Refusal> {
        match self.scheme.rivals.iter().find(|name| headers.find(name.as_str()) != Found::None) {
            Some(name) => Err(name.refuse(RefusalKind::MixedHeaderFamilies)),
            None => Ok(()),
        }
    }

    /// Compares digests, so that neither length nor content shows in the time it takes.
    fn match_token(
        &self,
        at: &SignatureAt,
        value: &[u8],
        now: Timestamp,
    ) -> Result<usize, Refusal> {
        let Grammar::Whole { prefix } = &at.grammar else {
            return Err(at.header.refuse(RefusalKind::MalformedHeader));
        };
        let token = value.strip_prefix(prefix.as_bytes()).ok_or_else(|| {
            at.header
                .refuse(RefusalKind::MalformedHeader)
                .because("its prefix is not the configured one")
        })?;
        let token = Tag::of_token(token);
        let mut any_valid = false;
        let mut matched = None;
        for (index, key) in self.valid_keys(now) {
            any_valid = true;
            if let Check::Token(own) = &key.check
                && own.matches(&token)
            {
                matched = Some(index);
            }
        }
        if !any_valid {
            return Err(Refusal::new(RefusalKind::UnknownKey));
        }
        matched.ok_or_else(|| at.header.refuse(RefusalKind::SignatureMismatch))
    }

    fn valid_keys(&self, now: Timestamp) -> impl Iterator<Item = (usize, &KeyedCheck)> {
        self.keys.iter().enumerate().filter(move |(_, key)| key.window.contains(now))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.keys.iter().map(|key| &key.name).collect();
        f.debug_struct("Verifier").field("scheme", &self.scheme).field("keys", &names).finish()
    }
}

/// A request whose headers passed and whose body is arriving.
///
/// The body is hashed as it comes and kept; it is never larger than the cap, whatever the headers
/// announce.
pub struct Intake<'v> {
    verifier: &'v Arc<Verifier>,
    now: Timestamp,
    body_cap: usize,
    announced: Option<u64>,
    timestamp: Option<Timestamp>,
    id: Option<ArrayString<MAX_ID_BYTES>>,
    event_type: Option<Box<str>>,
    proof: Proof,
    /// What is signed after the body.
    trailer: Vec<u8>,
    body: Body,
}

/// The state of the proof while the body arrives.
#[expect(clippy::large_enum_variant, reason = "boxing it would be the one allocation on this path")]
enum Proof {
    /// Shown by the headers alone.
    Key(usize),
    /// One MAC for each key that is valid now, and what the sender claims.
    Macs {
        states: ArrayVec<(usize, HmacState), MAX_KEYS>,
        candidates: ArrayVec<[u8; TAG_BYTES], MAX_CANDIDATES>,
    },
}

enum Body {
    Empty,
    /// The first chunk as it came, without a copy.
    One(Bytes),
    Many(BytesMut),
}

impl Intake<'_> {
    /// Takes the next piece of the body.
    ///
    /// # Errors
    ///
    /// [`RefusalKind::BodyTooLarge`] once the pieces together pass the cap.
    pub fn push(&mut self, chunk: impl Into<Bytes>) -> Result<(), Refusal> {
        let chunk = chunk.into();
        if chunk.is_empty() {
            return Ok(());
        }
        if chunk.len() > self.body_cap - self.body.len() {
            return Err(Refusal::new(RefusalKind::BodyTooLarge));
        }
        if let Proof::Macs { states, .. } = &mut self.proof {
            for (_, state) in states {
                state.update(&chunk);
            }
        }
        match &mut self.body {
            Body::Empty => self.body = Body::One(chunk),
            Body::One(first) => {
                let mut joined = BytesMut::with_capacity(first.len() + chunk.len());
                joined.extend_from_slice(first);
                joined.extend_from_slice(&chunk);
                self.body = Body::Many(joined);
            }
            Body::Many(joined) => joined.extend_from_slice(&chunk),
        }
        Ok(())
    }

    /// Compares the credential with what arrived: the only way to a [`Delivery`].
    ///
    /// # Errors
    ///
    /// - [`RefusalKind::SignatureMismatch`] if no valid key made any of the signatures.
    /// - [`RefusalKind::BodyAltered`] if it did not, and the body is not as long as announced.
    /// - [`RefusalKind::StaleTimestamp`], [`RefusalKind::FutureTimestamp`] or
    ///   [`RefusalKind::MissingTimestamp`] where the signed time stands in the body.
    pub fn finish(self) -> Result<Delivery, Refusal> {
        let length = self.body.len() as u64;
        let body = self.body.into_bytes();
        let key = match self.proof {
            Proof::Key(key) => key,
            Proof::Macs { states, candidates } => {
                let mut matched = None;
                for (key, mut state) in states {
                    state.update(&self.trailer);
                    if state.finish().matches_any(&candidates) {
                        matched = Some(key);
                    }
                }
                matched.ok_or_else(|| match self.announced {
                    Some(announced) if announced != length => {
                        Refusal::new(RefusalKind::BodyAltered)
                    }
                    _ => Refusal::new(RefusalKind::SignatureMismatch),
                })?
            }
        };
        let scheme = self.verifier.scheme();
        let timestamp = match &scheme.timestamp {
            Some(TimestampAt::Body(pointer, unit)) => {
                Some(time_in_body(scheme, pointer, *unit, &body, self.now)?)
            }
            _ => self.timestamp,
        };
        Ok(Delivery {
            verifier: Arc::clone(self.verifier),
            key,
            received: self.now,
            timestamp,
            header_id: self.id,
            header_type: self.event_type.map(Arc::from),
            body,
        })
    }

    /// Reads id, event type and, where it has a header of its own, the time.
    fn read_facts<H: Headers + ?Sized>(
        &mut self,
        scheme: &Scheme,
        headers: &H,
    ) -> Result<(), Refusal> {
        if let Some(Place::Header(name)) = &scheme.id {
            self.id = if scheme.signs_header(name) {
                let id = short_text(name.required(headers)?).ok_or_else(|| {
                    name.refuse(RefusalKind::MalformedHeader).because("it is over 256 bytes")
                })?;
                Some(id)
            } else {
                // Not covered by the signature: kept for logs where it is presentable.
                name.required(headers).ok().and_then(short_text)
            };
        }
        if let Some(Place::Header(name)) = &scheme.event_type {
            self.event_type = name
                .required(headers)
                .ok()
                .filter(|value| value.len() <= MAX_TYPE_BYTES)
                .and_then(|value| std::str::from_utf8(value).ok())
                .map(Into::into);
        }
        if let Some(TimestampAt::Header(name, unit)) = &scheme.timestamp {
            self.judge_time(scheme, name, name.required(headers)?, *unit)?;
        }
        Ok(())
    }

    fn judge_time(
        &mut self,
        scheme: &Scheme,
        name: &Name,
        digits: &[u8],
        unit: TimeUnit,
    ) -> Result<(), Refusal> {
        let time = Timestamp::parse(digits, unit).ok_or_else(|| {
            name.refuse(RefusalKind::MalformedHeader)
                .because("its time is not 1 to 15 digits without a leading zero")
        })?;
        match scheme.tolerance.judge(self.now, time, unit) {
            Freshness::Fresh => {}
            Freshness::Stale => return Err(name.refuse(RefusalKind::StaleTimestamp)),
            Freshness::Future => return Err(name.refuse(RefusalKind::FutureTimestamp)),
        }
        self.timestamp = Some(time);
        Ok(())
    }

    fn begin_macs<H: Headers + ?Sized>(
        &mut self,
        at: &SignatureAt,
        value: &[u8],
        headers: &H,
    ) -> Result<(), Refusal> {
        let verifier = self.verifier;
        let scheme = &verifier.scheme;
        let (candidates, pair_time) = read_signatures(at, value)?;
        if let Some(TimestampAt::Pair(unit)) = scheme.timestamp {
            let digits = pair_time.ok_or_else(|| {
                at.header.refuse(RefusalKind::MalformedHeader).because("it has no time")
            })?;
            self.judge_time(scheme, &at.header, digits, unit)?;
        }
        let mut states: ArrayVec<_, MAX_KEYS> = verifier
            .valid_keys(self.now)
            .filter_map(|(index, key)| match &key.check {
                Check::Hmac(key) => Some((index, key.begin())),
                Check::Token(_) => None,
            })
            .take(MAX_KEYS)
            .collect();
        if states.is_empty() {
            return Err(Refusal::new(RefusalKind::UnknownKey));
        }
        let mut parts = scheme.signed.iter().peekable();
        let mut after_body = false;
        while let Some(part) = parts.next() {
            let bytes = match part {
                SignedPart::Body => {
                    after_body = true;
                    continue;
                }
                SignedPart::Literal(text) => text.as_bytes(),
                SignedPart::Header(name) => {
                    let value = name.required(headers)?;
                    if let Some(SignedPart::Literal(separator)) = parts.peek()
                        && contains(value, separator.as_bytes())
                    {
                        return Err(name
                            .refuse(RefusalKind::MalformedHeader)
                            .because("it contains the text that parts the signed values"));
                    }
                    value
                }
                SignedPart::Timestamp => match &scheme.timestamp {
                    Some(TimestampAt::Header(name, _)) => name.required(headers)?,
                    _ => pair_time.unwrap_or_default(),
                },
            };
            if after_body {
                self.trailer.extend_from_slice(bytes);
            } else {
                for (_, state) in &mut states {
                    state.update(bytes);
                }
            }
        }
        self.proof = Proof::Macs { states, candidates };
        Ok(())
    }
}

impl fmt::Debug for Intake<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake")
            .field("sender", &self.verifier.scheme.sender())
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

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Empty => Bytes::new(),
            Self::One(chunk) => chunk,
            Self::Many(joined) => joined.freeze(),
        }
    }
}

type Candidates = ArrayVec<[u8; TAG_BYTES], MAX_CANDIDATES>;

/// The signatures a header lists, and the digits of its time where it has one.
///
/// A malformed item beside a good one is passed over, so that one bad signature cannot hide a good
/// one; a header with none that can be read is malformed.
fn read_signatures<'h>(
    at: &SignatureAt,
    value: &'h [u8],
) -> Result<(Candidates, Option<&'h [u8]>), Refusal> {
    let malformed = |why| at.header.refuse(RefusalKind::MalformedHeader).because(why);
    let mut list = List::new(at.encoding);
    let mut time = None;
    match &at.grammar {
        Grammar::Whole { prefix } => {
            let text = value
                .strip_prefix(prefix.as_bytes())
                .ok_or_else(|| malformed("its prefix is not the configured one"))?;
            list.add(text);
        }
        Grammar::Versioned { version } => {
            for item in value.split(|byte| *byte == b' ') {
                match item.strip_prefix(version.as_bytes()).and_then(|rest| rest.strip_prefix(b","))
                {
                    Some(text) => list.add(text),
                    None => list.readable |= item.contains(&b','),
                }
            }
        }
        Grammar::Pairs { signature, time: time_name } => {
            for item in value.split(|byte| *byte == b',') {
                let Some(equals) = item.iter().position(|byte| *byte == b'=') else { continue };
                let (name, text) = item.split_at(equals);
                let text = text.get(1..).unwrap_or_default();
                list.readable = true;
                if name == signature.as_bytes() {
                    list.add(text);
                } else if time_name.as_ref().is_some_and(|time| name == time.as_bytes())
                    && time.replace(text).is_some()
                {
                    return Err(malformed("it has two times"));
                }
            }
        }
    }
    if list.overflowed {
        return Err(malformed("it lists more than 16 signatures"));
    }
    if list.candidates.is_empty() {
        return Err(if list.readable && !list.undecodable {
            at.header.refuse(RefusalKind::NoCandidate)
        } else {
            malformed("its signature is not written as configured")
        });
    }
    Ok((list.candidates, time))
}

/// What a signature header holds, as far as read.
struct List {
    encoding: Encoding,
    candidates: Candidates,
    /// Some item is of the list's grammar.
    readable: bool,
    /// Some item of the right version is not a signature.
    undecodable: bool,
    overflowed: bool,
}

impl List {
    const fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            candidates: ArrayVec::new_const(),
            readable: false,
            undecodable: false,
            overflowed: false,
        }
    }

    fn add(&mut self, text: &[u8]) {
        match self.encoding.decode_tag(text) {
            Some(tag) => self.overflowed |= self.candidates.try_push(tag).is_err(),
            None => self.undecodable = true,
        }
    }
}

/// Whether a token can be a header's value as a whole.
fn fits_a_header(token: &[u8]) -> bool {
    token.trim_ascii().len() == token.len() && token.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn short_text(value: &[u8]) -> Option<ArrayString<MAX_ID_BYTES>> {
    ArrayString::from(std::str::from_utf8(value).ok()?).ok()
}

fn contains(value: &[u8], part: &[u8]) -> bool {
    match part {
        [] => false,
        [byte] => value.contains(byte),
        _ => value.windows(part.len()).any(|window| window == part),
    }
}

fn refuse_coded_body<H: Headers + ?Sized>(headers: &H) -> Result<(), Refusal> {
    match headers.find("content-encoding") {
        Found::None => Ok(()),
        Found::One(coding) if coding.eq_ignore_ascii_case(b"identity") => Ok(()),
        Found::One(_) | Found::Many => Err(Refusal::new(RefusalKind::UnsupportedEncoding)),
    }
}

/// What `content-length` announces: a reason to refuse early, never to allocate.
fn announced_length<H: Headers + ?Sized>(headers: &H) -> Result<Option<u64>, Refusal> {
    let name = || Arc::from("content-length");
    match headers.find("content-length") {
        Found::None => Ok(None),
        Found::Many => Err(Refusal::new(RefusalKind::DuplicateHeader).at(&name())),
        Found::One(digits) => std::str::from_utf8(digits)
            .ok()
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .map(Some)
            .ok_or_else(|| Refusal::new(RefusalKind::MalformedHeader).at(&name())),
    }
}

fn time_in_body(
    scheme: &Scheme,
    pointer: &Pointer,
    unit: TimeUnit,
    body: &[u8],
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    let refuse = |kind| Refusal::new(kind).at(pointer.as_shared());
    let time = pointer
        .scalar(body)
        .and_then(|text| read_time(&text, unit))
        .ok_or_else(|| refuse(RefusalKind::MissingTimestamp))?;
    match scheme.tolerance.judge(now, time, unit) {
        Freshness::Fresh => Ok(time),
        Freshness::Stale => Err(refuse(RefusalKind::StaleTimestamp)),
        Freshness::Future => Err(refuse(RefusalKind::FutureTimestamp)),
    }
}

fn read_time(text: &str, unit: TimeUnit) -> Option<Timestamp> {
    Timestamp::parse(text.as_bytes(), unit).or_else(|| {
        let format = &time::format_description::well_known::Rfc3339;
        let millis =
            time::OffsetDateTime::parse(text, format).ok()?.unix_timestamp_nanos() / 1_000_000;
        u64::try_from(millis).ok().map(Timestamp::from_millis)
    })
}
