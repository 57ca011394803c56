//! Tests of the cases: that they cover every kind, and that they can fail.

use std::collections::BTreeSet;

use countersign::{Outcome, RejectionKind};

use crate::case::{Case, Expected, Step};
use crate::request::Request;
use crate::run_all;

/// The names of the variants of `enumeration`, from its source.
fn variants(source: &str, enumeration: &str) -> BTreeSet<String> {
    let (_, rest) = source.split_once(&format!("pub enum {enumeration} {{\n")).unwrap();
    let (body, _) = rest.split_once("\n}\n").unwrap();
    let name = |line: &str| {
        let name = line.strip_prefix("    ")?.split([',', ' ', '(']).next()?;
        name.starts_with(|first: char| first.is_ascii_uppercase()).then(|| name.to_owned())
    };
    body.lines().filter_map(name).collect()
}

fn expected(cases: &[Case], name: impl Fn(&Expected) -> Option<String>) -> BTreeSet<String> {
    cases.iter().flat_map(Case::responses).filter_map(name).collect()
}

#[test]
fn the_cases_are_many_and_have_different_names() {
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
    let covered =
        expected(&crate::cases::all(), |response| Some(format!("{:?}", response.rejection?)));
    assert_eq!(covered, known);
}

#[test]
fn every_outcome_is_in_some_case() {
    let source = include_str!("../../../crates/countersign/src/receive/outcome.rs");
    let mut known = variants(source, "Outcome");
    assert!(known.contains(&format!("{:?}", Outcome::Handled)), "{known:?}");
    // An inbox needs a database: its own suite has the deliveries that are stored.
    assert!(known.remove(&format!("{:?}", Outcome::Stored)), "{known:?}");
    let name = |outcome: Outcome| format!("{outcome:?}").split(' ').next().map(ToOwned::to_owned);
    let covered = expected(&crate::cases::all(), |response| name(response.outcome?));
    assert_eq!(covered, known);
}

/// Each of these cases has one wrong expectation.
#[tokio::test]
async fn a_wrong_expectation_fails_with_every_driver() {
    use crate::case::Holds;
    let missing = RejectionKind::MissingHeader;
    let expects = |response| {
        Case::new("wrong", [Step::Send(Request::good(), response)]).ends(1, Holds::Duplicate)
    };
    let unsigned = Request::good().without("webhook-id");
    let cases = [
        Case::rejected("status", unsigned.clone(), 400, missing),
        Case::rejected("kind", unsigned, 401, RejectionKind::NoCandidate),
        expects(Expected::handlers(201, Outcome::Handled)),
        expects(Expected::handlers(200, Outcome::Failed)),
        expects(Expected::own(200, Outcome::Handled)),
        expects(Expected::handled().continued()),
        expects(Expected::handled().by("another")),
        expects(Expected { ignored: true, ..Expected::handled() }),
        expects(Expected { retry_after: Some(1..=60), ..Expected::handled() }),
        Case::handled("runs", Request::good()).ends(2, Holds::Duplicate),
        Case::handled("holds", Request::good()).ends(1, Holds::Claimable),
    ];
    let table = run_all(&cases).await;
    for row in &table.rows {
        assert!(row.cells.iter().flatten().all(Result::is_err), "{}", row.case.name);
    }
    assert_eq!(table.differences().len(), cases.len() * table.drivers.len());
}
