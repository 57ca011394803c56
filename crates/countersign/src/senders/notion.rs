//! [Notion](https://developers.notion.com/reference/webhooks).

use super::{Challenge, SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Notion](https://developers.notion.com/reference/webhooks).
///
/// Notion chooses the secret, its verification token, and sends it once: receive it with
/// [`on_secret`](SenderConfig::on_secret) and [`handshake_only`](SenderConfig::handshake_only), and enter it
/// in the integration's settings, which completes the subscription.
///
/// The response deadline and the retries are not documented: the defaults apply.
pub const NOTION: SenderSpec =
    SenderSpec::new("notion", "Notion", "https://developers.notion.com/reference/webhooks", scheme)
        .with_handshake(Challenge::NOTION);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("x-notion-signature", Encoding::Hex).prefix("sha256=");
    Scheme::hmac_sha256(config.name(), signature).id_field("/id").event_type_field("/type")
}
