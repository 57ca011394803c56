use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use countersign::senders::Sender;
use countersign::senders::{self, ConfiguredSender};
use countersign::{Rejection, RejectionKind, Secret, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::{receive, sure};

const TOKEN: &str = "the account's auth token";
const URL: &str = "https://example.com/hook";

static TWILIO: LazyLock<ConfiguredSender> = LazyLock::new(|| {
    sure(senders::TWILIO.config().with_public_url(URL).keys(sure(Secret::new(TOKEN))))
});

/// The input is a form's body.
///
/// It is accepted exactly under the signature over its fields as another parser reads them, sorted and
/// each once; a body that is no form is accepted under none.
///
/// # Panics
///
/// If that does not hold.
pub fn twilio_form(body: &[u8]) {
    let fields: BTreeSet<_> = form_urlencoded::parse(body).collect();
    // The other parser replaces what is no UTF-8; what is signed are the bytes.
    if fields.iter().any(|(name, value)| [name, value].iter().any(|text| text.contains('\u{fffd}')))
    {
        return;
    }
    let text: String = fields.iter().flat_map(|(name, value)| [&**name, value]).collect();
    let mut mac: Hmac<Sha1> = sure(KeyInit::new_from_slice(TOKEN.as_bytes()));
    mac.update(URL.as_bytes());
    mac.update(text.as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let headers = [("x-twilio-signature", signature.as_bytes())];
    let received = receive(TWILIO.verifier(), &headers, body, Timestamp::from_secs(0));
    let kind = received.as_ref().err().map(Rejection::kind);
    let expected = (!is_form(body)).then_some(RejectionKind::SignatureMismatch);
    assert_eq!(kind, expected);
}

/// Whether two hexadecimal digits stand behind every `%`; the other parser takes it for itself else.
fn is_form(body: &[u8]) -> bool {
    body.split(|byte| *byte == b'%').skip(1).all(|rest| {
        rest.first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}
