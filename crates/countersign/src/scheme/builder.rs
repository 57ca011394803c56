//! Putting a scheme together, and checking that its parts do.

use std::borrow::Cow;

use super::{
    Algorithm, Field, Grammar, KeyForm, Part, Place, Scheme, SignatureAt, SignatureLocation,
    SignedPart, TimestampAt,
};
use crate::crypto::encoding::Encoding;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::headers::{HeaderIndex, is_printable};
use crate::json::pointer::Pointer;
use crate::scheme::content::{Content, FieldKind, PublicUrl, SignedField};
use crate::time::{TimestampFormat, Tolerance};

/// Puts a [`Scheme`] together; nothing is checked before [`build`](Self::build).
#[derive(Clone, Debug)]
#[must_use]
pub struct SchemeBuilder {
    sender: Cow<'static, str>,
    algorithm: Algorithm,
    signature: Option<SignatureLocation>,
    signed: Vec<Part>,
    timestamp: Option<Time>,
    tolerance: Tolerance,
    id: Option<At>,
    event_type: Option<At>,
    payload: Option<Cow<'static, str>>,
    key_form: KeyForm,
    conflicting_headers: Vec<Cow<'static, str>>,
    fixed: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    fields: Option<Fields>,
}

#[derive(Clone, Debug)]
struct Fields {
    signature: Cow<'static, str>,
    encoding: Encoding,
    list: Vec<Field>,
}

#[derive(Clone, Debug)]
enum Time {
    Header(Cow<'static, str>, TimestampFormat),
    Pair(Cow<'static, str>, TimestampFormat),
    Body(Cow<'static, str>, TimestampFormat),
}

#[derive(Clone, Debug)]
enum At {
    Header(Cow<'static, str>),
    Body(Cow<'static, str>),
}

impl At {
    fn place(&self, names: &mut HeaderIndex) -> Result<Place, ConfigError> {
        match self {
            Self::Header(name) => names.add(name).map(Place::Header),
            Self::Body(pointer) => Pointer::parse(pointer).map(Place::Body),
        }
    }
}

impl SchemeBuilder {
    pub(super) fn new(
        sender: Cow<'static, str>,
        algorithm: Algorithm,
        signature: Option<SignatureLocation>,
    ) -> Self {
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
            conflicting_headers: Vec::new(),
            fixed: Vec::new(),
            fields: None,
        }
    }

    pub(super) fn signs_fields(
        mut self,
        signature: Cow<'static, str>,
        encoding: Encoding,
        list: Vec<Field>,
    ) -> Self {
        self.fields = Some(Fields { signature, encoding, list });
        self
    }

    /// What the MAC runs over, in order.
    pub fn signs(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.signed = parts.into_iter().collect();
        self
    }

    /// The signed time stands in a header of its own.
    pub fn timestamp_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        unit: TimestampFormat,
    ) -> Self {
        self.timestamp = Some(Time::Header(name.into(), unit));
        self
    }

    /// The signed time is a pair in the signature header; see [`SignatureLocation::pairs`].
    pub fn timestamp_pair(
        mut self,
        name: impl Into<Cow<'static, str>>,
        unit: TimestampFormat,
    ) -> Self {
        self.timestamp = Some(Time::Pair(name.into(), unit));
        self
    }

    /// The signed time is a field of the body: RFC 3339 text, or a whole number in `unit`.
    ///
    /// A sender that repeats an event with its first time is rejected once the tolerance is over.
    pub fn timestamp_field(
        mut self,
        pointer: impl Into<Cow<'static, str>>,
        unit: TimestampFormat,
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

    /// The key is the secret read as hexadecimal.
    pub const fn hex_key(mut self) -> Self {
        self.key_form = KeyForm::Hex;
        self
    }

    /// A header that must have this value, such as the version of the sender's scheme.
    pub fn require_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.fixed.push((name.into(), value.into()));
        self
    }

    /// Headers of another family: one of them in a request means that two families are mixed.
    pub fn conflicting_headers(
        mut self,
        names: impl IntoIterator<Item = impl Into<Cow<'static, str>>>,
    ) -> Self {
        self.conflicting_headers = names.into_iter().map(Into::into).collect();
        self
    }

    /// Checks that the parts go together.
    ///
    /// # Errors
    ///
    /// - [`ConfigErrorKind::InvalidHeaderName`] and [`ConfigErrorKind::InvalidPointer`] for a name
    ///   that cannot stand in a request.
    /// - [`ConfigErrorKind::InvalidScheme`] if the body is not signed exactly once, two parts of the
    ///   request touch without a literal between them (bytes could move from one to the other, unless
    ///   one is a time, which then must be as wide as times are now), or a time is set up that the
    ///   signature does not cover (it would be no replay protection).
    /// - [`ConfigErrorKind::MissingSetting`] for a URL that is not absolute.
    pub fn build(self) -> Result<Scheme, ConfigError> {
        if self.sender.is_empty() {
            return Err(invalid(
                "the sender has no name: give it one, it is part of every dedup key",
            ));
        }
        let mut names = HeaderIndex::new();
        let mut signature =
            self.signature.as_ref().map(|at| SignatureAt::parse(at, &mut names)).transpose()?;
        let id = self.id.as_ref().map(|at| at.place(&mut names)).transpose()?;
        let event_type = self.event_type.as_ref().map(|at| at.place(&mut names)).transpose()?;
        let content = self.content()?;
        let timestamp = match self.timestamp {
            None => None,
            Some(Time::Header(name, unit)) => Some(TimestampAt::Header(names.add(&name)?, unit)),
            Some(Time::Body(at, unit)) => Some(TimestampAt::Body(Pointer::parse(&at)?, unit)),
            Some(Time::Pair(name, unit)) => {
                let Some(Grammar::Pairs { signature, time, .. }) =
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
            Algorithm::StaticToken | Algorithm::Unauthenticated => Vec::new(),
            _ if content.is_some() => Vec::new(),
            _ => signed_parts(&self.signed, id.as_ref(), timestamp.as_ref(), &mut names)?,
        };
        let has_fixed_width_time = touching(&signed).next().is_some();
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
            signs_id_header: signed.iter().any(|part| matches!(part, SignedPart::Id(_))),
            timestamp,
            tolerance: self.tolerance,
            id,
            event_type,
            payload: self.payload.as_deref().map(Pointer::parse).transpose()?,
            key_form: self.key_form,
            fixed: self
                .fixed
                .iter()
                .map(|(name, value)| Ok((names.add(name)?, value.clone())))
                .collect::<Result<_, ConfigError>>()?,
            has_fixed_width_time,
            signed,
            content,
            conflicting_headers: self
                .conflicting_headers
                .iter()
                .map(|name| names.add(name))
                .collect::<Result<_, _>>()?,
            names,
        })
    }

    fn content(&self) -> Result<Option<Content>, ConfigError> {
        if let Some(fields) = &self.fields {
            let pointer = |field: &Field| {
                Ok(SignedField { pointer: Pointer::parse(&field.pointer)?, kind: field.kind })
            };
            let list: Vec<_> =
                fields.list.iter().map(pointer).collect::<Result<_, ConfigError>>()?;
            let count = |kind| list.iter().filter(|field| field.kind == kind).count();
            if count(FieldKind::Plain) + count(FieldKind::Free) == 0 || count(FieldKind::Free) > 1 {
                return Err(invalid(
                    "of the signed fields one at most may hold any text, and there must be some",
                ));
            }
            return Ok(Some(Content::Fields {
                fields: list,
                signature: Pointer::parse(&fields.signature)?,
                encoding: fields.encoding,
            }));
        }
        match self.signed.as_slice() {
            [Part::UrlAndForm(url)] => PublicUrl::parse(url).map(Content::UrlAndForm).map(Some),
            parts if parts.iter().any(|part| matches!(part, Part::UrlAndForm(_))) => {
                Err(invalid("the URL with the form is signed alone: leave out the other parts"))
            }
            _ => Ok(None),
        }
    }
}

impl SignatureAt {
    fn parse(signature: &SignatureLocation, names: &mut HeaderIndex) -> Result<Self, ConfigError> {
        let sound = match &signature.grammar {
            Grammar::Whole { prefix } => is_printable(prefix.as_bytes()),
            Grammar::Versioned { version } => is_word(version),
            Grammar::Pairs { signature, separator, .. } => {
                is_word(signature) && b",; |&".contains(separator)
            }
        };
        if !sound {
            return Err(invalid(
                "the signature's prefix, version or name has characters that no header holds",
            ));
        }
        Ok(Self {
            header: names.add(&signature.header)?,
            second: signature.second.as_deref().map(|name| names.add(name)).transpose()?,
            encoding: signature.encoding,
            grammar: signature.grammar.clone(),
        })
    }
}

fn signed_parts(
    parts: &[Part],
    id: Option<&Place>,
    timestamp: Option<&TimestampAt>,
    names: &mut HeaderIndex,
) -> Result<Vec<SignedPart>, ConfigError> {
    let mut signed = Vec::with_capacity(parts.len());
    for part in parts {
        signed.push(match part {
            Part::Literal(text) => SignedPart::Literal(text.clone()),
            Part::Header(name) => match (names.add(name)?, id) {
                (name, Some(Place::Header(id))) if name == *id => SignedPart::Id(name),
                (name, _) => SignedPart::Header(name),
            },
            Part::Body | Part::UrlAndForm(_) => SignedPart::Body,
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
                Some(Place::Header(name)) => SignedPart::Id(name.clone()),
                _ => return Err(invalid("the id is signed: say in which header it stands")),
            },
        });
    }
    if signed.iter().filter(|part| matches!(part, SignedPart::Body)).count() != 1 {
        return Err(invalid("the body must be signed exactly once"));
    }
    // A time that is as wide as times are now shows where it begins and ends.
    let is_time = |part: &SignedPart| matches!(part, SignedPart::Timestamp);
    if touching(&signed).any(|(left, right)| is_time(left) == is_time(right)) {
        return Err(invalid(
            "two signed parts touch, so bytes could move between them: put a literal between",
        ));
    }
    Ok(signed)
}

/// The signed parts that have no literal between them.
fn touching(signed: &[SignedPart]) -> impl Iterator<Item = (&SignedPart, &SignedPart)> {
    let literal = |part: &SignedPart| matches!(part, SignedPart::Literal(text) if !text.is_empty());
    let neighbours = signed.iter().zip(signed.iter().skip(1));
    neighbours.filter(move |(left, right)| !literal(left) && !literal(right))
}

fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !text.is_empty() && text.bytes().all(plain)
}

fn invalid(message: &str) -> ConfigError {
    ConfigError::new(ConfigErrorKind::InvalidScheme, message)
}
