//! The endpoint's name in a delivery.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use countersign::scheme::SigningRequest;
use countersign::senders::Sender;
use countersign::{Receiver, Secret, StandardWebhooks, Timestamp};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const BODY: &str = r#"{"type":"ping"}"#;

fn secret() -> Secret {
    Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()
}

fn sender() -> StandardWebhooks {
    StandardWebhooks::new(secret()).unwrap()
}

fn headers() -> Vec<(String, String)> {
    let request = SigningRequest::new(BODY.as_bytes()).id("msg_1").timestamp(NOW);
    request.sign(sender().verifier().scheme(), &secret()).unwrap()
}

#[test]
fn a_delivery_has_the_endpoint_of_the_receiver_that_verified_it() {
    let receiver = Receiver::builder(sender()).endpoint("orders").build().unwrap();
    let delivery = receiver.verify(&headers(), BODY, NOW).unwrap();
    assert_eq!(delivery.endpoint(), "orders");
}

#[test]
fn a_delivery_in_pieces_has_the_endpoint_of_its_receiver() {
    let receiver = Receiver::builder(sender()).endpoint("orders").build().unwrap();
    let headers = headers();
    let mut verifier = receiver.open(&headers, NOW).unwrap();
    verifier.update(BODY).unwrap();
    assert_eq!(verifier.finalize().unwrap().endpoint(), "orders");
}

#[test]
fn a_delivery_to_an_unnamed_endpoint_has_its_receivers_name_of_it() {
    let receiver = Receiver::new(sender());
    let delivery = receiver.verify(&headers(), BODY, NOW).unwrap();
    assert_eq!(delivery.endpoint(), receiver.endpoint());
}

#[test]
fn a_delivery_without_a_receiver_has_the_senders_name_as_its_endpoint() {
    let delivery = sender().verifier().verify(&headers(), BODY, NOW, 1024).unwrap();
    assert_eq!(delivery.endpoint(), "standard-webhooks");
}
