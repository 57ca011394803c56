//! Handlers that panic, are slow, or run after their sender has disconnected.

use std::time::Duration;

use countersign::Outcome;

use crate::case::{Act, Case, Expected, Holds, Step};
use crate::request::{Framing, Request};
use crate::sender::Sender;
use crate::store::Op;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = failing();
    cases.extend(slow());
    cases.extend(left_alone());
    cases
}

fn send(response: Expected) -> Step {
    Step::Send(Request::good(), response)
}

fn failing() -> Vec<Case> {
    let panicked = || Expected::own(500, Outcome::Panicked);
    vec![
        Case::new("a handler panics", [send(panicked())])
            .acts([Act::Panic])
            .ends(1, Holds::Claimable),
        Case::new("a retry after a panic", [send(panicked()), send(Expected::handled())])
            .acts([Act::Panic])
            .ends(2, Holds::Duplicate),
        Case::new(
            "the next delivery on a connection whose handler panicked",
            [Step::KeepAlive(vec![
                (Request::good(), panicked()),
                (Request::of(2), Expected::handled()),
                (Request::good(), panicked()),
                (Request::good(), Expected::handled()),
            ])],
        )
        .acts([Act::Panic, Act::Respond(200), Act::Panic])
        .ends(4, Holds::Duplicate),
        Case::new(
            "a body that the handler's type cannot be decoded from",
            [send(Expected::undecodable())],
        )
        .acts([Act::Decode])
        .ends(1, Holds::Claimable),
        Case::new(
            "a retry once the handler's type is fixed",
            [send(Expected::undecodable()), send(Expected::handled())],
        )
        .acts([Act::Decode])
        .ends(2, Holds::Duplicate),
        Case::new(
            "an authentic body that is not JSON",
            [Step::Send(Request::good().body("not JSON"), Expected::undecodable())],
        )
        .acts([Act::Decode])
        .ends(1, Holds::Claimable),
    ]
}

fn slow() -> Vec<Case> {
    let late = |case: Case| {
        case.config(|config| config.response_deadline = Some(Duration::from_millis(750)))
    };
    let running = || send(Expected::own(503, Outcome::DeadlineExceeded));
    let limited = |case: Case| {
        case.config(|config| config.handler_timeout = Some(Duration::from_millis(750)))
    };
    let stopped = || send(Expected::own(503, Outcome::Cancelled));
    let past = |name: &str, sender, status| {
        let steps = [
            running(),
            send(Expected::in_progress()),
            Step::Release,
            Step::Until(if status < 300 { Op::Commit } else { Op::Release }, 1),
            send(if status < 300 { Expected::duplicate() } else { Expected::handled() }),
        ];
        let runs = if status < 300 { 1 } else { 2 };
        late(Case::new(name, steps))
            .from(sender)
            .acts([Act::Wait(status)])
            .ends(runs, Holds::Duplicate)
    };
    vec![
        past("past the deadline: the retry is a duplicate", Sender::StandardWebhooks, 200),
        past("OmniAi past the deadline: the retry is a duplicate", Sender::OmniAi, 202),
        past(
            "past the deadline: the handler fails and the retry runs",
            Sender::StandardWebhooks,
            500,
        ),
        late(Case::new("past the deadline: the event is in progress", [running()]))
            .acts([Act::Wait(200)])
            .ends(1, Holds::InProgress),
        limited(Case::new("past the handler timeout: the handler is cancelled", [stopped()]))
            .acts([Act::Wait(200)])
            .ends(1, Holds::Claimable),
        limited(Case::new(
            "past the handler timeout: the retry runs",
            [stopped(), send(Expected::handled())],
        ))
        .acts([Act::Wait(200)])
        .ends(2, Holds::Duplicate),
        limited(late(Case::new(
            "past the deadline and the handler timeout: the retry runs",
            [running(), Step::Until(Op::Release, 1), send(Expected::handled())],
        )))
        .config(|config| config.handler_timeout = Some(Duration::from_millis(1500)))
        .acts([Act::Wait(200)])
        .ends(2, Holds::Duplicate),
    ]
}

fn left_alone() -> Vec<Case> {
    let gone = |name: &str, act, op, again: Expected, runs| {
        let steps = [
            Step::Begin(Request::good()),
            Step::Disconnect,
            send(Expected::in_progress()),
            Step::Release,
            Step::Until(op, 1),
            send(again),
        ];
        Case::new(name, steps).acts([act]).ends(runs, Holds::Duplicate)
    };
    vec![
        gone(
            "a sender disconnects: the handler finishes and the retry is a duplicate",
            Act::Wait(200),
            Op::Commit,
            Expected::duplicate(),
            1,
        ),
        gone(
            "a sender disconnects: the handler fails and the retry runs",
            Act::Wait(500),
            Op::Release,
            Expected::handled(),
            2,
        ),
        Case::new(
            "a sender disconnects: a shutdown waits for the handler",
            [
                Step::Begin(Request::good().framed(Framing::Chunked)),
                Step::Disconnect,
                Step::Drain,
                Step::Release,
                Step::Until(Op::Commit, 1),
            ],
        )
        .acts([Act::Wait(200)])
        .ends(1, Holds::Duplicate),
    ]
}
