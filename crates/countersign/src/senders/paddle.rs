//! [Paddle](https://developer.paddle.com/webhooks/about/signature-verification).

use super::spec::secs;
use super::{SenderConfig, SenderSpec};
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::TimestampFormat;

/// [Paddle Billing](https://developer.paddle.com/webhooks/about/signature-verification).
///
/// Paddle's own libraries tolerate 5 s. The tolerance here is five minutes, which is safe since a signed
/// id identifies the event.
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
