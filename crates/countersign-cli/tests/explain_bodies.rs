//! Captures whose head still describes the original body: each change of the body in transit is found,
//! whatever `content-length` and `transfer-encoding` announce.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{CommandOutput, call, call_list};
use flate2::Compression;
use flate2::write::GzEncoder;

const JSON: &str = "{\n  \"id\": \"evt_1\",\n  \"text\": \"Zoë\"\n}";

/// Returns a GitHub request that is signed over `signed`, with the body `received`.
fn changed(signed: &[u8], received: &[u8]) -> Vec<u8> {
    let name = format!("body-{:x}-{:x}", crc(signed), crc(received));
    let path = common::file(&name, signed);
    let sign = "sign -s github --secret-env SECRET --id 1 --to https://example.com/ --body-file";
    let request = call(sign).arg(path.to_str().unwrap()).run().out;
    let (head, _) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", signed.len())));
    [head.as_bytes(), b"\r\n\r\n", received].concat()
}

/// Returns a checksum that distinguishes the files of concurrent tests.
fn crc(bytes: &[u8]) -> u64 {
    bytes.iter().fold(7, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(*byte)))
}

fn explained(request: impl Into<Vec<u8>>) -> CommandOutput {
    call_list(&["explain", "-s", "github", "--secret-env", "SECRET"]).input(request).run()
}

/// Verifies that the change is the cause, with a note on the length, also if the head announces a
/// chunked body.
#[track_caller]
fn verifies_kind(signed: &[u8], received: &[u8], kind: &str) {
    let request = changed(signed, received);
    let output = explained(request.as_slice());
    output.is(1, &format!("({kind})"));
    let cause = output.out.lines().find(|line| line.starts_with("cause")).unwrap();
    assert!(cause.ends_with(&format!("({kind})")), "{output:?}");
    let note = format!(
        "note      the body has {} bytes, but `content-length` is {}",
        received.len(),
        signed.len()
    );
    assert_eq!(output.out.contains(&note), signed.len() != received.len(), "{output:?}");
    let length = format!("content-length: {}", signed.len());
    let at = request.windows(length.len()).position(|part| part == length.as_bytes()).unwrap();
    let (before, after) = (&request[..at], &request[at + length.len()..]);
    let chunked = [before, b"transfer-encoding: chunked", after].concat();
    explained(chunked).is(1, &format!("({kind})"));
}

#[test]
fn trailing_newline() {
    verifies_kind(b"{}", b"{}\n", "trailing_newline");
    verifies_kind(b"{}\n", b"{}", "trailing_newline");
}

#[test]
fn body_reserialized() {
    verifies_kind(
        JSON.as_bytes(),
        r#"{"id":"evt_1","text":"Zoë"}"#.as_bytes(),
        "body_reserialized",
    );
    verifies_kind(br#"{"a":1}"#, b"{\n  \"a\": 1\n}", "body_reserialized");
}

#[test]
fn line_ends_changed() {
    verifies_kind(b"a=1\nb=2\nc=3", b"a=1\r\nb=2\r\nc=3", "line_ends_changed");
    verifies_kind(b"a=1\r\nb=2\r\nc=3", b"a=1\nb=2\nc=3", "line_ends_changed");
}

#[test]
fn charset_changed() {
    verifies_kind(JSON.as_bytes(), &JSON.replace('ë', "Ã«").into_bytes(), "charset_changed");
    verifies_kind(b"{}", b"\xef\xbb\xbf{}", "charset_changed");
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_not_decoded() {
    verifies_kind(JSON.as_bytes(), &gzip(JSON.as_bytes()), "gzip_not_decoded");
}

#[test]
fn gzip_decoded() {
    // The signature is over what was compressed; whatever decompressed it left both headers.
    let request = String::from_utf8(changed(JSON.as_bytes(), JSON.as_bytes())).unwrap();
    let length = format!("content-length: {}", JSON.len());
    let request = request.replace(&length, "content-length: 61\r\ncontent-encoding: gzip");
    explained(request).is(1, "cause").is(1, "(gzip_decoded)").is(1, "`content-length` is 61");
}

#[test]
fn body_base64() {
    verifies_kind(JSON.as_bytes(), STANDARD.encode(JSON).as_bytes(), "body_base64");
}

#[test]
fn body_quoted() {
    verifies_kind(JSON.as_bytes(), &serde_json::to_vec(JSON).unwrap(), "body_quoted");
}

#[test]
fn form_and_json() {
    verifies_kind(b"name=Ann&n=1", br#"{"name":"Ann","n":"1"}"#, "form_and_json");
    verifies_kind(br#"{"a":1}"#, b"payload=%7B%22a%22%3A1%7D", "form_and_json");
}

#[test]
fn form_reencoded() {
    verifies_kind(b"text=hello+there", b"text=hello%20there", "form_reencoded");
}

#[test]
fn a_body_that_is_lost_or_cut_is_a_hint() {
    let request = changed(JSON.as_bytes(), b"");
    explained(request)
        .is(1, "perhaps")
        .is(1, "(body_empty)")
        .is(1, "note      the body has 0 bytes");
    let request = changed(JSON.as_bytes(), &JSON.as_bytes()[..20]);
    explained(request).is(1, "perhaps").is(1, "(body_altered)");
}
