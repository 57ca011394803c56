use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use countersign::ainexlayer::{AiNexLayer, FieldLocation};
use countersign::scheme::{
    Encoding, Part, Scheme, SignatureLocation, SigningRequest, TimestampFormat,
};
use countersign::senders::{Sender as _, Verifier};
use countersign::{Secret, StandardWebhooks, Timestamp};

use super::wire::{SIGNED_AT, Wire};
use super::{infallible, naive, receive};

/// Base64, which is a valid secret for every sender here.
const SECRET: &str = "dHdlbnR5LWZvdXIgYnl0ZXMgb2Yga2V5";
const KEY: &[u8] = b"twenty-four bytes of key";

/// One signature grammar.
struct Subject {
    verifier: Arc<Verifier>,
    /// The headers of id, timestamp and signature.
    names: [&'static str; 3],
    unit: TimestampFormat,
    /// The separator of the items of the signature header.
    separator: Option<char>,
    signature: fn(&Wire<'_>) -> String,
}

static SENDERS: LazyLock<[Subject; 5]> =
    LazyLock::new(|| [standard(), pairs(), prefixed(), ainexlayer(), url_safe()]);

/// Checks a request in five lines: control, id, timestamp, signature, body.
///
/// The first control byte selects the sender. Every accepted request is one that signing makes of the
/// same id, timestamp and body, and everything that signing makes is accepted.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn header_grammars(data: &[u8]) {
    let pick = usize::from(data.first().copied().unwrap_or_default().wrapping_sub(b'0'));
    let Some(sender) = SENDERS.get(pick % SENDERS.len()) else { return };
    let at = match sender.unit {
        TimestampFormat::Seconds => SIGNED_AT,
        _ => SIGNED_AT * 1000,
    };
    let Some(mut wire) = Wire::parse(data, at) else { return };
    let right = (sender.signature)(&wire);
    wire.sign(&right);
    let headers = wire.headers(sender.names);
    if let Ok(delivery) = receive(&sender.verifier, &headers, wire.body, wire.now()) {
        assert_eq!(delivery.body(), wire.body);
        let time = infallible(delivery.timestamp().ok_or("every sender here signs its time"));
        let id = String::from_utf8_lossy(wire.id);
        for (name, made) in sign(sender, &id, time, wire.body) {
            let sent = headers.iter().find(|(sent, _)| *sent == name).map(|(_, value)| *value);
            let sent = String::from_utf8_lossy(sent.unwrap_or_default());
            if name == sender.names[2] {
                assert_eq!(times(sender, &sent), times(sender, &made), "one time, if any");
                for item in items(sender, &made) {
                    let same = |sent: &str| same(sender, sent, item);
                    assert!(items(sender, &sent).into_iter().any(same), "{item} in {sent}");
                }
            } else if name != sender.names[0] || delivery.signed_id().is_some() {
                assert_eq!(sent, made, "{name}");
            }
        }
    }
    let headers = sign(sender, "msg_1", Timestamp::from_secs(SIGNED_AT), wire.body);
    let now = Timestamp::from_secs(SIGNED_AT);
    let delivery = infallible(receive(&sender.verifier, &headers, wire.body, now));
    assert_eq!(delivery.timestamp(), Some(now));
}

fn sign(sender: &Subject, id: &str, time: Timestamp, body: &[u8]) -> Vec<(String, String)> {
    let request = SigningRequest::new(body).id(id).timestamp(time);
    infallible(request.sign(sender.verifier.scheme(), &infallible(Secret::new(SECRET))))
}

fn items<'v>(sender: &Subject, value: &'v str) -> Vec<&'v str> {
    sender.separator.map_or_else(|| vec![value], |separator| value.split(separator).collect())
}

/// The number of timestamps in a list of pairs.
fn times(sender: &Subject, value: &str) -> usize {
    let is_time = |item: &&str| sender.separator == Some(',') && item.starts_with("t=");
    items(sender, value).into_iter().filter(is_time).count()
}

/// Whether two items are equal; hexadecimal digits are compared without case.
fn same(sender: &Subject, sent: &str, made: &str) -> bool {
    let split = |item: &str| item.find('=').map_or(0, |at| at + 1);
    let hex = sender.names[2].ends_with("-hex");
    let (sent_name, sent_text) = sent.split_at(split(sent));
    let (made_name, made_text) = made.split_at(split(made));
    sent == made || hex && sent_name == made_name && sent_text.eq_ignore_ascii_case(made_text)
}

fn standard() -> Subject {
    Subject {
        verifier: Arc::clone(infallible(StandardWebhooks::new(secret())).verifier()),
        names: ["webhook-id", "webhook-timestamp", "webhook-signature"],
        unit: TimestampFormat::Seconds,
        separator: Some(' '),
        signature: |wire| {
            let tag = naive::tag(KEY, &[wire.id, b".", &wire.time, b".", wire.body]);
            BASE64_STANDARD.encode(tag)
        },
    }
}

/// `t=1700000000,v1=…`
fn pairs() -> Subject {
    let signature = SignatureLocation::header("x-pairs-hex", Encoding::Hex).pairs("v1");
    let scheme = Scheme::hmac_sha256("pairs", signature)
        .timestamp_pair("t", TimestampFormat::Seconds)
        .signs([Part::Timestamp, Part::Literal(".".into()), Part::Body]);
    Subject {
        verifier: infallible(Verifier::new(infallible(scheme.build()), secret())),
        names: ["x-id", "x-time", "x-pairs-hex"],
        unit: TimestampFormat::Seconds,
        separator: Some(','),
        signature: |wire| {
            let time = wire
                .signature
                .split(|byte| *byte == b',')
                .find_map(|item| item.strip_prefix(b"t="))
                .unwrap_or_default();
            naive::hex(&naive::tag(SECRET.as_bytes(), &[time, b".", wire.body]))
        },
    }
}

/// `v0=…` over `v0:{time}:{body}`
fn prefixed() -> Subject {
    let signature = SignatureLocation::header("x-prefixed-hex", Encoding::Hex).prefix("v0=");
    let scheme = Scheme::hmac_sha256("prefixed", signature)
        .timestamp_header("x-time", TimestampFormat::Seconds)
        .signs([
            Part::Literal("v0:".into()),
            Part::Timestamp,
            Part::Literal(":".into()),
            Part::Body,
        ]);
    Subject {
        verifier: infallible(Verifier::new(infallible(scheme.build()), secret())),
        names: ["x-id", "x-time", "x-prefixed-hex"],
        unit: TimestampFormat::Seconds,
        separator: None,
        signature: |wire| {
            let parts = [b"v0:", &*wire.time, b":", wire.body];
            naive::hex(&naive::tag(SECRET.as_bytes(), &parts))
        },
    }
}

fn ainexlayer() -> Subject {
    let builder = AiNexLayer::builder(secret())
        .signature_header("x-ainexlayer-hex")
        .encoding(Encoding::Hex)
        .prefix("sha256=")
        .event_type(FieldLocation::field("/event"))
        .event_id(FieldLocation::header("x-id"))
        .time(FieldLocation::header("x-time"));
    Subject {
        verifier: Arc::clone(infallible(builder.build()).verifier()),
        names: ["x-id", "x-time", "x-ainexlayer-hex"],
        unit: TimestampFormat::Seconds,
        separator: None,
        signature: |wire| {
            naive::hex(&naive::tag(SECRET.as_bytes(), &[&wire.time, b".", wire.body]))
        },
    }
}

/// URL-safe base64 of the whole header, and milliseconds.
fn url_safe() -> Subject {
    let scheme =
        Scheme::hmac_sha256("url-safe", SignatureLocation::header("x-whole", Encoding::Base64Url))
            .timestamp_header("x-time", TimestampFormat::Millis)
            .signs([Part::Timestamp, Part::Literal(".".into()), Part::Body]);
    Subject {
        verifier: infallible(Verifier::new(infallible(scheme.build()), secret())),
        names: ["x-id", "x-time", "x-whole"],
        unit: TimestampFormat::Millis,
        separator: None,
        signature: |wire| {
            BASE64_URL_SAFE.encode(naive::tag(SECRET.as_bytes(), &[&wire.time, b".", wire.body]))
        },
    }
}

fn secret() -> Secret {
    infallible(Secret::new(SECRET))
}
