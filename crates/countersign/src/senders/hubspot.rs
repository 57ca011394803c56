//! [HubSpot](https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation).

use super::spec::{days, hours, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Items, Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::TimestampFormat;

const SPEC: &str = "https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation";

/// [HubSpot](https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation)
/// v3. The public URL must be the one that HubSpot calls. HubSpot decodes some of its escapes before it
/// signs, which is accepted as well. Its bodies are
/// [batches](https://github.com/countersign/countersign/blob/main/docs/batches.md).
pub const HUBSPOT: SenderSpec = SenderSpec::new("hubspot", "HubSpot v3", SPEC, |config| {
    let signature = SignatureLocation::header("x-hubspot-signature-v3", Encoding::Base64);
    Scheme::hmac_sha256(config.name(), signature)
        .timestamp_header("x-hubspot-request-timestamp", TimestampFormat::Millis)
        .signs([method(config), Part::Url(config.public_url()), Part::Body, Part::Timestamp])
})
.with_required_public_url()
.with_methods(METHODS)
.with_response_deadline(secs(5))
// https://developers.hubspot.com/docs/api/webhooks: up to ten retries within 24 hours.
.with_automatic_retry_horizon(hours(24))
.with_retry_window(days(3))
.with_items("the ids of its events", items);

/// HubSpot v1, which is not a MAC: **a client that has seen one request can forge longer ones**. Use
/// [`HUBSPOT`]; every request carries a v3 signature as well.
pub const DANGER_HUBSPOT_V1: SenderSpec =
    SenderSpec::new("hubspot-v1", "HubSpot v1", SPEC, |config| {
        legacy(config, "v1").signs([Part::Body])
    })
    .with_response_deadline(secs(5))
    .with_automatic_retry_horizon(hours(24))
    .with_retry_window(days(3))
    .with_items("the ids of its events", items);

/// HubSpot v2, which is not a MAC: **a client that has seen one request can forge longer ones**. Use
/// [`HUBSPOT`]; every request carries a v3 signature as well.
pub const DANGER_HUBSPOT_V2: SenderSpec =
    SenderSpec::new("hubspot-v2", "HubSpot v2", SPEC, |config| {
        legacy(config, "v2").signs([method(config), Part::Url(config.public_url()), Part::Body])
    })
    .with_required_public_url()
    .with_methods(METHODS)
    .with_response_deadline(secs(5))
    .with_automatic_retry_horizon(hours(24))
    .with_retry_window(days(3))
    .with_items("the ids of its events", items);

fn legacy(config: &SenderConfig, version: &'static str) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-hubspot-signature", Encoding::Hex);
    Scheme::danger_prefixed_sha256(config.name(), signature)
        .require_header("x-hubspot-signature-version", version)
}

fn method(config: &SenderConfig) -> Part {
    Part::from(config.method())
}

/// The methods by which HubSpot calls an endpoint: webhooks by `POST`, cards by `GET`, and workflow
/// actions by others. The method is signed.
const METHODS: &[&str] = &["POST", "GET", "PUT", "PATCH", "DELETE"];

/// HubSpot retries single events, and `attemptNumber` then changes. Its `eventId` alone may repeat, so
/// what an event is about counts as well: a property of an object, or the association of two.
fn items() -> Items {
    Items::at("/*")
        .id(["/eventId", "/subscriptionId", "/portalId", "/occurredAt"])
        .optional(["/objectId", "/propertyName", "/fromObjectId", "/toObjectId"])
        .without(["/attemptNumber"])
        .event_type("/subscriptionType")
}
