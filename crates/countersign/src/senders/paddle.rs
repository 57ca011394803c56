//! [Paddle](https://developer.paddle.com/webhooks/about/signature-verification).

use super::{Sender, Setup};
use crate::contract::Success;
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::TimeUnit;

/// [Paddle Billing](https://developer.paddle.com/webhooks/about/signature-verification).
///
/// Its own libraries tolerate 5 s; here it is five minutes, since an event is known by its signed id.
pub const PADDLE: Sender = Sender::new(
    "paddle",
    "Paddle",
    "https://developer.paddle.com/webhooks/about/signature-verification",
    scheme,
)
.success(Success::Exactly200)
.deadline(5);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature =
        Signature::header("paddle-signature", Encoding::Hex).pairs_parted_by(b';', "h1");
    Scheme::hmac_sha256(setup.name(), signature)
        .timestamp_pair("ts", TimeUnit::Seconds)
        .signs([Part::Timestamp, ":".into(), Part::Body])
        .id_field("/event_id")
        .event_type_field("/event_type")
}
