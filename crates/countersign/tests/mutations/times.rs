//! Signed timestamps: stale, in the future, changed and malformed.

use countersign::RejectionKind as Kind;

use crate::forge::{By, NOW, Plan};
use crate::shape::{Around, Shape, Time, Unit};
use crate::{Class, Mutant, accepted, class, rejected};

pub(crate) fn classes() -> Vec<Class> {
    vec![
        class("ts-stale", |shape| at(shape, edges(shape).0 - 1, Some(Kind::StaleTimestamp))),
        class("ts-future", |shape| at(shape, edges(shape).1 + 1, Some(Kind::FutureTimestamp))),
        class("valid-edge-past", |shape| at(shape, edges(shape).0, None)),
        class("valid-edge-future", |shape| at(shape, edges(shape).1, None)),
        class("ts-far", far),
        class("ts-tampered", tampered),
        class("ts-malformed", malformed),
        class("ts-signed-malformed", signed_malformed),
        class("ts-other-unit", other_unit),
        class("ts-in-pair", pair),
        class("ts-in-body", in_body),
    ]
}

/// The first and the last accepted second.
const fn edges(shape: &Shape) -> (u64, u64) {
    (NOW - shape.tolerance.0, NOW + shape.tolerance.1)
}

/// A delivery that is correctly signed at this second.
fn at(shape: &Shape, secs: u64, rejection: Option<Kind>) -> Vec<Mutant> {
    if shape.time == Time::Absent {
        return Vec::new();
    }
    let time = shape.written(secs * 1000);
    let body = shape.usual_body(&time, 0);
    let request = shape.plan(&time, body).request();
    vec![match rejection {
        Some(kind) => rejected(time, request, kind),
        None => accepted(time, request),
    }]
}

fn far(shape: &Shape) -> Vec<Mutant> {
    if shape.time_touches() && shape.unit != Unit::Rfc3339 {
        // Such timestamps have another number of digits than current ones.
        return Vec::new();
    }
    let mut mutants = at(shape, 0, Some(Kind::StaleTimestamp));
    mutants.extend(at(shape, 1, Some(Kind::StaleTimestamp)));
    mutants.extend(at(shape, 4_102_444_800, Some(Kind::FutureTimestamp)));
    if shape.unit == Unit::Seconds && shape.time != Time::Absent {
        mutants.extend(at(shape, 999_999_999_999_999, Some(Kind::FutureTimestamp)));
    }
    mutants
}

/// Another fresh timestamp under the same signature.
fn tampered(shape: &Shape) -> Vec<Mutant> {
    let (first, last) = edges(shape);
    let mut mutants = Vec::new();
    for secs in [NOW + 1, NOW - 1, first, last] {
        let mut plan = shape.good();
        plan.time = shape.written(secs * 1000);
        match shape.time {
            Time::Absent => return Vec::new(),
            Time::Body => plan.body = shape.usual_body(&plan.time, 0),
            Time::Header(_) | Time::Pair => {}
        }
        mutants.push(rejected(&*plan.time, plan.request(), Kind::SignatureMismatch));
    }
    mutants
}

/// Spellings that another parser may accept for the correct timestamp.
fn forms(shape: &Shape) -> Vec<String> {
    let good = shape.written(NOW * 1000);
    let mut forms: Vec<_> = ["NaN", "Infinity", "null", "0x6553f100", "1.7e9", "-1", "٠", "¹", "x"]
        .map(ToOwned::to_owned)
        .into();
    forms.extend([
        format!("+{good}"),
        format!("-{good}"),
        format!("0{good}"),
        format!("00{good}"),
        format!(" {good}"),
        format!("{good} "),
        format!("\t{good}"),
        format!("{good}\0"),
        format!("{good}abc"),
        format!("{good},{good}"),
        format!("{}_{}", &good[..1], &good[1..]),
        good.replace('1', "１"),
        good.replace('1', "١"),
        "9".repeat(16),
        "9".repeat(40),
        "-9223372036854775808".to_owned(),
        "18446744073709551615".to_owned(),
    ]);
    if shape.unit == Unit::Rfc3339 {
        forms.extend(
            [
                "1700000000",
                "2023-11-14",
                "2023-11-14T22:13:20",
                "2023-11-14 22:13:20Z",
                "2023-11-14T22:13:20+0000",
                "2023-11-14T22:13Z",
                "2023-11-14T22:13:20,0Z",
                "2023-11-31T22:13:20Z",
                "2023-11-14T24:13:20Z",
                "2023-11-14T22:13:61Z",
                "-2023-11-14T22:13:20Z",
                "Tue, 14 Nov 2023 22:13:20 GMT",
            ]
            .map(ToOwned::to_owned),
        );
    } else {
        forms.extend([
            format!("{good}.0"),
            format!("{good}."),
            format!("{good}e0"),
            "2023-11-14T22:13:20Z".to_owned(),
        ]);
    }
    forms
}

fn malformed(shape: &Shape) -> Vec<Mutant> {
    malformed_by(shape, |plan| plan)
}

/// Malformed timestamps, correctly signed.
fn signed_malformed(shape: &Shape) -> Vec<Mutant> {
    malformed_by(shape, |plan| plan.signed(By::Own))
}

fn malformed_by(shape: &Shape, sign: fn(Plan) -> Plan) -> Vec<Mutant> {
    if matches!(shape.time, Time::Absent | Time::Body) {
        return Vec::new();
    }
    let mutant = |form: String| {
        let mut plan = shape.good();
        plan.time = form.clone();
        let what = form.escape_debug().to_string();
        // In a list, a comma begins another pair.
        let is_cut = matches!(shape.around, Around::Pairs(',', ..)) && form.contains(',');
        // White space around the time is no part of it.
        let is_cut = is_cut
            || shape.allows_white_space && form.trim_matches([' ', '\t']) == shape.good().time;
        let request = sign(plan).request();
        if is_cut { None } else { Some(rejected(what, request, Kind::MalformedHeader)) }
    };
    forms(shape).into_iter().filter_map(mutant).collect()
}

fn other_unit(shape: &Shape) -> Vec<Mutant> {
    let (time, kind) = match (shape.time, shape.unit) {
        (Time::Absent, _) | (_, Unit::Rfc3339) => return Vec::new(),
        (_, Unit::Seconds) => (NOW * 1000, Kind::FutureTimestamp),
        (_, Unit::Millis) => (NOW, Kind::StaleTimestamp),
    };
    let kind = if shape.time_touches() { Kind::MalformedHeader } else { kind };
    let time = time.to_string();
    let body = shape.usual_body(&time, 0);
    vec![rejected(&*time, shape.plan(&time, body).request(), kind)]
}

/// The timestamp beside the signature is missing, empty, repeated, or after it.
fn pair(shape: &Shape) -> Vec<Mutant> {
    let Around::Pairs(separator, Some(name), _) = shape.around else { return Vec::new() };
    let joint = shape.joint(separator);
    let plan = shape.good();
    let right = shape.value(&plan.time, &[&plan.signature]);
    let time = format!("{name}={}", plan.time);
    let signature = right.strip_prefix(&format!("{time}{joint}")).unwrap();
    let malformed = |what, value| rejected(what, plan.request_with(value), Kind::MalformedHeader);
    vec![
        malformed("missing", signature.to_owned()),
        malformed("empty", format!("{name}={joint}{signature}")),
        malformed("twice", format!("{time}{joint}{right}")),
        malformed("two", format!("{right}{joint}{name}=1")),
        malformed("shouted", format!("{}{joint}{signature}", time.to_uppercase())),
        match shape.allows_white_space {
            true => accepted("spaced", plan.request_with(format!(" {right}"))),
            false => malformed("spaced", format!(" {right}")),
        },
        accepted("behind", plan.request_with(format!("{signature}{joint}{time}"))),
        accepted("noise", plan.request_with(format!("junk{joint}{joint}={joint}{right}{joint}"))),
    ]
}

fn in_body(shape: &Shape) -> Vec<Mutant> {
    if shape.time != Time::Body {
        return Vec::new();
    }
    let good = shape.written(NOW * 1000);
    let with = |field: String| shape.plan(&good, format!(r#"{{"type":"Issue"{field}}}"#)).request();
    let field = |value: &str| with(format!(r#","webhookTimestamp":{value}"#));
    let text = |value: &str| field(&format!("\"{value}\""));
    let missing = |what: &str, request| rejected(what, request, Kind::MissingTimestamp);
    let mut mutants = vec![
        missing("absent", with(String::new())),
        missing("twice", with(format!(r#","webhookTimestamp":{good},"webhookTimestamp":{good}"#))),
        missing("twice, one escaped", {
            with(format!(r#","webhookTimestamp":{good},"webhook\u0054imestamp":1"#))
        }),
        missing("elsewhere", with(format!(r#","data":{{"webhookTimestamp":{good}}}"#))),
        missing("not JSON", shape.plan(&good, format!("webhookTimestamp={good}")).request()),
        missing("not UTF-8", {
            let body = format!(r#"{{"webhookTimestamp":{good},"a":"?"}}"#).replace('?', "\u{0}");
            let body: Vec<_> =
                body.bytes().map(|byte| if byte == 0 { 0xff } else { byte }).collect();
            shape.plan(&good, body).request()
        }),
        accepted("as text", text(&good)),
        accepted("in RFC 3339", text("2023-11-14T22:13:20Z")),
        rejected("old", text("2023-11-14T22:12:19.999Z"), Kind::StaleTimestamp),
    ];
    for value in ["null", "true", "[]", "{}", "\"\"", "-1", "1.7e12", "1700000000000.0", "\"NaN\""]
    {
        mutants.push(missing(value, field(value)));
    }
    mutants
}
