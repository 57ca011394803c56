//! [Meta](https://developers.facebook.com/docs/graph-api/webhooks/getting-started).

use super::spec::{days, secs};
use super::{Challenge, SenderConfig, SenderSpec};
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::scheme::{Items, Scheme, SchemeBuilder, SignatureLocation};

/// [Meta](https://developers.facebook.com/docs/graph-api/webhooks/getting-started): WhatsApp, Messenger,
/// Instagram.
///
/// Set the token of the subscription with [`with_verify_token`](SenderConfig::with_verify_token);
/// without it, Meta's `GET` is rejected.
///
/// One body holds up to 1000 updates, of several pages, and an update may come again in another body;
/// [the guide to batches](https://github.com/countersign/countersign/blob/main/docs/batches.md) names what
/// identifies each.
pub const META: SenderSpec = SenderSpec::new(
    "meta",
    "Meta",
    "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
    scheme,
)
.with_success(Success::Exactly200)
.with_response_deadline(secs(5))
// The Graph API's retries end after 36 hours; WhatsApp's after 7 days by texts that quote its page.
.with_automatic_retry_horizon(days(7))
.with_max_body_size(4 * 1024 * 1024)
.with_user_agent("facebook")
.with_handshake(Challenge::WebSubVerify)
.with_items("the ids or the contents of its items", items);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("x-hub-signature-256", Encoding::Hex).prefix("sha256=");
    Scheme::hmac_sha256(config.name(), signature).event_type_field("/object")
}

/// The messages and statuses of WhatsApp, the messages of Messenger and Instagram, and the changes of
/// every other object. Meta has no common id of updates and leaves deduplication to the receiver.
fn items() -> Items {
    const PAGE: [&str; 2] = ["/entry/*/id", "/entry/*/time"];
    // A message that is deleted, or that its own page receives as an echo, has the id of the message.
    const KIND: [&str; 4] =
        ["/timestamp", "/message/is_deleted", "/message/is_echo", "/message/is_unsupported"];
    let message = |items: Items| items.within(["/entry/*/id"]).id(["/message/mid"]).optional(KIND);
    let items = Items::at("/entry/*/changes/*/value/messages/*")
        .within(["/entry/*/id"])
        .id(["/id"])
        .event_type("/type")
        .and_at("/entry/*/changes/*/value/statuses/*")
        .within(["/entry/*/id"])
        .id(["/id", "/status"])
        .optional(["/recipient_id"])
        .event_type("/status");
    let items = message(items.and_at("/entry/*/messaging/*"));
    let items = message(items.and_at("/entry/*/standby/*"));
    items
        .and_at("/entry/*/changes/*")
        .within(PAGE)
        .event_type("/field")
        // An entry that holds neither, such as the `changed_fields` of a user.
        .and_at("/entry/*")
}
