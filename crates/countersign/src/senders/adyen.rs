//! [Adyen](https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures).

use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Field, Items, Scheme, SchemeBuilder, SignatureLocation};

const SPEC: &str =
    "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures";

/// [Adyen's standard webhooks](https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures):
/// payments. The key is the HMAC key in hexadecimal.
///
/// Adyen signs only eight fields; the signature is another field of the body. **Do not rely on any other
/// field**: not on `eventDate`, not on `reason`, not on `additionalData`.
pub const ADYEN: SenderSpec = SenderSpec::new("adyen", "Adyen, standard webhooks", SPEC, standard)
    .with_response_deadline(secs(10))
    // https://docs.adyen.com/development-resources/webhooks/troubleshoot: for up to 30 days.
    .with_automatic_retry_horizon(days(30))
    .with_retry_window(days(31))
    .with_max_body_size(64 * 1024);

/// [Adyen's platform, banking and management webhooks](https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures):
/// Adyen signs the whole body. The key is the HMAC key in hexadecimal.
pub const ADYEN_PLATFORM: SenderSpec =
    SenderSpec::new("adyen-platform", "Adyen, platform webhooks", SPEC, |config| {
        Scheme::hmac_sha256(
            config.name(),
            SignatureLocation::header("hmacsignature", Encoding::Base64),
        )
        .event_type_field("/type")
        .hex_key()
    })
    .with_response_deadline(secs(10))
    // https://docs.adyen.com/development-resources/webhooks/troubleshoot: for up to 30 days.
    .with_automatic_retry_horizon(days(30))
    .with_retry_window(days(31));

fn standard(config: &SenderConfig) -> SchemeBuilder {
    let at = |field: &str| format!("/notificationItems/0/NotificationRequestItem/{field}");
    let fields = [
        // In a report, the reference is the name of its file, which may contain the separator
        // (https://github.com/Adyen/adyen-ruby-api-library/issues/108). The event code is signed after
        // both fields that may contain it, so it decides which of them does.
        Field::new(at("pspReference")).allow_any_text_for(at("eventCode"), ["REPORT_AVAILABLE"]),
        Field::new(at("originalReference")),
        Field::new(at("merchantAccountCode")),
        // The merchant chooses this text, so it may contain the separator.
        Field::new(at("merchantReference")).allow_any_text(),
        Field::new(at("amount/value")),
        Field::new(at("amount/currency")),
        Field::new(at("eventCode")),
        Field::new(at("success")),
        // A delivery has one item; the signature does not cover a second one.
        Field::new("/notificationItems/1").must_be_absent(),
    ];
    let signature = at("additionalData/hmacSignature");
    Scheme::hmac_sha256_of_fields(config.name(), signature, Encoding::Base64, fields)
        .event_type_field(at("eventCode"))
        .items(Items::at("/notificationItems/0/NotificationRequestItem").event_type("/eventCode"))
        .hex_key()
}
