//! [Zoom](https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events).

use std::time::Duration;

use super::spec::{days, minutes, secs};
use super::{BodyResponse, Challenge, SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};

/// [Zoom](https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events).
///
/// A verified `endpoint.url_validation` gets its response without a call of the handler. Zoom retries for
/// up to 85 minutes and does not document whether it signs retries again, so the tolerance is two hours.
pub const ZOOM: SenderSpec = SenderSpec::new(
    "zoom",
    "Zoom",
    "https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events",
    scheme,
)
.with_response_deadline(secs(3))
// https://developers.zoom.us/blog/webhook-delays: after 5, 20 and 60 more minutes.
.with_automatic_retry_horizon(minutes(85))
.with_retry_window(days(1))
.with_handshake(Challenge::Body {
    kind: "/event",
    value: "endpoint.url_validation",
    response: BodyResponse::EchoWithHmac("/payload/plainToken"),
});

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-zm-signature", Encoding::Hex).prefix("v0=");
    Scheme::hmac_sha256(config.name(), signature)
        .timestamp_header("x-zm-request-timestamp", TimestampFormat::Seconds)
        .tolerance(Tolerance::new(Duration::from_secs(2 * 60 * 60), Duration::from_secs(300)))
        .signs(["v0:".into(), Part::Timestamp, ":".into(), Part::Body])
        .event_type_field("/event")
}
