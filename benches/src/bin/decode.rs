//! The cost of decoding a typed event, as a multiple of `serde_json` into the same struct.

use std::hint::black_box;

use bytes::Bytes;
use countersign::ainexlayer::{self, AiNexLayer, EventType};
use countersign::omniai::{self, OmniAi};
use countersign::scheme::{Encoding, SigningRequest};
use countersign::senders::Sender;
use countersign::time::{Clock, SystemClock};
use countersign::{FromDelivery, Receiver, Secret, StandardWebhooks};
use countersign_benches::{Contender, Finish, Result, print_table, race};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

/// The highest ratio that decoding an authentic event may have, in quiet rounds.
const TARGET: f64 = 1.15;

const DECODE: &str = "countersign, decode";

fn main() -> Result<()> {
    println!("# Decoding typed events");
    for (size, length) in [("1 KiB", 1024), ("60 KiB", 60 * 1024)] {
        println!("\n## A body of {size}");
        let omniai = OmniAi::new("x-webhook-secret", key()?)?;
        run::<omniai::Event, omniai::ActionLogCompleted>(
            &format!("{size}: OmniAI's `Event`"),
            omniai,
            &action_log(length),
        )?;
        let ainexlayer = AiNexLayer::builder(key()?)
            .signature_header("x-ainexlayer-signature")
            .encoding(Encoding::Hex)
            .prefix("sha256=")
            .assumed_envelope()
            .build()?;
        run::<ainexlayer::Event<Order>, Envelope>(
            &format!("{size}: AINexLayer's `Event<Order>`"),
            ainexlayer,
            &order(length),
        )?;
        run::<Envelope, Envelope>(
            &format!("{size}: a struct of the receiver, from Standard Webhooks"),
            StandardWebhooks::new(key()?)?,
            &order(length),
        )?;
    }
    Ok(())
}

fn key() -> Result<Secret> {
    Ok(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?)
}

/// Decodes `body` as `T` from an authentic request, and as `Own` by `serde_json`.
fn run<T: FromDelivery, Own: DeserializeOwned>(
    title: &str,
    sender: impl Sender + Clone + 'static,
    body: &Bytes,
) -> Result<()> {
    let now = SystemClock.now();
    let scheme = sender.verifier().scheme();
    let request = SigningRequest::new(body).id("msg_decode").timestamp(now);
    let headers = request.sign(scheme, &key()?)?;
    let signs_body = scheme.signs_body();
    let receiver = Receiver::builder(sender.clone()).build()?;
    let delivery = receiver.verify(&headers, body.clone(), now)?;
    let finishes = race(vec![
        Contender::new("serde_json", || decode::<Own>(body)),
        Contender::new(DECODE, || black_box(T::from_delivery(black_box(&delivery))).is_ok()),
    ]);
    print_table(title, &finishes);
    print_target(title, &finishes);

    let keyed = Hmac::<Sha256>::new_from_slice(&[7; 24])?;
    let finishes = race(vec![
        Contender::new("MAC and serde_json", || {
            if signs_body {
                let mut mac = keyed.clone();
                mac.update(black_box(body));
                black_box(mac.finalize().into_bytes());
            }
            decode::<Own>(body)
        }),
        Contender::new("countersign, from the headers", || {
            let verified = receiver.verify(&headers, body.clone(), now);
            verified.is_ok_and(|delivery| {
                black_box(sender.identity(&delivery));
                black_box(delivery.event_type());
                black_box(T::from_delivery(&delivery)).is_ok()
            })
        }),
    ]);
    print_table(&format!("{title}: verify, identity, event type and decode"), &finishes);
    Ok(())
}

fn decode<Own: DeserializeOwned>(body: &Bytes) -> bool {
    black_box(serde_json::from_slice::<Own>(black_box(body))).is_ok()
}

fn print_target(title: &str, finishes: &[Finish]) {
    if let Some(ours) = finishes.iter().find(|finish| finish.name == DECODE) {
        let ratio = ours.quiet_ratio;
        let verdict = if ratio <= TARGET { "met" } else { "MISSED" };
        println!("\nTarget: {title}: {ratio:.2} times serde_json; at most {TARGET}: {verdict}.");
    }
}

/// An event of the receiver, in the envelope that many senders use.
#[derive(Deserialize)]
#[expect(dead_code, reason = "the fields are decoded and not read")]
struct Envelope {
    id: String,
    event: EventType,
    timestamp: u64,
    data: Order,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the fields are decoded and not read")]
struct Order {
    number: String,
    customer: Customer,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the fields are decoded and not read")]
struct Customer {
    id: String,
    email: String,
    name: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the fields are decoded and not read")]
struct Line {
    sku: String,
    text: String,
    quantity: u32,
    price: f64,
    taxed: bool,
}

/// Returns an order of at least `length` bytes: many small fields.
fn order(length: usize) -> Bytes {
    let at = SystemClock.now().as_secs();
    let head = format!(
        r#"{{"id":"evt_2YwZ7","event":"document.processed","timestamp":{at},"data":{{"number":"2026-000417","customer":{{"id":"cus_9s6XKzkNRiz8i3","email":"robin.vale@example.org","name":"Robin Vale"}},"lines":["#
    );
    let line = r#"{"sku":"A-1004","text":"Coffee, whole beans, 1 kg","quantity":3,"price":17.95,"taxed":true}"#;
    repeated(&head, line, "]}}", length)
}

/// Returns OmniAI's event for an action of at least `length` bytes: a list of messages.
fn action_log(length: usize) -> Bytes {
    let head = r#"{"event":"action_log.completed","actionLog":{"id":"ba9f7169-a51d-4161-9bed-a53c8b6eeda9","type":"MESSAGE","status":"COMPLETED","leadId":"c20e4516-9de0-43f6-9975-61f30c5c6bd4","summary":"Inbound email: June file","input":{"channel":"EMAIL","direction":"INBOUND"},"output":null,"messages":["#;
    let message = r#"{"id":"fa46c45b-9d7a-4294-937d-75fc9d6531da","body":"<p>Please find the June file attached.</p>\n","channel":"EMAIL","subject":"June file","direction":"INBOUND","documents":[]}"#;
    let tail = r#"],"completedAt":"2026-02-11T09:14:03.218Z"},"workspaceId":"62154fe7-682b-4c07-870b-f97d004574c6"}"#;
    repeated(head, message, tail, length)
}

fn repeated(head: &str, item: &str, tail: &str, length: usize) -> Bytes {
    let mut body = format!("{head}{item}");
    while body.len() + tail.len() < length {
        body.push(',');
        body.push_str(item);
    }
    body.push_str(tail);
    Bytes::from(body)
}
