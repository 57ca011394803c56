use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use countersign::senders::Sender;
use countersign::senders::{self, ConfiguredSender};
use countersign::{Rejection, RejectionKind, Secret, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::{infallible, receive};

const TOKEN: &str = "the account's auth token";
const URL: &str = "https://example.com/hook";

static TWILIO: LazyLock<ConfiguredSender> = LazyLock::new(|| {
    infallible(senders::TWILIO.config().with_public_url(URL).keys(infallible(Secret::new(TOKEN))))
});

/// Checks the body of a form.
///
/// The form is accepted exactly under the signature over its fields as another parser reads them, sorted
/// and without repetitions. A body that is not a form is never accepted, nor is one whose text would be
/// read as the end of the URL.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn twilio_form(body: &[u8]) {
    let fields: BTreeSet<_> = form_urlencoded::parse(body).collect();
    // The other parser replaces bytes that are not UTF-8; the signature covers the bytes.
    if fields.iter().any(|(name, value)| [name, value].iter().any(|text| text.contains('\u{fffd}')))
    {
        return;
    }
    let text: String = fields.iter().flat_map(|(name, value)| [&**name, value]).collect();
    let mut mac: Hmac<Sha1> = infallible(KeyInit::new_from_slice(TOKEN.as_bytes()));
    mac.update(URL.as_bytes());
    mac.update(text.as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let headers = [("x-twilio-signature", signature.as_bytes())];
    let received = receive(TWILIO.verifier(), &headers, body, Timestamp::from_secs(0));
    let kind = received.as_ref().err().map(Rejection::kind);
    // Directly after the URL, these characters would be read as a part of it.
    let is_separate = !text.starts_with([':', '/', '?', '&']);
    let is_accepted = is_form(body) && is_separate;
    let expected = (!is_accepted).then_some(RejectionKind::SignatureMismatch);
    assert_eq!(kind, expected);
}

/// Whether two hexadecimal digits follow every `%`; otherwise the other parser keeps the `%`.
fn is_form(body: &[u8]) -> bool {
    body.split(|byte| *byte == b'%').skip(1).all(|rest| {
        rest.first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}
