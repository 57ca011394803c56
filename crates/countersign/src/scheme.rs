//! How a sender signs, as data: one value drives verifying, signing and explaining.

use std::borrow::Cow;
use std::fmt;

use crate::encoding::{Encoding, decode_base64_secret};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::headers::{Name, Names, is_printable};
use crate::pointer::Pointer;
use crate::secret::Secret;
use crate::time::{TimeUnit, Tolerance};

/// How a sender proves that a request is its own.
///
/// A scheme has no secret in it. It is checked as a whole by [`SchemeBuilder::build`].
///
/// ```
/// use countersign::{Encoding, Part, Scheme, Signature, TimeUnit};
///
/// let acme = Scheme::hmac_sha256("acme", Signature::header("x-acme-signature", Encoding::Hex).prefix("sha256="))
///     .timestamp_header("x-acme-time", TimeUnit::Seconds)
///     .signs([Part::Timestamp, Part::Literal(".".into()), Part::Body])
///     .build()?;
/// assert_eq!(acme.to_string(), "HMAC-SHA256 over `{x-acme-time}.{body}`, in header `x-acme-signature`");
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scheme {
    pub(crate) sender: Cow<'static, str>,
    pub(crate) names: Names,
    pub(crate) algorithm: Algorithm,
    /// Where the credential stands; `None` only for [`Algorithm::Unauthenticated`].
    pub(crate) signature: Option<SignatureAt>,
    pub(crate) signed: Vec<SignedPart>,
    pub(crate) timestamp: Option<TimestampAt>,
    pub(crate) tolerance: Tolerance,
    pub(crate) id: Option<Place>,
    pub(crate) event_type: Option<Place>,
    pub(crate) payload: Option<Pointer>,
    pub(crate) key_form: KeyForm,
    pub(crate) rivals: Vec<Name>,
}

impl Scheme {
    /// The sender's secret itself stands in a header. It protects neither body nor time.
    pub fn static_token(sender: impl Into<Cow<'static, str>>, token: Signature) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::StaticToken, Some(token))
    }

    /// HMAC-SHA256; over the body alone unless [`SchemeBuilder::signs`] says more.
    pub fn hmac_sha256(
        sender: impl Into<Cow<'static, str>>,
        signature: Signature,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::HmacSha256, Some(signature))
    }

    /// Takes every request as it comes: **anyone on the network can send events**.
    ///
    /// For a sender that has no secret to give. Guard the route by other means: a path that cannot
    /// be guessed, and network rules.
    pub fn danger_unauthenticated(sender: impl Into<Cow<'static, str>>) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::Unauthenticated, None)
    }

    /// The sender's name, which is part of every dedup key.
    #[must_use]
    pub fn sender(&self) -> &str {
        &self.sender
    }

    /// How far the signed time may lie from now; `None` where no time is signed.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.timestamp.is_some().then_some(self.tolerance)
    }

    /// Whether a body that was tampered with is refused.
    #[must_use]
    pub fn signs_body(&self) -> bool {
        self.algorithm == Algorithm::HmacSha256
    }

    /// Whether the signature covers the header `name`.
    pub(crate) fn signs_header(&self, name: &Name) -> bool {
        self.signed.iter().any(|part| matches!(part, SignedPart::Header(signed) if signed == name))
    }

    /// The key's bytes, as the MAC takes them.
    pub(crate) fn key_bytes(
        &self,
        secret: &Secret,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, ConfigError> {
        let text = secret.expose();
        match self.key_form {
            KeyForm::AsGiven => Ok(text.to_vec().into()),
            KeyForm::Base64 { prefix } => {
                let text = text.strip_prefix(prefix.as_bytes()).unwrap_or(text);
                let bytes = decode_base64_secret(text).ok_or_else(|| {
                    ConfigError::new(
                        ConfigErrorKind::InvalidSecret,
                        format!("secret of `{}` is not base64 after `{prefix}`: copy it whole from the sender", self.sender),
                    )
                })?;
                if bytes.is_empty() {
                    return Err(ConfigError::new(
                        ConfigErrorKind::EmptySecret,
                        format!(
                            "secret of `{}` has nothing after `{prefix}`: copy it whole from the sender",
                            self.sender
                        ),
                    ));
                }
                Ok(bytes.into())
            }
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.signature.as_ref().map_or("", |signature| signature.header.as_str());
        match self.algorithm {
            Algorithm::Unauthenticated => return f.write_str("no authentication"),
            Algorithm::StaticToken => return write!(f, "static token in header `{header}`"),
            Algorithm::HmacSha256 => f.write_str("HMAC-SHA256 over `")?,
        }
        for part in &self.signed {
            match part {
                SignedPart::Literal(text) => f.write_str(text)?,
                SignedPart::Header(name) => write!(f, "{{{}}}", name.as_str())?,
                SignedPart::Body => f.write_str("{body}")?,
                SignedPart::Timestamp => match &self.timestamp {
                    Some(TimestampAt::Header(name, _)) => write!(f, "{{{}}}", name.as_str())?,
                    _ => f.write_str("{timestamp}")?,
                },
            }
        }
        write!(f, "`, in header `{header}`")
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Algorithm {
    Unauthenticated,
    StaticToken,
    HmacSha256,
}

/// How the configured secret becomes the MAC's key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyForm {
    AsGiven,
    Base64 { prefix: &'static str },
}

#[derive(Clone, Debug)]
pub(crate) struct SignatureAt {
    pub(crate) header: Name,
    pub(crate) encoding: Encoding,
    pub(crate) grammar: Grammar,
}

/// How a header's value holds one signature or several.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Grammar {
    /// The whole value after a fixed prefix.
    Whole { prefix: Cow<'static, str> },
    /// `v1,<signature> v1,<signature>`: items parted by spaces.
    Versioned { version: Cow<'static, str> },
    /// `t=<time>,v1=<signature>,v1=<signature>`: pairs parted by commas.
    Pairs { signature: Cow<'static, str>, time: Option<Cow<'static, str>> },
}

#[derive(Clone, Debug)]
pub(crate) enum TimestampAt {
    Header(Name, TimeUnit),
    /// A pair in the signature header, named in [`Grammar::Pairs`].
    Pair(TimeUnit),
    /// A field of the signed body: RFC 3339, or a whole number in the unit.
    Body(Pointer, TimeUnit),
}

#[derive(Clone, Debug)]
pub(crate) enum SignedPart {
    Literal(Cow<'static, str>),
    Header(Name),
    Timestamp,
    Body,
}

/// Where a fact about an event stands.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Header(Name),
    Body(Pointer),
}

/// One piece of what a sender signs.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// Fixed text, such as the `.` between two others.
    Literal(Cow<'static, str>),
    /// A header's value as received.
    Header(Cow<'static, str>),
    /// The timestamp's digits as received.
    Timestamp,
    /// The event's id as received; it stands in a header.
    Id,
    /// The body's bytes as received.
    Body,
}

/// Where the credential stands and how it is written.
#[derive(Clone, Debug)]
pub struct Signature {
    header: Cow<'static, str>,
    encoding: Encoding,
    grammar: Grammar,
}

impl Signature {
    /// The header's whole value is the signature.
    #[must_use]
    pub fn header(name: impl Into<Cow<'static, str>>, encoding: Encoding) -> Self {
        Self { header: name.into(), encoding, grammar: Grammar::Whole { prefix: "".into() } }
    }

    /// The header's whole value is the secret.
    #[must_use]
    pub fn token(name: impl Into<Cow<'static, str>>) -> Self {
        Self::header(name, Encoding::Hex)
    }

    /// A fixed text in front, such as `sha256=` or `Bearer `, which must be there.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.grammar = Grammar::Whole { prefix: prefix.into() };
        self
    }

    /// The value is a list of `version,signature` parted by spaces; other versions are ignored.
    #[must_use]
    pub fn versioned(mut self, version: impl Into<Cow<'static, str>>) -> Self {
        self.grammar = Grammar::Versioned { version: version.into() };
        self
    }

    /// The value is a list of `name=value` parted by commas; signatures are called `name`.
    #[must_use]
    pub fn pairs(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.grammar = Grammar::Pairs { signature: name.into(), time: None };
        self
    }
}

/// Puts a [`Scheme`] together; nothing is checked before [`build`](Self::build).
#[derive(Clone, Debug)]
#[must_use]
pub struct SchemeBuilder {
    sender: Cow<'static, str>,
    algorithm: Algorithm,
    signature: Option<Signature>,
    signed: Vec<Part>,
    timestamp: Option<Time>,
    tolerance: Tolerance,
    id: Option<At>,
    event_type: Option<At>,
    payload: Option<Cow<'static, str>>,
    key_form: KeyForm,
    rivals: Vec<Cow<'static, str>>,
}

#[derive(Clone, Debug)]
enum Time {
    Header(Cow<'static, str>, TimeUnit),
    Pair(Cow<'static, str>, TimeUnit),
    Body(Cow<'static, str>, TimeUnit),
}

#[derive(Clone, Debug)]
enum At {
    Header(Cow<'static, str>),
    Body(Cow<'static, str>),
}

impl At {
    fn place(&self, names: &mut Names) -> Result<Place, ConfigError> {
        match self {
            Self::Header(name) => names.add(name).map(Place::Header),
            Self::Body(pointer) => Pointer::parse(pointer).map(Place::Body),
        }
    }
}

impl SchemeBuilder {
    fn new(sender: Cow<'static, str>, algorithm: Algorithm, signature: Option<Signature>) -> Self {
        Self {
            sender,
            algorithm,
            signature,
            signed: vec![Part::Body],
            timestamp: None,
            tolerance: Tolerance::default(),
            id: None,
            event_type: None,
            payload: None,
            key_form: KeyForm::AsGiven,
            rivals: Vec::new(),
        }
    }

    /// What the MAC runs over, in order.
    pub fn signs(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.signed = parts.into_iter().collect();
        self
    }

    /// The signed time stands in a header of its own.
    pub fn timestamp_header(mut self, name: impl Into<Cow<'static, str>>, unit: TimeUnit) -> Self {
        self.timestamp = Some(Time::Header(name.into(), unit));
        self
    }

    /// The signed time is a pair in the signature header; see [`Signature::pairs`].
    pub fn timestamp_pair(mut self, name: impl Into<Cow<'static, str>>, unit: TimeUnit) -> Self {
        self.timestamp = Some(Time::Pair(name.into(), unit));
        self
    }

    /// The signed time is a field of the body: RFC 3339 text, or a whole number in `unit`.
    ///
    /// A sender that repeats an event with its first time is refused once the tolerance is over.
    pub fn timestamp_field(
        mut self,
        pointer: impl Into<Cow<'static, str>>,
        unit: TimeUnit,
    ) -> Self {
        self.timestamp = Some(Time::Body(pointer.into(), unit));
        self
    }

    /// How far the signed time may lie from now; five minutes both ways unless set.
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The event's id stands in a header. Unless [`Part::Id`] is signed, it is for logs alone.
    pub fn id_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.id = Some(At::Header(name.into()));
        self
    }

    /// The event's id is a field of the body.
    pub fn id_field(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.id = Some(At::Body(pointer.into()));
        self
    }

    /// The event's type stands in a header.
    pub fn event_type_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.event_type = Some(At::Header(name.into()));
        self
    }

    /// The event's type is a field of the body.
    pub fn event_type_field(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.event_type = Some(At::Body(pointer.into()));
        self
    }

    /// The payload is one field of the body; the whole body unless set.
    pub fn payload_field(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.payload = Some(pointer.into());
        self
    }

    /// The key is the base64 decoding of the secret, after `prefix` where that stands in front.
    pub const fn base64_key(mut self, prefix: &'static str) -> Self {
        self.key_form = KeyForm::Base64 { prefix };
        self
    }

    /// Headers of another family: one of them in a request means that two families are mixed.
    pub fn rivals(mut self, names: impl IntoIterator<Item = impl Into<Cow<'static, str>>>) -> Self {
        self.rivals = names.into_iter().map(Into::into).collect();
        self
    }

    /// Checks that the parts go together.
    ///
    /// # Errors
    ///
    /// - [`ConfigErrorKind::InvalidHeaderName`] and [`ConfigErrorKind::InvalidPointer`] for a name
    ///   that cannot stand in a request.
    /// - [`ConfigErrorKind::InvalidScheme`] if the body is not signed exactly once, two parts of the
    ///   request touch without a literal between them (bytes could move from one to the other), or
    ///   a time is set up that the signature does not cover (it would be no replay protection).
    pub fn build(self) -> Result<Scheme, ConfigError> {
        if self.sender.is_empty() {
            return Err(invalid(
                "the sender has no name: give it one, it is part of every dedup key",
            ));
        }
        let mut names = Names::new();
        let mut signature =
            self.signature.as_ref().map(|at| SignatureAt::parse(at, &mut names)).transpose()?;
        let id = self.id.as_ref().map(|at| at.place(&mut names)).transpose()?;
        let event_type = self.event_type.as_ref().map(|at| at.place(&mut names)).transpose()?;
        let timestamp = match self.timestamp {
            None => None,
            Some(Time::Header(name, unit)) => Some(TimestampAt::Header(names.add(&name)?, unit)),
            Some(Time::Body(at, unit)) => Some(TimestampAt::Body(Pointer::parse(&at)?, unit)),
            Some(Time::Pair(name, unit)) => {
                let Some(Grammar::Pairs { signature, time }) =
                    signature.as_mut().map(|at| &mut at.grammar)
                else {
                    return Err(invalid("a timestamp pair needs a signature header made of pairs"));
                };
                if !is_word(&name) || *signature == name {
                    return Err(invalid(
                        "the timestamp pair needs a name of its own, letters and digits",
                    ));
                }
                *time = Some(name);
                Some(TimestampAt::Pair(unit))
            }
        };
        if self.algorithm == Algorithm::StaticToken
            && !matches!(&signature, Some(SignatureAt { grammar: Grammar::Whole { .. }, .. }))
        {
            return Err(invalid("a static token is its header's whole value: leave out the list"));
        }
        let signed = match self.algorithm {
            Algorithm::HmacSha256 => {
                signed_parts(&self.signed, id.as_ref(), timestamp.as_ref(), &mut names)?
            }
            Algorithm::StaticToken | Algorithm::Unauthenticated => Vec::new(),
        };
        let covered = match &timestamp {
            None => true,
            Some(TimestampAt::Body(..)) => !signed.is_empty(),
            Some(_) => signed.iter().any(|part| matches!(part, SignedPart::Timestamp)),
        };
        if !covered {
            return Err(invalid(
                "the time is not signed, so it protects from nothing: leave it out, or sign it",
            ));
        }
        Ok(Scheme {
            sender: self.sender,
            algorithm: self.algorithm,
            signature,
            signed,
            timestamp,
            tolerance: self.tolerance,
            id,
            event_type,
            payload: self.payload.as_deref().map(Pointer::parse).transpose()?,
            key_form: self.key_form,
            rivals: self.rivals.iter().map(|name| names.add(name)).collect::<Result<_, _>>()?,
            names,
        })
    }
}

impl SignatureAt {
    fn parse(signature: &Signature, names: &mut Names) -> Result<Self, ConfigError> {
        let sound = match &signature.grammar {
            Grammar::Whole { prefix } => is_printable(prefix.as_bytes()),
            Grammar::Versioned { version } => is_word(version),
            Grammar::Pairs { signature, .. } => is_word(signature),
        };
        if !sound {
            return Err(invalid(
                "the signature's prefix, version or name has characters that no header holds",
            ));
        }
        Ok(Self {
            header: names.add(&signature.header)?,
            encoding: signature.encoding,
            grammar: signature.grammar.clone(),
        })
    }
}

fn signed_parts(
    parts: &[Part],
    id: Option<&Place>,
    timestamp: Option<&TimestampAt>,
    names: &mut Names,
) -> Result<Vec<SignedPart>, ConfigError> {
    let mut signed = Vec::with_capacity(parts.len());
    for part in parts {
        signed.push(match part {
            Part::Literal(text) => SignedPart::Literal(text.clone()),
            Part::Header(name) => SignedPart::Header(names.add(name)?),
            Part::Body => SignedPart::Body,
            Part::Timestamp => match timestamp {
                Some(TimestampAt::Header(..) | TimestampAt::Pair(_)) => SignedPart::Timestamp,
                Some(TimestampAt::Body(..)) => {
                    return Err(invalid(
                        "the time in the body is signed with it: leave it out of the parts",
                    ));
                }
                None => return Err(invalid("the time is signed: say where it stands")),
            },
            Part::Id => match id {
                Some(Place::Header(name)) => SignedPart::Header(name.clone()),
                _ => return Err(invalid("the id is signed: say in which header it stands")),
            },
        });
    }
    if signed.iter().filter(|part| matches!(part, SignedPart::Body)).count() != 1 {
        return Err(invalid("the body must be signed exactly once"));
    }
    let literal = |part: &SignedPart| matches!(part, SignedPart::Literal(text) if !text.is_empty());
    let mut neighbours = signed.iter().zip(signed.iter().skip(1));
    if neighbours.any(|(left, right)| !literal(left) && !literal(right)) {
        return Err(invalid(
            "two signed parts touch, so bytes could move between them: put a literal between",
        ));
    }
    Ok(signed)
}

fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !text.is_empty() && text.bytes().all(plain)
}

fn invalid(message: &str) -> ConfigError {
    ConfigError::new(ConfigErrorKind::InvalidScheme, message)
}
