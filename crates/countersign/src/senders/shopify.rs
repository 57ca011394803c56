//! [Shopify](https://shopify.dev/docs/apps/build/webhooks/verify-deliveries).

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [Shopify](https://shopify.dev/docs/apps/build/webhooks/verify-deliveries). Ids, topic and shop stand
/// in headers that are not signed.
pub const SHOPIFY: Sender = Sender::new(
    "shopify",
    "Shopify",
    "https://shopify.dev/docs/apps/build/webhooks/verify-deliveries",
    |setup| scheme(setup, "x-shopify"),
)
.deadline(5)
.repeats_for_days(3)
.body_cap(5 * 1024 * 1024);

/// [Shopify Events](https://shopify.dev/docs/apps/build/events/verify-deliveries), which has other
/// header names.
pub const SHOPIFY_EVENTS: Sender = Sender::new(
    "shopify-events",
    "Shopify Events",
    "https://shopify.dev/docs/apps/build/events/verify-deliveries",
    |setup| scheme(setup, "shopify"),
)
.deadline(5)
.repeats_for_days(3)
.body_cap(5 * 1024 * 1024);

fn scheme(setup: &Setup, family: &str) -> SchemeBuilder {
    let signature = Signature::header(format!("{family}-hmac-sha256"), Encoding::Base64);
    Scheme::hmac_sha256(setup.name(), signature)
        .id_header(format!("{family}-webhook-id"))
        .event_type_header(format!("{family}-topic"))
}
