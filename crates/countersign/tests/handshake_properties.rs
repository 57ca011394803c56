//! Rules of handshakes that hold for every request: what is echoed, what is signed, and what is read.

#![allow(clippy::unwrap_used)]

mod handshake_requests;
#[path = "dedup/poll.rs"]
mod poll;

use std::cell::Cell;
use std::convert::Infallible;
use std::future::Pending;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use countersign::adapter::{AdapterState, Timer, verify};
use countersign::senders::{self, Challenge, ConfiguredSender, Handshake};
use countersign::{Headers, Receiver, RejectionKind};
use proptest::prelude::*;

use handshake_requests::{Answer, Head, NOW, answers, open, rejects, secret};
use poll::block_on;

fn is_echoed(value: &[u8]) -> bool {
    (1..=1024).contains(&value.len()) && value.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// One header, of any bytes.
struct Header(&'static str, Vec<u8>);

impl Headers for Header {
    fn each<'h>(&'h self, mut visit: impl FnMut(&'h str, &'h [u8])) {
        visit(self.0, &self.1);
    }
}

/// Asserts that a value is echoed if it is printable and short, and rejected otherwise.
#[track_caller]
fn echoes_if_fit(answer: Answer, value: &[u8], found: impl FnOnce(&str, &[u8])) {
    match answer {
        Ok(Some(response)) => {
            assert!(is_echoed(value));
            let header = response.headers().first().map_or("", |(_, value)| value);
            found(header, response.body());
        }
        Ok(None) => panic!("not a handshake"),
        Err(rejection) => {
            assert_eq!(rejection.kind(), RejectionKind::HandshakeRejected);
            assert!(!is_echoed(value));
        }
    }
}

/// Any bytes, or bytes that are nearly all printable.
fn values() -> impl Strategy<Value = Vec<u8>> {
    let printable = prop::collection::vec(b' '..=b'~', 0..1100);
    prop_oneof![prop::collection::vec(any::<u8>(), 1..40), printable]
}

proptest! {
    #[test]
    fn a_parameter_is_echoed_if_it_is_printable_and_short(value in values()) {
        let encoded: String = value.iter().map(|byte| format!("%{byte:02x}")).collect();
        let head = Head::query(&format!("validationToken={encoded}"));
        let graph = open(Handshake::new(Challenge::MICROSOFT_GRAPH).answer_unsigned_handshakes());
        let answer = graph.unsigned_handshake_response(&head, b"", NOW);
        echoes_if_fit(answer, &value, |_, body| assert_eq!(body, value));
    }

    #[test]
    fn a_header_is_echoed_if_it_is_printable_and_short(value in values()) {
        let config = senders::RINGCENTRAL.config().answer_unsigned_handshakes();
        let receiver = Receiver::new(config.keys(secret()).unwrap());
        let answer =
            receiver.unsigned_handshake_response(&Header("validation-token", value.clone()), b"", NOW);
        echoes_if_fit(answer, &value, |header, _| assert_eq!(header.as_bytes(), value));
    }

    #[test]
    fn no_text_is_both_signed_by_xs_check_and_accepted_as_a_body(
        text in prop_oneof!["[a-zA-Z0-9_=-]{1,140}", "[ -~]{0,60}", Just("{}".to_owned())],
    ) {
        let receiver = Receiver::new(senders::X.keys(secret()).unwrap());
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let check = Head::query(&format!("crc_token={encoded}"));
        let is_signed = receiver.handshake_response("GET", &check).is_ok();
        let signed = countersign::scheme::SigningRequest::new(text.as_bytes());
        let headers = signed.sign(receiver.scheme(), &secret()).unwrap();
        let is_accepted = receiver.verify(&headers, text, NOW).is_ok();
        prop_assert_ne!(is_signed, is_accepted);
    }

    #[test]
    fn woocommerces_ping_is_nothing_but_a_number(body in "(webhook_id=)?[0-9a-z&=%+]{0,20}") {
        let config = senders::WOOCOMMERCE.config().answer_unsigned_handshakes();
        let receiver = Receiver::new(config.keys(secret()).unwrap());
        let number = body.strip_prefix("webhook_id=").unwrap_or("");
        // A digit may be written as `%3x`.
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let plain = (0..10).fold(number.to_owned(), |text, digit| {
            text.replace(&format!("%3{digit}"), &digit.to_string())
        });
        let answer = receiver.unsigned_handshake_response(&Head::default(), body.as_bytes(), NOW);
        if digits(&plain) {
            answers(answer, None, "", &[]);
        } else {
            prop_assert_eq!(answer, Ok(None));
        }
    }
}

struct Never;

impl Timer for Never {
    type Instant = Duration;
    type Sleep = Pending<()>;

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep_until(&self, _: Duration) -> Self::Sleep {
        std::future::pending()
    }
}

/// Returns how many pieces of 4 KiB of an unsigned body are read, and the rejection.
fn pieces_read(sender: ConfiguredSender, head: &Head) -> (usize, RejectionKind) {
    let state = AdapterState::new(Receiver::new(sender));
    let read = Cell::new(0);
    let endless = |_: &mut Context<'_>| {
        read.set(read.get() + 1);
        Poll::Ready(Some(Ok::<_, Infallible>(Bytes::from_static(&[b'5'; 4096]))))
    };
    let verified =
        block_on(verify(&state, &mut state.begin_recording(), &Never, "POST", head, endless));
    let response = verified.map(|_| ()).unwrap_err();
    (read.get(), response.rejection().unwrap().kind())
}

#[test]
fn of_a_body_without_a_signature_at_most_16_kib_are_kept() {
    let config = || senders::WOOCOMMERCE.config();
    let missing = RejectionKind::MissingHeader;
    let answering = config().answer_unsigned_handshakes().keys(secret()).unwrap();
    assert_eq!(pieces_read(answering, &Head::default()), (5, missing));
    // Nothing is read if the length is announced, if the request cannot be the handshake, or if no
    // response is allowed.
    for head in [
        Head::default().with("content-length", "16385"),
        Head::default().with("x-wc-webhook-topic", "order.created"),
    ] {
        let answering = config().answer_unsigned_handshakes().keys(secret()).unwrap();
        assert_eq!(pieces_read(answering, &head), (0, missing));
    }
    assert_eq!(pieces_read(config().keys(secret()).unwrap(), &Head::default()), (0, missing));
    let asana = senders::ASANA.config().on_secret(drop).keys(secret()).unwrap();
    assert_eq!(pieces_read(asana, &Head::default()), (0, missing));
}

#[test]
fn the_rejection_of_an_unread_handshake_names_the_setting() {
    let state = AdapterState::new(Receiver::new(senders::WOOCOMMERCE.keys(secret()).unwrap()));
    let nothing = |_: &mut Context<'_>| Poll::Ready(None::<Result<Bytes, Infallible>>);
    let verified = block_on(verify(
        &state,
        &mut state.begin_recording(),
        &Never,
        "POST",
        &Head::default(),
        nothing,
    ));
    let response = verified.map(|_| ()).unwrap_err();
    let rejection = response.rejection().unwrap().clone();
    rejects(Err(rejection), RejectionKind::MissingHeader, "`answer_unsigned_handshakes`");
}
