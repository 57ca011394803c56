//! [Typeform](https://www.typeform.com/developers/webhooks/secure-your-webhooks/).

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [Typeform](https://www.typeform.com/developers/webhooks/secure-your-webhooks/).
pub const TYPEFORM: Sender = Sender::new(
    "typeform",
    "Typeform",
    "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
    scheme,
)
.deadline(30)
.repeats_for_days(3);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("typeform-signature", Encoding::Base64).prefix("sha256=");
    Scheme::hmac_sha256(setup.name(), signature)
        .id_field("/event_id")
        .event_type_field("/event_type")
}
