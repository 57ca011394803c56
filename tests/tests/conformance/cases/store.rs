//! A store that fails, at each of its operations.

use std::time::Duration;

use countersign::Outcome;

use crate::case::{Act, Case, Expected, Holds, Step};
use crate::environment::AFTER_LEASE;
use crate::request::Request;
use crate::store::{Fault, Op};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = at_claim();
    cases.extend(at_renew());
    cases.extend(at_commit());
    cases.extend(at_release());
    cases
}

fn send(response: Expected) -> Step {
    Step::Send(Request::good(), response)
}

/// Short enough to wait for.
fn hasty(case: Case) -> Case {
    case.config(|config| config.store_timeout = Some(Duration::from_millis(50)))
}

fn at_claim() -> Vec<Case> {
    let down = || send(Expected::own(503, Outcome::StoreUnavailable));
    vec![
        Case::new("a claim fails", [down()]).fault(Op::Claim, Fault::Unavailable),
        Case::new("a claim fails, and the retry does not", [down(), send(Expected::handled())])
            .fault(Op::Claim, Fault::Unavailable)
            .ends(1, Holds::Duplicate),
        hasty(Case::new("a claim hangs", [down()])).fault(Op::Claim, Fault::Hangs),
        hasty(Case::new(
            "a claim hangs, and the retry does not",
            [down(), send(Expected::handled())],
        ))
        .fault(Op::Claim, Fault::Hangs)
        .ends(1, Holds::Duplicate),
        Case::new(
            "a claim's reply is lost: its lease expires",
            [
                down(),
                send(Expected::in_progress()),
                Step::Later(AFTER_LEASE),
                send(Expected::handled()),
            ],
        )
        .fault(Op::Claim, Fault::ReplyLost)
        .ends(1, Holds::Duplicate),
    ]
}

/// A lease that is renewed after 1.4 s and again after 2.8 s; the response is due after 4 s.
fn renewed(case: Case) -> Case {
    case.config(|config| {
        config.response_deadline = Some(Duration::from_secs(4));
        config.store_timeout = Some(Duration::from_millis(50));
        config.lease = Some(Duration::from_millis(4200));
    })
}

fn at_renew() -> Vec<Case> {
    let through = |name: &str| {
        let steps = [
            Step::Begin(Request::good()),
            Step::Until(Op::Renew, 1),
            send(Expected::in_progress()),
            Step::Release,
            Step::Finish(Expected::handled()),
        ];
        renewed(Case::new(name, steps)).acts([Act::Wait(200)]).ends(1, Holds::Duplicate)
    };
    vec![
        through("a lease is renewed while the handler runs"),
        through("a renewal fails: the handler continues").fault(Op::Renew, Fault::Unavailable),
        through("a renewal hangs: the next one does not").fault(Op::Renew, Fault::Hangs),
        renewed(Case::new(
            "a renewal is stale: the handler is cancelled",
            [Step::Begin(Request::good()), Step::Finish(Expected::own(503, Outcome::Cancelled))],
        ))
        .acts([Act::Wait(200)])
        .fault(Op::Renew, Fault::Stale)
        .ends(1, Holds::Claimable),
        renewed(Case::new(
            "a renewal after a takeover: the first handler is cancelled, the second is not",
            [
                Step::Begin(Request::good()),
                Step::Later(AFTER_LEASE),
                Step::Begin(Request::good()),
                Step::Finish(Expected::own(503, Outcome::Cancelled)),
                Step::Release,
                Step::Finish(Expected::handled()),
            ],
        ))
        .acts([Act::Wait(200), Act::Wait(200)])
        .ends(2, Holds::Duplicate),
    ]
}

fn at_commit() -> Vec<Case> {
    let commit_pending = || send(Expected::handlers(200, Outcome::CommitPending));
    vec![
        Case::new("a commit fails and is retried", [send(Expected::handled())])
            .fault(Op::Commit, Fault::Unavailable)
            .ends(1, Holds::Duplicate),
        Case::new("a commit fails twice and is retried twice", [send(Expected::handled())])
            .fault(Op::Commit, Fault::Unavailable)
            .fault(Op::Commit, Fault::Unavailable)
            .ends(1, Holds::Duplicate),
        Case::new(
            "a commit's reply is lost: the event is handled",
            [send(Expected::handled()), send(Expected::duplicate())],
        )
        .fault(Op::Commit, Fault::ReplyLost)
        .ends(1, Holds::Duplicate),
        hasty(Case::new("a commit hangs and is retried", [send(Expected::handled())]))
            .fault(Op::Commit, Fault::Hangs)
            .ends(1, Holds::Duplicate),
        hasty(Case::new(
            "commits fail past the deadline: the response is sent, and they are retried",
            [commit_pending(), Step::Until(Op::Commit, 6), send(Expected::duplicate())],
        ))
        .config(|config| config.response_deadline = Some(Duration::from_secs(1)))
        .fault(Op::Commit, Fault::Unavailable)
        .fault(Op::Commit, Fault::Unavailable)
        .fault(Op::Commit, Fault::Unavailable)
        .fault(Op::Commit, Fault::Unavailable)
        .fault(Op::Commit, Fault::Unavailable)
        .ends(1, Holds::Duplicate),
        Case::new("a commit is stale", [send(Expected::handlers(200, Outcome::LeaseLost))])
            .fault(Op::Commit, Fault::Stale)
            .ends(1, Holds::InProgress),
    ]
}

fn at_release() -> Vec<Case> {
    let failed = || send(Expected::handlers(500, Outcome::Failed));
    let case = |name: &str, fault| {
        let steps = [
            failed(),
            send(Expected::in_progress()),
            Step::Later(AFTER_LEASE),
            send(Expected::handled()),
        ];
        Case::new(name, steps)
            .acts([Act::Respond(500)])
            .fault(Op::Release, fault)
            .ends(2, Holds::Duplicate)
    };
    vec![
        case("a release fails: its lease expires", Fault::Unavailable),
        hasty(case("a release hangs: its lease expires", Fault::Hangs)),
        Case::new(
            "a release's reply is lost: the event is released",
            [failed(), send(Expected::handled())],
        )
        .acts([Act::Respond(500)])
        .fault(Op::Release, Fault::ReplyLost)
        .ends(2, Holds::Duplicate),
    ]
}
