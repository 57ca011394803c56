//! From headers and bytes to a [`Delivery`]: open, push, finish.
//!
//! Nothing here reads a clock, parses a body or allocates before the credential is compared.

use std::fmt;
use std::sync::Arc;

use arrayvec::ArrayVec;
use bytes::{Bytes, BytesMut};
use memchr::memchr;

use crate::check::Check;
use crate::content::Content;
use crate::delivery::{Delivery, HeaderText, MAX_ID_BYTES};
use crate::encoding::hex;
use crate::error::{ConfigError, ConfigErrorKind, Refusal, RefusalKind};
use crate::headers::{Found, Headers, Name, Values};
use crate::mac::{HmacKey, HmacState, TAG_BYTES, Tag, sha256};
use crate::pointer::Pointer;
use crate::scheme::{Algorithm, Place, Scheme, SignatureAt, SignedPart, TimestampAt};
use crate::secret::{Keyring, Window};
use crate::signature::{Candidates, Signatures, judge_signatures, time_pair, whole};
use crate::time::{Freshness, TimeUnit, Timestamp};

/// Below this many bytes a key is warned of: the least that Standard Webhooks advises.
const ADVISED_KEY_BYTES: usize = 24;

/// A scheme with the keys to check it.
pub struct Verifier {
    scheme: Scheme,
    keys: Arc<[KeyedCheck]>,
    /// Whose keys they are, where there are many tenants.
    tenant: Option<Arc<str>>,
    /// Whether it refuses all, after the usual work.
    is_decoy: bool,
}

struct KeyedCheck {
    name: Arc<str>,
    is_short: bool,
    window: Window,
    check: Check,
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
            checks.push(KeyedCheck {
                name: Arc::clone(&key.name),
                is_short: scheme.has_secret_key() && bytes.len() < ADVISED_KEY_BYTES,
                window: key.window,
                check: Check::new(&scheme, &key.name, &bytes)?,
            });
        }
        Ok(Arc::new(Self { scheme, keys: checks.into(), tenant: None, is_decoy: false }))
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
        Ok(Arc::new(Self { scheme, keys: Arc::new([]), tenant: None, is_decoy: false }))
    }

    /// The same keys, known as those of `tenant`.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Self {
        let (scheme, keys) = (self.scheme.clone(), Arc::clone(&self.keys));
        Self { scheme, keys, tenant: Some(tenant.into()), is_decoy: false }
    }

    /// The same, and refuses all, as for a tenant that there is not.
    pub(crate) fn as_decoy(&self) -> Self {
        let (scheme, keys) = (self.scheme.clone(), Arc::clone(&self.keys));
        Self { scheme, keys, tenant: None, is_decoy: true }
    }

    pub(crate) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
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

    /// The HMAC of `text` under the key of this number, in hexadecimal.
    pub(crate) fn seal(&self, key: usize, text: &[u8]) -> Option<String> {
        match &self.keys.get(key)?.check {
            Check::Hmac(key) => Some(hex(&key.tag([text, b"", b""]).to_bytes())),
            Check::Token(_) | Check::Whole(_) | Check::Public(_) => None,
        }
    }

    /// Judges all that the headers alone can tell, and readies the MAC for the body.
    ///
    /// `now` is what the signed time is compared with; `body_cap` is in bytes.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] that says which header is wrong and how.
    pub fn open<'r, H: Headers + ?Sized>(
        self: &'r Arc<Self>,
        headers: &'r H,
        now: Timestamp,
        body_cap: usize,
    ) -> Result<Intake<'r>, Refusal> {
        let mut intake = Intake::new(self, now, body_cap);
        let mut leader = Leader::default();
        self.begin(headers, &mut intake, &mut leader)?;
        intake.begin_macs(&leader);
        Ok(intake)
    }

    /// Judges a request whose body is at hand: [`open`](Self::open), push and finish in one.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] that says what is wrong.
    pub fn verify<H: Headers + ?Sized>(
        self: &Arc<Self>,
        headers: &H,
        body: impl Into<Bytes>,
        now: Timestamp,
        body_cap: usize,
    ) -> Result<Delivery, Refusal> {
        let body = body.into();
        let mut intake = Intake::new(self, now, body_cap);
        let mut leader = Leader::default();
        self.begin(headers, &mut intake, &mut leader)?;
        if body.len() > body_cap {
            return Err(Refusal::new(RefusalKind::BodyTooLarge));
        }
        if let Proof::Macs = intake.proof {
            // No MAC is kept under way, so none is moved about.
            let mut matched = None;
            for (index, key) in self.valid_hmacs(now) {
                if intake.macs.has(&key.tag([leader.bytes(), &body, &intake.trailer])) {
                    matched = Some(index);
                }
            }
            return intake.deliver(matched, body, None);
        }
        intake.push(body)?;
        intake.finish()
    }

    fn begin<'r, H: Headers + ?Sized>(
        self: &'r Arc<Self>,
        headers: &'r H,
        intake: &mut Intake<'r>,
        leader: &mut Leader,
    ) -> Result<(), Refusal> {
        let mut values = Values::default();
        self.scheme.names.read(headers, &mut values);
        self.judge(&values, intake, leader)?;
        if let Some(whole) = &mut intake.whole {
            whole.leader = leader.bytes().to_vec();
            whole.query = headers.query();
        }
        Ok(())
    }

    /// What [`begin`](Self::begin) does once the headers are found, whatever held them.
    fn judge<'r>(
        self: &'r Arc<Self>,
        values: &Values<'r>,
        intake: &mut Intake<'r>,
        leader: &mut Leader,
    ) -> Result<(), Refusal> {
        let scheme = &self.scheme;
        refuse_coded_body(scheme, values)?;
        intake.announced = announced_length(scheme, values)?;
        if intake.announced.is_some_and(|length| length > intake.body_cap as u64) {
            return Err(Refusal::new(RefusalKind::BodyTooLarge));
        }
        for (name, value) in &scheme.fixed {
            if name.required(values)? != value.as_bytes() {
                return Err(name.refuse(RefusalKind::NoCandidate));
            }
        }
        let Some(at) = &scheme.signature else {
            intake.facts = Facts::read(scheme, values, intake.now)?;
            if scheme.content.is_some() {
                intake.begin_whole(Signatures::new());
                return self.some_valid_key(intake.now);
            }
            return Ok(());
        };
        let name = match &at.second {
            Some(second) if second.is_in(values) && !at.header.is_in(values) => second,
            _ => &at.header,
        };
        let value = name.required(values)?;
        let mut rivals = scheme.rivals.iter();
        if let Some(rival) = rivals.find(|name| name.is_in(values)) {
            return Err(rival.refuse(RefusalKind::MixedHeaderFamilies));
        }
        intake.facts = Facts::read(scheme, values, intake.now)?;
        if scheme.algorithm == Algorithm::StaticToken {
            intake.proof = Proof::Key(self.match_token(at, name, value, intake.now)?);
            return Ok(());
        }
        if scheme.is_streamed() {
            let (signature, count) = judge_signatures(at, value)?;
            intake.proof = Proof::Macs;
            intake.macs.signature = signature;
            intake.macs.all = (count > 1).then(|| Candidates::of(at, value));
        } else {
            let second = at.second.as_ref().filter(|_| at.header.is_in(values));
            let second = second.filter(|name| name.is_in(values));
            let second = second.map(|name| name.required(values)).transpose()?;
            intake.begin_whole(Signatures::read(scheme.algorithm, at, name, value, second)?);
        }
        intake.read_signed(at, value, values, leader)?;
        self.some_valid_key(intake.now)
    }

    fn some_valid_key(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.valid_keys(now).next() {
            Some(_) => Ok(()),
            None => Err(Refusal::new(RefusalKind::UnknownKey)),
        }
    }

    /// Compares digests, so that neither length nor content shows in the time it takes.
    fn match_token(
        &self,
        at: &SignatureAt,
        name: &Name,
        value: &[u8],
        now: Timestamp,
    ) -> Result<usize, Refusal> {
        let token = Tag::of_token(whole(at, name, value)?);
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
        matched.ok_or_else(|| name.refuse(RefusalKind::SignatureMismatch))
    }

    fn valid_hmacs(&self, now: Timestamp) -> impl Iterator<Item = (usize, &HmacKey)> {
        self.valid_keys(now).filter_map(|(index, key)| match &key.check {
            Check::Hmac(key) => Some((index, key)),
            Check::Token(_) | Check::Whole(_) | Check::Public(_) => None,
        })
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
pub struct Intake<'r> {
    verifier: &'r Arc<Verifier>,
    now: Timestamp,
    body_cap: usize,
    announced: Option<u64>,
    facts: Facts<'r>,
    proof: Proof,
    /// Beside the proof and not in it, so that it is put together where it stays.
    macs: Macs<'r>,
    /// In the place of MACs, where the proof needs the whole body.
    whole: Option<Box<Whole<'r>>>,
    /// What is signed after the body.
    trailer: Vec<u8>,
    body: Body,
}

/// What the headers say of the event.
#[derive(Default)]
struct Facts<'r> {
    id: Option<&'r [u8]>,
    event_type: Option<&'r [u8]>,
    time: Option<SignedTime<'r>>,
}

impl<'r> Facts<'r> {
    /// Reads id, event type and, where it has a header of its own, the time.
    fn read(scheme: &Scheme, values: &Values<'r>, now: Timestamp) -> Result<Self, Refusal> {
        let id = match &scheme.id {
            Some(Place::Header(name)) if scheme.signs_id_header => {
                Some(short(name.required(values)?).ok_or_else(|| {
                    name.refuse(RefusalKind::MalformedHeader).because("it is over 256 bytes")
                })?)
            }
            // Not covered by the signature: kept for logs where it is presentable.
            Some(Place::Header(name)) => name.required(values).ok().and_then(short),
            Some(Place::Body(_)) | None => None,
        };
        let event_type = match &scheme.event_type {
            Some(Place::Header(name)) => name.required(values).ok().and_then(short),
            Some(Place::Body(_)) | None => None,
        };
        let time = match &scheme.timestamp {
            Some(TimestampAt::Header(name, unit)) => {
                Some(SignedTime::read(scheme, name, name.single(values)?, *unit, now)?)
            }
            Some(TimestampAt::Pair(_) | TimestampAt::Body(..)) | None => None,
        };
        Ok(Self { id, event_type, time })
    }
}

/// A signed time that stands in a header.
struct SignedTime<'r> {
    /// As it was written, which is what is signed.
    digits: &'r [u8],
    time: Timestamp,
}

impl<'r> SignedTime<'r> {
    /// Reads and judges it; `name` is the header it stands in.
    fn read(
        scheme: &Scheme,
        name: &Name,
        digits: &'r [u8],
        unit: TimeUnit,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let time = Timestamp::parse(digits, unit).ok_or_else(|| {
            let form = match unit {
                TimeUnit::Rfc3339 => "its time is not RFC 3339",
                _ => "its time is not 1 to 15 digits without a leading zero",
            };
            name.refuse(RefusalKind::MalformedHeader).because(form)
        })?;
        if scheme.has_fixed_width_time && !unit.is_usual_width(digits) {
            return Err(name
                .refuse(RefusalKind::MalformedHeader)
                .because("its time is not as long as times are now"));
        }
        match scheme.tolerance.judge(now, time, unit) {
            Freshness::Fresh => Ok(Self { digits, time }),
            Freshness::Stale => Err(name.refuse(RefusalKind::StaleTimestamp)),
            Freshness::Future => Err(name.refuse(RefusalKind::FutureTimestamp)),
        }
    }
}

/// The state of the proof while the body arrives.
enum Proof {
    /// Shown by the headers alone, by the key of this number.
    Key(usize),
    /// To be shown by the body, against [`Intake::macs`].
    Macs,
    /// To be shown by the body once it is whole, against [`Intake::whole`].
    Whole,
    /// The body was over the cap: nothing can be proved any more.
    Spoilt,
}

/// What a proof that needs the whole body is made against.
struct Whole<'r> {
    signatures: Signatures,
    /// What is signed before the body.
    leader: Vec<u8>,
    query: Option<&'r str>,
}

/// What is signed before the body: mostly short, and one update of the MAC instead of many.
#[derive(Default)]
struct Leader {
    short: ArrayVec<u8, 128>,
    /// All of it, where it is longer.
    long: Vec<u8>,
}

impl Leader {
    fn push(&mut self, bytes: &[u8]) {
        let fits = match bytes {
            // Mostly the dot between two values, for which a call to copy it would be long.
            [byte] => self.short.try_push(*byte).is_ok(),
            _ => self.short.try_extend_from_slice(bytes).is_ok(),
        };
        if self.long.is_empty() && fits {
            return;
        }
        if self.long.is_empty() {
            self.long.extend_from_slice(&self.short);
        }
        self.long.extend_from_slice(bytes);
    }

    fn bytes(&self) -> &[u8] {
        if self.long.is_empty() { &self.short } else { &self.long }
    }
}

/// One MAC for each key that is valid now, and the signatures to find among them.
#[derive(Default)]
struct Macs<'r> {
    /// The first key's, in place: most senders have one. More are only there during a rotation.
    first: (usize, HmacState),
    more: Vec<(usize, HmacState)>,
    /// The first signature that is listed, and all of them where there are more.
    signature: [u8; TAG_BYTES],
    all: Option<Candidates<'r>>,
}

impl Macs<'_> {
    fn update(&mut self, bytes: &[u8]) {
        self.first.1.update(bytes);
        for (_, state) in &mut self.more {
            state.update(bytes);
        }
    }

    /// Whether `tag` is one of the signatures.
    fn has(&self, tag: &Tag) -> bool {
        match &self.all {
            None => tag.matches_any([self.signature]),
            Some(all) => tag.matches_any(all.clone()),
        }
    }

    /// The last key that made one of the signatures. Every key is tried, whichever matches.
    fn finish(&mut self) -> Option<usize> {
        let first = std::mem::take(&mut self.first);
        let more = std::mem::take(&mut self.more);
        let mut matched = None;
        for (key, mut state) in std::iter::once(first).chain(more) {
            if state.finish().is_some_and(|tag| self.has(&tag)) {
                matched = Some(key);
            }
        }
        matched
    }
}

enum Body {
    Empty,
    /// The first chunk as it came, without a copy.
    One(Bytes),
    Many(BytesMut),
}

impl<'r> Intake<'r> {
    fn new(verifier: &'r Arc<Verifier>, now: Timestamp, body_cap: usize) -> Self {
        Self {
            verifier,
            now,
            body_cap,
            announced: None,
            facts: Facts::default(),
            proof: Proof::Key(0),
            macs: Macs::default(),
            whole: None,
            trailer: Vec::new(),
            body: Body::Empty,
        }
    }

    /// Begins a MAC under each key with what is signed before the body.
    fn begin_macs(&mut self, leader: &Leader) {
        let mut keys = self.verifier.valid_hmacs(self.now);
        if let (Proof::Macs, Some((first, key))) = (&self.proof, keys.next()) {
            self.macs.first = (first, key.begin());
            self.macs.more = keys.map(|(index, key)| (index, key.begin())).collect();
            self.macs.update(leader.bytes());
        }
    }

    fn begin_whole(&mut self, signatures: Signatures) {
        self.proof = Proof::Whole;
        self.whole = Some(Box::new(Whole { signatures, leader: Vec::new(), query: None }));
    }

    /// Reads the time beside the signature, and what is signed before and after the body.
    fn read_signed(
        &mut self,
        at: &'r SignatureAt,
        value: &'r [u8],
        values: &Values<'r>,
        leader: &mut Leader,
    ) -> Result<(), Refusal> {
        let verifier: &'r Verifier = self.verifier;
        let scheme = &verifier.scheme;
        if let Some(TimestampAt::Pair(unit)) = scheme.timestamp {
            self.facts.time =
                Some(SignedTime::read(scheme, &at.header, time_pair(at, value)?, unit, self.now)?);
        }
        let digits = self.facts.time.as_ref().map_or(&b""[..], |time| time.digits);
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
                SignedPart::Header(name) => (Some(name), name.required(values)?),
                SignedPart::Id(name) => match self.facts.id {
                    Some(id) => (Some(name), id),
                    None => (Some(name), name.required(values)?),
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
                    .refuse(RefusalKind::MalformedHeader)
                    .because("it contains the text that parts the signed values"));
            }
            before = bytes;
            if after_body {
                self.trailer.extend_from_slice(bytes);
            } else {
                leader.push(bytes);
            }
        }
        Ok(())
    }

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
            self.proof = Proof::Spoilt;
            return Err(Refusal::new(RefusalKind::BodyTooLarge));
        }
        self.macs.update(&chunk);
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
    /// - [`RefusalKind::BodyAltered`] if the body is not proved, and not as long as announced.
    /// - [`RefusalKind::BodyTooLarge`] if a piece was refused for that.
    /// - [`RefusalKind::StaleTimestamp`], [`RefusalKind::FutureTimestamp`] or
    ///   [`RefusalKind::MissingTimestamp`] where the signed time stands in the body.
    pub fn finish(mut self) -> Result<Delivery, Refusal> {
        let body = std::mem::replace(&mut self.body, Body::Empty).into_bytes();
        let key = match self.proof {
            Proof::Key(key) => (!self.is_altered(&body)).then_some(key),
            Proof::Spoilt => return Err(Refusal::new(RefusalKind::BodyTooLarge)),
            Proof::Macs => {
                if !self.trailer.is_empty() {
                    self.macs.update(&self.trailer);
                }
                self.macs.finish()
            }
            Proof::Whole => return self.finish_whole(body),
        };
        self.deliver(key, body, None)
    }

    fn finish_whole(&self, body: Bytes) -> Result<Delivery, Refusal> {
        let scheme = &self.verifier.scheme;
        let Some(whole) = &self.whole else { return self.deliver(None, body, None) };
        let Some(content) = &scheme.content else {
            let message = [whole.leader.as_slice(), &body, &self.trailer];
            let key = self.key_that_made(&[message], &whole.signatures);
            return self.deliver(key, body, None);
        };
        let in_body;
        let signatures = match content {
            Content::UrlAndForm(_) => &whole.signatures,
            Content::Fields { signature, encoding, .. } => {
                let text = signature.scalar(&body);
                let decoded = text.and_then(|text| encoding.decode(text.as_bytes()));
                in_body = Signatures::one(decoded.ok_or_else(|| {
                    Refusal::new(RefusalKind::MissingSignature).at(signature.as_shared())
                })?);
                &in_body
            }
        };
        let Some(text) = content.text(whole.query, &body) else {
            return self.deliver(None, body, None);
        };
        let messages = content.beginnings().map(|beginning| [beginning, &text, &[]]);
        let key = self.key_that_made(&messages, signatures);
        self.deliver(key, body, Some(sha256(&text)))
    }

    /// The last key that made one of the signatures over one of the messages.
    fn key_that_made(&self, messages: &[[&[u8]; 3]], signatures: &Signatures) -> Option<usize> {
        let keys = self.verifier.valid_keys(self.now);
        let made = |check: &Check| {
            messages
                .iter()
                .fold(false, |found, message| found | check.made(*message, signatures.as_slice()))
        };
        keys.filter(|(_, key)| made(&key.check)).last().map(|(index, _)| index)
    }

    /// Whether the body is not as long as was announced.
    fn is_altered(&self, body: &[u8]) -> bool {
        self.announced.is_some_and(|announced| announced != body.len() as u64)
    }

    /// Hands the body over, if a key has proved it.
    ///
    /// `signed` is the digest of what is signed, where that is not the body.
    fn deliver(
        &self,
        key: Option<usize>,
        body: Bytes,
        signed: Option<[u8; TAG_BYTES]>,
    ) -> Result<Delivery, Refusal> {
        let Self { verifier, now, .. } = *self;
        if verifier.is_decoy {
            return Err(Refusal::new(RefusalKind::SignatureMismatch)
                .because("there is no tenant of the name that the request gives"));
        }
        let key = key.ok_or_else(|| {
            Refusal::new(if self.is_altered(&body) {
                RefusalKind::BodyAltered
            } else {
                RefusalKind::SignatureMismatch
            })
        })?;
        let scheme = verifier.scheme();
        let timestamp = match &scheme.timestamp {
            Some(TimestampAt::Body(pointer, unit)) => {
                Some(time_in_body(scheme, pointer, *unit, &body, now)?)
            }
            _ => self.facts.time.as_ref().map(|signed| signed.time),
        };
        Ok(Delivery {
            verifier: Arc::clone(verifier),
            key,
            received: now,
            timestamp,
            header_id: self.facts.id.map(HeaderText::from),
            header_type: self.facts.event_type.map(Arc::from),
            signed_digest: signed.map(Box::new),
            body,
            claim: None,
        })
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

/// A value that is short enough to be kept with the delivery.
fn short(value: &[u8]) -> Option<&[u8]> {
    (value.len() <= MAX_ID_BYTES).then_some(value)
}

fn refuse_coded_body(scheme: &Scheme, values: &Values<'_>) -> Result<(), Refusal> {
    match scheme.names.content_encoding().map(|name| name.found(values)) {
        None | Some(Found::None) => Ok(()),
        Some(Found::One(coding)) if coding.eq_ignore_ascii_case(b"identity") => Ok(()),
        Some(Found::One(_) | Found::Many) => Err(Refusal::new(RefusalKind::UnsupportedEncoding)),
    }
}

/// What `content-length` announces: a reason to refuse early, never to allocate.
fn announced_length(scheme: &Scheme, values: &Values<'_>) -> Result<Option<u64>, Refusal> {
    let Some(name) = scheme.names.content_length() else { return Ok(None) };
    let malformed = || name.refuse(RefusalKind::MalformedHeader).because("it is no number");
    match name.found(values) {
        Found::None => Ok(None),
        Found::Many => Err(name.refuse(RefusalKind::DuplicateHeader)),
        Found::One(digits) => {
            let mut length = 0_u64;
            for digit in digits {
                let digit = digit.wrapping_sub(b'0');
                if digit > 9 {
                    return Err(malformed());
                }
                length = length.saturating_mul(10).saturating_add(u64::from(digit));
            }
            if digits.is_empty() { Err(malformed()) } else { Ok(Some(length)) }
        }
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
    let (time, unit) = pointer
        .scalar(body)
        .and_then(|text| read_time(&text, unit))
        .ok_or_else(|| refuse(RefusalKind::MissingTimestamp))?;
    match scheme.tolerance.judge(now, time, unit) {
        Freshness::Fresh => Ok(time),
        Freshness::Stale => Err(refuse(RefusalKind::StaleTimestamp)),
        Freshness::Future => Err(refuse(RefusalKind::FutureTimestamp)),
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
