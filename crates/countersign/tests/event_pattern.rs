//! Patterns of event names.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use countersign::{ConfigErrorKind, EventPattern};
use proptest::prelude::*;

#[track_caller]
fn matches(pattern: &'static str, name: &str) {
    assert!(EventPattern::new(pattern).unwrap().matches(name), "{pattern} does not match {name:?}");
}

#[track_caller]
fn differs(pattern: &'static str, name: &str) {
    assert!(!EventPattern::new(pattern).unwrap().matches(name), "{pattern} matches {name:?}");
}

#[track_caller]
fn rejects(pattern: &'static str, message: &str) {
    let error = EventPattern::new(pattern).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::InvalidEventPattern);
    assert_eq!(error.to_string(), format!("event pattern `{pattern}` is invalid: {message}"));
}

#[test]
fn an_exact_name_matches_itself_alone() {
    matches("invoice.paid", "invoice.paid");
    differs("invoice.paid", "invoice.paid.twice");
    differs("invoice.paid", "invoice");
    differs("invoice.paid", "");
}

#[test]
fn names_are_compared_with_their_case() {
    differs("invoice.paid", "Invoice.Paid");
    differs("customer.*", "CUSTOMER.created");
}

#[test]
fn a_star_matches_one_or_more_characters_of_any_kind() {
    matches("customer.*", "customer.created");
    matches("customer.*", "customer.subscription.trial_will_end");
    matches("customer.*", "customer.é/ *");
    matches("orders/*", "orders/create");
    matches("pull_request*", "pull_request_review");
    differs("pull_request*", "pull_request");
    differs("customer.*", "customer.");
    differs("customer.*", "customer");
    differs("customer.*", "a.customer.created");
}

#[test]
fn a_star_is_allowed_only_at_the_end_and_not_alone() {
    rejects("", "it is empty");
    let alone = "`*` alone matches every name: set the handler of all other events instead";
    rejects("*", alone);
    for pattern in ["customer.*.created", "*.created", "**", "customer.**"] {
        rejects(pattern, "`*` is allowed only at its end");
    }
}

#[test]
fn the_prefix_is_the_text_before_the_star() {
    assert_eq!(EventPattern::new("customer.*").unwrap().prefix(), Some("customer."));
    assert_eq!(EventPattern::new("customer").unwrap().prefix(), None);
    assert_eq!(EventPattern::new("customer.*").unwrap().as_str(), "customer.*");
    assert_eq!(EventPattern::new("customer.*").unwrap().to_string(), "customer.*");
}

proptest! {
    #[test]
    fn a_prefix_matches_exactly_the_longer_names_that_begin_with_it(
        prefix in "[^*]{1,8}",
        name in ".{0,12}",
    ) {
        let pattern = EventPattern::new(format!("{prefix}*")).unwrap();
        let is_longer = name.strip_prefix(&prefix).is_some_and(|rest| !rest.is_empty());
        prop_assert_eq!(pattern.matches(&name), is_longer);
        let longer = format!("{prefix}{name}");
        prop_assert_eq!(pattern.matches(&longer), !name.is_empty());
    }

    #[test]
    fn an_exact_pattern_matches_exactly_its_text(text in "[^*]{1,8}", name in ".{0,8}") {
        let pattern = EventPattern::new(text.clone()).unwrap();
        prop_assert!(pattern.matches(&text));
        prop_assert_eq!(pattern.matches(&name), name == text);
    }
}
