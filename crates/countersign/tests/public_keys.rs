//! Keys in the forms that senders use, and signatures that are verified with public keys.

#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::{Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign::senders::{self, SenderSpec};
use countersign::{
    ConfigErrorKind, Delivery, Receiver, Rejection, RejectionKind, Secret, Timestamp,
};
use p256::ecdsa;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

/// A key pair made for these tests.
const P256_PUBLIC: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3jN61iJ4jlADLjma9/lK7LGbBrGIU16VVuQ14uYA1RjSF2HhLMnD5HLjZxPRExn1yx/aS3NJIgOkql1WSl1Yyw==";
const P256_PRIVATE: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguMPVyHIP84p8Wz5SDp4ABL0bIA139dhl3dsaJQOcstehRANCAATeM3rWIniOUAMuOZr3+UrssZsGsYhTXpVW5DXi5gDVGNIXYeEsycPkcuNnE9ETGfXLH9pLc0kiA6SqXVZKXVjL";
/// A key on P-384.
const P384_PUBLIC: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEraM2tlN0FVh1mWWs6O7XSf2Ko8lpftnZXJs2AhfWwxE5XLEVeXPktBE2c0cD04Zfh5kw7SW4tK+MUzfoV0jRlRNh22Nm1Cw2U9wCSpdYTxTL0I/x9yq2TeIaxgAbTk7f";
/// The first key pair of RFC 8032 section 7.1.
const ED25519_PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const ED25519_PRIVATE: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

#[track_caller]
fn rejects_key(sender: SenderSpec, key: &str, kind: ConfigErrorKind) {
    let error = sender.keys(secret(key)).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
}

fn zeros(bytes: usize) -> String {
    "00".repeat(bytes)
}

#[test]
fn a_key_of_zero_bytes_is_empty_in_any_form() {
    use ConfigErrorKind::EmptySecret;
    rejects_key(senders::ADYEN, &zeros(32), EmptySecret);
    rejects_key(senders::ADYEN_PLATFORM, &zeros(1), EmptySecret);
    rejects_key(senders::DISCORD, &zeros(32), EmptySecret);
    rejects_key(senders::SVIX, "whsec_AAAA", EmptySecret);
    rejects_key(senders::SVIX, "whsec_", EmptySecret);
    rejects_key(senders::STANDARD_WEBHOOKS_V1A, "whpk_", EmptySecret);
}

#[test]
fn a_key_in_another_form_is_rejected() {
    use ConfigErrorKind::InvalidSecret;
    for sender in [senders::ADYEN, senders::ADYEN_PLATFORM, senders::DISCORD] {
        for key in ["not hexadecimal", "abc", "0x00ff", " 00ff", "whsec_00ff"] {
            rejects_key(sender, key, InvalidSecret);
        }
    }
    for sender in [senders::SVIX, senders::STANDARD_WEBHOOKS, senders::GITLAB_SIGNED] {
        for key in
            ["whsec_not base64", "whsec_YWJj=", "whsec_whsec_YWJj", "whpk_YWJj", "WHSEC_YWJj"]
        {
            rejects_key(sender, key, InvalidSecret);
        }
    }
    rejects_key(senders::STANDARD_WEBHOOKS_V1A, "whsec_YWJj", InvalidSecret);
    for sender in [senders::AUTH0, senders::TELEGRAM] {
        for key in [" outer", "outer ", "l\u{ed}ne", "two\nlines"] {
            rejects_key(sender, key, InvalidSecret);
        }
    }
}

#[test]
fn a_public_key_is_a_complete_point_of_its_curve() {
    use ConfigErrorKind::InvalidSecret;
    for key in [&ED25519_PUBLIC[2..], &format!("{ED25519_PUBLIC}00"), &format!("02{}", zeros(31))] {
        rejects_key(senders::DISCORD, key, InvalidSecret);
    }
    let der = STANDARD.decode(P256_PUBLIC).unwrap();
    let short = der.split_last().unwrap().1;
    let point = der.split_at(26).1;
    let mut long = der.clone();
    long.push(0);
    let mut off_the_curve = der.clone();
    *off_the_curve.last_mut().unwrap() ^= 1;
    for bytes in [short, point, &long, &off_the_curve] {
        rejects_key(senders::SENDGRID, &STANDARD.encode(bytes), InvalidSecret);
    }
    rejects_key(senders::SENDGRID, P384_PUBLIC, InvalidSecret);
    rejects_key(senders::SENDGRID, P256_PRIVATE, InvalidSecret);
}

/// Points of small order: one signature would be valid for many messages.
#[test]
fn a_weak_public_key_is_rejected() {
    for key in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ] {
        rejects_key(senders::DISCORD, key, ConfigErrorKind::InvalidSecret);
    }
}

/// SendGrid's headers for `[]` at [`NOW`], and its signature.
fn sendgrid() -> (Vec<(String, String)>, ecdsa::Signature) {
    let scheme = senders::SENDGRID.config().scheme().unwrap();
    let unsigned = SigningRequest::new(b"[]").timestamp(NOW);
    let headers = unsigned.sign(&scheme, &secret(P256_PRIVATE)).unwrap();
    let (_, text) = headers.iter().find(|(name, _)| name == SIGNATURE).unwrap();
    let signature = ecdsa::Signature::from_der(&STANDARD.decode(text).unwrap()).unwrap();
    (headers, signature)
}

/// Verifies `[]` under this signature.
fn sendgrid_verifies(der: &[u8]) -> Result<Delivery, Rejection> {
    let (mut headers, _) = sendgrid();
    headers.retain(|(name, _)| name != SIGNATURE);
    headers.push((SIGNATURE.to_owned(), STANDARD.encode(der)));
    Receiver::new(senders::SENDGRID.keys(secret(P256_PUBLIC)).unwrap()).verify(&headers, "[]", NOW)
}

#[test]
fn a_signature_is_accepted_with_either_sign_of_s() {
    let (_, signature) = sendgrid();
    let (r, s) = signature.split_scalars();
    let other = ecdsa::Signature::from_scalars(r, -s).unwrap();
    assert_ne!(signature, other);
    for signature in [signature, other] {
        assert_eq!(sendgrid_verifies(signature.to_der().as_bytes()).unwrap().body(), "[]");
    }
}

#[test]
fn a_signature_is_strict_der() {
    let (_, signature) = sendgrid();
    let der = signature.to_der().as_bytes().to_vec();
    sendgrid_verifies(&der).unwrap();
    let extended = [&der[..], &[0]].concat();
    let mut long_form = der.clone();
    long_form.splice(1..2, [0x81, der[1]]);
    let mut zero = der.clone();
    zero.splice(.., [0x30, 6, 2, 1, 0, 2, 1, 0]);
    let raw = signature.to_bytes().to_vec();
    for other in [extended, long_form, zero, raw] {
        let rejection = sendgrid_verifies(&other).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch, "{other:?}");
    }
    for unreadable in [&der[..7], &[&der[..], &[0; 8]].concat(), &[]] {
        let rejection = sendgrid_verifies(unreadable).unwrap_err();
        let kind = if unreadable.is_empty() {
            RejectionKind::MissingHeader
        } else {
            RejectionKind::MalformedHeader
        };
        assert_eq!(rejection.kind(), kind, "{unreadable:?}");
    }
}

#[test]
fn at_most_four_public_key_signatures_are_checked() {
    let signature = SignatureLocation::header("x-signature", Encoding::Hex).pairs("v1");
    let scheme = || Scheme::ed25519("acme", signature.clone()).hex_key().build().unwrap();
    let signed = SigningRequest::new(b"{}").sign(&scheme(), &secret(ED25519_PRIVATE)).unwrap();
    let (name, right) = signed.first().unwrap();
    let receiver =
        Receiver::new(countersign::Custom::new(scheme(), secret(ED25519_PUBLIC)).unwrap());
    let verdict = |items: Vec<&str>| {
        let headers = [(name.clone(), items.join(","))];
        receiver.verify(&headers, "{}", NOW)
    };
    let wrong = format!("v1={}", "00".repeat(64));
    assert_eq!(verdict(vec![&wrong, &wrong, &wrong, right]).unwrap().body(), "{}");
    let rejection = verdict(vec![&wrong, &wrong, &wrong, &wrong, right]).unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::MalformedHeader, "{rejection}");
    // A malformed signature costs nothing and does not count.
    let noise = vec!["v1=00"; 20];
    verdict([noise, vec![right]].concat()).unwrap();
}
