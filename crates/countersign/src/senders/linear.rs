//! [Linear](https://linear.app/developers/webhooks#securing-webhooks).

use std::time::Duration;

use super::identity::body_without;
use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};

/// [Linear](https://linear.app/developers/webhooks#securing-webhooks).
///
/// `Linear-Delivery` is not signed, and no field of the body identifies the event. A retry after an hour
/// needs a new time to be within the minute that Linear allows, so the time does not identify it either.
pub const LINEAR: SenderSpec = SenderSpec::new(
    "linear",
    "Linear",
    "https://linear.app/developers/webhooks#securing-webhooks",
    scheme,
)
.with_success(Success::Exactly200)
.with_response_deadline(secs(5))
.with_retry_window(days(1))
.with_identity("its body but for `webhookTimestamp`", |delivery| {
    body_without(delivery, "webhookTimestamp")
})
.with_max_body_size(5 * 1024 * 1024);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let minute = Duration::from_secs(60);
    Scheme::hmac_sha256(config.name(), SignatureLocation::header("linear-signature", Encoding::Hex))
        .timestamp_field("/webhookTimestamp", TimestampFormat::Millis)
        .tolerance(Tolerance::new(minute, minute))
        .id_header("linear-delivery")
        .event_type_field("/type")
}
