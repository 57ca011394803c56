//! The rejections of invalid handshakes. The conformance suite tests valid ones, over real sockets.

#![allow(clippy::unwrap_used)]

use countersign::senders::HandshakeResponse;
use countersign::senders::{self, SenderConfig};
use countersign::{Headers, Receiver, Rejection, RejectionKind, Secret};

/// A `GET` with this query and no headers.
struct Query(&'static str);

impl Headers for Query {
    fn each<'h>(&'h self, _: impl FnMut(&'h str, &'h [u8])) {}

    fn query(&self) -> Option<&str> {
        Some(self.0)
    }
}

const HANDSHAKE: Query =
    Query("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=open+sesame");

fn meta(
    configure: impl FnOnce(SenderConfig) -> SenderConfig,
) -> Result<Option<HandshakeResponse>, Rejection> {
    let sender = configure(senders::META.config()).keys(Secret::new("the app's secret").unwrap());
    Receiver::new(sender.unwrap()).handshake_response("GET", &HANDSHAKE)
}

fn with_token(token: &str) -> Result<Option<HandshakeResponse>, Rejection> {
    meta(|configure| configure.with_verify_token(Secret::new(token).unwrap()))
}

#[test]
fn the_correct_token_is_accepted() {
    assert_eq!(with_token("open sesame").unwrap().unwrap().body(), "1158201444");
}

#[test]
fn without_a_token_the_rejection_names_the_missing_setting() {
    let rejection = meta(|configure| configure).unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::MethodNotAllowed);
    let text = rejection.to_string();
    assert!(text.contains("`verify_token`"), "{text}");
    assert!(!text.contains("have the sender deliver with POST"), "{text}");
}

#[test]
fn a_wrong_token_is_reported_and_not_printed() {
    let rejection = with_token("another").unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch);
    let text = rejection.to_string();
    assert!(text.contains("`verify_token`"), "{text}");
    assert!(!text.contains("sesame") && !text.contains("another"), "{text}");
}

#[test]
fn any_other_method_is_reported_as_such() {
    let sender = senders::SLACK.keys(Secret::new("the signing secret").unwrap()).unwrap();
    let rejection = Receiver::new(sender).handshake_response("GET", &HANDSHAKE).unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::MethodNotAllowed);
    assert!(rejection.to_string().ends_with("have the sender deliver with POST"), "{rejection}");
}
