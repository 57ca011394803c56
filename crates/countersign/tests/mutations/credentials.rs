//! Signatures by another key or algorithm, lists of them, and parts of them.

use countersign::RejectionKind as Kind;
use hmac::Hmac;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use crate::bytes::{hex, hmac};
use crate::forge::{By, Plan};
use crate::shape::{Around, Made, SHAPES, Shape, Text};
use crate::{Class, Mutant, accepted, class, rejected};

pub(crate) fn classes() -> Vec<Class> {
    vec![
        class("other-secret", other_secret),
        class("other-senders-content", other_content),
        class("sig-truncated", truncated),
        class("alg-confusion", confused),
        class("enc-swap", swapped),
        class("valid-multi", multi),
        class("no-right-sig", none_right),
        class("sig-garbage-then-right", garbage),
        class("version-prefix", version),
        class("downgrade", downgraded),
        class("no-prefix", bare),
        class("sig-many", many),
    ]
}

/// A request with a wrong signature.
fn wrong(what: impl Into<String>, plan: &Plan, signature: &str) -> Mutant {
    let plan = plan.clone().under(signature);
    rejected(what, plan.request(), plan.shape.rejection_of(signature))
}

fn other_secret(shape: &Shape) -> Vec<Mutant> {
    let plan = shape.good();
    let signature = plan.sign(By::Stranger, &plan.message());
    vec![wrong("a stranger's", &plan, &signature)]
}

/// The signature over what another sender would sign of the same request, with the same key.
fn other_content(shape: &Shape) -> Vec<Mutant> {
    let plan = shape.good();
    let own = plan.message();
    let mut mutants = Vec::new();
    for signs in ["{body}", "{t}.{body}", "v0:{t}:{body}", "{id}.{t}.{body}", "{url}{body}", "{t}"]
    {
        let mut other = plan.clone();
        other.shape.signs = signs;
        let message = other.message();
        if message != own && shape.made != Made::Token {
            mutants.push(wrong(signs, &plan, &plan.sign(By::Own, &message)));
        }
    }
    mutants
}

fn truncated(shape: &Shape) -> Vec<Mutant> {
    let plan = shape.good();
    let length = plan.signature.len();
    let lengths = [0, 1, 2, 8, 16, 22, 32, length / 2, length - 4, length - 2, length - 1];
    let cut = |length: usize| wrong(format!("to {length}"), &plan, &plan.signature[..length]);
    lengths.into_iter().filter(|cut| *cut < length).map(cut).collect()
}

fn confused(shape: &Shape) -> Vec<Mutant> {
    let plan = shape.good();
    let (message, key) = (plan.message(), shape.key_bytes(By::Own));
    // The public key, which an attacker knows.
    let public = shape.secret(By::Own).into_bytes();
    let mut tags = vec![
        ("sha1", hmac::<Hmac<Sha1>>(&key, &message)),
        ("sha256", hmac::<Hmac<Sha256>>(&key, &message)),
        ("sha512", hmac::<Hmac<Sha512>>(&key, &message)),
        ("sha512 under the public key", hmac::<Hmac<Sha512>>(&public, &message)),
        ("sha256 under the empty key", hmac::<Hmac<Sha256>>(b"", &message)),
        ("sha1 under the empty key", hmac::<Hmac<Sha1>>(b"", &message)),
        ("unkeyed sha256", Sha256::digest(&message).to_vec()),
        ("unkeyed sha1", Sha1::digest(&message).to_vec()),
        ("as long as md5", vec![7; 16]),
        ("prefixed key", Sha256::digest([&key[..], &message].concat()).to_vec()),
        ("suffixed key", Sha256::digest([&message[..], &key].concat()).to_vec()),
        ("zeros", vec![0; 32]),
        ("zeros as long as ed25519", vec![0; 64]),
    ];
    tags.retain(|(name, _)| {
        *name
            != match shape.made {
                Made::HmacSha256 => "sha256",
                Made::HmacSha1 => "sha1",
                Made::PrefixedSha256 => "prefixed key",
                _ => "",
            }
    });
    let written = |bytes: &[u8]| match shape.text {
        Text::Plain => hex(bytes),
        _ => shape.written_signature(bytes),
    };
    tags.into_iter().map(|(name, tag)| wrong(name, &plan, &written(&tag))).collect()
}

/// The correct bytes in another encoding.
fn swapped(shape: &Shape) -> Vec<Mutant> {
    let plan = shape.good();
    let other = SHAPES.iter().filter(|other| other.text != shape.text && other.text != Text::Plain);
    let texts = other.map(|other| Shape { text: other.text, ..*shape });
    let written = |other: Shape| {
        let plan = Plan { shape: other, ..plan.clone() };
        (other.text, plan.signed(By::Own).signature)
    };
    if shape.text == Text::Plain {
        return vec![wrong("in hexadecimal", &plan, &hex(plan.signature.as_bytes()))];
    }
    let texts = texts.map(written).filter(|(_, text)| *text != plan.signature);
    texts.map(|(text, signature)| wrong(format!("{text:?}"), &plan, &signature)).collect()
}

/// A wrong signature of the correct form.
fn well_formed(plan: &Plan) -> String {
    plan.sign(By::Stranger, &plan.message())
}

fn multi(shape: &Shape) -> Vec<Mutant> {
    if !shape.is_list() {
        return Vec::new();
    }
    let plan = shape.good();
    let (right, wrong) = (&*plan.signature, &*well_formed(&plan));
    [vec![wrong, right], vec![right, wrong], vec![right, right], vec![wrong, right, wrong]]
        .into_iter()
        .map(|list| accepted("a list", plan.request_with(shape.value(&plan.time, &list))))
        .collect()
}

fn none_right(shape: &Shape) -> Vec<Mutant> {
    if !shape.is_list() {
        return Vec::new();
    }
    let plan = shape.good();
    let wrong = well_formed(&plan);
    let value = shape.value(&plan.time, &[&wrong, &wrong]);
    vec![rejected("two", plan.request_with(value), Kind::SignatureMismatch)]
}

fn garbage(shape: &Shape) -> Vec<Mutant> {
    if !shape.is_list() {
        return Vec::new();
    }
    let plan = shape.good();
    ["", "!!!", "=", "00", &plan.signature[..8], &format!("{}zz", plan.signature)]
        .into_iter()
        .flat_map(|garbage| [[garbage, &plan.signature], [&plan.signature, garbage]])
        .map(|list| {
            accepted(format!("{list:?}"), plan.request_with(shape.value(&plan.time, &list)))
        })
        .collect()
}

/// The correct signature under a version that begins like ours, or without one.
fn version(shape: &Shape) -> Vec<Mutant> {
    let plan = shape.good();
    let value = |before: &str, version: &str, joint: &str| {
        plan.request_with(format!("{before}{version}{joint}{}", plan.signature))
    };
    let no_candidate = |request| rejected("the right one", request, Kind::NoCandidate);
    let malformed = |request| rejected("the right one", request, Kind::MalformedHeader);
    let variants = |version: &str| {
        let short = version.strip_suffix(|_: char| true).unwrap_or_default().to_owned();
        [format!("{version}0"), format!("x{version}"), version.to_uppercase(), short]
    };
    match shape.around {
        Around::Body | Around::Prefix("") => Vec::new(),
        Around::Prefix(prefix) => {
            let name = prefix.trim_end_matches('=');
            variants(name).iter().map(|name| malformed(value("", name, "="))).collect()
        }
        Around::Versioned(name) => {
            variants(name).iter().map(|name| no_candidate(value("", name, ","))).collect()
        }
        Around::Pairs(joint, time, name) => {
            let before = time.map(|time| format!("{time}={}{joint}", plan.time));
            let before = before.unwrap_or_default();
            variants(name).iter().map(|name| no_candidate(value(&before, name, "="))).collect()
        }
    }
}

/// A signature of another version, alone or beside the correct one.
fn downgraded(shape: &Shape) -> Vec<Mutant> {
    let plan = shape.good();
    let (old, joint, before) = match shape.around {
        Around::Versioned(_) => (["v0,", "v2,"], ' ', String::new()),
        Around::Pairs(joint, Some(time), _) => {
            (["v0=", "v2="], joint, format!("{time}={}{joint}", plan.time))
        }
        Around::Pairs(joint, None, _) => (["v0=", "v2="], joint, String::new()),
        _ => return Vec::new(),
    };
    let mut mutants = Vec::new();
    let right = shape.value(&plan.time, &[&plan.signature]);
    for old in old {
        let alone = plan.request_with(format!("{before}{old}{}", plan.signature));
        mutants.push(rejected(format!("{old} alone"), alone, Kind::NoCandidate));
        let beside = plan.request_with(format!("{right}{joint}{old}{}", well_formed(&plan)));
        mutants.push(accepted(format!("{old} beside"), beside));
        let wrong = shape.value(&plan.time, &[&well_formed(&plan)]);
        let right_old = plan.request_with(format!("{wrong}{joint}{old}{}", plan.signature));
        mutants.push(rejected(format!("{old} right"), right_old, Kind::SignatureMismatch));
    }
    mutants
}

/// The signature without the grammar around it.
fn bare(shape: &Shape) -> Vec<Mutant> {
    if matches!(shape.around, Around::Body | Around::Prefix("")) {
        return Vec::new();
    }
    let plan = shape.good();
    vec![rejected("bare", plan.request_with(&plan.signature), Kind::MalformedHeader)]
}

fn many(shape: &Shape) -> Vec<Mutant> {
    if !shape.is_list() {
        return Vec::new();
    }
    let plan = shape.good();
    let most = if matches!(shape.made, Made::Ed25519 | Made::P256) { 4 } else { 16 };
    let wrong = well_formed(&plan);
    let last = |wrongs: usize| {
        let list = [vec![&*wrong; wrongs], vec![&*plan.signature]].concat();
        plan.request_with(shape.value(&plan.time, &list))
    };
    vec![
        accepted(format!("{most}, the right one last"), last(most - 1)),
        rejected(format!("{} ", most + 1), last(most), Kind::MalformedHeader),
    ]
}
