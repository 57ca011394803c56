//! [GitHub](https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).

use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{BodyFormat, Scheme, SchemeBuilder, SignatureLocation};

/// [GitHub](https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).
///
/// Neither `X-GitHub-Delivery` nor `X-GitHub-Event` is signed. Use the former for logs only, and check the
/// latter against the body.
///
/// An event is the digest of its body with the name in `X-GitHub-Event`, for which lower-case letters and
/// `_` count, since a body does not name its event. Two events with one name and one body, such as two runs
/// of a workflow started by hand with the same inputs, are one within the digest's retention. A client that
/// captured one request can send it again under other names. Declare the events of your webhook with
/// [`with_event_types`](SenderConfig::with_event_types), so that it can do so once for each of them at most.
pub const GITHUB: SenderSpec = SenderSpec::new(
    "github",
    "GitHub",
    "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    scheme,
)
.with_response_deadline(secs(10))
// https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries: no retries.
.with_retry_schedule(&[])
.with_automatic_retry_horizon(secs(0))
// https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks: by hand
// for 3 days on github.com, and for 7 days on GitHub Enterprise Server.
.with_retry_window(days(7))
.with_max_body_size(25 * 1024 * 1024);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("x-hub-signature-256", Encoding::Hex).prefix("sha256=");
    Scheme::hmac_sha256(config.name(), signature)
        .id_header("x-github-delivery")
        .event_type_header("x-github-event")
        // By the content type that is set for the webhook. The form is signed as it is sent.
        .body_formats([BodyFormat::Json, BodyFormat::form_json("payload")])
        .event_type_syntax("a-z_")
}
