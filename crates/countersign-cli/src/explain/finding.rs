//! Findings and their kinds, and the rules for printing a piece of a request.

use std::rc::Rc;

use countersign::RejectionKind;
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

/// One cause of a rejection, proved or suspected.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// The kind of the cause.
    pub kind: FindingKind,
    /// Whether the cause is proved: with this cause undone, the request verifies.
    pub certain: bool,
    /// What is wrong, in one sentence.
    pub what: String,
    /// What to do next.
    pub next: String,
}

impl Finding {
    /// Creates the finding of a repair, which is printed only if the repaired request verifies.
    pub(crate) fn proved(
        kind: FindingKind,
        what: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { kind, certain: true, what: what.into(), next: next.into() }
    }

    /// Creates a finding that is only likely.
    pub(crate) fn hint(
        kind: FindingKind,
        what: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { kind, certain: false, what: what.into(), next: next.into() }
    }
}

/// The kind of a [`Finding`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the names are the kinds in the output, and each message explains its own"
)]
pub enum FindingKind {
    BodyAltered,
    BodyBase64,
    BodyCompressed,
    BodyEmpty,
    BodyEscaped,
    BodyQuoted,
    BodyReserialized,
    BodyTooLarge,
    BodyWrapped,
    CharsetChanged,
    ClockSkew,
    ConfigurationRejected,
    ContentEncodingUnknown,
    ContentLengthWrong,
    FormAndJson,
    FormReencoded,
    GzipDecoded,
    GzipNotDecoded,
    HandshakeNotConfigured,
    HandshakeToken,
    HeaderDuplicated,
    HeaderFound,
    HeaderJoined,
    HeaderMissing,
    HeaderNotFound,
    HeaderRenamed,
    HeaderWhitespace,
    HeadersMixed,
    LineEndsChanged,
    MethodNotPost,
    NoCauseFound,
    OtherAlgorithm,
    OtherHeaderMalformed,
    OtherKey,
    PairWhitespace,
    SecondsAndMilliseconds,
    SecretCase,
    SecretDecodedTwice,
    SecretEscaped,
    SecretInPem,
    SecretNotDecoded,
    SecretOfOtherKind,
    SecretPrefixDoubled,
    SecretPrefixMissing,
    SecretPrefixWrong,
    SecretQuoted,
    SecretTruncated,
    SecretWhitespace,
    SenderGuessed,
    SenderUnknown,
    SeparatorInValue,
    SignatureEncoding,
    SignatureFound,
    SignaturePrefix,
    SignedContent,
    SignedHeaderAltered,
    TimestampMissing,
    TokenAltered,
    TrailingNewline,
    UrlChanged,
    UrlMissing,
    UrlQueryChanged,
    VersionHeaderWrong,
    WrongSender,
    /// The request is malformed, as the rejection of this kind says.
    Rejected(RejectionKind),
}

impl FindingKind {
    /// Returns the kind as the output has it, such as `clock_skew`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BodyAltered => "body_altered",
            Self::BodyBase64 => "body_base64",
            Self::BodyCompressed => "body_compressed",
            Self::BodyEmpty => "body_empty",
            Self::BodyEscaped => "body_escaped",
            Self::BodyQuoted => "body_quoted",
            Self::BodyReserialized => "body_reserialized",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyWrapped => "body_wrapped",
            Self::CharsetChanged => "charset_changed",
            Self::ClockSkew => "clock_skew",
            Self::ConfigurationRejected => "configuration_rejected",
            Self::ContentEncodingUnknown => "content_encoding_unknown",
            Self::ContentLengthWrong => "content_length_wrong",
            Self::FormAndJson => "form_and_json",
            Self::FormReencoded => "form_reencoded",
            Self::GzipDecoded => "gzip_decoded",
            Self::GzipNotDecoded => "gzip_not_decoded",
            Self::HandshakeNotConfigured => "handshake_not_configured",
            Self::HandshakeToken => "handshake_token",
            Self::HeaderDuplicated => "header_duplicated",
            Self::HeaderFound => "header_found",
            Self::HeaderJoined => "header_joined",
            Self::HeaderMissing => "header_missing",
            Self::HeaderNotFound => "header_not_found",
            Self::HeaderRenamed => "header_renamed",
            Self::HeaderWhitespace => "header_whitespace",
            Self::HeadersMixed => "headers_mixed",
            Self::LineEndsChanged => "line_ends_changed",
            Self::MethodNotPost => "method_not_post",
            Self::NoCauseFound => "no_cause_found",
            Self::OtherAlgorithm => "other_algorithm",
            Self::OtherHeaderMalformed => "other_header_malformed",
            Self::OtherKey => "other_key",
            Self::PairWhitespace => "pair_whitespace",
            Self::SecondsAndMilliseconds => "seconds_and_milliseconds",
            Self::SecretCase => "secret_case",
            Self::SecretDecodedTwice => "secret_decoded_twice",
            Self::SecretEscaped => "secret_escaped",
            Self::SecretInPem => "secret_in_pem",
            Self::SecretNotDecoded => "secret_not_decoded",
            Self::SecretOfOtherKind => "secret_of_other_kind",
            Self::SecretPrefixDoubled => "secret_prefix_doubled",
            Self::SecretPrefixMissing => "secret_prefix_missing",
            Self::SecretPrefixWrong => "secret_prefix_wrong",
            Self::SecretQuoted => "secret_quoted",
            Self::SecretTruncated => "secret_truncated",
            Self::SecretWhitespace => "secret_whitespace",
            Self::SenderGuessed => "sender_guessed",
            Self::SenderUnknown => "sender_unknown",
            Self::SeparatorInValue => "separator_in_value",
            Self::SignatureEncoding => "signature_encoding",
            Self::SignatureFound => "signature_found",
            Self::SignaturePrefix => "signature_prefix",
            Self::SignedContent => "signed_content",
            Self::SignedHeaderAltered => "signed_header_altered",
            Self::TimestampMissing => "timestamp_missing",
            Self::TokenAltered => "token_altered",
            Self::TrailingNewline => "trailing_newline",
            Self::UrlChanged => "url_changed",
            Self::UrlMissing => "url_missing",
            Self::UrlQueryChanged => "url_query_changed",
            Self::VersionHeaderWrong => "version_header_wrong",
            Self::WrongSender => "wrong_sender",
            Self::Rejected(kind) => kind.as_str(),
        }
    }
}

impl Serialize for FindingKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The longest piece of a request that is printed, in bytes.
const MAX_SHOWN: usize = 64;

/// The length from which a piece of a secret is not printed, in bytes.
const MIN_REVEALING: usize = 4;

/// Returns a name from a request if it may be printed: it is short and printable ASCII, and neither
/// contains the secret nor is part of it.
pub(crate) fn shown<'t>(text: &'t str, secret: &[u8]) -> Option<&'t str> {
    let is_printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let bytes = text.as_bytes();
    let contains = |whole: &[u8], part: &[u8]| {
        !part.is_empty() && whole.windows(part.len()).any(|window| window == part)
    };
    let is_revealing =
        contains(bytes, secret) || (bytes.len() >= MIN_REVEALING && contains(secret, bytes));
    (is_printable && bytes.len() <= MAX_SHOWN && !is_revealing).then_some(text)
}

/// All secrets of a question. None of them is printed, whichever a candidate uses.
pub(crate) type SharedSecrets = Rc<[Zeroizing<Vec<u8>>]>;

/// Like [`shown`], for several secrets.
pub(crate) fn shown_beside<'t>(text: &'t str, hidden: &SharedSecrets) -> Option<&'t str> {
    hidden.iter().all(|secret| shown(text, secret).is_some()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_contains_the_secret_or_is_part_of_it_is_not_shown() {
        let secret = b"whsec_MfKQ9r8GKYqrTw";
        for text in ["whsec_MfKQ9r8GKYqrTw", "x-whsec_MfKQ9r8GKYqrTw-x", "GKYq", "whsec_"] {
            assert_eq!(shown(text, secret), None, "{text}");
        }
        for text in ["\u{1b}[31m", "caf\u{e9}", "line\nend", &"x".repeat(65)] {
            assert_eq!(shown(text, secret), None, "{text}");
        }
        for text in ["sha256=", "Bearer ", "v1=", "tenant-b", "Mf"] {
            assert_eq!(shown(text, secret), Some(text));
        }
    }
}
