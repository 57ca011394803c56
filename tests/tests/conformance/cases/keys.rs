//! Whose signature it is, while keys come and go.

use countersign::RejectionKind as Kind;

use crate::case::Case;
use crate::request::Request;
use crate::sender::{By, Ring, Sender};

const SENDERS: [Sender; 4] =
    [Sender::StandardWebhooks, Sender::OmniAi, Sender::AiNexLayer, Sender::Pairs];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for sender in SENDERS {
        let by = |key| Request::good().by(key);
        let in_ring = |case: Case, ring| case.from(sender).config(|config| config.ring = ring);
        let mismatch = Kind::SignatureMismatch;
        cases.extend([
            in_ring(
                Case::rejected(
                    format!("{sender:?}: an unknown key"),
                    by(By::Stranger),
                    401,
                    mismatch,
                ),
                Ring::New,
            ),
            in_ring(
                Case::handled(format!("{sender:?}: the old key during a rotation"), by(By::Old)),
                Ring::OldAndNew,
            ),
            in_ring(
                Case::handled(format!("{sender:?}: the new key during a rotation"), by(By::New)),
                Ring::OldAndNew,
            ),
            in_ring(
                Case::rejected(
                    format!("{sender:?}: the old key after a rotation"),
                    by(By::Old),
                    401,
                    mismatch,
                ),
                Ring::ExpiredAndNew,
            ),
            in_ring(
                Case::rejected(
                    format!("{sender:?}: only an expired key"),
                    by(By::Old),
                    401,
                    Kind::UnknownKey,
                ),
                Ring::OnlyExpired,
            ),
        ]);
    }
    cases.push(
        Case::rejected("a key that is not valid yet", Request::good(), 401, Kind::UnknownKey)
            .config(|config| config.ring = Ring::NotYet),
    );
    cases
}
