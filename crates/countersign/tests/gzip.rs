//! Bodies that are sent as gzip, with the signature over the plain body.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;

use allocation_counter::measure;
use countersign::scheme::{Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign::senders::{self, Verifier};
use countersign::{Delivery, Rejection, RejectionKind, Secret, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const CAP: usize = 1024 * 1024;
const EVENT: &[u8] = br#"{"type":"message.new","id":"1"}"#;

fn secret() -> Secret {
    Secret::new("a secret of at least 24 bytes").unwrap()
}

fn scheme() -> Scheme {
    let signature = SignatureLocation::header("x-signature", Encoding::Hex);
    Scheme::hmac_sha256("stream", signature).gzip().build().unwrap()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// Bytes that cannot be compressed.
fn random() -> impl Iterator<Item = u8> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
}

fn headers(plain: &[u8], length: usize) -> Vec<(String, String)> {
    let mut headers = SigningRequest::new(plain).sign(&scheme(), &secret()).unwrap();
    headers.push(("content-encoding".into(), "gzip".into()));
    headers.push(("content-length".into(), length.to_string()));
    headers
}

/// The result for a body that arrives whole, which equals that for one in pieces.
#[track_caller]
fn verify(plain: &[u8], sent: &[u8], cap: usize) -> Result<Delivery, Rejection> {
    let verifier = Verifier::new(scheme(), secret()).unwrap();
    let headers = headers(plain, sent.len());
    let whole = verifier.verify(&headers, sent.to_vec(), NOW, cap);
    for size in [1, 7, 1000, 5000] {
        // Byte by byte, a long body takes too long here.
        if size * 100_000 < sent.len() {
            continue;
        }
        let mut streaming = verifier.open(&headers, NOW, cap).unwrap();
        let pieces = sent.chunks(size).try_for_each(|piece| streaming.update(piece.to_vec()));
        let pieces = pieces.and_then(|()| streaming.finalize());
        match (&whole, pieces) {
            (Ok(whole), Ok(pieces)) => assert_eq!(whole.body(), pieces.body()),
            (Err(whole), Err(pieces)) => assert_eq!(whole.to_string(), pieces.to_string()),
            (whole, pieces) => panic!("{whole:?} in one piece, {pieces:?} in pieces of {size}"),
        }
    }
    whole
}

#[track_caller]
fn rejects(plain: &[u8], sent: &[u8], cap: usize, kind: RejectionKind, text: &str) {
    let rejection = verify(plain, sent, cap).unwrap_err();
    assert_eq!(rejection.kind(), kind, "{rejection}");
    assert!(rejection.to_string().contains(text), "{rejection}");
}

#[test]
fn the_delivery_has_the_plain_body() {
    let delivery = verify(EVENT, &gzip(EVENT), CAP).unwrap();
    assert_eq!(&delivery.body()[..], EVENT);
    assert_eq!(delivery.event_type(), None);
}

#[test]
fn the_plain_body_may_have_the_largest_accepted_size() {
    let body: Vec<u8> = (0..CAP).map(|at| (at * at / 251) as u8).collect();
    assert_eq!(verify(&body, &gzip(&body), CAP).unwrap().body().len(), CAP);
    rejects(&body, &gzip(&body), CAP - 1, RejectionKind::BodyTooLarge, "`max_body_size`");
}

#[test]
fn an_incompressible_body_may_have_the_largest_accepted_size() {
    let body: Vec<u8> = random().take(CAP).collect();
    assert!(gzip(&body).len() > CAP);
    assert_eq!(verify(&body, &gzip(&body), CAP).unwrap().body().len(), CAP);
}

#[test]
fn a_body_of_one_repeated_byte_is_rejected_from_64_kib_on() {
    const FLOOR: usize = 64 * 1024;
    let body = vec![b' '; FLOOR + 1];
    assert!(verify(&body[..FLOOR], &gzip(&body[..FLOOR]), CAP).is_ok());
    rejects(&body, &gzip(&body), CAP, RejectionKind::BodyTooLarge, "expands more than 200 times");
}

#[test]
fn the_ratio_is_that_of_the_whole_body_however_it_is_cut() {
    let mut body = vec![b'A'; 100_000];
    body.extend(random().take(600));
    assert!((body.len() / 200..1024).contains(&gzip(&body).len()));
    assert_eq!(verify(&body, &gzip(&body), CAP).unwrap().body().len(), body.len());
    body.resize(body.len() + 95_000, b'A');
    rejects(&body, &gzip(&body), CAP, RejectionKind::BodyTooLarge, "expands more than 200 times");
}

#[test]
fn a_bomb_allocates_no_more_than_the_limit() {
    let bomb = gzip(&vec![0; 64 * 1024 * 1024]);
    let verifier = Verifier::new(scheme(), secret()).unwrap();
    let headers = headers(EVENT, bomb.len());
    let allocated = measure(|| {
        let mut streaming = verifier.open(&headers, NOW, CAP).unwrap();
        let kind = streaming.update(bomb.clone()).unwrap_err().kind();
        assert_eq!(kind, RejectionKind::BodyTooLarge);
    });
    let allowed = (bomb.len() + CAP / 2) as u64;
    assert!(allocated.bytes_max < allowed, "{} of {allowed}", allocated.bytes_max);
}

#[test]
fn blocks_without_content_are_not_accepted_without_end() {
    // A header, then stored blocks of length zero, none of them the last.
    let mut sent = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    while sent.len() < 10_000 {
        sent.extend([0, 0, 0, 0xff, 0xff]);
    }
    let verifier = Verifier::new(scheme(), secret()).unwrap();
    let headers = headers(EVENT, 2000);
    let mut streaming = verifier.open(&headers[..2], NOW, 1000).unwrap();
    assert_eq!(streaming.update(sent).unwrap_err().kind(), RejectionKind::BodyTooLarge);
    assert_eq!(streaming.finalize().unwrap_err().kind(), RejectionKind::BodyTooLarge);
}

#[test]
fn what_is_not_one_whole_gzip_stream_is_malformed() {
    use RejectionKind::MalformedEncoding;
    let whole = gzip(EVENT);
    let last = whole.len();
    rejects(EVENT, &whole[..last - 1], CAP, MalformedEncoding, "incomplete");
    rejects(EVENT, &whole[..5], CAP, MalformedEncoding, "incomplete");
    rejects(EVENT, b"", CAP, MalformedEncoding, "incomplete");
    rejects(EVENT, EVENT, CAP, MalformedEncoding, "corrupt");
    rejects(EVENT, &[&whole, &b"x"[..]].concat(), CAP, MalformedEncoding, "bytes follow");
    rejects(EVENT, &[gzip(b"{"), gzip(b"}")].concat(), CAP, MalformedEncoding, "bytes follow");
    let mut checksum = whole;
    checksum[last - 8] ^= 1;
    rejects(EVENT, &checksum, CAP, MalformedEncoding, "checksum");
}

#[test]
fn a_body_that_is_not_as_long_as_announced_is_altered() {
    let signature = SignatureLocation::header("x-signature", Encoding::Hex);
    let scheme = Scheme::hmac_sha256("stream", signature).gzip().build().unwrap();
    let verifier = Verifier::new(scheme, secret()).unwrap();
    let rejected = verifier.verify(&headers(b"other", 3), gzip(EVENT), NOW, CAP);
    assert_eq!(rejected.unwrap_err().kind(), RejectionKind::BodyAltered);
    let rejected = verifier.verify(&headers(b"other", gzip(EVENT).len()), gzip(EVENT), NOW, CAP);
    assert_eq!(rejected.unwrap_err().kind(), RejectionKind::SignatureMismatch);
}

#[test]
fn without_the_setting_the_rejection_names_it() {
    let sender = senders::GITHUB.keys(secret()).unwrap();
    let verifier = countersign::senders::Sender::verifier(&sender);
    let rejection = verifier.verify(&headers(EVENT, 3), gzip(EVENT), NOW, CAP).unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::UnsupportedEncoding);
    assert!(rejection.to_string().contains("`with_gzip` (feature `gzip`)"), "{rejection}");
}

#[test]
fn a_sender_of_the_catalogue_can_be_configured_for_gzip() {
    let sender = senders::GITHUB.config().with_gzip().keys(secret()).unwrap();
    let verifier = countersign::senders::Sender::verifier(&sender);
    let mut headers = SigningRequest::new(EVENT).sign(verifier.scheme(), &secret()).unwrap();
    headers.push(("content-encoding".into(), "gzip".into()));
    let delivery = verifier.verify(&headers, gzip(EVENT), NOW, CAP).unwrap();
    assert_eq!(&delivery.body()[..], EVENT);
}

#[test]
fn a_static_token_is_verified_with_a_gzip_body() {
    let token = Scheme::static_token("token", SignatureLocation::token("x-token")).gzip();
    let verifier = Verifier::new(token.build().unwrap(), secret()).unwrap();
    let length = gzip(EVENT).len().to_string();
    let headers = [
        ("x-token", "a secret of at least 24 bytes"),
        ("content-encoding", "gzip"),
        ("content-length", &length),
    ];
    let delivery = verifier.verify(&headers, gzip(EVENT), NOW, CAP).unwrap();
    assert_eq!(&delivery.body()[..], EVENT);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn every_body_is_verified_as_it_was_signed(body in vec(any::<u8>(), 0..3000)) {
        let delivery = verify(&body, &gzip(&body), CAP).unwrap();
        prop_assert_eq!(&delivery.body()[..], &body[..]);
    }

    #[test]
    fn a_changed_stream_is_rejected(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut sent = gzip(EVENT);
        let at = at.index(sent.len());
        sent[at] ^= 1 << bit;
        match verify(EVENT, &sent, CAP) {
            // Some bits do not concern the content, such as the time in the header.
            Ok(delivery) => prop_assert_eq!(&delivery.body()[..], EVENT),
            Err(rejection) => prop_assert!(
                matches!(rejection.kind(), RejectionKind::MalformedEncoding | RejectionKind::SignatureMismatch),
                "{}", rejection
            ),
        }
    }
}
