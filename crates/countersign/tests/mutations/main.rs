//! Mutations of valid requests, applied to every sender of the catalogue.
//!
//! A class of mutations is data: how it changes a correctly signed request, and the expected result. The
//! senders' shapes and the signing are written a second time here, independently of the catalogue. A
//! class that applies to no sender fails the test, and so does a sender without classes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod bodies;
mod bytes;
mod credentials;
mod forge;
mod keys;
mod loosened;
mod presence;
mod shape;
mod texts;
mod times;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use countersign::scheme::{Algorithm, SigningRequest};
use countersign::{RejectionKind, Secret, Timestamp, senders};

use forge::{By, NOW, Plan, Request, URL};
use loosened::LOOSENED;
use shape::{Body, Made, SHAPES, Shape, Time};

/// The expected result of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Expect {
    Accepted,
    Rejected(RejectionKind),
}

/// One mutated request of one sender.
struct Mutant {
    what: String,
    request: Request,
    /// Seconds since the epoch.
    now: u64,
    expect: Expect,
}

/// A class of mutations; empty for a sender to which it does not apply.
struct Class {
    name: &'static str,
    mutants: fn(&Shape) -> Vec<Mutant>,
}

fn class(name: &'static str, mutants: fn(&Shape) -> Vec<Mutant>) -> Class {
    Class { name, mutants }
}

fn mutant(what: impl Into<String>, request: Request, expect: Expect) -> Mutant {
    Mutant { what: what.into(), request, now: NOW, expect }
}

fn accepted(what: impl Into<String>, request: Request) -> Mutant {
    mutant(what, request, Expect::Accepted)
}

fn rejected(what: impl Into<String>, request: Request, kind: RejectionKind) -> Mutant {
    mutant(what, request, Expect::Rejected(kind))
}

/// Every sender of the catalogue, and those whose grammar is loosened by a setting.
fn all_shapes() -> impl Iterator<Item = &'static Shape> + Clone {
    SHAPES.iter().chain(LOOSENED)
}

fn classes() -> Vec<Class> {
    [
        presence::classes(),
        credentials::classes(),
        texts::classes(),
        times::classes(),
        bodies::classes(),
        loosened::classes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn the_shapes_are_those_of_the_catalogue() {
    let shapes: BTreeSet<_> = SHAPES.iter().map(|shape| shape.name).collect();
    let catalogue: BTreeSet<_> = senders::ALL.iter().map(|sender| sender.name()).collect();
    assert!(
        shapes == catalogue,
        "without a shape: {:?}; not in the catalogue: {:?}",
        catalogue.difference(&shapes).collect::<Vec<_>>(),
        shapes.difference(&catalogue).collect::<Vec<_>>(),
    );
    assert_eq!(SHAPES.len(), senders::ALL.len(), "two shapes have one name");
    for shape in SHAPES {
        let scheme = senders::find(shape.name)
            .unwrap()
            .example_config()
            .with_public_url(URL)
            .scheme()
            .unwrap();
        let algorithm = match shape.made {
            Made::Token => Algorithm::StaticToken,
            Made::HmacSha256 => Algorithm::HmacSha256,
            Made::HmacSha1 => Algorithm::HmacSha1,
            Made::PrefixedSha256 => Algorithm::PrefixedSha256,
            Made::Ed25519 => Algorithm::Ed25519,
            Made::P256 => Algorithm::EcdsaP256,
        };
        assert_eq!(scheme.algorithm(), algorithm, "{}", shape.name);
        let seconds =
            scheme.tolerance().map(|both| (both.past().as_secs(), both.future().as_secs()));
        let tolerance = (shape.time != Time::Absent).then_some(shape.tolerance);
        assert_eq!(seconds, tolerance, "{}", shape.name);
    }
}

#[test]
fn the_crates_own_signing_makes_the_same_requests() {
    for shape in all_shapes() {
        let plan = shape.good();
        let scheme = shape.config().scheme().unwrap();
        let unsigned =
            SigningRequest::new(&plan.body).id(shape.event_id).timestamp(Timestamp::from_secs(NOW));
        let unsigned = if plan.query.is_empty() { unsigned } else { unsigned.query(&plan.query) };
        // Signing needs the private key if the operator has the public one.
        let secret = Secret::new(shape.signing_secret(By::Own)).unwrap();
        let signed = unsigned.request(&scheme, &secret).unwrap();
        let own = plan.request();
        for name in shape.required() {
            let (_, sent) = &own.headers[own.position(name)];
            let made = signed.headers.iter().find(|(made, _)| made == name);
            let value = made.map(|(_, value)| value.as_bytes());
            assert_eq!(value, Some(&**sent), "{}, {name}", shape.name);
        }
        if shape.body == Body::Adyen {
            let json = |body: &[u8]| serde_json::from_slice::<serde_json::Value>(body).unwrap();
            assert_eq!(json(&signed.body), json(&own.body), "{}", shape.name);
        } else {
            assert_eq!(signed.body, own.body, "{}", shape.name);
        }
    }
}

#[test]
fn every_mutation_of_every_sender_has_the_expected_result() {
    let classes = classes();
    let (mut applied, mut touched) = (BTreeMap::new(), BTreeMap::new());
    let mut wrong = Vec::new();
    for shape in all_shapes() {
        let receiver = shape.receiver();
        for class in &classes {
            let mutants = (class.mutants)(shape);
            if !mutants.is_empty() {
                *touched.entry(shape.name).or_insert(0) += 1;
            }
            *applied.entry(class.name).or_insert(0) += mutants.len();
            for Mutant { what, request, now, expect } in mutants {
                let verdict = request.verdict(&receiver, Timestamp::from_secs(now));
                let got = match &verdict {
                    Ok(_) => Expect::Accepted,
                    Err(rejection) => Expect::Rejected(rejection.kind()),
                };
                if got != expect {
                    let (name, class) = (shape.name, class.name);
                    wrong
                        .push(format!("{name}, {class}, {what}: expected {expect:?}, got {got:?}"));
                }
            }
        }
    }
    let total: usize = applied.values().sum();
    writeln!(
        std::io::stderr().lock(),
        "{total} mutants of {} classes over {} senders",
        classes.len(),
        all_shapes().count()
    )
    .unwrap();
    assert!(wrong.is_empty(), "{} of {total} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let vacuous: Vec<_> = applied.iter().filter(|(_, count)| **count == 0).collect();
    assert!(vacuous.is_empty(), "classes that apply to no sender: {vacuous:?}");
    assert_eq!(applied.len(), classes.len(), "two classes have one name");
    let least = touched.iter().min_by_key(|(_, count)| **count).unwrap();
    assert!(touched.len() == all_shapes().count() && *least.1 >= 15, "{least:?}");
}

/// Which rejections a request of another sender may meet: never one that blames the body's transport.
const FOREIGN: [RejectionKind; 7] = [
    RejectionKind::MissingHeader,
    RejectionKind::MalformedHeader,
    RejectionKind::MixedHeaderFamilies,
    RejectionKind::NoCandidate,
    RejectionKind::UnexpectedHeaderValue,
    RejectionKind::MissingSignature,
    RejectionKind::SignatureMismatch,
];

#[test]
fn no_request_of_another_sender_is_accepted() {
    let mut kinds = BTreeMap::new();
    for own in all_shapes() {
        let receiver = own.receiver();
        for other in all_shapes().filter(|other| other.name != own.name) {
            let verdict = other.good().request().verdict(&receiver, Timestamp::from_secs(NOW));
            let kind = verdict.unwrap_err().kind();
            // Some senders differ only in the key: Discord's two, and those that send through Svix.
            assert!(FOREIGN.contains(&kind), "{} by {}: {kind:?}", own.name, other.name);
            *kinds.entry(kind.as_str()).or_insert(0) += 1;
        }
    }
    for kind in ["missing_header", "signature_mismatch", "missing_signature", "no_candidate"] {
        assert!(kinds.contains_key(kind), "{kinds:?}");
    }
}

#[test]
fn a_rejection_names_the_missing_header() {
    for shape in all_shapes() {
        for name in shape.required() {
            let request = shape.good().request().without(name);
            let verdict = request.verdict(&shape.receiver(), Timestamp::from_secs(NOW));
            let rejection = verdict.unwrap_err();
            assert_eq!(rejection.location(), Some(name), "{}: {rejection}", shape.name);
        }
    }
}

/// A valid plan and its request.
fn good(shape: &Shape) -> (Plan, Request) {
    let plan = shape.good();
    let request = plan.request();
    (plan, request)
}
