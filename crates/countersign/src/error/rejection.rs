//! Why a request was rejected.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use super::RejectionKind;

/// The `Retry-After` of a 503 whose cause does not say when it ends, in seconds.
pub(crate) const RETRY_AFTER: u64 = 5;

/// Why a request was rejected.
///
/// The sender gets the [`status`](Self::status) and no reason. The text is for the operator: it names
/// the header or JSON pointer at fault and the next step, and never holds a secret, a signature or a
/// piece of the body. Adapters report it as [the guide] describes.
///
/// ```
/// use countersign::{Receiver, RejectionKind, Secret, StandardWebhooks, Timestamp};
///
/// let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let receiver = Receiver::builder(StandardWebhooks::new(secret)?).build()?;
///
/// let no_headers: [(&str, &str); 0] = [];
/// let rejection = receiver.verify(&no_headers, "{}", Timestamp::from_secs(0)).unwrap_err();
/// assert_eq!(rejection.kind(), RejectionKind::MissingHeader);
/// assert_eq!(rejection.location(), Some("webhook-signature"));
/// assert_eq!(rejection.status(), 401);
/// assert_eq!(
///     rejection.to_string(),
///     "header `webhook-signature` is missing: check its name in the sender's settings, and that no proxy drops it",
/// );
/// # Ok::<(), countersign::ConfigError>(())
/// ```
///
/// [the guide]: https://github.com/countersign/countersign/blob/main/docs/observability.md
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejection {
    kind: RejectionKind,
    location: Option<Arc<str>>,
    detail: Cow<'static, str>,
    /// The method that is allowed, where another was used.
    allowed_method: &'static str,
}

impl Rejection {
    pub(crate) const fn new(kind: RejectionKind) -> Self {
        Self { kind, location: None, detail: Cow::Borrowed(""), allowed_method: "POST" }
    }

    /// Creates the rejection of a method other than `allowed`.
    pub(crate) fn method_not_allowed(allowed: &'static str) -> Self {
        Self { allowed_method: allowed, ..Self::new(RejectionKind::MethodNotAllowed) }
    }

    /// Returns the method that is allowed, for a rejection of the method.
    pub(crate) const fn allowed_method(&self) -> &'static str {
        self.allowed_method
    }

    pub(crate) fn with_location(mut self, location: &Arc<str>) -> Self {
        self.location = Some(Arc::clone(location));
        self
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Creates the rejection of a verified body that does not fit the handler's type, for
    /// implementations of [`FromDelivery`](crate::FromDelivery).
    ///
    /// `detail` says how the body does not fit, and becomes part of the operator's text. It must not
    /// quote the body, so it is a fixed text.
    ///
    /// ```
    /// use countersign::{Rejection, RejectionKind};
    ///
    /// let rejection = Rejection::undecodable("the form has no field `From`");
    /// assert_eq!(rejection.kind(), RejectionKind::Undecodable);
    /// assert_eq!(
    ///     rejection.to_string(),
    ///     "body is authentic but does not fit the type: the form has no field `From`",
    /// );
    /// ```
    #[must_use]
    pub const fn undecodable(detail: &'static str) -> Self {
        Self {
            kind: RejectionKind::Undecodable,
            location: None,
            detail: Cow::Borrowed(detail),
            allowed_method: "POST",
        }
    }

    /// Returns the kind of the rejection.
    #[must_use]
    pub const fn kind(&self) -> RejectionKind {
        self.kind
    }

    /// Returns the HTTP status of the response.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.kind.status()
    }

    /// Returns the value of the response's `Retry-After` header, in seconds: 5 where the status is 503.
    ///
    /// ```
    /// use countersign::{RejectionKind, adapter};
    ///
    /// let rejection = adapter::rejection(RejectionKind::KeysUnavailable, "");
    /// assert_eq!((rejection.status(), rejection.retry_after()), (503, Some(5)));
    /// ```
    #[must_use]
    pub const fn retry_after(&self) -> Option<u64> {
        match self.status() {
            503 => Some(RETRY_AFTER),
            _ => None,
        }
    }

    /// Returns the header or JSON pointer at fault, where there is one.
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
                let allowed = self.allowed_method;
                write!(f, "method is not {allowed}: have the sender deliver with {allowed}")?;
            }
            RejectionKind::MethodNotAllowed => write!(f, "method is not {}", self.allowed_method)?,
            RejectionKind::MissingHeader => write!(
                f,
                "header `{location}` is missing: check its name in the sender's settings, and that no proxy drops it"
            )?,
            RejectionKind::DuplicateHeader => write!(
                f,
                "header `{location}` appears more than once: look for a proxy that adds it again"
            )?,
            RejectionKind::MalformedHeader => write!(f, "header `{location}` is malformed")?,
            RejectionKind::MixedHeaderFamilies => write!(
                f,
                "header `{location}` belongs to a different scheme (e.g. `svix-*` vs `webhook-*`); send only one"
            )?,
            RejectionKind::UnsupportedEncoding => f.write_str(
                "`content-encoding` names a compression, or appears twice: have the sender deliver uncompressed bodies",
            )?,
            RejectionKind::MalformedEncoding => f.write_str(
                "body is not what `content-encoding: gzip` announces: look for a proxy that compresses or changes it",
            )?,
            RejectionKind::BodyTooLarge if self.detail.is_empty() => f.write_str(
                "body exceeds the limit: raise `max_body_size` if the sender's bodies are this large",
            )?,
            RejectionKind::BodyTooLarge => f.write_str("body exceeds the limit")?,
            RejectionKind::BodyTimeout => f.write_str("body did not arrive within the timeout")?,
            RejectionKind::BodyInterrupted => {
                f.write_str(
                    "body is incomplete: the connection failed before its end, or a layer in front of this one ended it, such as one with a timeout",
                )?;
            }
            RejectionKind::BodyAltered => f.write_str(
                "body does not have the length that `content-length` announces: another layer has read or changed it; put this layer before any that reads the body",
            )?,
            RejectionKind::StaleTimestamp => write!(
                f,
                "time in `{location}` is older than the tolerance: a replay, a late retry, or a clock that is ahead"
            )?,
            RejectionKind::FutureTimestamp => write!(
                f,
                "time in `{location}` is further ahead than the tolerance: check this machine's clock"
            )?,
            RejectionKind::MissingTimestamp => write!(
                f,
                "the signed body has no readable time at `{location}`: check the JSON pointer and the timestamp format"
            )?,
            RejectionKind::MissingSignature => write!(
                f,
                "the body has no readable signature at `{location}`: check that signing is enabled in the sender's settings"
            )?,
            RejectionKind::NoCandidate => write!(
                f,
                "header `{location}` holds no signature of the configured version: check which version the sender signs with"
            )?,
            RejectionKind::UnexpectedHeaderValue => write!(
                f,
                "header `{location}` does not have the value that the scheme requires: check that the sender signs with this version of the scheme"
            )?,
            RejectionKind::KeysUnavailable => {
                f.write_str("keys are unavailable")?;
            }
            RejectionKind::HandshakeRejected => f.write_str("handshake is not answered")?,
            RejectionKind::UnknownKey => f.write_str(
                "no key is valid at this time: check `not_before` and `not_after` of the keys",
            )?,
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

/// For bodies that cannot fail.
impl From<Infallible> for Rejection {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
