//! The cost of decoding a typed event, as a multiple of `serde_json` into the same struct.
//!
//! `cargo run --release --bin decode`, with `-- --quick` for fewer rounds.

use std::hint::black_box;

use bytes::Bytes;
use countersign::ainexlayer::{self, AiNexLayer, EventType};
use countersign::omniai::{self, OmniAi};
use countersign::scheme::{Encoding, SigningRequest};
use countersign::senders::Sender;
use countersign::time::{Clock, SystemClock};
use countersign::{FromDelivery, Receiver, Secret, StandardWebhooks};
use countersign_benches::{Contender, Program, Result, race};
use hmac::{Hmac, KeyInit, Mac};
use report::{Column, names};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

const COLUMNS: [Column; 2] = [Column::of("ns", "ns"), Column::ratio("× first row", "ns")];

fn main() -> Result<()> {
    let mut program = Program::new()?;
    println!("# Decoding typed events");
    for length in [1024, 60 * 1024] {
        let omniai = OmniAi::new("x-webhook-secret", key()?)?;
        let event = "OmniAI's `Event`";
        run::<omniai::Event, omniai::ActionLogCompleted>(
            &mut program,
            event,
            length,
            &omniai,
            &action_log(length),
        )?;
        let ainexlayer = AiNexLayer::builder(key()?)
            .signature_header("x-ainexlayer-signature")
            .encoding(Encoding::Hex)
            .prefix("sha256=")
            .assumed_envelope()
            .build()?;
        let event = "AINexLayer's `Event<Order>`";
        let body = order(length);
        run::<ainexlayer::Event<Order>, Envelope>(&mut program, event, length, &ainexlayer, &body)?;
        let sender = StandardWebhooks::new(key()?)?;
        run::<Envelope, Envelope>(
            &mut program,
            "a struct of the receiver",
            length,
            &sender,
            &body,
        )?;
    }
    program.finish("decode")
}

fn key() -> Result<Secret> {
    Ok(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?)
}

/// Decodes `body` as `T` from an authentic request, and as `Own` by `serde_json`.
fn run<T: FromDelivery, Own: DeserializeOwned>(
    program: &mut Program,
    event: &str,
    length: usize,
    sender: &(impl Sender + Clone + 'static),
    body: &Bytes,
) -> Result<()> {
    let now = SystemClock.now();
    let scheme = sender.verifier().scheme();
    let request = SigningRequest::new(body).id("msg_decode").timestamp(now);
    let headers = request.sign(scheme, &key()?)?;
    let signs_body = scheme.signs_body();
    let receiver = Receiver::builder(sender.clone()).build()?;
    let delivery = receiver.verify(&headers, body.clone(), now)?;
    let contenders = vec![
        Contender::new(names::SERDE_JSON, || decode::<Own>(body)),
        Contender::new(names::DECODE, || black_box(T::from_delivery(black_box(&delivery))).is_ok()),
    ];
    measure(program, &names::decode(length, event), contenders);

    let keyed = Hmac::<Sha256>::new_from_slice(&[7; 24])?;
    let contenders = vec![
        Contender::new("MAC, then serde_json::from_slice", || {
            if signs_body {
                let mut mac = keyed.clone();
                mac.update(black_box(body));
                black_box(mac.finalize().into_bytes());
            }
            decode::<Own>(body)
        }),
        Contender::new("countersign: verification, identity, event type, decode", || {
            let verified = receiver.verify(&headers, body.clone(), now);
            verified.is_ok_and(|delivery| {
                black_box(sender.identity(&delivery));
                black_box(delivery.event_type());
                black_box(T::from_delivery(&delivery)).is_ok()
            })
        }),
    ];
    measure(program, &names::from_headers(length, event), contenders);
    Ok(())
}

fn measure(program: &mut Program, case: &str, contenders: Vec<Contender<'_>>) {
    let rounds = program.rounds(15, 3);
    race(&mut program.results, case, rounds, contenders);
    program.print(case, &[case], &COLUMNS);
}

fn decode<Own: DeserializeOwned>(body: &Bytes) -> bool {
    black_box(serde_json::from_slice::<Own>(black_box(body))).is_ok()
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
