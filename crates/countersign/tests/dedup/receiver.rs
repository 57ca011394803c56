//! The receiver above its store: keys, durations, and events that only their bodies identify.

use std::time::Duration;

use countersign::dedup::{EventKey, Identity, UpdateOutcome};
use countersign::scheme::{
    Encoding, Scheme, SignatureLocation, SigningRequest, TimestampFormat, Tolerance,
};
use countersign::time::FixedClock;
use countersign::{
    Admission, Claim, ConfigErrorKind, Contract, Custom, Delivery, MemoryStore, Outcome, Receiver,
    ReceiverBuilder, Secret, Timestamp,
};
use proptest::prelude::*;

use crate::poll::block_on;

const SECRET: &str = "a secret shared with the sender";
const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);
const TICK: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// A sender that retries for an hour and waits a second for the response.
fn sender(scheme: Scheme) -> Custom {
    let contract = Contract::builder()
        .response_deadline(Duration::from_secs(1))
        .retry_window(HOUR)
        .digest_retention(MINUTE)
        .build()
        .unwrap();
    Custom::new(scheme, Secret::new(SECRET).unwrap()).unwrap().with_contract(contract)
}

fn signature() -> SignatureLocation {
    SignatureLocation::header("x-signature", Encoding::Hex)
}

fn with_id() -> ReceiverBuilder {
    named("sender")
}

fn named(name: &'static str) -> ReceiverBuilder {
    let scheme = Scheme::hmac_sha256(name, signature()).id_field("/id").build();
    Receiver::builder(sender(scheme.unwrap()))
}

fn without_id() -> ReceiverBuilder {
    Receiver::builder(sender(Scheme::hmac_sha256("sender", signature()).build().unwrap()))
}

/// A sender with timestamps that are fresh for `window` on either side.
fn with_time(window: Duration) -> ReceiverBuilder {
    let scheme = Scheme::hmac_sha256("sender", signature())
        .timestamp_field("/time", TimestampFormat::Seconds)
        .tolerance(Tolerance::new(window, window))
        .build();
    Receiver::builder(sender(scheme.unwrap()))
}

fn store() -> (MemoryStore, FixedClock) {
    let clock = FixedClock::new(NOW);
    (MemoryStore::with_clock(100, clock.clone()).unwrap(), clock)
}

fn delivery(receiver: &Receiver, body: &'static str) -> Delivery {
    let secret = Secret::new(SECRET).unwrap();
    let headers = SigningRequest::new(body.as_bytes()).sign(receiver.scheme(), &secret).unwrap();
    let mut verifier = receiver.open(&headers, NOW).unwrap();
    verifier.update(body).unwrap();
    verifier.finalize().unwrap()
}

const BODY: &str = r#"{"id":"a","time":1790000000}"#;

fn claim(receiver: &Receiver) -> Admission {
    block_on(receiver.claim(&delivery(receiver, BODY))).unwrap()
}

fn proceeds(admission: Admission) -> Claim {
    match admission {
        Admission::Proceed(claim) => claim,
        Admission::Respond(outcome) => panic!("expected a claim, got {outcome:?}"),
    }
}

fn responds(admission: Admission) -> Outcome {
    match admission {
        Admission::Respond(outcome) => outcome,
        Admission::Proceed(claim) => panic!("expected a response, got {claim:?}"),
    }
}

#[test]
fn a_duplicate_with_another_body_is_reported() {
    let receiver = with_id().dedup(store().0).build().unwrap();
    assert_eq!(block_on(proceeds(claim(&receiver)).commit()), Ok(UpdateOutcome::Applied));
    let again = |body| responds(block_on(receiver.claim(&delivery(&receiver, body))).unwrap());
    assert_eq!(again(BODY), Outcome::Duplicate { same_body: true });
    assert_eq!(again(r#"{"id":"a","time":1790000001}"#), Outcome::Duplicate { same_body: false });
}

/// Checks that an event is a duplicate for exactly `retention`.
fn retains(receiver: ReceiverBuilder, retention: Duration) {
    let (store, clock) = store();
    let receiver = receiver.dedup(store).build().unwrap();
    assert_eq!(block_on(proceeds(claim(&receiver)).commit()), Ok(UpdateOutcome::Applied));
    clock.advance(retention - TICK);
    assert_eq!(responds(claim(&receiver)), Outcome::Duplicate { same_body: true });
    clock.advance(TICK);
    assert!(!proceeds(claim(&receiver)).is_takeover());
}

#[test]
fn an_event_with_an_id_is_retained_for_the_retention() {
    retains(with_id(), HOUR);
    retains(with_id().retention(HOUR * 5), HOUR * 5);
}

#[test]
fn an_event_without_an_id_is_retained_for_the_digest_retention() {
    retains(without_id(), MINUTE);
    retains(without_id().retention(HOUR * 5), MINUTE);
}

#[test]
fn an_event_without_an_id_is_retained_while_it_is_fresh() {
    retains(with_time(MINUTE * 5), MINUTE * 10);
}

#[test]
fn a_retention_below_the_retry_window_is_too_short() {
    let kind = with_id().retention(HOUR - TICK).build().unwrap_err().kind();
    assert_eq!(kind, ConfigErrorKind::RetentionTooShort);
}

#[test]
fn a_retention_below_the_freshness_window_is_too_short() {
    let kind = with_time(HOUR).retention(HOUR * 2 - TICK).build().unwrap_err().kind();
    assert_eq!(kind, ConfigErrorKind::RetentionTooShort);
}

#[test]
fn a_lease_must_exceed_the_response_deadline_and_one_store_call() {
    let receiver = with_id().store_timeout(Duration::from_secs(3));
    let shortest = Duration::from_secs(1 + 3) + TICK;
    let kind = receiver.clone().lease(shortest - TICK).build().unwrap_err().kind();
    assert_eq!(kind, ConfigErrorKind::OutOfRange);
    let (store, _) = store();
    let receiver = receiver.lease(shortest).dedup(store).build().unwrap();
    let _claim = proceeds(claim(&receiver));
    assert_eq!(responds(claim(&receiver)), Outcome::InProgress { retry_after: shortest });
}

#[test]
fn a_store_timeout_that_the_lease_does_not_allow_is_out_of_range() {
    let receiver = with_id().lease(MINUTE);
    let kind = receiver.store_timeout(MINUTE).build().unwrap_err().kind();
    assert_eq!(kind, ConfigErrorKind::OutOfRange);
}

#[test]
fn endpoints_and_senders_that_share_a_store_are_isolated() {
    let (store, _) = store();
    for receiver in [named("a"), named("b"), named("a").endpoint("b"), named("b").endpoint("a")] {
        let _claim = proceeds(claim(&receiver.dedup(store.clone()).build().unwrap()));
    }
    assert_eq!(store.len(), 4);
}

#[test]
fn a_released_event_is_handled_by_its_next_delivery() {
    let (store, _) = store();
    let receiver = with_id().dedup(store).build().unwrap();
    assert_eq!(block_on(proceeds(claim(&receiver)).release()), Ok(UpdateOutcome::Applied));
    assert!(!proceeds(claim(&receiver)).is_takeover());
}

#[test]
fn a_dropped_claim_is_taken_over_after_its_lease() {
    let (store, clock) = store();
    let receiver = with_id().lease(MINUTE).dedup(store).build().unwrap();
    drop(proceeds(claim(&receiver)));
    assert_eq!(responds(claim(&receiver)), Outcome::InProgress { retry_after: MINUTE });
    clock.advance(MINUTE);
    assert!(proceeds(claim(&receiver)).is_takeover());
}

#[test]
fn without_dedup_every_delivery_is_handled() {
    let receiver = with_id().danger_without_dedup().build().unwrap();
    for _ in 0..3 {
        let claim = proceeds(claim(&receiver));
        assert!(!claim.is_takeover());
        assert_eq!(block_on(claim.renew()), Ok(UpdateOutcome::Applied));
        assert_eq!(block_on(claim.commit()), Ok(UpdateOutcome::Applied));
        assert_eq!(block_on(claim.release()), Ok(UpdateOutcome::Applied));
    }
}

/// Endpoint, sender and the fields of an identity, made of letters and likely separators.
fn tuple() -> impl Strategy<Value = (String, String, Vec<String>)> {
    let text = "[a:/.\u{0}]{0,2}";
    (text, text, proptest::collection::vec(text, 0..3))
}

fn key((endpoint, sender, fields): &(String, String, Vec<String>)) -> [EventKey; 3] {
    let (id, fields) = (fields.concat(), fields.iter().map(String::as_str));
    let identities = [Identity::id(&id), Identity::body(id.as_bytes()), Identity::fields(fields)];
    identities.map(|identity| EventKey::new(endpoint, sender, &identity))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(2000)
    })]

    #[test]
    fn keys_are_equal_only_if_endpoint_sender_and_identity_are(one in tuple(), other in tuple()) {
        let ([by_id, by_body, by_fields], [id, body, fields]) = (key(&one), key(&other));
        let same_id = (&one.0, &one.1, one.2.concat()) == (&other.0, &other.1, other.2.concat());
        prop_assert_eq!(by_id == id, same_id);
        prop_assert_eq!(by_body == body, same_id);
        prop_assert_eq!(by_fields == fields, one == other);
        prop_assert!(by_id != body && by_id != fields && by_body != fields);
    }
}
