//! [Twilio](https://www.twilio.com/docs/usage/security#validating-requests).

use super::{SenderConfig, SenderSpec, days, secs};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};

/// [Twilio](https://www.twilio.com/docs/usage/security#validating-requests): the public URL and the
/// sorted form, or a JSON body by its digest in the query.
///
/// The signed text has no separators, so whoever captured a request may cut it up differently; it is
/// still the same event, and known as such for a minute. Not longer: a call asks for the same thing
/// twice. Where the URL has a query that is
/// always the same, set it up with it, and no other is taken; without, the request's own is signed.
pub const TWILIO: SenderSpec = SenderSpec::new(
    "twilio",
    "Twilio",
    "https://www.twilio.com/docs/usage/security#validating-requests",
    scheme,
)
.with_required_public_url()
.with_response_deadline(secs(15))
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
}
