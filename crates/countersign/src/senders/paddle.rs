//! [Paddle](https://developer.paddle.com/webhooks/about/signature-verification).

use super::{SenderConfig, SenderSpec, secs};
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::TimestampFormat;

/// [Paddle Billing](https://developer.paddle.com/webhooks/about/signature-verification).
///
/// Its own libraries tolerate 5 s; here it is five minutes, since an event is known by its signed id.
pub const PADDLE: SenderSpec = SenderSpec::new(
    "paddle",
    "Paddle",
    "https://developer.paddle.com/webhooks/about/signature-verification",
    scheme,
)
.with_success(Success::Exactly200)
.with_response_deadline(secs(5));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("paddle-signature", Encoding::Hex)
        .pairs_with_separator(b';', "h1");
    Scheme::hmac_sha256(config.name(), signature)
        .timestamp_pair("ts", TimestampFormat::Seconds)
        .signs([Part::Timestamp, ":".into(), Part::Body])
        .id_field("/event_id")
        .event_type_field("/event_type")
}
