//! Bodies that are changed in transit, and bytes that move between signed parts.

use countersign::{Contract, Receiver, RejectionKind as Kind, Timestamp};

use crate::forge::{By, NOW, Plan};
use crate::shape::{Body, Made, SHAPES, Shape, Unit};
use crate::{Class, Expect, Mutant, accepted, class, good, mutant, rejected};

pub(crate) fn classes() -> Vec<Class> {
    vec![
        class("body-bit", flipped),
        class("body-truncated", truncated),
        class("body-emptied", |shape| carried(shape, |_| Vec::new(), Kind::MissingSignature)),
        class("body-newline", newline),
        class("body-prepend-bom", marked),
        class("body-reserialized", reserialized),
        class("body-not-utf8", not_utf8),
        class("body-not-utf8-replaced", replaced),
        class("body-not-json", not_json),
        class("field-shift", shifted),
        class("other-url", other_url),
        class("other-query", other_query),
        class("content-type", content_type),
        class("content-encoding", coded),
        class("content-length", length),
    ]
}

/// Another body under the same signature; rejected with `in_fields` if only fields are signed.
fn carried(shape: &Shape, change: fn(&[u8]) -> Vec<u8>, in_fields: Kind) -> Vec<Mutant> {
    if shape.body == Body::Query {
        return Vec::new();
    }
    let plan = shape.good();
    let mut request = plan.request();
    request.body = change(&request.body);
    let expect = match (shape.made, shape.body) {
        (Made::Token, _) => Expect::Accepted,
        (_, Body::Adyen) => Expect::Rejected(in_fields),
        _ => Expect::Rejected(Kind::SignatureMismatch),
    };
    vec![mutant("under the same signature", request, expect)]
}

fn flipped(shape: &Shape) -> Vec<Mutant> {
    let request = shape.good().request();
    if !shape.signs_body() {
        return Vec::new();
    }
    let flip = |at: usize| {
        let mut request = request.clone();
        request.body[at] ^= 1;
        rejected(format!("byte {at}"), request, Kind::SignatureMismatch)
    };
    // `bit_flips.rs` tests every bit for a few senders.
    (0..request.body.len()).step_by(9).map(flip).collect()
}

fn truncated(shape: &Shape) -> Vec<Mutant> {
    carried(shape, |body| body[..body.len() - 1].to_vec(), Kind::MissingSignature)
}

fn newline(shape: &Shape) -> Vec<Mutant> {
    if shape.body == Body::Adyen {
        let mut request = good(shape).1;
        request.body.push(b'\n');
        return vec![accepted("behind the fields", request)];
    }
    carried(shape, |body| [body, b"\n"].concat(), Kind::SignatureMismatch)
}

fn marked(shape: &Shape) -> Vec<Mutant> {
    if shape.body == Body::Adyen {
        let mut request = good(shape).1;
        request.body.splice(..0, *b"\xef\xbb\xbf");
        return vec![accepted("before the fields", request)];
    }
    carried(shape, |body| [b"\xef\xbb\xbf", body].concat(), Kind::SignatureMismatch)
}

/// Equal JSON or an equal form in other bytes.
fn reserialized(shape: &Shape) -> Vec<Mutant> {
    if shape.body == Body::Query {
        return Vec::new();
    }
    let mut request = good(shape).1;
    let text = String::from_utf8(request.body.clone()).unwrap();
    let other = match shape.body {
        Body::Form => {
            let mut pairs: Vec<_> = text.split('&').collect();
            pairs.reverse();
            pairs.join("&").replace('+', "%20")
        }
        _ => text.replace("\":", "\": "),
    };
    assert_ne!(text, other);
    request.body = other.into_bytes();
    vec![match shape.body {
        // The fields are signed, not the bytes.
        Body::Form | Body::Adyen => accepted("the same fields", request),
        _ if shape.made == Made::Token => accepted("not signed", request),
        _ => rejected("the same JSON", request, Kind::SignatureMismatch),
    }]
}

/// A body with bytes that are not UTF-8.
fn odd_body(shape: &Shape, odd: &[u8]) -> Vec<u8> {
    let body = shape.usual_body(&shape.written(NOW * 1000), 0);
    let (at, end) = match shape.body {
        Body::Form | Body::Query => (body.len(), &b""[..]),
        Body::Json | Body::Timed | Body::Adyen => (body.len() - 1, &b"\"}"[..]),
    };
    let start = if shape.body == Body::Form { &b"&z="[..] } else { b",\"z\":\"" };
    [&body[..at], start, odd, end].concat()
}

fn not_utf8(shape: &Shape) -> Vec<Mutant> {
    if shape.body == Body::Query {
        return Vec::new();
    }
    let time = shape.written(NOW * 1000);
    let mutant = |odd: &[u8]| {
        let body = odd_body(shape, odd);
        let request = match shape.body {
            // The form's bytes are signed verbatim.
            Body::Form => {
                let plan = shape.plan(&time, body);
                let mut message = plan.message();
                let text = "z\u{fffd}".as_bytes();
                let at = message.windows(text.len()).position(|piece| piece == text).unwrap();
                message.splice(at.., [b"z", odd].concat());
                let signature = plan.sign(By::Own, &message);
                plan.under(signature).request()
            }
            _ => shape.plan(&time, body).request(),
        };
        let what = odd.escape_ascii().to_string();
        match shape.body {
            Body::Timed => rejected(what, request, Kind::MissingTimestamp),
            Body::Adyen => rejected(what, request, Kind::MissingSignature),
            Body::Json | Body::Form | Body::Query => accepted(what, request),
        }
    };
    [&b"\xff"[..], b"\xc3\x28", b"\xed\xa0\x80"].map(mutant).into()
}

/// Bytes that are not UTF-8, under the signature of the text that lossy decoding makes of them.
fn replaced(shape: &Shape) -> Vec<Mutant> {
    if !shape.signs_body() || shape.body == Body::Query {
        return Vec::new();
    }
    let plan = shape.plan(&shape.written(NOW * 1000), odd_body(shape, "\u{fffd}".as_bytes()));
    let request = plan.carrying(odd_body(shape, b"\xff")).request();
    vec![rejected("for what was signed", request, Kind::SignatureMismatch)]
}

/// Correctly signed bodies that are not JSON: decoding them is up to the handler's type.
fn not_json(shape: &Shape) -> Vec<Mutant> {
    if !matches!(shape.body, Body::Json) {
        return Vec::new();
    }
    let time = shape.written(NOW * 1000);
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let bodies = [
        "",
        "null",
        "a=b&c=d",
        "{\"id\":",
        "{\"id\":\"1\",\"id\":\"2\"}",
        "{\"id\":9007199254740993}",
        &deep,
    ];
    let signed = |body: &str| shape.plan(&time, body).request();
    let mutant = |body| match (shape.name, body) {
        // X's check of the endpoint signs such texts for any client.
        ("x", "null") => rejected("signed", signed(body), Kind::SignatureMismatch),
        _ => accepted("signed", signed(body)),
    };
    bodies.into_iter().map(mutant).collect()
}

/// The same signed bytes, split differently between the parts.
fn shifted(shape: &Shape) -> Vec<Mutant> {
    let time = shape.written(NOW * 1000);
    let cut = |id: &str, time: &str, body: &str| {
        let plan = Plan {
            id: id.to_owned(),
            time: time.to_owned(),
            body: body.as_bytes().to_vec(),
            ..shape.good()
        };
        let message = plan.message();
        (plan, message)
    };
    // The signed parts, and the parts that are received instead.
    let (signed, arriving) = match (shape.signs, shape.unit) {
        ("{id}.{t}.{body}", _) => (
            ("msg_1", &*time, format!("{time}.{{}}")),
            vec![
                (format!("msg_1.{time}"), time.clone(), "{}".to_owned()),
                ("msg_1".to_owned(), format!("{time}.{time}"), "{}".to_owned()),
                (String::new(), String::new(), String::new()),
            ],
        ),
        ("{id}{t}{body}", _) => (
            (shape.event_id, &*time, "{}".to_owned()),
            vec![
                (shape.event_id[..35].to_owned(), format!("b{time}"), "{}".to_owned()),
                (format!("{}2", shape.event_id), time[1..].to_owned(), "{}".to_owned()),
                (shape.event_id.to_owned(), format!("{time}{{"), "}".to_owned()),
                (shape.event_id.to_owned(), time[..19].to_owned(), "Z{}".to_owned()),
            ],
        ),
        ("{t}.{body}", _) => (
            ("", &*time, "5.{}".to_owned()),
            vec![(String::new(), format!("{time}.5"), "{}".to_owned())],
        ),
        ("{t}:{body}" | "v0:{t}:{body}", _) => (
            ("", &*time, "5:{}".to_owned()),
            vec![(String::new(), format!("{time}:5"), "{}".to_owned())],
        ),
        ("{t}{body}", Unit::Rfc3339) => (
            ("", &*time, "{}".to_owned()),
            vec![
                (String::new(), format!("{time}{{"), "}".to_owned()),
                (String::new(), time[..19].to_owned(), "Z{}".to_owned()),
            ],
        ),
        ("{t}{body}", _) => (
            ("", &*time, "0{}".to_owned()),
            vec![
                (String::new(), format!("{time}0"), "{}".to_owned()),
                (String::new(), time[..9].to_owned(), "00{}".to_owned()),
            ],
        ),
        ("{body}{t}" | "POST{url}{body}{t}", _) => (
            ("", &*time, "{}1".to_owned()),
            vec![
                (String::new(), format!("1{time}"), "{}".to_owned()),
                (String::new(), time[1..].to_owned(), format!("{{}}1{}", &time[..1])),
            ],
        ),
        _ => return Vec::new(),
    };
    let (plan, message) = cut(signed.0, signed.1, &signed.2);
    let signature = plan.sign(By::Own, &message);
    let mut mutants = vec![accepted("as signed", plan.under(&*signature).request())];
    for (id, time, body) in arriving.iter().filter(|(_, time, _)| !time.is_empty()) {
        let (plan, same) = cut(if id.is_empty() { "msg_1" } else { id }, time, body);
        assert_eq!(same, message, "{}", shape.name);
        let what = format!("{id} {time} {body}");
        mutants.push(rejected(what, plan.under(&*signature).request(), Kind::MalformedHeader));
    }
    mutants
}

fn other_url(shape: &Shape) -> Vec<Mutant> {
    if !shape.signs.contains("{url}") {
        return Vec::new();
    }
    let plan = shape.good();
    let message = String::from_utf8(plan.message()).unwrap();
    [("/one", "/two"), ("/one", "/one/"), ("https", "http"), ("example.com", "example.org")]
        .map(|(own, other)| {
            let signature = plan.sign(By::Own, message.replacen(own, other, 1).as_bytes());
            let request = plan.clone().under(signature).request();
            rejected(other, request, Kind::SignatureMismatch)
        })
        .into()
}

/// An unsigned query is rejected only if the scheme signs the URL of the request.
fn other_query(shape: &Shape) -> Vec<Mutant> {
    if shape.body == Body::Query {
        return Vec::new();
    }
    let mut plan = shape.good();
    plan.query = "order=1".to_owned();
    vec![if shape.body == Body::Form {
        rejected("unsigned", plan.request(), Kind::SignatureMismatch)
    } else {
        accepted("not read", plan.request())
    }]
}

fn content_type(shape: &Shape) -> Vec<Mutant> {
    let other = |value: &str| accepted(value, good(shape).1.instead("content-type", value));
    let mut mutants: Vec<_> =
        ["application/x-www-form-urlencoded", "text/plain", "", "multipart/form-data"]
            .map(other)
            .into();
    mutants.push(accepted("none", good(shape).1.without("content-type")));
    mutants
}

fn coded(shape: &Shape) -> Vec<Mutant> {
    let coded = |coding: &str| good(shape).1.with("content-encoding", coding);
    let changes = ["gzip", "identity, gzip", "UTF-8,X-GZIP", "br", "zstd;q=1", "aes128gcm"];
    let plain = ["identity", "UTF-8", "utf8", "none", "text/plain", "identity, utf-8", ""];
    let mut mutants: Vec<_> =
        changes.map(|coding| rejected(coding, coded(coding), Kind::UnsupportedEncoding)).into();
    mutants.extend(plain.map(|coding| accepted(coding, coded(coding))));
    let twice = coded("identity").with("content-encoding", "identity");
    mutants.push(rejected("twice", twice, Kind::UnsupportedEncoding));
    mutants
}

fn length(shape: &Shape) -> Vec<Mutant> {
    let (plan, request) = good(shape);
    let right = request.body.len();
    let announced = |length: &str| request.clone().with("content-length", length);
    if shape.body == Body::Query {
        return vec![accepted("right", announced("0"))];
    }
    // A body that another layer has changed.
    let mut cut = request.clone().with("content-length", right.to_string());
    cut.body.pop();
    let cut = match shape.body {
        Body::Adyen => rejected("cut", cut, Kind::MissingSignature),
        _ => rejected("cut", cut, Kind::BodyAltered),
    };
    let stranger = plan.sign(By::Stranger, &plan.message());
    let forged = plan.under(stranger).request().with("content-length", right.to_string());
    vec![
        accepted("right", announced(&right.to_string())),
        rejected("no number", announced("+1"), Kind::MalformedHeader),
        rejected("over the cap", announced("99999999999999999999"), Kind::BodyTooLarge),
        rejected("twice", announced("1").with("content-length", "1"), Kind::DuplicateHeader),
        rejected("forged", forged, Kind::SignatureMismatch),
        cut,
    ]
}

#[test]
fn a_body_over_the_cap_is_rejected_for_every_sender() {
    for shape in SHAPES {
        let request = shape.good().request();
        let receiver = |cap| {
            let known = shape.known(&shape.secret(By::Own)).unwrap();
            Receiver::new(
                known.with_contract(Contract::builder().max_body_size(cap).build().unwrap()),
            )
        };
        let now = Timestamp::from_secs(NOW);
        let length = request.body.len();
        request.verdict(&receiver(length), now).unwrap();
        let rejection = request.verdict(&receiver(length - 1), now).unwrap_err();
        assert_eq!(rejection.kind(), Kind::BodyTooLarge, "{}: {rejection}", shape.name);
    }
}
