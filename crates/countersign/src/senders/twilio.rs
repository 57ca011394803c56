//! [Twilio](https://www.twilio.com/docs/usage/security#validating-requests).

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};

/// [Twilio](https://www.twilio.com/docs/usage/security#validating-requests): the public URL and the
/// sorted form, or a JSON body by its digest in the query.
///
/// The signed text has no separators, so whoever captured a request may cut it up differently; it is
/// still the same event, and known as such for a minute. Not longer: a call asks for the same thing
/// twice. Where the URL has a query that is
/// always the same, set it up with it, and no other is taken; without, the request's own is signed.
pub const TWILIO: Sender = Sender::new(
    "twilio",
    "Twilio",
    "https://www.twilio.com/docs/usage/security#validating-requests",
    scheme,
)
.needs_url()
.deadline(15)
.repeats_for_days(1)
.known_by_digest_for_secs(60)
.body_cap(64 * 1024);

fn scheme(setup: &Setup) -> SchemeBuilder {
    Scheme::hmac_sha1(setup.name(), Signature::header("x-twilio-signature", Encoding::Base64))
        .id_header("i-twilio-idempotency-token")
        .signs([Part::UrlAndForm(setup.url())])
}
