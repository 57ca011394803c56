//! A store that fails, at each of its operations.

use std::time::Duration;

use countersign::Outcome;

use crate::case::{Act, Answer, Case, Holds, Step};
use crate::request::Request;
use crate::stage::LEASE_OVER;
use crate::store::{Fault, Op};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = at_claim();
    cases.extend(at_renew());
    cases.extend(at_commit());
    cases.extend(at_release());
    cases
}

fn send(answer: Answer) -> Step {
    Step::Send(Request::good(), answer)
}

/// Short enough to wait for.
fn hasty(case: Case) -> Case {
    case.setup(|setup| setup.store_timeout = Some(Duration::from_millis(50)))
}

fn at_claim() -> Vec<Case> {
    let down = || send(Answer::own(503, Outcome::StoreUnavailable));
    vec![
        Case::new("a claim fails", [down()]).fault(Op::Claim, Fault::Unavailable),
        Case::new("a claim fails, and the retry does not", [down(), send(Answer::handled())])
            .fault(Op::Claim, Fault::Unavailable)
            .ends(1, Holds::Duplicate),
        hasty(Case::new("a claim hangs", [down()])).fault(Op::Claim, Fault::Hangs),
        hasty(Case::new(
            "a claim hangs, and the retry does not",
            [down(), send(Answer::handled())],
        ))
        .fault(Op::Claim, Fault::Hangs)
        .ends(1, Holds::Duplicate),
        Case::new(
            "a claim's answer is lost: its lease runs out",
            [down(), send(Answer::in_progress()), Step::Later(LEASE_OVER), send(Answer::handled())],
        )
        .fault(Op::Claim, Fault::AnswerLost)
        .ends(1, Holds::Duplicate),
    ]
}

/// A lease that is renewed after 1.4 s and again after 2.8 s; the answer is due after 4 s.
fn renewed(case: Case) -> Case {
    case.setup(|setup| {
        setup.response_deadline = Some(Duration::from_secs(4));
        setup.store_timeout = Some(Duration::from_millis(50));
        setup.lease = Some(Duration::from_millis(4200));
    })
}

fn at_renew() -> Vec<Case> {
    let through = |name: &str| {
        let steps = [
            Step::Begin(Request::good()),
            Step::Until(Op::Renew, 1),
            send(Answer::in_progress()),
            Step::Release,
            Step::Finish(Answer::handled()),
        ];
        renewed(Case::new(name, steps)).acts([Act::Held(200)]).ends(1, Holds::Duplicate)
    };
    vec![
        through("a lease is renewed while the handler runs"),
        through("a renewal fails: the handler goes on").fault(Op::Renew, Fault::Unavailable),
        through("a renewal hangs: the next one does not").fault(Op::Renew, Fault::Hangs),
        renewed(Case::new(
            "a renewal finds the claim lost: the handler is stopped",
            [Step::Begin(Request::good()), Step::Finish(Answer::own(503, Outcome::Cancelled))],
        ))
        .acts([Act::Held(200)])
        .fault(Op::Renew, Fault::Stale)
        .ends(1, Holds::Claimable),
        renewed(Case::new(
            "a renewal after a takeover: the first handler is stopped, the second is not",
            [
                Step::Begin(Request::good()),
                Step::Later(LEASE_OVER),
                Step::Begin(Request::good()),
                Step::Finish(Answer::own(503, Outcome::Cancelled)),
                Step::Release,
                Step::Finish(Answer::handled()),
            ],
        ))
        .acts([Act::Held(200), Act::Held(200)])
        .ends(2, Holds::Duplicate),
    ]
}

fn at_commit() -> Vec<Case> {
    let commit_pending = || send(Answer::handlers(200, Outcome::CommitPending));
    vec![
        Case::new("a commit fails, and is tried again", [send(Answer::handled())])
            .fault(Op::Commit, Fault::Unavailable)
            .ends(1, Holds::Duplicate),
        Case::new("a commit fails twice and is tried a third time", [send(Answer::handled())])
            .fault(Op::Commit, Fault::Unavailable)
            .fault(Op::Commit, Fault::Unavailable)
            .ends(1, Holds::Duplicate),
        Case::new(
            "a commit's answer is lost: it is done all the same",
            [send(Answer::handled()), send(Answer::duplicate())],
        )
        .fault(Op::Commit, Fault::AnswerLost)
        .ends(1, Holds::Duplicate),
        hasty(Case::new("a commit hangs, and is tried again", [send(Answer::handled())]))
            .fault(Op::Commit, Fault::Hangs)
            .ends(1, Holds::Duplicate),
        hasty(Case::new(
            "commits fail past the deadline: the answer stands, and they are tried again",
            [commit_pending(), Step::Until(Op::Commit, 6), send(Answer::duplicate())],
        ))
        .setup(|setup| setup.response_deadline = Some(Duration::from_secs(1)))
        .fault(Op::Commit, Fault::Unavailable)
        .fault(Op::Commit, Fault::Unavailable)
        .fault(Op::Commit, Fault::Unavailable)
        .fault(Op::Commit, Fault::Unavailable)
        .fault(Op::Commit, Fault::Unavailable)
        .ends(1, Holds::Duplicate),
        Case::new(
            "a commit finds the claim lost",
            [send(Answer::handlers(200, Outcome::LeaseLost))],
        )
        .fault(Op::Commit, Fault::Stale)
        .ends(1, Holds::InProgress),
    ]
}

fn at_release() -> Vec<Case> {
    let failed = || send(Answer::handlers(500, Outcome::Failed));
    let case = |name: &str, fault| {
        let steps = [
            failed(),
            send(Answer::in_progress()),
            Step::Later(LEASE_OVER),
            send(Answer::handled()),
        ];
        Case::new(name, steps)
            .acts([Act::Answer(500)])
            .fault(Op::Release, fault)
            .ends(2, Holds::Duplicate)
    };
    vec![
        case("a release fails: its lease runs out", Fault::Unavailable),
        hasty(case("a release hangs: its lease runs out", Fault::Hangs)),
        Case::new(
            "a release's answer is lost: it is done all the same",
            [failed(), send(Answer::handled())],
        )
        .acts([Act::Answer(500)])
        .fault(Op::Release, Fault::AnswerLost)
        .ends(2, Holds::Duplicate),
    ]
}
