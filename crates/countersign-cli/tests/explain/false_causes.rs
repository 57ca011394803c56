//! No cause is called proved that was not made.
//!
//! Every sender's genuine requests are broken in each known way. The first proved cause must be that way,
//! or the explanation must list it among several.

use std::collections::BTreeMap;

use countersign::senders;
use countersign_cli::explain::{Explanation, Finding};

use super::one_break::{BODIES, HEADERS, LOST, OneBreak, SCHEMES, SECRETS, UNSIGNED};
use super::valid::{Case, Rng};

/// What an explanation says about a break.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Reading {
    /// The break does not matter to this sender.
    Accepted,
    /// The first proved cause is the break.
    Named,
    /// The break is one of several that the explanation lists.
    Several,
    /// No cause is called proved.
    None,
    /// Another cause is called proved.
    False,
}

fn is_named(finding: &Finding, one: &OneBreak) -> bool {
    one.kinds.contains(&finding.kind.as_str())
}

fn result(one: &OneBreak, explanation: &Explanation) -> Reading {
    let cause = |finding: &&Finding| finding.kind.as_str() != "sender_guessed";
    if explanation.ambiguous {
        let mut all = explanation.findings.iter().chain(explanation.alternatives.iter().flatten());
        let is_listed = all.any(|finding| is_named(finding, one));
        return if is_listed { Reading::Several } else { Reading::False };
    }
    let mut proved = explanation.findings.iter().filter(|finding| finding.certain).filter(cause);
    match proved.next() {
        Some(finding) if is_named(finding, one) => Reading::Named,
        Some(_) => Reading::False,
        None if explanation.verdict == "ok" => Reading::Accepted,
        None => Reading::None,
    }
}

/// Explains requests of every sender, and returns how often each result came about.
fn counts(breaks: &[OneBreak], wrong: &mut Vec<String>) -> BTreeMap<Reading, usize> {
    let mut total = BTreeMap::new();
    for one in breaks {
        let mut counts: BTreeMap<Reading, usize> = BTreeMap::new();
        for (seed, sender) in (3..).zip(senders::ALL) {
            let Some(case) = (one.make)(sender.name(), &mut Rng::new(seed)) else { continue };
            let explanation = case.explain();
            let result = result(one, &explanation);
            *counts.entry(result).or_default() += 1;
            *total.entry(result).or_default() += 1;
            if result == Reading::False {
                wrong.push(described(one, sender.name(), &case, &explanation));
            }
        }
        println!("{:<55} {counts:?}", one.name);
    }
    total
}

fn described(one: &OneBreak, sender: &str, case: &Case, explanation: &Explanation) -> String {
    let body = String::from_utf8_lossy(&case.request.body);
    let body: String = body.chars().take(120).collect();
    format!(
        "{} of {sender}, configured {}: {explanation:#?}\nurl {:?}, headers {:?}\nbody {body}",
        one.name,
        case.sender(),
        case.request.url,
        case.request.headers
    )
}

#[track_caller]
fn assert_none_is_false(breaks: &[OneBreak]) {
    let mut wrong = Vec::new();
    let counts = counts(breaks, &mut wrong);
    let total: usize = counts.values().sum();
    println!("{total} breaks: {counts:?}");
    assert!(wrong.is_empty(), "{} false causes:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn a_break_of_the_body_is_named() {
    assert_none_is_false(BODIES);
}

#[test]
fn a_break_of_the_secret_is_named_or_one_of_several() {
    assert_none_is_false(SECRETS);
}

#[test]
fn a_break_of_a_header_is_named_or_one_of_several() {
    assert_none_is_false(HEADERS);
}

#[test]
fn a_break_of_the_url_or_the_scheme_is_named() {
    assert_none_is_false(SCHEMES);
}

#[test]
fn a_break_of_what_is_not_signed_is_not_attributed_to_the_signature() {
    assert_none_is_false(UNSIGNED);
}

#[test]
fn several_changes_that_verify_are_listed_and_none_is_proved() {
    let one = HEADERS.iter().find(|one| one.name == "a token cut short").unwrap();
    let case = (one.make)("gitlab", &mut Rng::new(5)).unwrap();
    let explanation = case.explain();
    assert!(explanation.ambiguous);
    let kind = |finding: &Finding| (finding.kind.as_str(), finding.certain);
    assert_eq!(
        explanation.findings.iter().map(kind).collect::<Vec<_>>(),
        [("secret_truncated", false)]
    );
    let others: Vec<_> = explanation.alternatives.iter().flatten().map(kind).collect();
    assert_eq!(others, [("token_altered", false)]);
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["ambiguous"], true);
    assert_eq!(json["alternatives"][0][0]["kind"], "token_altered");
}

#[test]
fn a_request_that_cannot_be_restored_has_no_proved_cause() {
    assert_none_is_false(LOST);
}
