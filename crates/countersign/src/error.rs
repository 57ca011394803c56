//! The two moments at which something can be wrong: start-up and a request.
//!
//! Both errors are opaque and have a `Copy` kind. Their text is for the operator: it names the
//! place and the next step, and never holds a secret, a signature or a piece of the body.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Why a request was rejected.
///
/// The sender is told [`status`](Self::status) and nothing else. The text is for the operator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejection {
    kind: RejectionKind,
    location: Option<Arc<str>>,
    detail: Cow<'static, str>,
}

impl Rejection {
    pub(crate) const fn new(kind: RejectionKind) -> Self {
        Self { kind, location: None, detail: Cow::Borrowed("") }
    }

    pub(crate) fn with_location(mut self, location: &Arc<str>) -> Self {
        self.location = Some(Arc::clone(location));
        self
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// A rejection that an adapter makes itself: the method, the body's transport.
    ///
    /// `detail` goes into the operator's text as it is: put nothing of the request into it.
    #[must_use]
    pub const fn from_adapter(kind: RejectionKind, detail: &'static str) -> Self {
        Self { kind, location: None, detail: Cow::Borrowed(detail) }
    }

    /// What was wrong, to match on.
    #[must_use]
    pub const fn kind(&self) -> RejectionKind {
        self.kind
    }

    /// The HTTP status that answers it.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.kind.status()
    }

    /// The header or JSON pointer that it is about, where there is one.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = self.location().unwrap_or("?");
        match self.kind {
            RejectionKind::MethodNotAllowed if self.detail.is_empty() => {
                f.write_str("method is not POST: have the sender deliver with POST")?;
            }
            RejectionKind::MethodNotAllowed => f.write_str("method is not POST")?,
            RejectionKind::MissingHeader => write!(
                f,
                "header `{location}` is missing: check its name in the sender's settings and that no proxy drops it"
            )?,
            RejectionKind::DuplicateHeader => write!(
                f,
                "header `{location}` stands more than once: look for a proxy that adds it again"
            )?,
            RejectionKind::MalformedHeader => write!(f, "header `{location}` is malformed")?,
            RejectionKind::MixedHeaderFamilies => write!(
                f,
                "header `{location}` is of another family than this sender's: one request carries one family"
            )?,
            RejectionKind::UnsupportedEncoding => f.write_str(
                "`content-encoding` is not identity: have the sender deliver uncompressed bodies",
            )?,
            RejectionKind::BodyTooLarge => {
                f.write_str("body is over the cap: raise `max_body_size` if the sender's bodies are this large")?;
            }
            RejectionKind::BodyTimeout => f.write_str("body did not arrive in time")?,
            RejectionKind::BodyInterrupted => f.write_str("body broke off before its end")?,
            RejectionKind::BodyAltered => f.write_str(
                "body is not as long as `content-length` says: a layer in front has read or changed it; put this layer before any that touches the body",
            )?,
            RejectionKind::StaleTimestamp => write!(
                f,
                "time in `{location}` is older than the tolerance: a replay, a late retry, or a clock that is ahead"
            )?,
            RejectionKind::FutureTimestamp => write!(
                f,
                "time in `{location}` is further ahead than the tolerance: check this machine's clock"
            )?,
            RejectionKind::MissingTimestamp => {
                write!(f, "the signed body has no readable time at `{location}`")?;
            }
            RejectionKind::MissingSignature => {
                write!(f, "the body has no readable signature at `{location}`")?;
            }
            RejectionKind::NoCandidate => write!(
                f,
                "header `{location}` holds no signature of the version this sender is set up with"
            )?,
            RejectionKind::KeysUnavailable => {
                f.write_str("the tenant's keys cannot be had now: check what resolves them")?;
            }
            RejectionKind::UnknownKey => {
                f.write_str("no key is valid at this time: check the key ring's not-before and not-after")?;
            }
            RejectionKind::SignatureMismatch => f.write_str(
                "credential does not match: check the secret, and that nothing in front changes the body or the signed headers",
            )?,
            RejectionKind::Undecodable => f.write_str("body is authentic but does not fit the type")?,
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejection {}

/// What was wrong with a request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RejectionKind {
    /// The method is not `POST`. Status 405.
    MethodNotAllowed,
    /// A header that carries the credential, or is signed, is not there or empty. Status 401.
    MissingHeader,
    /// A security header stands more than once. Status 400.
    DuplicateHeader,
    /// A security header does not follow its grammar. Status 400.
    MalformedHeader,
    /// Headers of two families in one request, such as `svix-id` beside `webhook-id`. Status 400.
    MixedHeaderFamilies,
    /// The body is compressed. Status 415.
    UnsupportedEncoding,
    /// The body, or the length it announces, is over the cap. Status 413.
    BodyTooLarge,
    /// The body took too long to arrive. Status 408.
    BodyTimeout,
    /// The body ended in a transport error. Status 400.
    BodyInterrupted,
    /// The body's length is not the announced one, so something on this side changed it. Status 500.
    BodyAltered,
    /// The signed time is too old. Status 401.
    StaleTimestamp,
    /// The signed time is too far ahead. Status 401.
    FutureTimestamp,
    /// The signed body lacks the time that freshness is set up on. Status 401.
    MissingTimestamp,
    /// The body lacks the signature that the sender puts into it. Status 401.
    MissingSignature,
    /// The signature header is readable and holds nothing for the configured version. Status 401.
    NoCandidate,
    /// What resolves a tenant's keys failed. Status 503.
    KeysUnavailable,
    /// No configured key is valid now. Status 401.
    UnknownKey,
    /// No key and signature go together. Status 401.
    SignatureMismatch,
    /// Verified, but the body does not fit the handler's type. Status 422.
    Undecodable,
}

impl RejectionKind {
    /// The HTTP status that answers it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::MethodNotAllowed => 405,
            Self::DuplicateHeader
            | Self::MalformedHeader
            | Self::MixedHeaderFamilies
            | Self::BodyInterrupted => 400,
            Self::MissingHeader
            | Self::StaleTimestamp
            | Self::FutureTimestamp
            | Self::MissingTimestamp
            | Self::MissingSignature
            | Self::NoCandidate
            | Self::UnknownKey
            | Self::SignatureMismatch => 401,
            Self::BodyTimeout => 408,
            Self::BodyTooLarge => 413,
            Self::UnsupportedEncoding => 415,
            Self::Undecodable => 422,
            Self::BodyAltered => 500,
            Self::KeysUnavailable => 503,
        }
    }

    /// A short fixed name, for metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MethodNotAllowed => "method_not_allowed",
            Self::MissingHeader => "missing_header",
            Self::DuplicateHeader => "duplicate_header",
            Self::MalformedHeader => "malformed_header",
            Self::MixedHeaderFamilies => "mixed_header_families",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::BodyInterrupted => "body_interrupted",
            Self::BodyAltered => "body_altered",
            Self::StaleTimestamp => "stale_timestamp",
            Self::FutureTimestamp => "future_timestamp",
            Self::MissingTimestamp => "missing_timestamp",
            Self::MissingSignature => "missing_signature",
            Self::NoCandidate => "no_candidate",
            Self::KeysUnavailable => "keys_unavailable",
            Self::UnknownKey => "unknown_key",
            Self::SignatureMismatch => "signature_mismatch",
            Self::Undecodable => "undecodable",
        }
    }
}

/// Why a configuration is not usable.
///
/// It holds every problem that one validation found; the text names each setting and what to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigError {
    first: Problem,
    others: Vec<Problem>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Problem {
    kind: ConfigErrorKind,
    message: Box<str>,
}

impl ConfigError {
    pub(crate) fn new(kind: ConfigErrorKind, message: impl Into<Box<str>>) -> Self {
        Self { first: Problem { kind, message: message.into() }, others: Vec::new() }
    }

    /// Returns the kind of the first problem.
    #[must_use]
    pub const fn kind(&self) -> ConfigErrorKind {
        self.first.kind
    }

    /// Returns the kind of every problem, in the order of the text.
    pub fn kinds(&self) -> impl Iterator<Item = ConfigErrorKind> {
        std::iter::once(&self.first).chain(&self.others).map(|problem| problem.kind)
    }
}

/// The problems' messages, separated by `; `.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.message)?;
        self.others.iter().try_for_each(|problem| write!(f, "; {}", problem.message))
    }
}

impl std::error::Error for ConfigError {}

/// Collects the problems of a configuration, so that one error names them all.
#[derive(Default)]
pub(crate) struct Validation(Option<ConfigError>);

impl Validation {
    /// Records a problem.
    pub(crate) fn reject(&mut self, kind: ConfigErrorKind, message: impl Into<Box<str>>) {
        self.merge(ConfigError::new(kind, message));
    }

    /// Records a problem if `duration` is zero.
    pub(crate) fn positive(&mut self, setting: &str, duration: Duration) {
        if duration.is_zero() {
            self.reject(
                ConfigErrorKind::OutOfRange,
                format!("`{setting}` is zero: set it to a duration above zero"),
            );
        }
    }

    /// Returns the value of `result`, or records its problems.
    pub(crate) fn check<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        result.map_err(|error| self.merge(error)).ok()
    }

    /// Returns `value`, or the problems. There is a value unless there is a problem.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        match (self.0, value) {
            (None, Some(value)) => Ok(value),
            (Some(error), _) => Err(error),
            (None, None) => {
                Err(ConfigError::new(ConfigErrorKind::MissingSetting, "a setting is missing"))
            }
        }
    }

    fn merge(&mut self, error: ConfigError) {
        match &mut self.0 {
            None => self.0 = Some(error),
            Some(found) => {
                found.others.push(error.first);
                found.others.extend(error.others);
            }
        }
    }
}

/// What was wrong with a set-up.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// A secret is empty, or nothing but white space.
    EmptySecret,
    /// A secret is not in the form that the scheme needs.
    InvalidSecret,
    /// An environment variable or file with a secret cannot be read.
    UnreadableSecret,
    /// A key ring has no key, too many, two of one name, or a window that never opens.
    InvalidKeyring,
    /// A setting without a default was not given.
    MissingSetting,
    /// A header's name is not one.
    InvalidHeaderName,
    /// A JSON pointer does not follow RFC 6901.
    InvalidPointer,
    /// A scheme's parts do not go together.
    InvalidScheme,
    /// Events would be forgotten while the sender may still repeat them.
    RetentionTooShort,
    /// A limit or time span is zero or otherwise out of its range.
    OutOfRange,
}

impl ConfigErrorKind {
    /// Returns a fixed name in snake case, for logs and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmptySecret => "empty_secret",
            Self::InvalidSecret => "invalid_secret",
            Self::UnreadableSecret => "unreadable_secret",
            Self::InvalidKeyring => "invalid_keyring",
            Self::MissingSetting => "missing_setting",
            Self::InvalidHeaderName => "invalid_header_name",
            Self::InvalidPointer => "invalid_pointer",
            Self::InvalidScheme => "invalid_scheme",
            Self::RetentionTooShort => "retention_too_short",
            Self::OutOfRange => "out_of_range",
        }
    }
}
