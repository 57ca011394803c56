//! [GitHub](https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [GitHub](https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries). Neither
/// `X-GitHub-Delivery` nor `X-GitHub-Event` is signed: the former is for logs, the latter to be checked
/// against the body.
pub const GITHUB: Sender = Sender::new(
    "github",
    "GitHub",
    "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    scheme,
)
.deadline(10)
.body_cap(25 * 1024 * 1024);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("x-hub-signature-256", Encoding::Hex).prefix("sha256=");
    Scheme::hmac_sha256(setup.name(), signature)
        .id_header("x-github-delivery")
        .event_type_header("x-github-event")
}
