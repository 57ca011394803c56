//! The grammar of the signature header.

#![allow(clippy::unwrap_used)]

mod common;

use countersign::scheme::{
    Encoding, Part, Scheme, SchemeBuilder, SignatureLocation, SigningRequest, TimestampFormat,
};
use countersign::{Custom, Delivery, Rejection, RejectionKind, Secret, Timestamp};

use common::receive;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const BODY: &[u8] = b"{\"a\":1.5}";

fn secret() -> Secret {
    Secret::new("a secret of twenty-four b").unwrap()
}

fn hex() -> SignatureLocation {
    SignatureLocation::header("x-signature", Encoding::Hex)
}

/// Receives `BODY` with one signature header.
fn receive_signature(scheme: &Scheme, value: &str) -> Result<Delivery, Rejection> {
    let sender = Custom::new(scheme.clone(), secret()).unwrap();
    receive(&sender, &[("x-signature", value)], BODY, NOW)
}

/// A scheme whose only header is the signature's, and the value of that header.
struct Lone(Scheme, String);

impl Lone {
    fn new(scheme: SchemeBuilder) -> Self {
        let scheme = scheme.build().unwrap();
        let headers = SigningRequest::new(BODY).timestamp(NOW).sign(&scheme, &secret()).unwrap();
        let [(_, value)] = &headers[..] else { panic!("{headers:?}") };
        Self(scheme, value.clone())
    }

    #[track_caller]
    fn accepts(&self, value: &str) {
        assert_eq!(receive_signature(&self.0, value).unwrap().body(), BODY, "{value}");
    }

    #[track_caller]
    fn rejects(&self, value: &str, kind: RejectionKind) {
        let rejection = receive_signature(&self.0, value).unwrap_err();
        assert_eq!(rejection.kind(), kind, "{value}");
    }
}

#[test]
fn a_prefix_is_required_exactly() {
    use RejectionKind::MalformedHeader;
    let lone = Lone::new(Scheme::hmac_sha256("acme", hex().prefix("sha256=")));
    let Lone(_, value) = &lone;
    let bare = value.strip_prefix("sha256=").unwrap();
    lone.accepts(value);
    lone.rejects(bare, MalformedHeader);
    for prefix in ["SHA256=", "sha256:", "sha1=", " sha256=", "sha256= ", "sha256=sha256="] {
        lone.rejects(&format!("{prefix}{bare}"), MalformedHeader);
    }
    lone.rejects("sha256=", MalformedHeader);
}

#[test]
fn hex_is_64_digits_of_either_case() {
    let lone = Lone::new(Scheme::hmac_sha256("acme", hex()));
    let Lone(_, value) = &lone;
    lone.accepts(value);
    lone.accepts(&value.to_uppercase());
    for wrong in [&value[1..], &value[2..], &format!("{value}00"), &format!("0x{}", &value[2..])] {
        lone.rejects(wrong, RejectionKind::MalformedHeader);
    }
    lone.rejects(&"0".repeat(64), RejectionKind::SignatureMismatch);
}

#[test]
fn base64_is_accepted_in_its_canonical_form_only() {
    for (encoding, other) in
        [(Encoding::Base64, Encoding::Base64Url), (Encoding::Base64Url, Encoding::Base64)]
    {
        let lone = |encoding| {
            Lone::new(Scheme::hmac_sha256(
                "acme",
                SignatureLocation::header("x-signature", encoding),
            ))
        };
        let Lone(_, foreign) = lone(other);
        let lone = lone(encoding);
        let Lone(_, value) = &lone;
        lone.accepts(value);
        assert_ne!(*value, foreign, "choose a body whose signature differs between the alphabets");
        let bare = value.strip_suffix('=').unwrap();
        let last = value.as_bytes()[42];
        let stray = format!("{}{}=", &value[..42], char::from(last + 1));
        for wrong in [
            foreign.clone(),
            bare.to_owned(),
            format!("{value}="),
            format!("{bare}=="),
            format!("{value} "),
            format!("{} {}", &value[..20], &value[20..]),
            format!("\"{value}\""),
            stray,
        ] {
            lone.rejects(&wrong, RejectionKind::MalformedHeader);
        }
    }
}

#[test]
fn a_list_is_items_of_version_and_signature() {
    use RejectionKind::{MalformedHeader, NoCandidate, SignatureMismatch};
    let lone = Lone::new(Scheme::hmac_sha256("acme", hex().versioned("v1")));
    let Lone(_, value) = &lone;
    let bare = value.strip_prefix("v1,").unwrap();
    let zeros = format!("v1,{}", "0".repeat(64));
    lone.accepts(value);
    lone.accepts(&format!("{zeros} {value}"));
    lone.accepts(&format!("{value} {zeros}"));
    lone.accepts(&format!("v1,short garbage v2,{bare} {value}"));
    lone.rejects(&zeros, SignatureMismatch);
    lone.rejects(&format!("v2,{bare}"), NoCandidate);
    lone.rejects(&format!("v1a,{bare} v10,{bare} V1,{bare} av1,{bare}"), NoCandidate);
    lone.rejects(bare, MalformedHeader);
    lone.rejects("v1", MalformedHeader);
    lone.rejects("v1,", MalformedHeader);
    lone.rejects(&format!("v1={bare}"), MalformedHeader);
    lone.rejects(&format!("{value},{value}"), MalformedHeader);
    lone.rejects(&format!("{zeros},{value}"), MalformedHeader);
}

#[test]
fn pairs_hold_one_time_and_signatures() {
    use RejectionKind::{MalformedHeader, NoCandidate, SignatureMismatch, StaleTimestamp};
    let lone = Lone::new(
        Scheme::hmac_sha256("acme", hex().pairs("v1"))
            .timestamp_pair("t", TimestampFormat::Seconds)
            .signs([Part::Timestamp, Part::Literal(".".into()), Part::Body]),
    );
    let Lone(_, value) = &lone;
    let (time, signature) = value.split_once(',').unwrap();
    let zeros = format!("v1={}", "0".repeat(64));
    assert_eq!(time, "t=1700000000");
    lone.accepts(value);
    lone.accepts(&format!("{signature},{time}"));
    lone.accepts(&format!("{time},{zeros},v0=old,{signature},x"));
    lone.rejects(&format!("{time},{zeros}"), SignatureMismatch);
    lone.rejects(&format!("t=1700000001,{signature}"), SignatureMismatch);
    lone.rejects(&format!("t=1600000000,{signature}"), StaleTimestamp);
    lone.rejects(signature, MalformedHeader);
    lone.rejects(time, NoCandidate);
    lone.rejects(&format!("{time},v0={}", &signature[3..]), NoCandidate);
    lone.rejects(&format!("{time},{time},{signature}"), MalformedHeader);
    lone.rejects(&format!("{time},t=1,{signature}"), MalformedHeader);
    lone.rejects(&format!("t=,{signature}"), MalformedHeader);
    lone.rejects(&format!("t=+1700000000,{signature}"), MalformedHeader);
    lone.rejects(&format!("t = 1700000000,{signature}"), MalformedHeader);
    lone.rejects(&format!("{time},v1="), MalformedHeader);
    lone.rejects("t,v1", MalformedHeader);
}

#[test]
fn at_most_sixteen_signatures_are_read() {
    let zeros = "0".repeat(64);
    let list = Lone::new(Scheme::hmac_sha256("acme", hex().versioned("v1")));
    let many = |count| format!("v1,{zeros} ").repeat(count) + &list.1;
    list.accepts(&many(15));
    list.rejects(&many(16), RejectionKind::MalformedHeader);
    let list = Lone::new(Scheme::hmac_sha256("acme", hex().pairs("v1")));
    let many = |count| format!("v1={zeros},").repeat(count) + &list.1;
    list.accepts(&many(15));
    list.rejects(&many(16), RejectionKind::MalformedHeader);
}

#[test]
fn at_most_eight_kibibytes_of_header_are_read() {
    let list = Lone::new(Scheme::hmac_sha256("acme", hex().versioned("v1")));
    let filled = |length: usize| format!("{} v2,{}", list.1, "x".repeat(length - list.1.len() - 4));
    list.accepts(&filled(8 * 1024));
    list.rejects(&filled(8 * 1024 + 1), RejectionKind::MalformedHeader);
}
