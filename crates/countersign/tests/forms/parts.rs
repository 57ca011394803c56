//! Forms in parts: messages with attachments, and JSON beside them.

use std::collections::HashMap;

use countersign::scheme::BodyFormat;
use serde::Deserialize;

use crate::{mismatch, receive, sender};

const MULTIPART: &str = "multipart/form-data; boundary=x";

type Map = HashMap<String, String>;

/// A message with two recipients and two attachments, as Mailgun's routes forward one.
const MESSAGE: &str = concat!(
    "--xYzZY\r\n",
    "Content-Disposition: form-data; name=\"recipient\"\r\n\r\n",
    "bob@example.com\r\n",
    "--xYzZY\r\n",
    "Content-Disposition: form-data; name=\"recipient\"\r\n",
    "Content-Type: text/plain; charset=utf-8\r\n\r\n",
    "alice@example.com\r\n",
    "--xYzZY  \r\n",
    "content-disposition: form-data; name=body-plain\r\n\r\n",
    "one é + %41\r\n--xYzZ\r\n--xYzZYY\r\ntwo\r\n",
    "\r\n--xYzZY\r\n",
    "Content-Disposition: form-data; name=\"attachment-count\"\r\n\r\n2\r\n",
    "--xYzZY\r\n",
    "Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n",
    "--xYzZY\r\n",
    "Content-Disposition: form-data; name=\"attachment-1\"; filename=\"a \\\"b\\\"; c.txt\"\r\n",
    "Content-Type: text/plain\r\n\r\n",
    "text\r\n",
    "--xYzZY\r\n",
    "Content-Disposition: form-data; name=\"attachment-2\"; filename=\"x\"; filename*=UTF-8''%E2%82%AC.png\r\n",
    "Content-Type: image/png\r\n\r\n",
    "\u{0}PNG\r\n\r\n",
    "\r\n--xYzZY--\r\nepilogue",
);

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
struct Message {
    recipient: Vec<String>,
    body_plain: String,
    attachment_count: u8,
    empty: String,
}

#[test]
fn text_parts_are_fields_and_files_are_beside_them() {
    let delivery = receive(&sender([BodyFormat::Form, BodyFormat::Multipart]), MULTIPART, MESSAGE);
    assert_eq!(
        delivery.event::<Message>().unwrap(),
        Message {
            recipient: vec!["bob@example.com".into(), "alice@example.com".into()],
            body_plain: "one é + %41\r\n--xYzZ\r\n--xYzZYY\r\ntwo\r\n".into(),
            attachment_count: 2,
            empty: String::new(),
        }
    );
    let [text, image] = delivery.files().unwrap() else { panic!("two files") };
    assert_eq!((text.name(), text.file_name()), ("attachment-1", Some("a \"b\"; c.txt")));
    assert_eq!((text.content_type(), &text.bytes()[..]), (Some("text/plain"), &b"text"[..]));
    assert_eq!((image.name(), image.file_name()), ("attachment-2", Some("€.png")));
    assert_eq!(&image.bytes()[..], b"\0PNG\r\n\r\n");
    assert!(delivery.event::<serde_json::Value>().unwrap().get("attachment-1").is_none());
}

#[test]
fn the_same_sender_sends_a_form_without_attachments() {
    let body = "recipient=bob%40example.com&body-plain=a&attachment-count=0&empty=";
    let delivery = receive(&sender([BodyFormat::Form, BodyFormat::Multipart]), crate::FORM, body);
    assert_eq!(delivery.event::<Message>().unwrap().recipient, ["bob@example.com"]);
    assert_eq!(delivery.files().unwrap().len(), 0);
}

fn part(headers: &str, content: &str) -> String {
    format!("--b\r\n{headers}\r\n\r\n{content}\r\n--b--\r\n")
}

/// As Dropbox Sign sends its callbacks:
/// <https://github.com/hellosign/hellosign-openapi/blob/ad21451/openapi.yaml>.
#[test]
fn a_part_holds_the_event_as_json() {
    let acme = sender([BodyFormat::multipart_json("json")]);
    let json = r#"{"id":"evt_1","type":"signature_request_sent"}"#;
    for content_type in ["", "\r\nContent-Type: application/json"] {
        let body =
            part(&format!("Content-Disposition: form-data; name=\"json\"{content_type}"), json);
        let delivery = receive(&acme, MULTIPART, body);
        assert_eq!(delivery.event::<Map>().unwrap()["id"], "evt_1");
        assert_eq!(delivery.signed_id().as_deref(), Some("evt_1"));
        assert_eq!(delivery.event_type().as_deref(), Some("signature_request_sent"));
    }
    let body = part("Content-Disposition: form-data; name=\"other\"", json);
    assert_eq!(mismatch::<Map>(&receive(&acme, MULTIPART, body)), "the form has no field `json`");
}

/// The content type is not signed, so a client could divide a captured body at another boundary.
#[test]
fn the_boundary_is_read_from_the_signed_body() {
    let acme = sender([BodyFormat::Multipart]);
    let body = part("Content-Disposition: form-data; name=\"id\"", "1\r\n--x\r\n\r\n2");
    for content_type in [MULTIPART, "multipart/form-data", "multipart/form-data; boundary=b", ""] {
        let delivery = receive(&acme, content_type, &*body);
        assert_eq!(delivery.signed_id().as_deref(), Some("1\r\n--x\r\n\r\n2"));
    }
}

#[track_caller]
fn rejects(body: impl Into<Vec<u8>>, detail: &str) {
    let delivery = receive(&sender([BodyFormat::Multipart]), MULTIPART, body);
    assert_eq!(mismatch::<Map>(&delivery), detail);
    let rejection = delivery.files().unwrap_err();
    assert!(rejection.to_string().ends_with(detail), "{rejection}");
}

#[test]
fn a_malformed_form_is_rejected() {
    let no_boundary = "the form does not begin with a boundary";
    for body in ["", "--", "--b", "--\r\n", "a:b", "x\r\n--b\r\n", "b\r\n"] {
        rejects(body, no_boundary);
    }
    rejects(format!("--{}\r\n", "b".repeat(71)), no_boundary);
    rejects("--b\u{e9}\r\n\r\n\r\n--b--", no_boundary);
    let name = "content-disposition: form-data; name=a";
    let early = "the form ends before its last boundary";
    rejects(format!("--b\r\n{name}\r\n\r\nx"), early);
    rejects(format!("--b\r\n{name}\r\n\r\nx\r\n--b"), early);
    rejects(format!("--b\r\n{name}\r\n\r\nx--b--"), early);
    let endless = "part 1 of the form has no end of its headers within 8 KiB";
    rejects("--b\r\nx", endless);
    rejects(format!("--b\r\nx: {}\r\n\r\n\r\n--b--", "a".repeat(8192)), endless);
    rejects(
        format!("--b\r\n{name}\r\n\r\nx\r\n--b\r\n"),
        "part 2 of the form has no end of its headers within 8 KiB",
    );
    for headers in [
        "content-disposition",
        "content-disposition: attachment; name=a",
        "content-disposition: form-data; name=\"a",
        "content-disposition: form-data; name=\"a\"b",
        "content-disposition: form-data; name=a; name=b",
        "content-disposition: form-data; name=a; filename*=é",
        "content-disposition: form-data; name=a; filename*=UTF-8''%FF",
    ] {
        rejects(part(headers, "x"), "part 1 of the form has malformed headers");
    }
    rejects(part("x-other: 1", "x"), "part 1 of the form has no name");
    let encoded = format!("{name}\r\ncontent-transfer-encoding: base64");
    rejects(part(&encoded, "eA=="), "part 1 of the form has a `content-transfer-encoding`");
    let mut latin1 = part(name, "x").into_bytes();
    let at = latin1.len() - b"x\r\n--b--\r\n".len();
    latin1[at] = 0xe9;
    rejects(latin1, "part 1 of the form is not UTF-8");
}

#[test]
fn a_thousand_parts_are_accepted_and_more_rejected() {
    let one = "\r\ncontent-disposition: form-data; name=a\r\n\r\n\r\n--b";
    let body = |count| format!("--b{}--", one.repeat(count));
    let delivery = receive(&sender([BodyFormat::Multipart]), MULTIPART, body(1000));
    assert_eq!(delivery.event::<Vec<(String, String)>>().unwrap().len(), 1000);
    rejects(body(1001), "the form has more than 1000 parts");
}
