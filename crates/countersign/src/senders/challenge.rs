//! How a sender checks that an endpoint is ready, as data.

use super::unsigned_challenge::UnsignedChallenge;

/// A sender's handshake as data.
///
/// The handshakes of well-known senders are constants, such as [`Challenge::MICROSOFT_GRAPH`]. The guide
/// [Handshakes](https://github.com/countersign/countersign/blob/main/docs/handshakes.md) describes each.
///
/// ```
/// use countersign::senders::{self, BodyResponse, Challenge};
///
/// // Slack sends a signed `POST` and expects the field `challenge` in the response.
/// let slack = Challenge::Body {
///     kind: "/type",
///     value: "url_verification",
///     response: BodyResponse::Echo("/challenge"),
/// };
/// assert_eq!(senders::SLACK.handshake(), Some(slack));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Challenge {
    /// A `GET` with the challenge in the query parameter of this name. The response echoes it as text.
    Query(&'static str),
    /// A `GET` with `hub.mode`, `hub.verify_token` and `hub.challenge`, by WebSub. The response echoes the
    /// challenge as text if the token is the configured one.
    WebSubVerify,
    /// The `GET` of [`WebSubVerify`](Self::WebSubVerify), whose response echoes the challenge in the field
    /// `hub.challenge` of a JSON object.
    WebSubVerifyJson,
    /// A `GET` with the challenge in a header. The response echoes it in a field of a JSON object.
    Header {
        /// The name of the header.
        name: &'static str,
        /// The name of the field.
        field: &'static str,
    },
    /// A `GET` with the challenge in a query parameter. The response has `sha256=` and the challenge's
    /// HMAC-SHA256 under the sender's key, in base64, in a field of a JSON object.
    ///
    /// The sender signs bodies with the same key, so a client could obtain the signature of a body of its
    /// choice. Only challenges of up to 128 letters, digits, `-`, `_` and `=` get a response, and a
    /// delivery whose whole body is such a text, or is empty beside other signed values, is rejected. The
    /// senders of the catalogue and [`Custom`](super::Custom) ensure that; an implementation of
    /// [`Sender`](super::Sender) of your own does not, and gives no response.
    QueryHmac {
        /// The name of the query parameter.
        parameter: &'static str,
        /// The name of the field.
        field: &'static str,
    },
    /// A `HEAD`, which expects any success.
    Head,
    /// An `OPTIONS` with `WebHook-Request-Origin`, by
    /// [CloudEvents](https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#4-abuse-protection).
    /// The response allows the origin if it is
    /// [configured](super::Handshake::allow_origin).
    WebHookOrigin,
    /// A signed `POST` whose body has `value` at the JSON pointer `kind`.
    Body {
        /// The JSON pointer of the field that marks a handshake.
        kind: &'static str,
        /// The value of that field in a handshake.
        value: &'static str,
        /// The response.
        response: BodyResponse,
    },
    /// A request that no key of the receiver has signed.
    Unsigned(UnsignedChallenge),
}

/// The response to a challenge in a signed body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BodyResponse {
    /// Status 200 with the value at this JSON pointer, as text.
    Echo(&'static str),
    /// Status 200 with a JSON object of the token at this JSON pointer and its HMAC under the same key, in
    /// the fields `plainToken` and `encryptedToken`.
    EchoWithHmac(&'static str),
    /// Status 200 with this JSON.
    Fixed(&'static str),
    /// Status 204 without a body.
    NoContent,
}

impl Challenge {
    /// Returns the method of the handshake's requests.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Query(_)
            | Self::WebSubVerify
            | Self::WebSubVerifyJson
            | Self::Header { .. }
            | Self::QueryHmac { .. } => "GET",
            Self::Head => "HEAD",
            Self::WebHookOrigin => "OPTIONS",
            Self::Body { .. } => "POST",
            Self::Unsigned(challenge) => challenge.method(),
        }
    }

    /// Returns the unsigned `POST`, if the handshake is one.
    pub(super) fn as_unsigned_post(&self) -> Option<&UnsignedChallenge> {
        match self {
            Self::Unsigned(challenge) if challenge.method() == "POST" => Some(challenge),
            _ => None,
        }
    }
}
