//! Handlers that panic, take their time, or outlive their sender.

use std::time::Duration;

use countersign::Outcome;

use crate::case::{Act, Answer, Case, Holds, Step};
use crate::request::{Framing, Request};
use crate::sender::Sender;
use crate::store::Op;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = failing();
    cases.extend(slow());
    cases.extend(left_alone());
    cases
}

fn send(answer: Answer) -> Step {
    Step::Send(Request::good(), answer)
}

fn failing() -> Vec<Case> {
    let panicked = || Answer::own(500, Outcome::Panicked);
    vec![
        Case::new("a handler panics", [send(panicked())])
            .acts([Act::Panic])
            .ends(1, Holds::Claimable),
        Case::new("a retry after a panic", [send(panicked()), send(Answer::handled())])
            .acts([Act::Panic])
            .ends(2, Holds::Duplicate),
        Case::new(
            "the next delivery on a connection whose handler panicked",
            [Step::KeepAlive(vec![
                (Request::good(), panicked()),
                (Request::of(2), Answer::handled()),
                (Request::good(), panicked()),
                (Request::good(), Answer::handled()),
            ])],
        )
        .acts([Act::Panic, Act::Answer(200), Act::Panic])
        .ends(4, Holds::Duplicate),
        Case::new("a body that does not fit the handler's type", [send(Answer::undecodable())])
            .acts([Act::Decode])
            .ends(1, Holds::Claimable),
        Case::new(
            "a retry once the handler's type is mended",
            [send(Answer::undecodable()), send(Answer::handled())],
        )
        .acts([Act::Decode])
        .ends(2, Holds::Duplicate),
        Case::new(
            "an authentic body that is no JSON",
            [Step::Send(Request::good().body("not JSON"), Answer::undecodable())],
        )
        .acts([Act::Decode])
        .ends(1, Holds::Claimable),
    ]
}

fn slow() -> Vec<Case> {
    let late =
        |case: Case| case.setup(|setup| setup.response_deadline = Some(Duration::from_millis(750)));
    let running = || send(Answer::own(503, Outcome::DeadlineExceeded));
    let limited =
        |case: Case| case.setup(|setup| setup.handler_timeout = Some(Duration::from_millis(750)));
    let stopped = || send(Answer::own(503, Outcome::Cancelled));
    let past = |name: &str, sender, status| {
        let steps = [
            running(),
            send(Answer::in_progress()),
            Step::Release,
            Step::Until(if status < 300 { Op::Commit } else { Op::Release }, 1),
            send(if status < 300 { Answer::duplicate() } else { Answer::handled() }),
        ];
        let runs = if status < 300 { 1 } else { 2 };
        late(Case::new(name, steps))
            .from(sender)
            .acts([Act::Held(status)])
            .ends(runs, Holds::Duplicate)
    };
    vec![
        past("past the deadline: the retry finds it done", Sender::StandardWebhooks, 200),
        past("OmniAi past the deadline: the retry finds it done", Sender::OmniAi, 202),
        past("past the deadline: the retry finds it failed", Sender::StandardWebhooks, 500),
        late(Case::new("past the deadline: it is in hand still", [running()]))
            .acts([Act::Held(200)])
            .ends(1, Holds::InProgress),
        limited(Case::new("past the handler's limit: it is stopped", [stopped()]))
            .acts([Act::Held(200)])
            .ends(1, Holds::Claimable),
        limited(Case::new(
            "past the handler's limit: the retry runs",
            [stopped(), send(Answer::handled())],
        ))
        .acts([Act::Held(200)])
        .ends(2, Holds::Duplicate),
        limited(late(Case::new(
            "past the deadline and the limit: the retry runs",
            [running(), Step::Until(Op::Release, 1), send(Answer::handled())],
        )))
        .setup(|setup| setup.handler_timeout = Some(Duration::from_millis(1500)))
        .acts([Act::Held(200)])
        .ends(2, Holds::Duplicate),
    ]
}

fn left_alone() -> Vec<Case> {
    let gone = |name: &str, act, op, again: Answer, runs| {
        let steps = [
            Step::Begin(Request::good()),
            Step::HangUp,
            send(Answer::in_progress()),
            Step::Release,
            Step::Until(op, 1),
            send(again),
        ];
        Case::new(name, steps).acts([act]).ends(runs, Holds::Duplicate)
    };
    vec![
        gone(
            "a sender hangs up: the handler ends and the retry finds it done",
            Act::Held(200),
            Op::Commit,
            Answer::duplicate(),
            1,
        ),
        gone(
            "a sender hangs up: the handler fails and the retry runs",
            Act::Held(500),
            Op::Release,
            Answer::handled(),
            2,
        ),
        Case::new(
            "a sender hangs up: a drain waits for the handler",
            [
                Step::Begin(Request::good().framed(Framing::Chunked)),
                Step::HangUp,
                Step::Drain,
                Step::Release,
                Step::Until(Op::Commit, 1),
            ],
        )
        .acts([Act::Held(200)])
        .ends(1, Holds::Duplicate),
    ]
}
