//! The verdict on a request, as JSON output.

use countersign::{Delivery, Rejection, Timestamp};
use serde::Serialize;

use crate::secrets::{self, NamedSecret};
use crate::verification::Verification;

/// The replacement for a text that reveals a secret.
const HIDDEN: &str = "(not shown: it reveals a secret)";

/// The verdict on one request, for programs. It contains no secret, and content of the request only if
/// the request is verified.
#[derive(Debug, Default, Serialize)]
pub(super) struct Verdict {
    pub(super) verdict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sender: Option<String>,
    /// The name of the key that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_signed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event_type: Option<String>,
    /// The number of events, for a sender that sends several in one body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) items: Option<usize>,
    /// The signed time, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timestamp: Option<u64>,
    /// The malformed field of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<&'static str>,
    /// The message for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// The status of the response to a rejected request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// The status of the response to the sender's handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) handshake: Option<u16>,
    /// A note on the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
}

impl Verdict {
    fn accepted(delivery: &Delivery, sends_batches: bool) -> Self {
        let id = delivery.unverified_id().map(std::borrow::Cow::into_owned);
        Self {
            verdict: "ok".to_owned(),
            sender: Some(delivery.sender().to_owned()),
            key: Some(delivery.key_name().to_owned()),
            id_signed: id.is_some().then(|| delivery.signed_id().is_some()),
            id,
            event_type: delivery.event_type().map(std::borrow::Cow::into_owned),
            items: sends_batches.then(|| delivery.items().ok().map(|items| items.len())).flatten(),
            timestamp: delivery.timestamp().map(Timestamp::as_secs),
            ..Self::default()
        }
    }

    fn rejected(sender: &str, rejection: &Rejection) -> Self {
        Self {
            verdict: rejection.kind().as_str().to_owned(),
            sender: Some(sender.to_owned()),
            reason: Some(rejection.to_string()),
            status: Some(rejection.status()),
            ..Self::default()
        }
    }

    /// Returns the verdict of a verification, without an id or a type that reveals a secret.
    pub(super) fn of(sender: &str, verification: &Verification, secrets: &[NamedSecret]) -> Self {
        let mut verdict = Self::with_all(sender, verification);
        for text in [&mut verdict.id, &mut verdict.event_type] {
            let is_revealing = |text: &&mut String| {
                secrets.iter().any(|(_, secret)| secrets::reveals(text, secret))
            };
            if let Some(text) = text.as_mut().filter(is_revealing) {
                HIDDEN.clone_into(text);
            }
        }
        verdict
    }

    fn with_all(sender: &str, verification: &Verification) -> Self {
        match verification {
            Verification::Accepted(receiver, delivery) => {
                Self::accepted(delivery, receiver.scheme().items_at().next().is_some())
            }
            Verification::Handshake(status) => Self {
                verdict: "ok".to_owned(),
                sender: Some(sender.to_owned()),
                handshake: Some(*status),
                ..Self::default()
            },
            Verification::Rejected(rejection) | Verification::HandshakeRejected(rejection) => {
                Self::rejected(sender, rejection)
            }
        }
    }
}
