//! The checks that turn the settings of a builder into a scheme.

use std::borrow::Cow;

use super::builder::{TimestampSource, ValueSource};
use super::content::Content;
use super::part_rules::{invalid, signed_parts, signs_id_before_body, time_ends_id, touching};
use super::public_url::without_fragment;
use super::signed_fields::SignedField;
use super::{
    Algorithm, BodyFormat, CompiledLocation, CompiledSignature, CompiledTimestamp, EventTypes,
    Grammar, Part, Ports, PublicUrl, Scheme, SchemeBuilder, SignatureLocation, SignedPart,
};
use crate::body::BodyFormats;
use crate::error::ConfigError;
use crate::headers::{HeaderIndex, is_printable};
use crate::json::pointer::Pointer;

/// The longest id or type of an event in a header, in bytes.
pub(crate) const MAX_ID_BYTES: usize = 256;

impl SchemeBuilder {
    /// Checks that the settings are safe together, and returns the scheme.
    ///
    /// # Errors
    ///
    /// - [`InvalidHeaderName`](crate::ConfigErrorKind::InvalidHeaderName) or
    ///   [`InvalidPointer`](crate::ConfigErrorKind::InvalidPointer) if a header name or JSON pointer is
    ///   malformed.
    /// - [`InvalidScheme`](crate::ConfigErrorKind::InvalidScheme) if the settings contradict each other or
    ///   are unsafe:
    ///   - there is no body format, one with an empty name, or one other than JSON where fields of the
    ///     body are signed;
    ///   - the body is not signed exactly once;
    ///   - two values touch without a literal between them, so that bytes could move from one to the
    ///     other. A time may touch the body, or a value between it and the body; it must then have as
    ///     many digits as the present time. An id with an [`id_length`](Self::id_length) may touch
    ///     what follows it;
    ///   - [`allow_separator_in_id`](Self::allow_separator_in_id) is set, but no separated time follows
    ///     a signed id;
    ///   - the [method](Self::method) has no body, but the URL is not signed;
    ///   - a time is configured that the signature does not cover, which would not prevent replay;
    ///   - an event type is declared that is not in the sender's syntax, or although the event's type is
    ///     signed or not in a header.
    /// - [`MissingSetting`](crate::ConfigErrorKind::MissingSetting) if a URL is not absolute.
    pub fn build(self) -> Result<Scheme, ConfigError> {
        if self.sender.is_empty() {
            return Err(invalid(
                "the sender has no name: set one, since it is part of every dedup key",
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
        let (content, url) = (self.content()?, self.url()?);
        self.check_method(url.is_some() || matches!(content, Some(Content::UrlAndForm(_))))?;
        let timestamp = match &self.timestamp {
            Some(source) => Some(source.clone().compile(signature.as_mut(), &mut names)?),
            None => None,
        };
        if self.algorithm == Algorithm::StaticToken
            && !matches!(&signature, Some(CompiledSignature { grammar: Grammar::Whole { .. }, .. }))
        {
            return Err(invalid(
                "a static token is the whole value of its header: remove `versioned` or `pairs`",
            ));
        }
        let signed = match self.algorithm {
            Algorithm::StaticToken | Algorithm::Unauthenticated => Vec::new(),
            _ if content.is_some() => Vec::new(),
            _ => signed_parts(&self, id.as_ref(), timestamp.as_ref(), &mut names)?,
        };
        if self.allows_separator_in_id && !time_ends_id(&signed, timestamp.as_ref()) {
            return Err(invalid(
                "an id can only hold its separator if a literal, a time in digits and another literal are signed after it: remove `allow_separator_in_id`",
            ));
        }
        if self.id_length.is_some_and(|length| length == 0 || length > MAX_ID_BYTES)
            || self.id_length.is_some() && !signs_id_before_body(&signed)
        {
            return Err(invalid(
                "`id_length` must be 1 to 256 bytes, of an id that is signed before the body",
            ));
        }
        let event_types = match (&event_type, self.event_types) {
            (Some(CompiledLocation::Header(name)), declared) => {
                let is_this = |part: &SignedPart| matches!(part, SignedPart::Header(signed) if signed == name);
                Some(match signed.iter().any(is_this) {
                    false => EventTypes::unsigned(self.event_type_syntax.as_deref(), declared)?,
                    true if declared.is_none() => EventTypes::Signed,
                    true => return Err(undeclarable("signed")),
                })
            }
            (_, Some(_)) => return Err(undeclarable("not in a header")),
            (_, None) => None,
        };
        let has_fixed_width_time =
            self.allows_separator_in_id || touching(&signed).next().is_some();
        let covered = match &timestamp {
            None => true,
            Some(CompiledTimestamp::Body(..)) => !signed.is_empty(),
            Some(_) => signed.iter().any(|part| matches!(part, SignedPart::Timestamp)),
        };
        if !covered {
            return Err(invalid(
                "the time is not signed, so it cannot prevent replay: remove it, or add `Part::Timestamp` to the signed parts",
            ));
        }
        Ok(Scheme {
            sender: self.sender,
            algorithm: self.algorithm,
            signature,
            allows_separator_in_id: self.allows_separator_in_id,
            id_length: self.id_length,
            signs_id_header: signed.iter().any(|part| matches!(part, SignedPart::Id(_))),
            timestamp,
            tolerance: self.tolerance,
            id,
            event_type,
            other_event_types: self
                .other_event_types
                .iter()
                .map(|pointer| Pointer::parse(pointer))
                .collect::<Result<_, _>>()?,
            items: self.items.as_ref().map(|items| items.compile(content.is_none())).transpose()?,
            event_types,
            public_path: public_path(&self.signed),
            payload: self.payload.as_deref().map(Pointer::parse).transpose()?,
            body_formats: BodyFormats::new(self.body_formats.unwrap_or_else(|| match content {
                Some(Content::UrlAndForm(_)) => vec![BodyFormat::Form, BodyFormat::Json],
                _ => vec![BodyFormat::Json],
            }))?,
            key_form: self.key_form,
            required_headers: self
                .required_headers
                .iter()
                .map(|(name, value)| Ok((names.add(name)?, value.clone())))
                .collect::<Result<_, ConfigError>>()?,
            has_fixed_width_time,
            accepts_gzip: self.accepts_gzip,
            signed,
            content,
            url,
            method: self.method,
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
            if self.body_formats.iter().flatten().any(|format| *format != BodyFormat::Json) {
                return Err(invalid(
                    "the fields of a form cannot be signed one by one: remove the body formats other than JSON",
                ));
            }
            return Ok(Some(Content::Fields {
                fields: SignedField::parse_all(&body_signature.fields)?,
                signature: Pointer::parse(&body_signature.signature)?,
                encoding: body_signature.encoding,
            }));
        }
        match self.signed.as_slice() {
            [Part::UrlAndForm(url)] => {
                let url = self.with_method(PublicUrl::parse(url, Ports::Either)?);
                Ok(Some(Content::UrlAndForm(url)))
            }
            parts if parts.iter().any(|part| matches!(part, Part::UrlAndForm(_))) => {
                Err(invalid("`Part::UrlAndForm` must be the only signed part: remove the others"))
            }
            _ => Ok(None),
        }
    }
}

impl SchemeBuilder {
    /// Returns the only [`Part::Url`].
    fn url(&self) -> Result<Option<PublicUrl>, ConfigError> {
        let mut urls = self.signed.iter().filter_map(|part| match part {
            Part::Url(url) => Some(url),
            _ => None,
        });
        let url = urls.next().map(|url| PublicUrl::parse(url, Ports::Default)).transpose()?;
        if urls.next().is_some() {
            return Err(invalid("the URL is signed twice: remove one `Part::Url`"));
        }
        Ok(url.map(|url| self.with_method(url)))
    }

    fn with_method(&self, url: PublicUrl) -> PublicUrl {
        if self.delivers_without_body() { url.with_query_event() } else { url }
    }

    fn delivers_without_body(&self) -> bool {
        matches!(self.method, "GET" | "HEAD")
    }

    fn check_method(&self, signs_url: bool) -> Result<(), ConfigError> {
        let is_method = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
        };
        if !is_method(self.method) {
            return Err(invalid("the method must be in capitals, such as `GET`"));
        }
        if self.delivers_without_body() && !signs_url {
            return Err(invalid(
                "the signature does not cover the query of a request without a body: remove the method, or sign `Part::Url`",
            ));
        }
        Ok(())
    }
}

impl TimestampSource {
    /// Compiles the location, and adds the name of a pair to the grammar of `signature`.
    fn compile(
        self,
        signature: Option<&mut CompiledSignature>,
        names: &mut HeaderIndex,
    ) -> Result<CompiledTimestamp, ConfigError> {
        let (name, format) = match self {
            Self::Header(name, format) => {
                return Ok(CompiledTimestamp::Header(names.add(&name)?, format));
            }
            Self::Body(pointer, format) => {
                return Ok(CompiledTimestamp::Body(Pointer::parse(&pointer)?, format));
            }
            Self::Pair(name, format) => (name, format),
        };
        let Some(Grammar::Pairs { signature, time, .. }) = signature.map(|at| &mut at.grammar)
        else {
            return Err(invalid(
                "a timestamp pair needs a signature header with pairs: add `SignatureLocation::pairs`",
            ));
        };
        if !is_word(&name) || *signature == name {
            return Err(invalid(
                "the timestamp pair needs a name of its own: letters, digits, `-` and `_`",
            ));
        }
        *time = Some(name);
        Ok(CompiledTimestamp::Pair(format))
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
        let is_valid = match &signature.grammar {
            Grammar::Whole { prefix } => is_printable(prefix.as_bytes()),
            Grammar::Versioned { version } => is_word(version),
            Grammar::Pairs { signature, separator, .. } => {
                is_word(signature) && b",; |&".contains(separator)
            }
        };
        if !is_valid {
            return Err(invalid(
                "the signature's prefix, version or name has characters that cannot appear in a header",
            ));
        }
        let mut grammar = signature.grammar.clone();
        if signature.allows_white_space {
            match &mut grammar {
                Grammar::Pairs { separator: b' ', .. }
                | Grammar::Whole { .. }
                | Grammar::Versioned { .. } => {
                    return Err(invalid(
                        "white space can only surround pairs that another character separates: remove `allow_white_space`, or add `pairs`",
                    ));
                }
                Grammar::Pairs { allows_white_space, .. } => *allows_white_space = true,
            }
        }
        Ok(Self {
            header: names.add(&signature.header)?,
            second: signature.second.as_deref().map(|name| names.add(name)).transpose()?,
            encoding: signature.encoding,
            grammar,
        })
    }
}

/// Returns the path and the query of the signed URL.
fn public_path(parts: &[Part]) -> Option<Cow<'static, str>> {
    let url = parts.iter().find_map(|part| match part {
        Part::Url(url) | Part::UrlAndForm(url) => Some(url),
        _ => None,
    });
    let (_, rest) = without_fragment(url?).split_once("://")?;
    let path = rest.find(['/', '?']).and_then(|start| rest.get(start..)).unwrap_or("/");
    Some(Cow::Owned(path.to_owned()))
}

/// Returns whether `text` is a name or version that cannot be confused with a list's separators.
fn is_word(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !text.is_empty() && text.bytes().all(is_plain)
}

/// Rejects declared event types, which bound the types of an unsigned header alone.
fn undeclarable(reason: &str) -> ConfigError {
    invalid(&format!(
        "event types are declared, but the sender's event type is {reason}: remove `event_types`, which is for types in a header that the signature does not cover"
    ))
}
