//! Nothing unsigned decides which event a request is.

use countersign::dedup::Identity;
use countersign::scheme::BodyFormat;
use countersign::senders::{self, Sender};
use proptest::prelude::*;

use crate::{FORM, form, receive, secret, sender};

const CONTENT_TYPES: [&str; 6] =
    ["", "application/json", FORM, "multipart/form-data; boundary=x", "text/plain", ";"];

/// Checks that the identity is the same under every content type, and returns it.
#[track_caller]
fn identity(sender: &dyn Sender, body: &[u8]) -> Identity {
    let under = |content_type| sender.identity(&receive(sender, content_type, body));
    let expected = under("");
    for content_type in CONTENT_TYPES {
        assert_eq!(under(content_type), expected, "{content_type}");
    }
    expected
}

#[test]
fn a_content_type_does_not_change_the_event() {
    let part = "--b\r\ncontent-disposition: form-data; name=json\r\n\r\n{\"id\":\"1\"}\r\n--b--";
    let payload = form(&[("payload", r#"{"id":"1"}"#)]);
    let acme = sender([
        BodyFormat::Json,
        BodyFormat::form_json("payload"),
        BodyFormat::Form,
        BodyFormat::multipart_json("json"),
    ]);
    let expected = Identity::id("1");
    for body in [r#"{"id":"1"}"#, &payload, "id=1", part] {
        assert_eq!(identity(&acme, body.as_bytes()), expected, "{body}");
    }
}

#[test]
fn a_content_type_does_not_change_an_event_of_slack() {
    let slack = senders::SLACK.keys(secret()).unwrap();
    let event = br#"{"event_id":"Ev1","event":{"type":"message"}}"#;
    assert_eq!(identity(&slack, event), Identity::id("Ev1"));
    let command = identity(&slack, b"command=%2Fweather&text=a");
    assert_ne!(command, identity(&slack, b"command=%2Fweather&text=b"));
}

#[test]
fn a_malformed_form_is_known_by_its_bytes() {
    let acme = sender([BodyFormat::Form, BodyFormat::Multipart]);
    for body in [&b"id=%"[..], b"id=1&id=2", b"--b\r\n", b"id=\xff"] {
        assert_eq!(identity(&acme, body), Identity::body(body));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_content_type_changes_any_event(
        pieces in proptest::collection::vec(
            proptest::sample::select(&["id=", "1", "&", "payload=", "{\"id\":", "}", "--b", "\r\n", "%7B", "\"", " "][..]),
            0..8,
        ),
        content_type in "[ -~]{0,20}",
    ) {
        let acme = sender([
            BodyFormat::Form, BodyFormat::Json, BodyFormat::form_json("payload"), BodyFormat::Multipart,
        ]);
        let body = pieces.concat();
        let other = acme.identity(&receive(&acme, &content_type, &*body));
        prop_assert_eq!(other, identity(&acme, body.as_bytes()));
    }
}
