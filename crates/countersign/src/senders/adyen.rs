//! [Adyen](https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures).

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Field, Scheme, SchemeBuilder, Signature};

const SPEC: &str =
    "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures";

/// [Adyen's standard webhooks](https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures):
/// payments. The key is the HMAC key in hexadecimal.
///
/// Only eight fields are signed, with the signature beside them in the body. **Believe no other**: not
/// `eventDate`, not `reason`, nothing in `additionalData`.
pub const ADYEN: Sender = Sender::new("adyen", "Adyen, standard webhooks", SPEC, standard)
    .deadline(10)
    .repeats_for_days(31)
    .body_cap(64 * 1024);

/// [Adyen's platform, banking and management webhooks](https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures):
/// the whole body is signed. The key is the HMAC key in hexadecimal.
pub const ADYEN_PLATFORM: Sender =
    Sender::new("adyen-platform", "Adyen, platform webhooks", SPEC, |setup| {
        Scheme::hmac_sha256(setup.name(), Signature::header("hmacsignature", Encoding::Base64))
            .event_type_field("/type")
            .hex_key()
    })
    .deadline(10)
    .repeats_for_days(31);

fn standard(setup: &Setup) -> SchemeBuilder {
    let at = |field: &str| format!("/notificationItems/0/NotificationRequestItem/{field}");
    let fields = [
        Field::new(at("pspReference")),
        Field::new(at("originalReference")),
        Field::new(at("merchantAccountCode")),
        // The merchant's own text.
        Field::new(at("merchantReference")).free(),
        Field::new(at("amount/value")),
        Field::new(at("amount/currency")),
        Field::new(at("eventCode")),
        Field::new(at("success")),
        // A delivery has one item; a second would be somebody else's.
        Field::new("/notificationItems/1").absent(),
    ];
    let signature = at("additionalData/hmacSignature");
    Scheme::hmac_sha256_of_fields(setup.name(), signature, Encoding::Base64, fields)
        .event_type_field(at("eventCode"))
        .hex_key()
}
