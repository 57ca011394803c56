//! One test a diagnosis: each way of breaking gets it, and no other way does.

use std::sync::LazyLock;

use countersign_cli::explain::Explanation;

use super::breaks::{ALL, Break};
use super::valid::{Asked, Rng};

/// How many requests are broken each way.
const BROKEN: u64 = 12;

fn told(asked: &Asked) -> String {
    let body = String::from_utf8_lossy(&asked.request.body);
    let body: String = body.chars().take(200).collect();
    format!("{}, body {body:?}, headers {:?}", asked.sender(), asked.request.headers)
}

/// Requests broken that way are called `kind`; those broken otherwise are not.
#[track_caller]
fn is_told(kind: &str) {
    let ways: Vec<&Break> = ALL.iter().filter(|way| way.kind == kind).collect();
    assert!(!ways.is_empty());
    for (number, way) in ways.iter().enumerate() {
        for seed in 0..BROKEN {
            let asked = (way.make)(&mut Rng::new(seed * 31 + 7));
            let explanation = asked.explain();
            let first = explanation.findings.first();
            let found = first.map(|finding| (finding.kind, finding.certain));
            let wanted = (kind, way.certain);
            // An authentic request may be stale as well.
            assert_eq!(
                found,
                Some(wanted),
                "way {number}, seed {seed}: {explanation:#?}\n{}",
                told(&asked)
            );
            // Another method is verified all the same: others than a receiver may take it.
            let is_taken = explanation.verdict == "ok" && kind != "method_not_post";
            assert!(!is_taken, "{}", told(&asked));
        }
    }
    let others: Vec<_> = OTHERS.iter().filter(|other| other.kind != kind).collect();
    assert!(others.len() >= 10);
    for other in others {
        let is_first =
            other.explanation.findings.first().is_some_and(|finding| finding.kind == kind);
        let mut findings = other.explanation.findings.iter();
        let is_certain = findings.any(|finding| finding.kind == kind && finding.certain);
        assert!(!is_first && !is_certain, "{}: {:#?}", other.told, other.explanation);
    }
}

/// A request broken in one way, and what is said of it.
struct Other {
    kind: &'static str,
    explanation: Explanation,
    told: String,
}

/// Two of each way.
static OTHERS: LazyLock<Vec<Other>> = LazyLock::new(|| {
    let make = |(at, way): (usize, &Break), seed: u64| {
        let asked = (way.make)(&mut Rng::new(seed + at as u64));
        let told = format!("broken by {}: {}", way.kind, told(&asked));
        Other { kind: way.kind, explanation: asked.explain(), told }
    };
    let ways = ALL.iter().enumerate();
    ways.flat_map(|way| [make(way, 1000), make(way, 2000)]).collect()
});

macro_rules! diagnoses {
    ($($kind:ident)*) => {
        $(#[test]
        fn $kind() {
            is_told(stringify!($kind));
        })*

        #[test]
        fn every_way_has_its_test() {
            let tested = [$(stringify!($kind)),*];
            for way in ALL {
                assert!(tested.contains(&way.kind), "{}", way.kind);
            }
        }
    };
}

diagnoses! {
    body_reserialised trailing_newline line_ends_changed charset_changed gzip_decoded gzip_not_decoded
    body_compressed secret_whitespace secret_quoted secret_prefix_doubled secret_prefix_missing
    secret_prefix_wrong secret_not_decoded secret_decoded_twice secret_case secret_cut other_key
    signature_encoding signature_prefix header_whitespace header_renamed header_duplicated header_joined
    headers_mixed version_header_wrong signed_header_altered seconds_and_milliseconds clock_off
    wrong_sender url_changed other_algorithm signed_content form_and_json form_reencoded body_base64
    body_quoted content_length_wrong method_not_post timestamp_missing body_too_large body_empty
    body_altered malformed_header header_missing no_cause_found setup_rejected url_missing
    sender_unknown
}
