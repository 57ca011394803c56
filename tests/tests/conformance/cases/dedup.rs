//! What the store's answers come to.

use countersign::Outcome;

use crate::case::{Act, Answer, Before, Case, Holds, Step};
use crate::request::Request;
use crate::sender::Sender;
use crate::stage::LEASE_OVER;

pub(super) fn cases() -> Vec<Case> {
    let good = Request::good;
    let send = |request, answer| Step::Send(request, answer);
    let other_body = || good().body(br#"{"attempt":2}"#);
    let differs = || Answer::own(200, Outcome::Duplicate { same_body: false });
    let mut cases: Vec<_> =
        [Sender::StandardWebhooks, Sender::OmniAi, Sender::AiNexLayer, Sender::Pairs]
            .into_iter()
            .map(|sender| {
                let again = [send(good(), Answer::handled()), send(good(), Answer::duplicate())];
                Case::new(format!("{sender:?}: a repeat of what was handled"), again)
                    .from(sender)
                    .ends(1, Holds::Duplicate)
            })
            .collect();
    cases.extend([
        Case::new("handled before, the same body", [send(good(), Answer::duplicate())])
            .before(Before::Done)
            .ends(0, Holds::Duplicate),
        Case::new("handled before, another body", [send(other_body(), differs())])
            .before(Before::Done)
            .ends(0, Holds::Duplicate),
        Case::new("handled before, another event", [send(Request::of(2), Answer::handled())])
            .before(Before::Done)
            .ends(1, Holds::Duplicate),
        Case::new("in progress elsewhere", [send(good(), Answer::in_progress())])
            .before(Before::InProgress)
            .ends(0, Holds::InProgress),
        Case::new("a lease that ran out elsewhere", [send(good(), Answer::handled())])
            .before(Before::LeaseRanOut)
            .ends(1, Holds::Duplicate),
        Case::new("handled so long ago that it is forgotten", [send(good(), Answer::handled())])
            .before(Before::Forgotten)
            .ends(1, Holds::Duplicate),
        Case::new("a full store", [send(good(), Answer::own(503, Outcome::StoreFull))])
            .before(Before::Full)
            .setup(|setup| setup.capacity = 1)
            .ends(0, Holds::NoRoom),
        Case::new(
            "a repeat while the first is in hand",
            [
                Step::Begin(good()),
                send(good(), Answer::in_progress()),
                Step::Release,
                Step::Finish(Answer::handled()),
                send(good(), Answer::duplicate()),
            ],
        )
        .acts([Act::Held(200)])
        .ends(1, Holds::Duplicate),
        Case::new("twenty deliveries of one event at once", [Step::Rush(good(), 20)])
            .ends(1, Holds::Duplicate),
        Case::new(
            "without dedup every delivery is handled",
            [send(good(), Answer::handled()), send(good(), Answer::handled())],
        )
        .setup(|setup| setup.dedup = false)
        .ends(2, Holds::Claimable),
        Case::new(
            "two handlers of one event: the first has lost its claim",
            [
                Step::Begin(good()),
                Step::Later(LEASE_OVER),
                Step::Begin(good()),
                Step::Release,
                Step::Release,
                Step::Finish(Answer::handlers(200, Outcome::LeaseLost)),
                Step::Finish(Answer::handled()),
            ],
        )
        .acts([Act::Held(200), Act::Held(200)])
        .ends(2, Holds::Duplicate),
        Case::new(
            "a drain claims nothing more and waits for what is in hand",
            [
                Step::Begin(good()),
                Step::Drain,
                send(Request::of(2), Answer::own(503, Outcome::ShuttingDown)),
                send(good(), Answer::own(503, Outcome::ShuttingDown)),
                Step::Release,
                Step::Finish(Answer::handled()),
            ],
        )
        .acts([Act::Held(200)])
        .ends(1, Holds::Duplicate),
    ]);
    cases
}
