//! [Linear](https://linear.app/developers/webhooks#securing-webhooks).

use std::time::Duration;

use super::{Sender, Setup, body_without};
use crate::contract::Success;
use crate::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, Signature};
use crate::time::{TimeUnit, Tolerance};

/// [Linear](https://linear.app/developers/webhooks#securing-webhooks). `Linear-Delivery` is not signed,
/// and no field of the body names the event. A retry an hour later must be stamped anew to be within
/// the minute that Linear allows, so the stamp tells no events apart.
pub const LINEAR: Sender = Sender::new(
    "linear",
    "Linear",
    "https://linear.app/developers/webhooks#securing-webhooks",
    scheme,
)
.success(Success::Exactly200)
.deadline(5)
.repeats_for_days(1)
.identity("its body but for `webhookTimestamp`", |delivery| {
    body_without(delivery, "webhookTimestamp")
})
.body_cap(5 * 1024 * 1024);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let minute = Duration::from_secs(60);
    Scheme::hmac_sha256(setup.name(), Signature::header("linear-signature", Encoding::Hex))
        .timestamp_field("/webhookTimestamp", TimeUnit::Millis)
        .tolerance(Tolerance::new(minute, minute))
        .id_header("linear-delivery")
        .event_type_field("/type")
}
