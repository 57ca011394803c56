//! [Zoom](https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events).

use std::time::Duration;

use super::{Sender, Setup};
use crate::challenge::{BodyAnswer, Challenge};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::{TimeUnit, Tolerance};

/// [Zoom](https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events).
///
/// `endpoint.url_validation` is answered once its signature is verified. Whether a retry, up to 85
/// minutes later, is signed anew is not documented, so the time may lie two hours back.
pub const ZOOM: Sender = Sender::new(
    "zoom",
    "Zoom",
    "https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events",
    scheme,
)
.deadline(3)
.repeats_for_days(1)
.challenge(Challenge::Body {
    kind: "/event",
    value: "endpoint.url_validation",
    answer: BodyAnswer::Sealed("/payload/plainToken"),
});

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("x-zm-signature", Encoding::Hex).prefix("v0=");
    Scheme::hmac_sha256(setup.name(), signature)
        .timestamp_header("x-zm-request-timestamp", TimeUnit::Seconds)
        .tolerance(Tolerance::new(Duration::from_secs(2 * 60 * 60), Duration::from_secs(300)))
        .signs(["v0:".into(), Part::Timestamp, ":".into(), Part::Body])
        .event_type_field("/event")
}
