//! [Shopify](https://shopify.dev/docs/apps/build/webhooks/verify-deliveries).

use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Shopify](https://shopify.dev/docs/apps/build/webhooks/verify-deliveries). The headers with the ids, the
/// topic and the shop are not signed.
pub const SHOPIFY: SenderSpec = SenderSpec::new(
    "shopify",
    "Shopify",
    "https://shopify.dev/docs/apps/build/webhooks/verify-deliveries",
    |config| scheme(config, "x-shopify"),
)
.with_response_deadline(secs(5))
.with_retry_window(days(3))
.with_max_body_size(5 * 1024 * 1024)
.with_user_agent("captain-hook");

/// [Shopify Events](https://shopify.dev/docs/apps/build/events/verify-deliveries), which signs like
/// [`SHOPIFY`] under other header names.
pub const SHOPIFY_EVENTS: SenderSpec = SenderSpec::new(
    "shopify-events",
    "Shopify Events",
    "https://shopify.dev/docs/apps/build/events/verify-deliveries",
    |config| scheme(config, "shopify"),
)
.with_response_deadline(secs(5))
.with_retry_window(days(3))
.with_max_body_size(5 * 1024 * 1024)
.with_user_agent("captain-hook");

fn scheme(config: &SenderConfig, family: &str) -> SchemeBuilder {
    let signature = SignatureLocation::header(format!("{family}-hmac-sha256"), Encoding::Base64);
    Scheme::hmac_sha256(config.name(), signature)
        .id_header(format!("{family}-webhook-id"))
        .event_type_header(format!("{family}-topic"))
}
