//! How a sender checks that an endpoint is ready, as data.

/// A sender's handshake as data.
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
    /// A `GET` with the challenge in a header. The response echoes it in a field of a JSON object.
    Header {
        /// The name of the header.
        name: &'static str,
        /// The name of the field.
        field: &'static str,
    },
    /// A `HEAD`, which expects any success.
    Head,
    /// A signed `POST` whose body has `value` at the JSON pointer `kind`.
    Body {
        /// The JSON pointer of the field that marks a handshake.
        kind: &'static str,
        /// The value of that field in a handshake.
        value: &'static str,
        /// The response.
        response: BodyResponse,
    },
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
