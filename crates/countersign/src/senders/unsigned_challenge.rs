//! Handshakes that no key of the receiver has signed, as data.

/// A handshake that no key of the receiver has signed, as data.
///
/// A request is this handshake if it has the challenge at its [source](ChallengeSource), fulfils every
/// [condition](ChallengeCondition), and carries no credential of the sender's scheme. Anyone can send such a
/// request, so an unsigned `POST` gets a response only if
/// [`answer_unsigned_handshakes`](super::Handshake::answer_unsigned_handshakes) or, for one that brings a secret,
/// [`on_secret`](super::Handshake::on_secret) is configured.
///
/// ```
/// use countersign::senders::{
///     Challenge, ChallengeCondition, ChallengeResponse, ChallengeSource, UnsignedChallenge,
/// };
///
/// // POST with the body {"challenge":"…"}, which expects the same JSON in return.
/// let acme = UnsignedChallenge::post(
///     ChallengeSource::Field("/challenge"),
///     ChallengeResponse::Json("challenge"),
/// )
/// .only_if(&[ChallengeCondition::OnlyField("challenge")]);
/// assert_eq!(Challenge::MONDAY, Challenge::Unsigned(acme));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub struct UnsignedChallenge {
    method: &'static str,
    pub(super) source: ChallengeSource,
    pub(super) response: ChallengeResponse,
    pub(super) conditions: &'static [ChallengeCondition],
    /// Whether the challenge is the secret of later deliveries.
    pub(super) brings_secret: bool,
    /// Whether the request is signed with the secret that it brings.
    pub(super) is_signed_by_secret: bool,
}

/// The location of the challenge in an unsigned handshake.
///
/// A challenge is 1 to 1024 bytes of printable ASCII, and occurs once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ChallengeSource {
    /// The query parameter of this name, decoded.
    Query(&'static str),
    /// The header of this name.
    Header(&'static str),
    /// The string or number at this JSON pointer of the body.
    Field(&'static str),
    /// The only field of a form body, which has this name and holds a whole number.
    FormNumber(&'static str),
}

/// The response to an unsigned handshake, with status 200.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ChallengeResponse {
    /// The challenge as text.
    Text,
    /// A JSON object with the challenge in the field of this name.
    Json(&'static str),
    /// No body, and the challenge in the header of this name.
    Header(&'static str),
    /// No body.
    Empty,
}

/// A condition on an unsigned handshake, which distinguishes it from an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ChallengeCondition {
    /// The body is empty.
    EmptyBody,
    /// The header has this value.
    Header {
        /// The name of the header.
        name: &'static str,
        /// Its value.
        value: &'static str,
    },
    /// No header has a name that begins with this text, in lower case.
    NoHeaderPrefix(&'static str),
    /// The string or number at the JSON pointer of the body is this value.
    Field {
        /// The JSON pointer.
        pointer: &'static str,
        /// The value.
        value: &'static str,
    },
    /// The body is a JSON object whose only field has this name.
    OnlyField(&'static str),
    /// The body is a JSON array with exactly one item.
    OnlyItem,
}

impl UnsignedChallenge {
    /// Creates a handshake by `POST`.
    pub const fn post(source: ChallengeSource, response: ChallengeResponse) -> Self {
        Self::new("POST", source, response)
    }

    /// Creates a handshake by `GET`, whose challenge is in the query or in a header.
    ///
    /// With [`Handshake::with_token`](super::Handshake::with_token), the challenge must be that token.
    pub const fn get(source: ChallengeSource, response: ChallengeResponse) -> Self {
        Self::new("GET", source, response)
    }

    const fn new(
        method: &'static str,
        source: ChallengeSource,
        response: ChallengeResponse,
    ) -> Self {
        Self {
            method,
            source,
            response,
            conditions: &[],
            brings_secret: false,
            is_signed_by_secret: false,
        }
    }

    /// Sets the conditions that a request must fulfil.
    pub const fn only_if(mut self, conditions: &'static [ChallengeCondition]) -> Self {
        self.conditions = conditions;
        self
    }

    /// Declares that the challenge is the secret of later deliveries.
    pub const fn brings_secret(mut self) -> Self {
        self.brings_secret = true;
        self
    }

    /// Declares that the challenge is the secret of later deliveries, and that the request is signed with
    /// it. The signature proves that the request is undamaged, and nothing about its origin.
    pub const fn brings_own_secret(mut self) -> Self {
        self.is_signed_by_secret = true;
        self.brings_secret()
    }

    /// Returns the method of the request.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// Returns whether the challenge is the secret of later deliveries.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        self.brings_secret
    }
}
