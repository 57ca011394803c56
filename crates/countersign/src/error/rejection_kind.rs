//! The kinds of rejection, and the status of each.

/// The kind of a [`Rejection`](crate::Rejection).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RejectionKind {
    /// The method is not the one by which the sender delivers, which is `POST` for nearly all. Status 405.
    MethodNotAllowed,
    /// A header that carries the credential, or is signed, is missing or empty. Status 401.
    MissingHeader,
    /// A security header appears more than once. Status 400.
    DuplicateHeader,
    /// A security header does not follow its grammar. Status 400.
    MalformedHeader,
    /// The request mixes headers of two schemes, such as `svix-id` and `webhook-id`. Status 400.
    MixedHeaderFamilies,
    /// The body is compressed. Status 415.
    UnsupportedEncoding,
    /// The body is sent as gzip, which the scheme accepts, and is not one whole gzip stream. Status 400.
    MalformedEncoding,
    /// The body, or its announced length, exceeds the largest accepted body. Status 413.
    BodyTooLarge,
    /// The body took too long to arrive. Status 408.
    BodyTimeout,
    /// The connection failed before the end of the body, or a layer in front ended it. Status 400.
    BodyInterrupted,
    /// The body does not have its announced length, so a layer on this side changed it. Status 500.
    BodyAltered,
    /// The signed time is too old. Status 401.
    StaleTimestamp,
    /// The signed time is too far ahead. Status 401.
    FutureTimestamp,
    /// The signed body lacks the configured timestamp. Status 401.
    MissingTimestamp,
    /// The body lacks the signature that the sender puts there. Status 401.
    MissingSignature,
    /// The signature header is well-formed, but holds no signature of the configured version. Status
    /// 401.
    NoCandidate,
    /// A header does not have the value that the scheme requires, see
    /// [`SchemeBuilder::require_header`](crate::scheme::SchemeBuilder::require_header). Status 401.
    UnexpectedHeaderValue,
    /// The resolver of a tenant's keys failed, or the secret is still to come in the sender's handshake.
    /// Status 503.
    KeysUnavailable,
    /// The request is the sender's handshake, and the settings do not allow a response, or its challenge does
    /// not fit one. Status 403.
    HandshakeRejected,
    /// No configured key is valid at the time of receipt. Status 401.
    UnknownKey,
    /// No key made any of the signatures, or is the token. Status 401.
    SignatureMismatch,
    /// The body is verified, but does not fit the handler's type. Status 422.
    Undecodable,
}

impl RejectionKind {
    /// Returns the HTTP status of the response.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::MethodNotAllowed => 405,
            Self::DuplicateHeader
            | Self::MalformedHeader
            | Self::MixedHeaderFamilies
            | Self::MalformedEncoding
            | Self::BodyInterrupted => 400,
            Self::MissingHeader
            | Self::StaleTimestamp
            | Self::FutureTimestamp
            | Self::MissingTimestamp
            | Self::MissingSignature
            | Self::NoCandidate
            | Self::UnexpectedHeaderValue
            | Self::UnknownKey
            | Self::SignatureMismatch => 401,
            Self::HandshakeRejected => 403,
            Self::BodyTimeout => 408,
            Self::BodyTooLarge => 413,
            Self::UnsupportedEncoding => 415,
            Self::Undecodable => 422,
            Self::BodyAltered => 500,
            Self::KeysUnavailable => 503,
        }
    }

    /// Returns a fixed name in snake case, for metrics, logs and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MethodNotAllowed => "method_not_allowed",
            Self::MissingHeader => "missing_header",
            Self::DuplicateHeader => "duplicate_header",
            Self::MalformedHeader => "malformed_header",
            Self::MixedHeaderFamilies => "mixed_header_families",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::MalformedEncoding => "malformed_encoding",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::BodyInterrupted => "body_interrupted",
            Self::BodyAltered => "body_altered",
            Self::StaleTimestamp => "stale_timestamp",
            Self::FutureTimestamp => "future_timestamp",
            Self::MissingTimestamp => "missing_timestamp",
            Self::MissingSignature => "missing_signature",
            Self::NoCandidate => "no_candidate",
            Self::UnexpectedHeaderValue => "unexpected_header_value",
            Self::KeysUnavailable => "keys_unavailable",
            Self::HandshakeRejected => "handshake_rejected",
            Self::UnknownKey => "unknown_key",
            Self::SignatureMismatch => "signature_mismatch",
            Self::Undecodable => "undecodable",
        }
    }
}
