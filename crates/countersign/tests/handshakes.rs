//! What the operator is told of handshakes that are not answered; how the others are stands in the
//! conformance suite, over real sockets.

#![allow(clippy::unwrap_used)]

use countersign::senders::HandshakeResponse;
use countersign::senders::{self, SenderConfig};
use countersign::{Headers, Receiver, Rejection, RejectionKind, Secret};

/// A `GET` with this query and no headers.
struct Asking(&'static str);

impl Headers for Asking {
    fn each<'h>(&'h self, _: impl FnMut(&'h str, &'h [u8])) {}

    fn query(&self) -> Option<&str> {
        Some(self.0)
    }
}

const ASKING: Asking =
    Asking("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=open+sesame");

fn meta(
    setup: impl FnOnce(SenderConfig) -> SenderConfig,
) -> Result<Option<HandshakeResponse>, Rejection> {
    let known = setup(senders::META.config()).keys(Secret::new("the app's secret").unwrap());
    Receiver::new(known.unwrap()).handshake_response("GET", &ASKING)
}

fn with_token(token: &str) -> Result<Option<HandshakeResponse>, Rejection> {
    meta(|setup| setup.with_verify_token(Secret::new(token).unwrap()))
}

#[test]
fn the_right_token_is_answered() {
    assert_eq!(with_token("open sesame").unwrap().unwrap().body(), "1158201444");
}

#[test]
fn without_a_token_the_operator_is_told_which_setting_is_missing() {
    let rejection = meta(|setup| setup).unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::MethodNotAllowed);
    let told = rejection.to_string();
    assert!(told.contains("`verify_token`"), "{told}");
    assert!(!told.contains("have the sender deliver with POST"), "{told}");
}

#[test]
fn a_wrong_token_is_told_and_not_shown() {
    let rejection = with_token("another").unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch);
    let told = rejection.to_string();
    assert!(told.contains("`verify_token`"), "{told}");
    assert!(!told.contains("sesame") && !told.contains("another"), "{told}");
}

#[test]
fn any_other_method_is_told_as_such() {
    let known = senders::SLACK.keys(Secret::new("the signing secret").unwrap()).unwrap();
    let rejection = Receiver::new(known).handshake_response("GET", &ASKING).unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::MethodNotAllowed);
    assert!(rejection.to_string().ends_with("have the sender deliver with POST"), "{rejection}");
}
