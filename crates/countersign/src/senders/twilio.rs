//! [Twilio](https://www.twilio.com/docs/usage/security#validating-requests).

use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{BodyFormat, Part, Scheme, SchemeBuilder, SignatureLocation};

/// [Twilio](https://www.twilio.com/docs/usage/security#validating-requests), which signs the public URL
/// and the sorted form, or a JSON body by its digest in the query.
///
/// The signed content has no separators, so a client that captured a request can move bytes between its
/// fields. The identity of the event stays the same, and it is deduplicated for one minute; not for
/// longer, since one call sends equal requests.
///
/// If the public URL is configured with a query, only requests with the same parameters are accepted, in
/// any order and with any escapes; without one, the request's own query is signed. Credentials in the
/// URL are part of what is signed.
///
/// Twilio can be set to call an endpoint by `GET`. Then the fields are in the query, and the endpoint
/// needs [`with_method("GET")`](SenderConfig::with_method).
pub const TWILIO: SenderSpec = SenderSpec::new(
    "twilio",
    "Twilio",
    "https://www.twilio.com/docs/usage/security#validating-requests",
    scheme,
)
.with_required_public_url()
.with_methods(&["POST", "GET"])
.with_response_deadline(secs(15))
// https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides: no retry, unless the URL that
// Twilio was given requests up to five with `#rc=`, which follow at once.
.with_automatic_retry_horizon(secs(0))
.with_retry_window(days(1))
.with_digest_dedup_window(secs(60))
.with_max_body_size(64 * 1024);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::hmac_sha1(
        config.name(),
        SignatureLocation::header("x-twilio-signature", Encoding::Base64),
    )
    .id_header("i-twilio-idempotency-token")
    .signs([Part::UrlAndForm(config.public_url())])
    .body_formats([BodyFormat::Form, BodyFormat::Json])
}
