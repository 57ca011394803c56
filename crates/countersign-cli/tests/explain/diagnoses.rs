//! One test for each kind of finding: requests broken that way have it, and no others do.

use std::sync::LazyLock;

use countersign_cli::explain::Explanation;

use super::breaks::{ALL, Break};
use super::valid::{Case, Rng};

/// The number of requests that are broken each way.
const BROKEN: u64 = 12;

fn description(case: &Case) -> String {
    let body = String::from_utf8_lossy(&case.request.body);
    let body: String = body.chars().take(200).collect();
    format!("{}, body {body:?}, headers {:?}", case.sender(), case.request.headers)
}

/// Requests broken that way have a finding of `kind`; requests broken otherwise do not.
#[track_caller]
fn verifies_kind(kind: &str) {
    let ways: Vec<&Break> = ALL.iter().filter(|way| way.kind == kind).collect();
    assert!(!ways.is_empty());
    for (number, way) in ways.iter().enumerate() {
        for seed in 0..BROKEN {
            let case = (way.make)(&mut Rng::new(seed * 31 + 7));
            let explanation = case.explain();
            let first = explanation.findings.first();
            let found = first.map(|finding| (finding.kind.as_str(), finding.certain));
            let wanted = (kind, way.certain);
            // An authentic request may also be stale.
            assert_eq!(
                found,
                Some(wanted),
                "way {number}, seed {seed}: {explanation:#?}\n{}",
                description(&case)
            );
            // Another method is verified nevertheless, although a receiver rejects it.
            let is_accepted = explanation.verdict == "ok" && kind != "method_not_post";
            assert!(!is_accepted, "{}", description(&case));
        }
    }
    let others: Vec<_> = OTHERS.iter().filter(|other| other.kind != kind).collect();
    assert!(others.len() >= 10);
    for other in others {
        let is_first =
            other.explanation.findings.first().is_some_and(|finding| finding.kind.as_str() == kind);
        let mut findings = other.explanation.findings.iter();
        let is_certain = findings.any(|finding| finding.kind.as_str() == kind && finding.certain);
        assert!(!is_first && !is_certain, "{}: {:#?}", other.description, other.explanation);
    }
}

/// A request broken in one way, and its explanation.
struct Other {
    kind: &'static str,
    explanation: Explanation,
    description: String,
}

/// Two requests broken in each way.
static OTHERS: LazyLock<Vec<Other>> = LazyLock::new(|| {
    let make = |(at, way): (usize, &Break), seed: u64| {
        let case = (way.make)(&mut Rng::new(seed + at as u64));
        let description = format!("broken by {}: {}", way.kind, description(&case));
        Other { kind: way.kind, explanation: case.explain(), description }
    };
    let ways = ALL.iter().enumerate();
    ways.flat_map(|way| [make(way, 1000), make(way, 2000)]).collect()
});

macro_rules! diagnoses {
    ($($kind:ident)*) => {
        $(#[test]
        fn $kind() {
            verifies_kind(stringify!($kind));
        })*

        #[test]
        fn every_way_has_a_test() {
            let tested = [$(stringify!($kind)),*];
            for way in ALL {
                assert!(tested.contains(&way.kind), "{}", way.kind);
            }
        }
    };
}

diagnoses! {
    body_reserialized trailing_newline line_ends_changed charset_changed gzip_decoded gzip_not_decoded
    body_compressed secret_whitespace secret_quoted secret_prefix_doubled secret_prefix_missing
    secret_prefix_wrong secret_not_decoded secret_decoded_twice secret_case secret_truncated other_key
    signature_encoding signature_prefix header_whitespace header_renamed header_duplicated header_joined
    headers_mixed version_header_wrong signed_header_altered seconds_and_milliseconds clock_skew
    wrong_sender url_changed other_algorithm signed_content form_and_json form_reencoded body_base64
    body_quoted content_length_wrong method_not_post timestamp_missing body_too_large body_empty
    body_altered malformed_header header_missing no_cause_found configuration_rejected url_missing
    sender_unknown
}
