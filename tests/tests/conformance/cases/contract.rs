//! The response of each sender's contract to the handler's.

use countersign::Outcome;

use crate::case::{Act, Case, Expected, Holds, Step};
use crate::request::Request;
use crate::sender::Sender;

const SUCCESSES: [u16; 6] = [200, 201, 202, 204, 206, 226];
const FAILURES: [u16; 12] = [301, 304, 307, 400, 401, 404, 410, 422, 429, 500, 502, 503];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for sender in [Sender::OmniAi, Sender::AiNexLayer, Sender::StandardWebhooks, Sender::Pairs] {
        for status in SUCCESSES {
            let status_sent = if sender == Sender::OmniAi { 200 } else { status };
            let step =
                Step::Send(Request::good(), Expected::handlers(status_sent, Outcome::Handled));
            cases.push(
                Case::new(format!("{sender:?} receives {status_sent} for {status}"), [step])
                    .from(sender)
                    .acts([Act::Respond(status)])
                    .ends(1, Holds::Duplicate),
            );
        }
        for status in FAILURES {
            let steps = [
                Step::Send(Request::good(), Expected::handlers(status, Outcome::Failed)),
                Step::Send(Request::good(), Expected::handled()),
            ];
            cases.push(
                Case::new(format!("{sender:?} receives {status} unchanged, and retries"), steps)
                    .from(sender)
                    .acts([Act::Respond(status)])
                    .ends(2, Holds::Duplicate),
            );
        }
    }
    cases
}
