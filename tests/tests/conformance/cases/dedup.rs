//! The responses to the outcomes of a claim.

use countersign::Outcome;

use crate::case::{Act, Before, Case, Expected, Holds, Step};
use crate::environment::AFTER_LEASE;
use crate::request::Request;
use crate::sender::Sender;

pub(super) fn cases() -> Vec<Case> {
    let good = Request::good;
    let send = |request, response| Step::Send(request, response);
    let other_body = || good().body(br#"{"attempt":2}"#);
    let differs = || Expected::own(200, Outcome::Duplicate { same_body: false });
    let mut cases: Vec<_> =
        [Sender::StandardWebhooks, Sender::OmniAi, Sender::AiNexLayer, Sender::Pairs]
            .into_iter()
            .map(|sender| {
                let again =
                    [send(good(), Expected::handled()), send(good(), Expected::duplicate())];
                Case::new(format!("{sender:?}: a retry of a handled event"), again)
                    .from(sender)
                    .ends(1, Holds::Duplicate)
            })
            .collect();
    cases.extend([
        Case::new("already handled, the same body", [send(good(), Expected::duplicate())])
            .before(Before::Handled)
            .ends(0, Holds::Duplicate),
        Case::new("already handled, another body", [send(other_body(), differs())])
            .before(Before::Handled)
            .ends(0, Holds::Duplicate),
        Case::new("another event was handled", [send(Request::of(2), Expected::handled())])
            .before(Before::Handled)
            .ends(1, Holds::Duplicate),
        Case::new("in progress elsewhere", [send(good(), Expected::in_progress())])
            .before(Before::InProgress)
            .ends(0, Holds::InProgress),
        Case::new("a lease expired elsewhere", [send(good(), Expected::handled())])
            .before(Before::LeaseExpired)
            .ends(1, Holds::Duplicate),
        Case::new("handled, and the retention has expired", [send(good(), Expected::handled())])
            .before(Before::RetentionExpired)
            .ends(1, Holds::Duplicate),
        Case::new("a full store", [send(good(), Expected::own(503, Outcome::StoreFull))])
            .before(Before::Full)
            .config(|config| config.capacity = 1)
            .ends(0, Holds::Full),
        Case::new(
            "a retry while the first delivery is in progress",
            [
                Step::Begin(good()),
                send(good(), Expected::in_progress()),
                Step::Release,
                Step::Finish(Expected::handled()),
                send(good(), Expected::duplicate()),
            ],
        )
        .acts([Act::Wait(200)])
        .ends(1, Holds::Duplicate),
        Case::new("twenty concurrent deliveries of one event", [Step::Rush(good(), 20)])
            .ends(1, Holds::Duplicate),
        Case::new(
            "without dedup every delivery is handled",
            [send(good(), Expected::handled()), send(good(), Expected::handled())],
        )
        .config(|config| config.dedup = false)
        .ends(2, Holds::Claimable),
        Case::new(
            "two handlers of one event: the first has lost its claim",
            [
                Step::Begin(good()),
                Step::Later(AFTER_LEASE),
                Step::Begin(good()),
                Step::Release,
                Step::Release,
                Step::Finish(Expected::handlers(200, Outcome::LeaseLost)),
                Step::Finish(Expected::handled()),
            ],
        )
        .acts([Act::Wait(200), Act::Wait(200)])
        .ends(2, Holds::Duplicate),
        Case::new(
            "a shutdown claims no more events and waits for running handlers",
            [
                Step::Begin(good()),
                Step::Drain,
                send(Request::of(2), Expected::own(503, Outcome::ShuttingDown)),
                send(good(), Expected::own(503, Outcome::ShuttingDown)),
                Step::Release,
                Step::Finish(Expected::handled()),
            ],
        )
        .acts([Act::Wait(200)])
        .ends(1, Holds::Duplicate),
    ]);
    cases
}
