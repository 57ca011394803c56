//! Headers that are missing, empty, repeated, of another family or in another spelling.

use countersign::RejectionKind as Kind;

use crate::shape::{Around, Made, Shape, Time};
use crate::{Class, Mutant, accepted, class, good, rejected};

pub(crate) fn classes() -> Vec<Class> {
    vec![
        class("valid", |shape| vec![accepted("as it is", good(shape).1)]),
        class("header-missing", missing),
        class("header-empty", empty),
        class("header-duplicate", duplicate),
        class("header-joined", joined),
        class("header-unprintable", unprintable),
        class("header-too-long", too_long),
        class("valid-header-case", header_case),
        class("family-mixing", families),
        class("version-substituted", fixed),
        class("id-too-long", id_too_long),
    ]
}

fn missing(shape: &Shape) -> Vec<Mutant> {
    let (plan, request) = good(shape);
    if shape.around == Around::Body {
        let unsigned = plan.carrying(br#"{"notificationItems":[]}"#).request();
        return vec![rejected("no signature in the body", unsigned, Kind::MissingSignature)];
    }
    let without = |name| rejected(name, request.clone().without(name), Kind::MissingHeader);
    shape.required().into_iter().map(without).collect()
}

fn empty(shape: &Shape) -> Vec<Mutant> {
    let (plan, request) = good(shape);
    if shape.around == Around::Body {
        return vec![rejected("in the body", plan.under("").request(), Kind::MissingSignature)];
    }
    let emptied = |name| rejected(name, request.clone().instead(name, ""), Kind::MissingHeader);
    shape.required().into_iter().map(emptied).collect()
}

fn duplicate(shape: &Shape) -> Vec<Mutant> {
    let (_, request) = good(shape);
    let mut mutants = Vec::new();
    for name in shape.required() {
        let right = request.headers[request.position(name)].1.clone();
        for other in [right.clone(), b"x".to_vec(), Vec::new()] {
            let last = request.clone().with(name, &other);
            let first = request.clone().instead(name, &other).with(name, &right);
            let shouted = request.clone().with(&name.to_uppercase(), &other);
            for (what, request) in [("last", last), ("first", first), ("shouted", shouted)] {
                mutants.push(rejected(format!("{name}, {what}"), request, Kind::DuplicateHeader));
            }
        }
    }
    mutants
}

/// Two values joined into one, as some proxies do.
fn joined(shape: &Shape) -> Vec<Mutant> {
    let (plan, request) = good(shape);
    let mut mutants = Vec::new();
    for name in shape.required() {
        let right = String::from_utf8(request.headers[request.position(name)].1.clone()).unwrap();
        let twice = request.clone().instead(name, format!("{right}, {right}"));
        let is_signature = name == shape.header;
        let kind = match shape.around {
            // The second item begins with white space, which is no part of its name here.
            Around::Pairs(_, Some(_), _) if is_signature && shape.allows_white_space => {
                Kind::MalformedHeader
            }
            // The second item is read like a single one.
            Around::Versioned(_) | Around::Pairs(..) if is_signature => {
                mutants.push(accepted(name, twice));
                continue;
            }
            _ if is_signature => {
                shape.rejection_of(&format!("{}, {}", plan.signature, plan.signature))
            }
            // An id of a fixed length is checked before its signature.
            _ if Some(name) == shape.id && !shape.signs.starts_with("{id}{t}") => {
                Kind::SignatureMismatch
            }
            _ if shape.fixed.iter().any(|(fixed, _)| *fixed == name) => Kind::UnexpectedHeaderValue,
            _ => Kind::MalformedHeader,
        };
        mutants.push(rejected(name, twice, kind));
    }
    mutants
}

fn unprintable(shape: &Shape) -> Vec<Mutant> {
    let (_, request) = good(shape);
    let mut mutants = Vec::new();
    for name in shape.required() {
        for bytes in [&b"\xff"[..], b"\x00", b"\x7f", b"\t", "ｖ".as_bytes(), b"\r\nx: y"] {
            let mut value = request.headers[request.position(name)].1.clone();
            value.extend_from_slice(bytes);
            let request = request.clone().instead(name, value);
            let what = format!("{name} {bytes:?}");
            mutants.push(match bytes {
                b"\t" if shape.allows_white_space => accepted(what, request),
                _ => rejected(what, request, Kind::MalformedHeader),
            });
        }
    }
    mutants
}

fn too_long(shape: &Shape) -> Vec<Mutant> {
    let (_, request) = good(shape);
    let long = |name| {
        let request = request.clone().instead(name, "1".repeat(8193));
        rejected(name, request, Kind::MalformedHeader)
    };
    shape.required().into_iter().map(long).collect()
}

fn header_case(shape: &Shape) -> Vec<Mutant> {
    let (_, mut request) = good(shape);
    request.headers.iter_mut().for_each(|(name, _)| name.make_ascii_uppercase());
    vec![accepted("all in capitals", request)]
}

fn families(shape: &Shape) -> Vec<Mutant> {
    let (_, request) = good(shape);
    let mut mutants = Vec::new();
    for rival in shape.conflicting_headers {
        for value in ["msg_2", ""] {
            let request = request.clone().with(rival, value);
            mutants.push(rejected(*rival, request, Kind::MixedHeaderFamilies));
        }
    }
    mutants
}

fn fixed(shape: &Shape) -> Vec<Mutant> {
    let (_, request) = good(shape);
    let mut mutants = Vec::new();
    for (name, value) in shape.fixed {
        for other in ["0", "v3", &value.to_lowercase(), &format!("{value} "), &format!("{value}1")]
        {
            if other != *value {
                let request = request.clone().instead(name, other);
                mutants.push(rejected(
                    format!("{name}: {other}"),
                    request,
                    Kind::UnexpectedHeaderValue,
                ));
            }
        }
    }
    // The version in the signature's prefix, with a signature that matches it.
    if let (Around::Prefix(prefix @ "v0="), Time::Header(_)) = (shape.around, shape.time) {
        let plan = shape.good();
        let message = plan.message();
        let message = [b"v1", &message[2..]].concat();
        let plan = plan.clone().under(plan.sign(crate::By::Own, &message));
        let value = format!("v1={}", plan.signature);
        mutants.push(rejected("v1=", plan.request_with(value), Kind::MalformedHeader));
        let value = format!("{prefix}{}", plan.signature);
        mutants.push(rejected("v1 as v0=", plan.request_with(value), Kind::SignatureMismatch));
    }
    mutants
}

fn id_too_long(shape: &Shape) -> Vec<Mutant> {
    if shape.id.is_none() || shape.made == Made::Token || shape.signs.starts_with("{id}{t}") {
        return Vec::new();
    }
    let with_id = |length| {
        let mut plan = shape.good();
        plan.id = "m".repeat(length);
        plan.signed(crate::By::Own).request()
    };
    vec![
        accepted("256 bytes", with_id(256)),
        rejected("257 bytes", with_id(257), Kind::MalformedHeader),
    ]
}
