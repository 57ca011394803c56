//! [Typeform](https://www.typeform.com/developers/webhooks/secure-your-webhooks/).

use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Typeform](https://www.typeform.com/developers/webhooks/secure-your-webhooks/).
pub const TYPEFORM: SenderSpec = SenderSpec::new(
    "typeform",
    "Typeform",
    "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
    scheme,
)
.with_response_deadline(secs(30))
.with_retry_window(days(3));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("typeform-signature", Encoding::Base64).prefix("sha256=");
    Scheme::hmac_sha256(config.name(), signature)
        .id_field("/event_id")
        .event_type_field("/event_type")
}
