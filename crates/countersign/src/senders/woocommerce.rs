//! [WooCommerce](https://woocommerce.com/document/webhooks/).

use super::spec::{days, secs};
use super::{Challenge, SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [WooCommerce](https://woocommerce.com/document/webhooks/).
///
/// WooCommerce sends an unsigned form when a webhook is saved, and disables a webhook whose requests fail
/// more than five times in a row. With
/// [`answer_unsigned_handshakes`](SenderConfig::answer_unsigned_handshakes) the form gets its response.
///
/// WordPress replaces `&`, `<`, `>` and quotes in a stored secret by entities, and signs with the text
/// before that: configure the secret as you entered it. It never retries a delivery, and two genuine
/// events may have the same body: the deletion of an object is its id alone.
///
/// The topic in the header `X-WC-Webhook-Topic` is not signed. An event is the digest of its body with the
/// topic, for which lower-case letters, digits and the characters `_./-` count. A client that captured one
/// request can send it again under other topics. Declare the topics of your webhooks with
/// [`with_event_types`](SenderConfig::with_event_types), so that it can do so once for each of them at most.
pub const WOOCOMMERCE: SenderSpec = SenderSpec::new(
    "woocommerce",
    "WooCommerce",
    "https://woocommerce.com/document/webhooks/",
    scheme,
)
// https://github.com/woocommerce/woocommerce, includes/class-wc-webhook.php: a timeout of 60 s, no retry.
.with_response_deadline(secs(60))
.with_retry_window(days(1))
.with_digest_dedup_window(secs(60))
.with_retry_schedule(&[])
.with_automatic_retry_horizon(secs(0))
.with_handshake(Challenge::WOOCOMMERCE);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-wc-webhook-signature", Encoding::Base64);
    Scheme::hmac_sha256(config.name(), signature)
        .id_header("x-wc-webhook-delivery-id")
        .event_type_header("x-wc-webhook-topic")
        // `resource.event`, or `action.` and the name of a hook.
        .event_type_syntax("a-z0-9_./-")
}
