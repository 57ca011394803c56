//! Whether the cases are what they are said to be, and whether they can fail.

use std::collections::BTreeSet;

use countersign::{Outcome, RejectionKind};

use crate::case::{Answer, Case, Step};
use crate::judge;
use crate::request::Request;

/// The names of the variants of `enumeration`, out of the source that declares it.
fn variants(source: &str, enumeration: &str) -> BTreeSet<String> {
    let (_, rest) = source.split_once(&format!("pub enum {enumeration} {{\n")).unwrap();
    let (body, _) = rest.split_once("\n}\n").unwrap();
    let name = |line: &str| {
        let name = line.strip_prefix("    ")?.split([',', ' ', '(']).next()?;
        name.starts_with(|first: char| first.is_ascii_uppercase()).then(|| name.to_owned())
    };
    body.lines().filter_map(name).collect()
}

fn expected(cases: &[Case], name: impl Fn(&Answer) -> Option<String>) -> BTreeSet<String> {
    cases.iter().flat_map(Case::answers).filter_map(name).collect()
}

#[test]
fn there_are_many_cases_of_different_names() {
    let cases = crate::cases::all();
    let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len());
    assert!(cases.len() >= 80, "{}", cases.len());
}

#[test]
fn every_kind_of_rejection_is_in_some_case() {
    let source = include_str!("../../../crates/countersign/src/error/rejection_kind.rs");
    let known = variants(source, "RejectionKind");
    assert!(known.contains(&format!("{:?}", RejectionKind::Undecodable)), "{known:?}");
    let covered = expected(&crate::cases::all(), |answer| Some(format!("{:?}", answer.rejection?)));
    assert_eq!(covered, known);
}

#[test]
fn every_outcome_is_in_some_case() {
    let source = include_str!("../../../crates/countersign/src/receive/outcome.rs");
    let known = variants(source, "Outcome");
    assert!(known.contains(&format!("{:?}", Outcome::Handled)), "{known:?}");
    let name = |outcome: Outcome| format!("{outcome:?}").split(' ').next().map(ToOwned::to_owned);
    let covered = expected(&crate::cases::all(), |answer| name(answer.outcome?));
    assert_eq!(covered, known);
}

/// Each of these is wrong in one thing.
#[tokio::test]
async fn a_wrong_expectation_is_a_difference_under_every_driver() {
    use crate::case::Holds;
    let missing = RejectionKind::MissingHeader;
    let told = |answer| {
        Case::new("wrong", [Step::Send(Request::good(), answer)]).ends(1, Holds::Duplicate)
    };
    let unsigned = Request::good().without("webhook-id");
    let cases = [
        Case::rejected("status", unsigned.clone(), 400, missing),
        Case::rejected("kind", unsigned, 401, RejectionKind::NoCandidate),
        told(Answer::handlers(201, Outcome::Handled)),
        told(Answer::handlers(200, Outcome::Failed)),
        told(Answer::own(200, Outcome::Handled)),
        told(Answer::handled().asked()),
        told(Answer { retry_after: Some(1..=60), ..Answer::handled() }),
        Case::handled("runs", Request::good()).ends(2, Holds::Duplicate),
        Case::handled("holds", Request::good()).ends(1, Holds::Claimable),
    ];
    let table = judge(&cases).await;
    for row in &table.rows {
        assert!(row.cells.iter().flatten().all(Result::is_err), "{}", row.case.name);
    }
    assert_eq!(table.differences().len(), cases.len() * table.drivers.len());
}
