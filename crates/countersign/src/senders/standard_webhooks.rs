//! Senders of [Standard Webhooks](https://www.standardwebhooks.com): Svix and those who send through it.

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::TimeUnit;

/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
/// v1, signed with a shared secret.
pub const STANDARD_WEBHOOKS: Sender = Sender::new(
    "standard-webhooks",
    "Standard Webhooks v1",
    "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    v1,
)
.deadline(15);

/// Standard Webhooks v1a, signed with Ed25519 (feature `ed25519`): the key is the sender's public one,
/// `whpk_…`.
pub const STANDARD_WEBHOOKS_V1A: Sender = Sender::new(
    "standard-webhooks-v1a",
    "Standard Webhooks v1a",
    "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    |setup| {
        let signature = Signature::header("webhook-signature", Encoding::Base64).versioned("v1a");
        content(Scheme::ed25519(setup.name(), signature), "webhook").base64_key("whpk_")
    },
)
.deadline(15);

/// [Svix](https://docs.svix.com/receiving/verifying-payloads/how-manual), under its own header names or
/// those of Standard Webhooks, as its libraries take them; never under both at once.
pub const SVIX: Sender = Sender::new(
    "svix",
    "Svix",
    "https://docs.svix.com/receiving/verifying-payloads/how-manual",
    svix,
)
.or_named_by(v1)
.deadline(15);

/// [OpenAI](https://platform.openai.com/docs/guides/webhooks).
pub const OPENAI: Sender =
    Sender::new("openai", "OpenAI", "https://platform.openai.com/docs/guides/webhooks", v1)
        .deadline(5);

/// [Clerk](https://clerk.com/docs/guides/development/webhooks/overview), through Svix.
pub const CLERK: Sender = Sender::new(
    "clerk",
    "Clerk",
    "https://clerk.com/docs/guides/development/webhooks/overview",
    svix,
)
.deadline(15);

/// [Resend](https://resend.com/docs/webhooks/verify-webhooks-requests), through Svix.
pub const RESEND: Sender = Sender::new(
    "resend",
    "Resend",
    "https://resend.com/docs/webhooks/verify-webhooks-requests",
    svix,
)
.deadline(15);

/// HMAC-SHA256 over id, time and body, under the names of the specification.
pub(super) fn v1(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("webhook-signature", Encoding::Base64).versioned("v1");
    content(Scheme::hmac_sha256(setup.name(), signature), "webhook").base64_key("whsec_")
}

fn svix(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("svix-signature", Encoding::Base64).versioned("v1");
    content(Scheme::hmac_sha256(setup.name(), signature), "svix").base64_key("whsec_")
}

fn content(scheme: SchemeBuilder, family: &str) -> SchemeBuilder {
    let rival = if family == "svix" { "webhook" } else { "svix" };
    scheme
        .id_header(format!("{family}-id"))
        .timestamp_header(format!("{family}-timestamp"), TimeUnit::Seconds)
        .signs([Part::Id, ".".into(), Part::Timestamp, ".".into(), Part::Body])
        .event_type_field("/type")
        .rivals(["id", "timestamp", "signature"].map(|end| format!("{rival}-{end}")))
}
