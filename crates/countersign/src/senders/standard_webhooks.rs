//! Senders of [Standard Webhooks](https://www.standardwebhooks.com): Svix and those who send through it.

use super::{SenderConfig, SenderSpec, secs};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::TimestampFormat;

/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
/// v1, signed with a shared secret.
pub const STANDARD_WEBHOOKS: SenderSpec = SenderSpec::new(
    "standard-webhooks",
    "Standard Webhooks v1",
    "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    v1,
)
.with_response_deadline(secs(15));

/// Standard Webhooks v1a, signed with Ed25519 (feature `ed25519`): the key is the sender's public one,
/// `whpk_…`.
pub const STANDARD_WEBHOOKS_V1A: SenderSpec = SenderSpec::new(
    "standard-webhooks-v1a",
    "Standard Webhooks v1a",
    "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    |config| {
        let signature =
            SignatureLocation::header("webhook-signature", Encoding::Base64).versioned("v1a");
        content(Scheme::ed25519(config.name(), signature), "webhook").base64_key("whpk_")
    },
)
.with_response_deadline(secs(15));

/// [Svix](https://docs.svix.com/receiving/verifying-payloads/how-manual), under its own header names or
/// those of Standard Webhooks, as its libraries take them; never under both at once.
pub const SVIX: SenderSpec = SenderSpec::new(
    "svix",
    "Svix",
    "https://docs.svix.com/receiving/verifying-payloads/how-manual",
    svix,
)
.or_named_by(v1)
.with_response_deadline(secs(15));

/// [OpenAI](https://platform.openai.com/docs/guides/webhooks).
pub const OPENAI: SenderSpec =
    SenderSpec::new("openai", "OpenAI", "https://platform.openai.com/docs/guides/webhooks", v1)
        .with_response_deadline(secs(5));

/// [Clerk](https://clerk.com/docs/guides/development/webhooks/overview), through Svix.
pub const CLERK: SenderSpec = SenderSpec::new(
    "clerk",
    "Clerk",
    "https://clerk.com/docs/guides/development/webhooks/overview",
    svix,
)
.with_response_deadline(secs(15));

/// [Resend](https://resend.com/docs/webhooks/verify-webhooks-requests), through Svix.
pub const RESEND: SenderSpec = SenderSpec::new(
    "resend",
    "Resend",
    "https://resend.com/docs/webhooks/verify-webhooks-requests",
    svix,
)
.with_response_deadline(secs(15));

/// HMAC-SHA256 over id, time and body, under the names of the specification.
pub(super) fn v1(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("webhook-signature", Encoding::Base64).versioned("v1");
    content(Scheme::hmac_sha256(config.name(), signature), "webhook").base64_key("whsec_")
}

fn svix(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("svix-signature", Encoding::Base64).versioned("v1");
    content(Scheme::hmac_sha256(config.name(), signature), "svix").base64_key("whsec_")
}

fn content(scheme: SchemeBuilder, family: &str) -> SchemeBuilder {
    let conflicting = if family == "svix" { "webhook" } else { "svix" };
    scheme
        .id_header(format!("{family}-id"))
        .timestamp_header(format!("{family}-timestamp"), TimestampFormat::Seconds)
        .signs([Part::Id, ".".into(), Part::Timestamp, ".".into(), Part::Body])
        .event_type_field("/type")
        .conflicting_headers(
            ["id", "timestamp", "signature"].map(|end| format!("{conflicting}-{end}")),
        )
}
