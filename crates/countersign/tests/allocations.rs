//! Verification allocates nothing between a request's headers and its delivery.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use countersign::ainexlayer::{AiNexLayer, Builder, FieldLocation};
use countersign::dedup::{ClaimOutcome, DedupStore, EventKey, Identity, Retention};
use countersign::omniai::OmniAi;
use countersign::scheme::{Encoding, SigningRequest};
use countersign::senders::Sender;
use countersign::time::FixedClock;
use countersign::{
    Delivery, Headers, Key, Keyring, MemoryStore, Rejection, RejectionKind, Secret,
    StandardWebhooks, StreamingVerifier, Timestamp,
};

const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const CAP: usize = 1024 * 1024;
const BODY: &str =
    r#"{"id":"e1","event":"user.login","timestamp":1700000000,"data":{"a":1},"b":[2]}"#;
const NESTED: &str = r#"{"id":"e1","event":"user.login","data":{"a":{"b":[[{"c":"\n"}]]}},"timestamp":"2023-11-14T22:13:20Z"}"#;

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

/// A keyring with this many keys, of which the last one signs.
fn ring(count: usize) -> Keyring {
    let other = |at| Key::new(format!("{at}"), Secret::new(format!("AAAA{at:04}")).unwrap());
    Keyring::new((1..count).map(other).chain([Key::new("signs", secret())])).unwrap()
}

/// The senders for which this holds, with this many keys.
fn senders(keys: usize) -> Vec<Box<dyn Sender>> {
    let builder = |encoding: Encoding, prefix: &'static str| {
        AiNexLayer::builder(ring(keys))
            .signature_header("x-ainexlayer-signature")
            .encoding(encoding)
            .prefix(prefix)
    };
    let nowhere = |builder: Builder| {
        builder.event_type(FieldLocation::Absent).event_id(FieldLocation::Absent)
    };
    let build = |builder: Builder| -> Box<dyn Sender> { Box::new(builder.build().unwrap()) };
    vec![
        Box::new(StandardWebhooks::new(ring(keys)).unwrap()),
        Box::new(OmniAi::new("x-secret", ring(keys)).unwrap()),
        build(nowhere(builder(Encoding::Hex, "sha256=")).time(FieldLocation::Absent)),
        build(nowhere(builder(Encoding::Base64, "")).time(FieldLocation::header("x-time"))),
        build(builder(Encoding::Hex, "").assumed_envelope()),
    ]
}

/// The headers of an authentic request, and others.
fn sign(sender: &dyn Sender, body: &str) -> Vec<(String, String)> {
    let request = SigningRequest::new(body.as_bytes()).id("msg_1").timestamp(NOW);
    let mut headers = request.sign(sender.verifier().scheme(), &secret()).unwrap();
    for (name, value) in [("content-length", &*body.len().to_string()), ("accept", "*/*")] {
        headers.push((name.to_owned(), value.to_owned()));
    }
    headers
}

/// Verifies a body in one piece, and counts the allocations.
fn receive<H: Headers + ?Sized>(
    sender: &dyn Sender,
    headers: &H,
    body: Bytes,
) -> (AllocationInfo, Result<Delivery, Rejection>) {
    let mut result = None;
    let allocated = measure(|| {
        result = Some(sender.verifier().open(headers, NOW, CAP).and_then(|mut verifier| {
            verifier.update(body)?;
            verifier.finalize()
        }));
    });
    (allocated, result.unwrap())
}

#[test]
fn the_allocator_counts() {
    let allocated = measure(|| assert_eq!("x".repeat(100).len(), 100));
    assert_eq!((allocated.count_total, allocated.bytes_total), (1, 100));
}

/// Both are moved several times for each request, from future to future.
#[test]
fn a_delivery_and_the_verifier_of_a_body_are_small() {
    assert!(size_of::<Delivery>() <= 288, "{} bytes", size_of::<Delivery>());
    assert!(size_of::<StreamingVerifier<'_>>() <= 576, "{}", size_of::<StreamingVerifier<'_>>());
}

/// Checks that a request with this body allocates nothing, with its headers in a slice and in a map.
#[track_caller]
fn allocates_nothing(sender: &dyn Sender, body: &'static str) {
    let headers = sign(sender, body);
    let (allocated, delivery) =
        receive(sender, &headers[..], Bytes::from(body.as_bytes().to_vec()));
    assert_eq!(delivery.unwrap().body(), body);
    assert_eq!(allocated.count_total, 0, "{}, from a slice", sender.verifier().scheme());

    let map: http::HeaderMap = headers
        .iter()
        .map(|(name, value)| (http::HeaderName::try_from(name).unwrap(), value.parse().unwrap()))
        .collect();
    let (allocated, delivery) = receive(sender, &map, Bytes::from_static(body.as_bytes()));
    assert_eq!(delivery.unwrap().body(), body);
    assert_eq!(allocated.count_total, 0, "{}, from a map", sender.verifier().scheme());
}

#[test]
fn a_request_is_verified_without_an_allocation() {
    for sender in senders(1) {
        allocates_nothing(&*sender, BODY);
    }
}

/// One MAC runs while the body arrives, and those of other keys over the buffered body.
#[test]
fn keys_in_rotation_cost_no_allocation() {
    for sender in senders(8) {
        allocates_nothing(&*sender, BODY);
    }
}

#[test]
fn a_nested_body_is_verified_without_an_allocation() {
    for sender in senders(1) {
        if !reads_body(&*sender) {
            allocates_nothing(&*sender, NESTED);
        }
    }
}

/// serde_json allocates a bit per level to skip nested values, after the signature is verified.
#[test]
fn a_timestamp_beside_nested_fields_costs_one_small_allocation() {
    for sender in senders(1).iter().filter(|sender| reads_body(&***sender)) {
        let headers = sign(&**sender, NESTED);
        let (allocated, delivery) =
            receive(&**sender, &headers, Bytes::from_static(NESTED.as_bytes()));
        assert_eq!(delivery.unwrap().body(), NESTED);
        assert!(allocated.count_total <= 1 && allocated.bytes_total <= 64, "{allocated:?}");
    }
}

/// Whether the timestamp is in the body.
fn reads_body(sender: &dyn Sender) -> bool {
    let scheme = sender.verifier().scheme();
    scheme.tolerance().is_some() && scheme.to_string().starts_with("HMAC-SHA256 over `{body}`")
}

#[test]
fn a_forged_request_costs_no_allocation() {
    for sender in senders(1) {
        let mut headers = sign(&*sender, NESTED);
        let (allocated, result) = receive(&*sender, &headers[..], Bytes::from_static(b"{}"));
        if sender.verifier().scheme().signs_body() {
            assert_eq!(result.unwrap_err().kind(), RejectionKind::BodyAltered);
            assert_eq!(allocated.count_total, 0);
        }
        headers.clear();
        let (allocated, result) = receive(&*sender, &headers[..], Bytes::from_static(b"{}"));
        assert_eq!(result.unwrap_err().kind(), RejectionKind::MissingHeader);
        assert_eq!(allocated.count_total, 0);
    }
}

#[test]
fn memory_follows_the_received_and_not_the_announced_length() {
    let sender = StandardWebhooks::new(secret()).unwrap();
    let mut headers = sign(&sender, BODY);
    headers.retain(|(name, _)| name != "content-length");
    headers.push(("content-length".to_owned(), CAP.to_string()));
    let pieces: Vec<_> = BODY.as_bytes().chunks(10).map(Bytes::copy_from_slice).collect();
    let allocated = measure(|| {
        let mut verifier = sender.verifier().open(&headers, NOW, CAP).unwrap();
        for piece in pieces {
            verifier.update(piece).unwrap();
        }
        assert_eq!(verifier.finalize().unwrap().body(), BODY);
    });
    assert!(allocated.bytes_max < 1024, "{allocated:?}");
}

/// What a store of `events` holds from the allocator after twice as many have arrived, in turn handled and
/// forgotten.
fn bytes_of_store(events: usize) -> u64 {
    let clock = FixedClock::new(NOW);
    let store = MemoryStore::with_clock(events, clock.clone()).unwrap();
    let retention = Retention::new(Duration::from_secs(3600)).forgettable_after(Duration::ZERO);
    let allocated = measure(|| {
        for number in 0..events * 2 {
            let key = EventKey::new("endpoint", "sender", &Identity::id(&number.to_string()));
            let claimed = pin!(store.claim(&key, 0, Duration::from_secs(30)));
            let Poll::Ready(Ok(ClaimOutcome::Acquired { fencing_token, .. })) = poll(claimed)
            else {
                panic!("event {number} is not granted");
            };
            let committed = pin!(store.commit_with_retention(&key, fencing_token, retention));
            assert!(poll(committed).is_ready());
            clock.advance(Duration::from_millis(1));
        }
    });
    // The state that all handles share is allocated with the store.
    allocated.bytes_max + 32 * 512
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_memory_store_takes_no_more_bytes_than_it_says() {
    for events in [1, 100, 3000, 40_000, 120_000] {
        let (bytes, most) = (bytes_of_store(events), MemoryStore::bytes_for(events) as u64);
        assert!(bytes <= most, "{events} events take {bytes} bytes, more than {most}");
    }
}

#[test]
fn an_event_in_memory_takes_64_bytes_at_most() {
    const EVENTS: u64 = 120_000;
    let bytes = bytes_of_store(EVENTS as usize);
    assert!(bytes <= 64 * EVENTS, "{} bytes an event", bytes / EVENTS);
    for events in [1_000_000, 10_000_000, 100_000_000] {
        assert!(MemoryStore::bytes_for(events) <= 64 * events);
    }
}

#[test]
fn a_store_limited_by_bytes_holds_its_limit() {
    const MAX: usize = 4 * 1024 * 1024;
    let capacity = MemoryStore::builder().max_bytes(MAX).build().unwrap().capacity();
    assert!(capacity > MAX / 80, "{capacity} events");
    let bytes = bytes_of_store(capacity);
    assert!(bytes <= MAX as u64, "{bytes} bytes");
}
