//! What each sender is told of a handler's answer.

use countersign::Outcome;

use crate::case::{Act, Answer, Case, Holds, Step};
use crate::request::Request;
use crate::sender::Sender;

const SUCCESSES: [u16; 6] = [200, 201, 202, 204, 206, 226];
const FAILURES: [u16; 12] = [301, 304, 307, 400, 401, 404, 410, 422, 429, 500, 502, 503];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for sender in [Sender::OmniAi, Sender::AiNexLayer, Sender::StandardWebhooks, Sender::Pairs] {
        for status in SUCCESSES {
            let told = if sender == Sender::OmniAi { 200 } else { status };
            let step = Step::Send(Request::good(), Answer::handlers(told, Outcome::Handled));
            cases.push(
                Case::new(format!("{sender:?} is told {status} as {told}"), [step])
                    .from(sender)
                    .acts([Act::Answer(status)])
                    .ends(1, Holds::Duplicate),
            );
        }
        for status in FAILURES {
            let steps = [
                Step::Send(Request::good(), Answer::handlers(status, Outcome::Failed)),
                Step::Send(Request::good(), Answer::handled()),
            ];
            cases.push(
                Case::new(format!("{sender:?} is told {status} as it is, and comes again"), steps)
                    .from(sender)
                    .acts([Act::Answer(status)])
                    .ends(2, Holds::Duplicate),
            );
        }
    }
    cases
}
