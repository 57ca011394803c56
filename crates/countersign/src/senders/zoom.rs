//! [Zoom](https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events).

use std::time::Duration;

use super::{SenderConfig, SenderSpec, days, secs};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::senders::{BodyResponse, Challenge};
use crate::time::{TimestampFormat, Tolerance};

/// [Zoom](https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events).
///
/// `endpoint.url_validation` is answered once its signature is verified. Whether a retry, up to 85
/// minutes later, is signed anew is not documented, so the time may lie two hours back.
pub const ZOOM: SenderSpec = SenderSpec::new(
    "zoom",
    "Zoom",
    "https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events",
    scheme,
)
.with_response_deadline(secs(3))
.with_retry_window(days(1))
.with_handshake(Challenge::Body {
    kind: "/event",
    value: "endpoint.url_validation",
    answer: BodyResponse::EchoWithHmac("/payload/plainToken"),
});

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-zm-signature", Encoding::Hex).prefix("v0=");
    Scheme::hmac_sha256(config.name(), signature)
        .timestamp_header("x-zm-request-timestamp", TimestampFormat::Seconds)
        .tolerance(Tolerance::new(Duration::from_secs(2 * 60 * 60), Duration::from_secs(300)))
        .signs(["v0:".into(), Part::Timestamp, ":".into(), Part::Body])
        .event_type_field("/event")
}
