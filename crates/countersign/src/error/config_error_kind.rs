//! The kinds of configuration problems.

/// The kind of a problem in a configuration.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// A secret is empty or all white space.
    EmptySecret,
    /// A secret is not in the form that the scheme needs.
    InvalidSecret,
    /// An environment variable or file with a secret cannot be read.
    UnreadableSecret,
    /// A keyring has no key, too many keys, two keys with one name, or a key that is never valid.
    InvalidKeyring,
    /// A setting without a default is missing.
    MissingSetting,
    /// A header name is not a token of RFC 9110.
    InvalidHeaderName,
    /// A JSON pointer does not follow RFC 6901.
    InvalidPointer,
    /// A pattern of event names is empty, or has a `*` elsewhere than at its end.
    InvalidEventPattern,
    /// The parts of a scheme contradict each other, or would allow forgery or replay.
    InvalidScheme,
    /// Events would be forgotten while the sender may still retry them.
    RetentionTooShort,
    /// An endpoint has no name, and shares its store with another of the same sender and key.
    EndpointNotNamed,
    /// A limit or duration is zero or otherwise out of its range.
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
            Self::InvalidEventPattern => "invalid_event_pattern",
            Self::InvalidScheme => "invalid_scheme",
            Self::RetentionTooShort => "retention_too_short",
            Self::EndpointNotNamed => "endpoint_not_named",
            Self::OutOfRange => "out_of_range",
        }
    }
}
