//! [Discord](https://docs.discord.com/developers/events/webhook-events), feature `ed25519`.

use std::time::Duration;

use super::{Sender, Setup};
use crate::challenge::{BodyAnswer, Challenge};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::{TimeUnit, Tolerance};

/// [Discord interactions](https://docs.discord.com/developers/interactions/overview), feature
/// `ed25519`. The key is the application's public key; a `PING` is answered once it is verified.
pub const DISCORD: Sender = Sender::new(
    "discord",
    "Discord interactions",
    "https://docs.discord.com/developers/interactions/overview",
    |setup| scheme(setup).id_field("/id").event_type_field("/type"),
)
.deadline(3)
.repeats_for_days(1)
.challenge(Challenge::Body {
    kind: "/type",
    value: "1",
    answer: BodyAnswer::Fixed(r#"{"type":1}"#),
});

/// [Discord webhook events](https://docs.discord.com/developers/events/webhook-events), feature
/// `ed25519`. Here a `PING` is another number than among interactions.
pub const DISCORD_EVENTS: Sender = Sender::new(
    "discord-events",
    "Discord webhook events",
    "https://docs.discord.com/developers/events/webhook-events",
    |setup| scheme(setup).event_type_field("/event/type"),
)
.deadline(3)
.repeats_for_days(1)
.challenge(Challenge::Body { kind: "/type", value: "0", answer: BodyAnswer::NoContent });

/// Retries come for up to ten minutes; whether they are signed anew is not documented.
fn scheme(setup: &Setup) -> SchemeBuilder {
    Scheme::ed25519(setup.name(), Signature::header("x-signature-ed25519", Encoding::Hex))
        .timestamp_header("x-signature-timestamp", TimeUnit::Seconds)
        .tolerance(Tolerance::new(Duration::from_secs(15 * 60), Duration::from_secs(300)))
        .signs([Part::Timestamp, Part::Body])
        .hex_key()
}
