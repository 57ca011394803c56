//! Hostile and broken forms: rejected, and never a panic.

use std::collections::HashMap;

use countersign::scheme::BodyFormat;
use proptest::prelude::*;

use crate::{FORM, mismatch, receive, sender};

type Map = HashMap<String, String>;

#[track_caller]
fn rejects(body: &[u8], detail: &str) {
    let formats = [BodyFormat::Json, BodyFormat::form_json("payload"), BodyFormat::Form];
    assert_eq!(mismatch::<Map>(&receive(&sender(formats), FORM, body)), detail);
}

#[test]
fn a_malformed_escape_is_rejected() {
    for body in ["a=1&b=%", "a=1&b=%2", "a=1&b=%2x", "a=1&b=% 20", "a=1&%zz=b"] {
        rejects(body.as_bytes(), "field 2 of the form has a `%` without two digits");
    }
}

#[test]
fn text_that_is_not_utf8_is_rejected() {
    for body in [&b"a=%ff"[..], b"a=\xff", b"%80=a", b"a=%c3", b"a%c3=%a9", b"payload=%ff"] {
        rejects(body, "field 1 of the form is not UTF-8");
    }
}

#[test]
fn ten_thousand_fields_are_accepted_and_more_rejected() {
    let body = "a&".repeat(10_000);
    let pairs: Vec<(String, String)> =
        receive(&sender([BodyFormat::Form]), FORM, &*body).event().unwrap();
    assert_eq!(pairs.len(), 10_000);
    rejects("a&".repeat(10_001).as_bytes(), "the form has more than 10000 fields");
}

/// The shapes that cost a naive parser most: quadratic work would take minutes.
#[test]
fn large_bodies_are_read_in_linear_time() {
    let formats = || [BodyFormat::form_json("payload"), BodyFormat::Form, BodyFormat::Multipart];
    let size = 1 << 20;
    let line = "\r\n--b";
    for unit in ["%41", "+", "=", "a=%25", line, "\r\n--b\r\n\r\n", "\r\n--bx"] {
        for start in ["a=", "payload=", "--b\r\n\r\n"] {
            let body = start.to_owned() + &unit.repeat((size - start.len()) / unit.len());
            let delivery = receive(&sender(formats()), FORM, body);
            assert!(delivery.event::<Vec<u8>>().is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_body_panics(
        pieces in proptest::collection::vec(
            proptest::sample::select(&[
                "--b", "--b--", "\r\n", "content-disposition: form-data; name=\"", "a\"", "; filename*=UTF-8''",
                ":", ";", "=", "&", "%", "%4", "%C3%A9", "payload=", "{\"id\":1}", "\\", "\"", "é", "+", "\u{feff}",
            ][..]),
            0..24,
        ),
        cut in 0_usize..8,
    ) {
        let formats = [
            BodyFormat::Json, BodyFormat::form_json("payload"), BodyFormat::Form,
            BodyFormat::Multipart, BodyFormat::multipart_json("a"),
        ];
        let mut body = pieces.concat().into_bytes();
        body.truncate(body.len().saturating_sub(cut));
        let delivery = receive(&sender(formats), FORM, body);
        let _typed = delivery.event::<Map>();
        let _files = delivery.files();
        let _id = (delivery.signed_id(), delivery.event_type());
    }
}
