//! [LINE](https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/).

use super::{Sender, Setup, ids_of_list};
use crate::contract::Success;
use crate::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [LINE](https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/).
pub const LINE: Sender = Sender::new(
    "line",
    "LINE",
    "https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/",
    scheme,
)
.success(Success::Exactly200)
.deadline(2)
.identity("the ids in its body", |delivery| ids_of_list(delivery, "/events", &["/webhookEventId"]));

fn scheme(setup: &Setup) -> SchemeBuilder {
    Scheme::hmac_sha256(setup.name(), Signature::header("x-line-signature", Encoding::Base64))
}
