use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use countersign::scheme::SigningRequest;
use countersign::senders::Sender;
use countersign::{ConfigErrorKind, Secret, StandardWebhooks, Timestamp};

use super::wire::SIGNED_AT;
use super::{infallible, naive};

const BODY: &[u8] = br#"{"type":"ping"}"#;

/// Checks a secret of Standard Webhooks.
///
/// The secret is accepted exactly if it is base64, with or without `whsec_` and padding, and not empty.
/// It signs as the decoded key does, and is never printed.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn secret_forms(data: &[u8]) {
    let secret = match Secret::new(data) {
        Ok(secret) => secret,
        Err(error) => {
            assert_eq!(error.kind(), ConfigErrorKind::EmptySecret);
            assert!(is_blank(data));
            return;
        }
    };
    assert!(!is_blank(data));
    assert_eq!(format!("{secret:?}"), "Secret([redacted])");
    let sender = StandardWebhooks::new(secret);
    let (sender, key) = match (sender, key(data)) {
        (Ok(sender), Some(key)) if !is_blank(&key) => (sender, key),
        (Err(error), Some(_)) => {
            assert_eq!(error.kind(), ConfigErrorKind::EmptySecret);
            return;
        }
        (Err(error), None) => {
            assert_eq!(error.kind(), ConfigErrorKind::InvalidSecret);
            return;
        }
        (Ok(_), key) => panic!("taken, but the key is {key:?}"),
    };
    let signed = SigningRequest::new(BODY)
        .id("msg_1")
        .timestamp(Timestamp::from_secs(SIGNED_AT))
        .sign(sender.verifier().scheme(), &infallible(Secret::new(data)));
    let lead = format!("msg_1.{SIGNED_AT}.");
    let tag = BASE64_STANDARD.encode(naive::tag(&key, &[lead.as_bytes(), BODY]));
    let signature = infallible(signed).into_iter().next_back();
    assert_eq!(signature, Some(("webhook-signature".to_owned(), format!("v1,{tag}"))));
}

/// Whether the secret is only white space other than vertical tabs, a byte order mark, or zero bytes.
fn is_blank(data: &[u8]) -> bool {
    let is_space =
        |letter: char| letter == '\u{feff}' || letter.is_whitespace() && letter != '\u{b}';
    let is_space = |text: &str| text.chars().all(is_space);
    data.iter().all(|byte| *byte == 0) || std::str::from_utf8(data).is_ok_and(is_space)
}

/// The key that the text encodes.
fn key(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.strip_prefix(b"whsec_").unwrap_or(text);
    // Surplus bits in the last character are ignored.
    let lax = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let padded = GeneralPurpose::new(&STANDARD, lax);
    let bare = lax.with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let engine = if text.ends_with(b"=") { padded } else { GeneralPurpose::new(&STANDARD, bare) };
    engine.decode(text).ok()
}
