//! A signed request is accepted, and rejected if any one bit of it is flipped.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use bytes::Bytes;
use countersign::ainexlayer::{AiNexLayer, FieldLocation};
use countersign::omniai::OmniAi;
use countersign::scheme::{
    Encoding, Part, Scheme, SignatureLocation, SigningRequest, TimestampFormat,
};
use countersign::senders::Sender;
use countersign::{Custom, RejectionKind, Secret, StandardWebhooks, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::Config;

use common::{CAP, receive};

const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

fn ainexlayer(encoding: Encoding, prefix: &'static str, time: FieldLocation) -> Box<dyn Sender> {
    let builder = AiNexLayer::builder(secret())
        .signature_header("x-signature")
        .encoding(encoding)
        .prefix(prefix)
        .event_type(FieldLocation::Absent)
        .event_id(FieldLocation::Absent)
        .time(time);
    Box::new(builder.build().unwrap())
}

/// A sender with pairs in the signature header, a timestamp in milliseconds, and a signed id.
fn pairs() -> Box<dyn Sender> {
    let dot = || Part::Literal(".".into());
    let signature = SignatureLocation::header("x-signature", Encoding::Base64Url).pairs("v1");
    let scheme = Scheme::hmac_sha256("pairs", signature)
        .timestamp_pair("t", TimestampFormat::Millis)
        .id_header("x-id")
        .signs([Part::Timestamp, dot(), Part::Id, dot(), Part::Body])
        .build();
    Box::new(Custom::new(scheme.unwrap(), secret()).unwrap())
}

fn signing() -> [Box<dyn Sender>; 5] {
    [
        Box::new(StandardWebhooks::new(secret()).unwrap()),
        ainexlayer(Encoding::Hex, "", FieldLocation::Absent),
        ainexlayer(Encoding::Base64, "sha256=", FieldLocation::Absent),
        ainexlayer(Encoding::Hex, "v1=", FieldLocation::header("x-time")),
        pairs(),
    ]
}

type Fields = Vec<(String, Vec<u8>)>;

fn sign(sender: &dyn Sender, id: &str, body: &[u8]) -> Fields {
    let request = SigningRequest::new(body).id(id).timestamp(NOW);
    let headers = request.sign(sender.verifier().scheme(), &secret()).unwrap();
    headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
}

/// Every value that differs from this one in one bit, with the index of the changed byte.
fn flips(value: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..value.len() * 8).map(|bit| {
        let mut flipped = value.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit / 8, flipped)
    })
}

/// Whether a flip changed only the case of a digit of a hexadecimal signature.
fn is_same_hex(name: &str, value: &[u8], flipped: &[u8], at: usize) -> bool {
    name == "x-signature"
        && value.len() >= 64
        && value[value.len() - 64..].iter().all(u8::is_ascii_hexdigit)
        && at >= value.len() - 64
        && flipped.eq_ignore_ascii_case(value)
}

fn id() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_:~-]{1,16}"
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..24)
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// The signed prefix is 12 bytes longer than the id; hash blocks have 64 bytes.
#[test]
fn a_hash_block_may_end_anywhere() {
    let sender = StandardWebhooks::new(secret()).unwrap();
    for id in 40..=140 {
        let id = "i".repeat(id);
        for body in [0, 1, 2, 11, 12, 13, 51, 52, 63, 64, 65, 130] {
            let body = vec![b'b'; body];
            let headers = sign(&sender, &id, &body);
            receive(&sender, &headers, &body, NOW).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn any_flipped_bit_is_rejected(id in id(), body in body()) {
        for sender in signing() {
            let headers = sign(&*sender, &id, &body);
            let delivery = receive(&*sender, &headers, &body, NOW).unwrap();
            prop_assert_eq!(delivery.body(), &body);
            for (_, flipped) in flips(&body) {
                let rejection = receive(&*sender, &headers, &flipped, NOW).unwrap_err();
                prop_assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch);
            }
            for at in 0..headers.len() {
                let (name, value) = &headers[at];
                for (byte, flipped) in flips(value) {
                    let same = is_same_hex(name, value, &flipped, byte);
                    let mut headers = headers.clone();
                    headers[at].1 = flipped;
                    let answer = receive(&*sender, &headers, &body, NOW);
                    let status = answer.as_ref().map_or_else(|no| no.status(), |_| 200);
                    let expected: &[u16] = if same { &[200] } else { &[400, 401] };
                    prop_assert!(expected.contains(&status), "{:?}: {:?}", headers[at], answer);
                }
            }
        }
    }

    #[test]
    fn any_flipped_bit_of_a_token_is_rejected(token in "[!-~]{1,32}", body in body()) {
        let sender = OmniAi::new("x-secret", Secret::new(&*token).unwrap()).unwrap();
        let delivery = receive(&sender, &[("x-secret", &token)], &body, NOW).unwrap();
        prop_assert_eq!(delivery.body(), &body);
        for (_, flipped) in flips(token.as_bytes()) {
            let rejection = receive(&sender, &[("x-secret", flipped)], &body, NOW).unwrap_err();
            prop_assert!(matches!(
                rejection.kind(),
                RejectionKind::SignatureMismatch | RejectionKind::MalformedHeader
            ));
        }
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn a_body_is_the_same_in_any_pieces(
        id in id(),
        pieces in proptest::collection::vec(body(), 0..6),
        is_genuine: bool,
    ) {
        let body = pieces.concat();
        let signed = if is_genuine { body.clone() } else { [&*body, b"!"].concat() };
        for sender in signing() {
            let headers = sign(&*sender, &id, &signed);
            let whole = receive(&*sender, &headers, &body, NOW);
            let mut verifier = sender.verifier().open(&headers, NOW, CAP).unwrap();
            for piece in &pieces {
                verifier.update(Bytes::copy_from_slice(piece)).unwrap();
            }
            let pieced = verifier.finalize();
            prop_assert_eq!(pieced.is_ok(), is_genuine);
            prop_assert_eq!(
                pieced.map(|delivery| delivery.body().clone()),
                whole.map(|delivery| delivery.body().clone())
            );
        }
    }

    #[test]
    fn headers_are_the_same_in_any_order_and_case(
        id in id(),
        body in body(),
        order in Just([0_usize, 1, 2, 3, 4]).prop_shuffle(),
        upper: [bool; 5],
        missing in 0_usize..8,
    ) {
        for sender in signing() {
            let mut headers = sign(&*sender, &id, &body);
            headers.push(("host".to_owned(), b"example.test".to_vec()));
            headers.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
            if missing < headers.len() {
                headers.remove(missing);
            }
            let verdict = |headers: &Fields| {
                receive(&*sender, headers, &body, NOW).map(|delivery| delivery.body().clone())
            };
            let mut other = Fields::new();
            for at in order {
                if let Some((name, value)) = headers.get(at) {
                    let name = if upper[at] { name.to_uppercase() } else { name.clone() };
                    other.push((name, value.clone()));
                }
            }
            prop_assert_eq!(verdict(&headers), verdict(&other));
            let map: http::HeaderMap = other
                .iter()
                .map(|(name, value)| {
                    let name: http::HeaderName = name.parse().unwrap();
                    (name, http::HeaderValue::from_bytes(value).unwrap())
                })
                .collect();
            let mapped = receive(&*sender, &map, &body, NOW);
            prop_assert_eq!(mapped.map(|delivery| delivery.body().clone()), verdict(&headers));
        }
    }
}
