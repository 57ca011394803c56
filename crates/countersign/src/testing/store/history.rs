//! What happened to one event while many called at once, judged afterwards.
//!
//! Calls overlap, so their order is known only where one was answered before another was sent. The
//! fencing tokens put the grants in order; each next one needs a reason in how the one before it ended.

use super::violation::{Violation, ViolationKind};
use crate::dedup::{ClaimOutcome, FencingToken, UpdateOutcome};

/// One call of the store: when it was sent and when it was answered, by a counter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) sent: u64,
    pub(super) answered: u64,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// `brief`: its lease may run out while the workers run.
    Claim { brief: bool, answer: ClaimOutcome },
    /// By the holder, or by one who never is.
    Settle { fencing_token: FencingToken, how: How, answer: UpdateOutcome },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum How {
    Renew { brief: bool },
    Commit { brief: bool },
    Release,
}

/// A grant, and how it ended.
struct Grant<'h> {
    fencing_token: FencingToken,
    takeover: bool,
    call: &'h Call,
    /// Whether its lease may have run out.
    brief: bool,
    end: End,
    /// When its holder began to settle it.
    ended: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Open,
    Done { brief: bool },
    Released,
}

/// Judges all calls on one event.
pub(super) fn judge(calls: &[Call]) -> Result<(), Violation> {
    let mut grants: Vec<_> = calls.iter().filter_map(|call| grant(calls, call)).collect();
    grants.sort_by_key(|grant| grant.fencing_token);
    for pair in grants.windows(2) {
        if let [one, next] = pair {
            follows(one, next)?;
        }
    }
    calls.iter().try_for_each(|call| answer_fits(calls, &grants, call))
}

fn grant<'h>(calls: &[Call], call: &'h Call) -> Option<Grant<'h>> {
    let What::Claim { brief, answer: ClaimOutcome::Acquired { fencing_token, takeover } } =
        call.what
    else {
        return None;
    };
    let mut grant = Grant { fencing_token, takeover, call, brief, end: End::Open, ended: u64::MAX };
    for call in calls {
        match call.what {
            What::Settle { fencing_token: shown, how, answer: UpdateOutcome::Applied }
                if shown == fencing_token =>
            {
                grant.end = match how {
                    How::Renew { brief } => {
                        grant.brief |= brief;
                        continue;
                    }
                    How::Commit { brief } => End::Done { brief },
                    How::Release => End::Released,
                };
                grant.ended = call.sent;
            }
            _ => {}
        }
    }
    Some(grant)
}

fn follows(one: &Grant<'_>, next: &Grant<'_>) -> Result<(), Violation> {
    let wrong = |kind, how: &str| {
        let (one, next) = (one.call, next.call);
        Err(Violation::new(kind, format!("{how}: {one:?}, then {next:?}")))
    };
    match one.end {
        _ if one.fencing_token == next.fencing_token => {
            wrong(ViolationKind::FencingTokenNotHigher, "the same fence twice")
        }
        _ if next.call.answered < one.call.sent => {
            wrong(ViolationKind::FencingTokenNotHigher, "the later grant has the lower fence")
        }
        _ if !one.brief && next.call.answered < one.ended => {
            wrong(ViolationKind::TwoAtATime, "granted while it is held")
        }
        End::Done { brief: false } => wrong(ViolationKind::DoneTwice, "granted though handled"),
        End::Open if !next.takeover => {
            wrong(ViolationKind::Transition, "a takeover that is not told")
        }
        End::Done { .. } | End::Released if next.takeover => {
            wrong(ViolationKind::Transition, "a takeover from nobody")
        }
        _ => Ok(()),
    }
}

fn answer_fits(calls: &[Call], grants: &[Grant<'_>], call: &Call) -> Result<(), Violation> {
    let wrong = |kind, how: &str| Err(Violation::new(kind, format!("{how}: {call:?}")));
    let sent_before = |what: &dyn Fn(&What) -> bool| {
        calls.iter().any(|other| other.sent < call.answered && what(&other.what))
    };
    match call.what {
        What::Claim { answer: ClaimOutcome::Duplicate { .. }, .. } => {
            let committed =
                |what: &What| matches!(what, What::Settle { how: How::Commit { .. }, .. });
            if !sent_before(&committed) {
                return wrong(ViolationKind::Lost, "nobody committed it");
            }
        }
        What::Claim { answer: ClaimOutcome::InProgress { .. }, .. } => {
            let granted = |what: &What| {
                matches!(what, What::Claim { answer: ClaimOutcome::Acquired { .. }, .. })
            };
            if !sent_before(&granted) {
                return wrong(ViolationKind::Stuck, "nobody holds it");
            }
        }
        What::Settle { fencing_token, answer: UpdateOutcome::Applied, .. } => {
            let replaced = grants.iter().any(|grant| {
                grant.fencing_token > fencing_token && grant.call.answered < call.sent
            });
            if replaced {
                return wrong(ViolationKind::StaleApplied, "a higher fence was granted before");
            }
        }
        What::Settle { fencing_token, answer: UpdateOutcome::StaleToken, .. } => {
            let own = grants.iter().find(|grant| grant.fencing_token == fencing_token);
            let replaced = grants.iter().any(|grant| grant.fencing_token > fencing_token);
            if !replaced && own.is_some_and(|grant| grant.end == End::Open) {
                return wrong(ViolationKind::Transition, "stale though it is current");
            }
        }
        What::Claim { .. } => {}
    }
    Ok(())
}
