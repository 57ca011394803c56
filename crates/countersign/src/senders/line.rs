//! [LINE](https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/).

use super::spec::secs;
use super::{SenderConfig, SenderSpec};
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::scheme::{Items, Scheme, SchemeBuilder, SignatureLocation};

/// [LINE](https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/). Its bodies are
/// [batches](https://github.com/countersign/countersign/blob/main/docs/batches.md).
pub const LINE: SenderSpec = SenderSpec::new(
    "line",
    "LINE",
    "https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/",
    scheme,
)
.with_success(Success::Exactly200)
.with_response_deadline(secs(2))
.with_items("the ids of its events", || {
    Items::at("/events/*")
        .id(["/webhookEventId"])
        .without(["/deliveryContext/isRedelivery"])
        .event_type("/type")
});

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::hmac_sha256(
        config.name(),
        SignatureLocation::header("x-line-signature", Encoding::Base64),
    )
}
