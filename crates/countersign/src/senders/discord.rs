//! [Discord](https://docs.discord.com/developers/events/webhook-events), feature `ed25519`.

use std::time::Duration;

use super::spec::{days, minutes, secs};
use super::{BodyResponse, Challenge, SenderConfig, SenderSpec};
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};

/// [Discord interactions](https://docs.discord.com/developers/interactions/overview), feature
/// `ed25519`. The key is the application's public key. A verified `PING` gets its response without a call
/// of the handler.
pub const DISCORD: SenderSpec = SenderSpec::new(
    "discord",
    "Discord interactions",
    "https://docs.discord.com/developers/interactions/overview",
    |config| scheme(config).id_field("/id").event_type_field("/type"),
)
.with_response_deadline(secs(3))
.with_retry_window(days(1))
.with_handshake(Challenge::Body {
    kind: "/type",
    value: "1",
    response: BodyResponse::Fixed(r#"{"type":1}"#),
});

/// [Discord webhook events](https://docs.discord.com/developers/events/webhook-events), feature
/// `ed25519`. The type of a `PING` differs from that of interactions.
pub const DISCORD_EVENTS: SenderSpec = SenderSpec::new(
    "discord-events",
    "Discord webhook events",
    "https://docs.discord.com/developers/events/webhook-events",
    |config| scheme(config).event_type_field("/event/type"),
)
.with_response_deadline(secs(3))
// https://docs.discord.com/developers/events/webhook-events: several retries within ten minutes, and the
// response should be 204 without a body. Discord does not say whether another 2xx is success.
.with_success(Success::Exactly204)
.with_automatic_retry_horizon(minutes(10))
.with_retry_window(days(1))
.with_handshake(Challenge::Body { kind: "/type", value: "0", response: BodyResponse::NoContent });

/// Discord retries for up to ten minutes and does not document whether it signs retries again, so the
/// tolerance covers them.
fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::ed25519(config.name(), SignatureLocation::header("x-signature-ed25519", Encoding::Hex))
        .timestamp_header("x-signature-timestamp", TimestampFormat::Seconds)
        .tolerance(Tolerance::new(Duration::from_secs(15 * 60), Duration::from_secs(300)))
        .signs([Part::Timestamp, Part::Body])
        .hex_key()
}
