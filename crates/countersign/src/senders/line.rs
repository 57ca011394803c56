//! [LINE](https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/).

use super::identity::ids_of_list;
use super::spec::secs;
use super::{SenderConfig, SenderSpec};
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [LINE](https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/).
pub const LINE: SenderSpec = SenderSpec::new(
    "line",
    "LINE",
    "https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/",
    scheme,
)
.with_success(Success::Exactly200)
.with_response_deadline(secs(2))
.with_identity("the ids in its body", |delivery| {
    ids_of_list(delivery, "/events", &["/webhookEventId"])
});

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::hmac_sha256(
        config.name(),
        SignatureLocation::header("x-line-signature", Encoding::Base64),
    )
}
