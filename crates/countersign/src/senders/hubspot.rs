//! [HubSpot](https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation).

use super::{Sender, Setup, ids_of_list};
use crate::dedup::Identity;
use crate::delivery::Delivery;
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::TimeUnit;

const SPEC: &str = "https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation";

/// [HubSpot](https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation)
/// v3. The URL is the one HubSpot calls, to the letter.
pub const HUBSPOT: Sender = Sender::new("hubspot", "HubSpot v3", SPEC, |setup| {
    let signature = Signature::header("x-hubspot-signature-v3", Encoding::Base64);
    Scheme::hmac_sha256(setup.name(), signature)
        .timestamp_header("x-hubspot-request-timestamp", TimeUnit::Millis)
        .signs([Part::Literal(method_and_url(setup).into()), Part::Body, Part::Timestamp])
})
.needs_url()
.deadline(5)
.repeats_for_days(3)
.identity("the ids in its body", identity);

/// HubSpot v1, which is no MAC: **whoever has seen one request can forge longer ones**. Use
/// [`HUBSPOT`]; every request carries its signature as well.
pub const DANGER_HUBSPOT_V1: Sender =
    Sender::new("hubspot-v1", "HubSpot v1", SPEC, |setup| legacy(setup, "v1").signs([Part::Body]))
        .deadline(5)
        .repeats_for_days(3)
        .identity("the ids in its body", identity);

/// HubSpot v2, which is no MAC: **whoever has seen one request can forge longer ones**. Use
/// [`HUBSPOT`]; every request carries its signature as well.
pub const DANGER_HUBSPOT_V2: Sender = Sender::new("hubspot-v2", "HubSpot v2", SPEC, |setup| {
    legacy(setup, "v2").signs([Part::Literal(method_and_url(setup).into()), Part::Body])
})
.needs_url()
.deadline(5)
.repeats_for_days(3)
.identity("the ids in its body", identity);

fn legacy(setup: &Setup, version: &'static str) -> SchemeBuilder {
    let signature = Signature::header("x-hubspot-signature", Encoding::Hex);
    Scheme::danger_prefixed_sha256(setup.name(), signature)
        .fixed_header("x-hubspot-signature-version", version)
}

fn method_and_url(setup: &Setup) -> String {
    [setup.method_name(), &setup.url()].concat()
}

/// Not the body's digest: `attemptNumber` is another in a retry. The ids alone may repeat.
fn identity(delivery: &Delivery) -> Option<Identity> {
    ids_of_list(delivery, "", &["/eventId", "/subscriptionId", "/portalId", "/occurredAt"])
}
