//! OmniAI as an entry of the catalogue.

use super::identity::identity;
use crate::contract::Success;
use crate::event::Identity;
use crate::scheme::{Scheme, SchemeBuilder};
use crate::senders::spec::{days, secs};
use crate::senders::{SenderConfig, SenderSpec};

/// The location of an event's type in the body.
pub(super) const EVENT: &str = "/event";

/// OmniAI. [`OmniAi`](super::OmniAi) is a shorter way to configure it; see the [module](super) for what
/// the vendor documents.
pub const OMNIAI: SenderSpec =
    SenderSpec::new("omniai", "OmniAI", "https://docs.getomni.ai/webhooks.md", scheme)
        .with_required_header("the header that holds the secret")
        .with_success(Success::Exactly200)
        .with_response_deadline(secs(5))
        .with_retry_window(days(1))
        .with_digest_dedup_window(secs(15 * 60))
        .with_identity("some fields of its body", |delivery| {
            Some(identity(delivery).unwrap_or_else(|| Identity::body(delivery.body())))
        })
        // The first delay and the number of retries are documented; the other delays are not.
        .with_assumed_retry_schedule(&[secs(60), secs(120), secs(240)]);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::static_token(config.name(), config.token_location()).event_type_field(EVENT)
}
