//! [GoCardless](https://developer.gocardless.com/api-reference/#webhooks-signing-webhooks).

use super::{Sender, Setup, ids_of_list};
use crate::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [GoCardless](https://developer.gocardless.com/api-reference/#webhooks-signing-webhooks).
pub const GOCARDLESS: Sender = Sender::new(
    "gocardless",
    "GoCardless",
    "https://developer.gocardless.com/api-reference/#webhooks-signing-webhooks",
    scheme,
)
.deadline(10)
.identity("the ids in its body", |delivery| ids_of_list(delivery, "/events", &["/id"]));

fn scheme(setup: &Setup) -> SchemeBuilder {
    Scheme::hmac_sha256(setup.name(), Signature::header("webhook-signature", Encoding::Hex))
}
