//! The checks by which a builder's parts become a scheme.

use super::builder::{TimestampSource, ValueSource};
use super::content::Content;
use super::signed_fields::{FieldKind, SignedField};
use super::{
    Algorithm, CompiledLocation, CompiledSignature, CompiledTimestamp, Field, Grammar, Part,
    PublicUrl, Scheme, SchemeBuilder, SignatureLocation, SignedPart,
};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::headers::{HeaderIndex, is_printable};
use crate::json::pointer::Pointer;

impl SchemeBuilder {
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
        let mut signature = self
            .signature
            .as_ref()
            .map(|location| CompiledSignature::parse(location, &mut names))
            .transpose()?;
        let id = self.id.as_ref().map(|source| source.compile(&mut names)).transpose()?;
        let event_type =
            self.event_type.as_ref().map(|source| source.compile(&mut names)).transpose()?;
        let content = self.content()?;
        let timestamp = match self.timestamp {
            None => None,
            Some(TimestampSource::Header(name, unit)) => {
                Some(CompiledTimestamp::Header(names.add(&name)?, unit))
            }
            Some(TimestampSource::Body(at, unit)) => {
                Some(CompiledTimestamp::Body(Pointer::parse(&at)?, unit))
            }
            Some(TimestampSource::Pair(name, unit)) => {
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
                Some(CompiledTimestamp::Pair(unit))
            }
        };
        if self.algorithm == Algorithm::StaticToken
            && !matches!(&signature, Some(CompiledSignature { grammar: Grammar::Whole { .. }, .. }))
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
            Some(CompiledTimestamp::Body(..)) => !signed.is_empty(),
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
            required_headers: self
                .required_headers
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
        if let Some(body_signature) = &self.body_signature {
            let pointer = |field: &Field| {
                Ok(SignedField { pointer: Pointer::parse(&field.pointer)?, kind: field.kind })
            };
            let list: Vec<_> =
                body_signature.fields.iter().map(pointer).collect::<Result<_, ConfigError>>()?;
            let count = |kind| list.iter().filter(|field| field.kind == kind).count();
            if count(FieldKind::Plain) + count(FieldKind::Free) == 0 || count(FieldKind::Free) > 1 {
                return Err(invalid(
                    "of the signed fields one at most may hold any text, and there must be some",
                ));
            }
            return Ok(Some(Content::Fields {
                fields: list,
                signature: Pointer::parse(&body_signature.signature)?,
                encoding: body_signature.encoding,
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

impl ValueSource {
    fn compile(&self, names: &mut HeaderIndex) -> Result<CompiledLocation, ConfigError> {
        match self {
            Self::Header(name) => names.add(name).map(CompiledLocation::Header),
            Self::Body(pointer) => Pointer::parse(pointer).map(CompiledLocation::Body),
        }
    }
}

impl CompiledSignature {
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
    id: Option<&CompiledLocation>,
    timestamp: Option<&CompiledTimestamp>,
    names: &mut HeaderIndex,
) -> Result<Vec<SignedPart>, ConfigError> {
    let mut signed = Vec::with_capacity(parts.len());
    for part in parts {
        signed.push(match part {
            Part::Literal(text) => SignedPart::Literal(text.clone()),
            Part::Header(name) => match (names.add(name)?, id) {
                (name, Some(CompiledLocation::Header(id))) if name == *id => SignedPart::Id(name),
                (name, _) => SignedPart::Header(name),
            },
            Part::Body | Part::UrlAndForm(_) => SignedPart::Body,
            Part::Timestamp => match timestamp {
                Some(CompiledTimestamp::Header(..) | CompiledTimestamp::Pair(_)) => {
                    SignedPart::Timestamp
                }
                Some(CompiledTimestamp::Body(..)) => {
                    return Err(invalid(
                        "the time in the body is signed with it: leave it out of the parts",
                    ));
                }
                None => return Err(invalid("the time is signed: say where it stands")),
            },
            Part::Id => match id {
                Some(CompiledLocation::Header(name)) => SignedPart::Id(name.clone()),
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
