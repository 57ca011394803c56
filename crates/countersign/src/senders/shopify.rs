//! [Shopify](https://shopify.dev/docs/apps/build/webhooks/verify-deliveries).

use super::spec::{days, hours, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Shopify](https://shopify.dev/docs/apps/build/webhooks/verify-deliveries). The headers with the ids, the
/// topic and the shop are not signed.
///
/// One change may send one body under two topics, such as `orders/create` and `orders/updated`. So an event
/// is the digest of its body with the topic, for which lower-case letters, digits, `_` and `/` count. A
/// client that captured one request can send it again under other topics. Declare the topics of your
/// subscriptions with [`with_event_types`](SenderConfig::with_event_types), so that it can do so once for
/// each of them at most.
pub const SHOPIFY: SenderSpec = SenderSpec::new(
    "shopify",
    "Shopify",
    "https://shopify.dev/docs/apps/build/webhooks/verify-deliveries",
    // `resource/verb`: https://shopify.dev/docs/api/webhooks
    |config| scheme(config, "x-shopify").event_type_syntax("a-z0-9_/"),
)
.with_response_deadline(secs(5))
// https://shopify.dev/changelog/updates-to-webhook-retry-mechanism: eight retries within four hours.
.with_automatic_retry_horizon(hours(4))
.with_retry_window(days(3))
.with_max_body_size(5 * 1024 * 1024)
.with_user_agent("captain-hook");

/// [Shopify Events](https://shopify.dev/docs/apps/build/events/verify-deliveries), which signs like
/// [`SHOPIFY`] under other header names.
///
/// The topic of an event is the name of a resource, such as `Product`. The
/// [body](https://shopify.dev/docs/apps/build/events/delivery-structure) has the topic, the action and the
/// subscription's handle as well, and is signed: rely on these.
pub const SHOPIFY_EVENTS: SenderSpec = SenderSpec::new(
    "shopify-events",
    "Shopify Events",
    "https://shopify.dev/docs/apps/build/events/verify-deliveries",
    |config| scheme(config, "shopify").event_type_syntax("A-Za-z0-9_"),
)
.with_response_deadline(secs(5))
// https://shopify.dev/changelog/updates-to-webhook-retry-mechanism: eight retries within four hours.
.with_automatic_retry_horizon(hours(4))
.with_retry_window(days(3))
.with_max_body_size(5 * 1024 * 1024)
.with_user_agent("captain-hook");

fn scheme(config: &SenderConfig, family: &str) -> SchemeBuilder {
    let signature = SignatureLocation::header(format!("{family}-hmac-sha256"), Encoding::Base64);
    Scheme::hmac_sha256(config.name(), signature)
        .id_header(format!("{family}-webhook-id"))
        .event_type_header(format!("{family}-topic"))
}
