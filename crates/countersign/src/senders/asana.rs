//! [Asana](https://developers.asana.com/docs/webhooks-guide).

use super::spec::{days, secs};
use super::{Challenge, SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Items, Scheme, SchemeBuilder, SignatureLocation};

/// [Asana](https://developers.asana.com/docs/webhooks-guide).
///
/// Asana chooses the secret, and sends it once while the webhook is created: receive it with
/// [`on_secret`](SenderConfig::on_secret) and [`handshake_only`](SenderConfig::handshake_only). The response
/// to the call that creates the webhook holds the same secret, to compare with.
///
/// Its bodies are [batches](https://github.com/countersign/countersign/blob/main/docs/batches.md) of events
/// without ids. A heartbeat, whose list is empty, arrives every eight hours and has the same body each time: all
/// but the first of a day are acknowledged as duplicates.
pub const ASANA: SenderSpec =
    SenderSpec::new("asana", "Asana", "https://developers.asana.com/docs/webhooks-guide", scheme)
        .with_response_deadline(secs(10))
        .with_retry_window(days(1))
        .with_items("the contents of its events", || Items::at("/events/*").event_type("/action"))
        .with_handshake(Challenge::ASANA);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-hook-signature", Encoding::Hex);
    Scheme::hmac_sha256(config.name(), signature)
}
