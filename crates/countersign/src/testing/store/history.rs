//! The history of one event under concurrent calls, checked afterwards.
//!
//! Calls overlap, so the order of two calls is known only if one returned before the other was sent.
//! The fencing tokens order the grants. Each grant must be explained by how the one before it ended.

use super::violation::{Violation, ViolationKind};
use crate::dedup::{ClaimOutcome, FencingToken, UpdateOutcome};

/// One call of the store. A counter numbers the moments at which calls are sent and return.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) sent: u64,
    pub(super) returned: u64,
    pub(super) operation: Operation,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    /// A `short` lease may expire while the workers run.
    Claim { short: bool, outcome: ClaimOutcome },
    /// Sent with a current or a stale fencing token.
    Update { fencing_token: FencingToken, update: UpdateKind, outcome: UpdateOutcome },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum UpdateKind {
    Renew { short: bool },
    Commit { short: bool },
    Release,
}

/// A granted claim.
struct Grant<'h> {
    fencing_token: FencingToken,
    takeover: bool,
    call: &'h Call,
    /// Whether the lease may have expired.
    short: bool,
    end: End,
    /// When the claim was committed or released: the moment at which that call was sent.
    ended: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Open,
    Handled { short: bool },
    Released,
}

/// Checks all calls on one event.
pub(super) fn check(calls: &[Call]) -> Result<(), Violation> {
    let mut grants: Vec<_> = calls.iter().filter_map(|call| grant(calls, call)).collect();
    grants.sort_by_key(|grant| grant.fencing_token);
    for pair in grants.windows(2) {
        if let [one, next] = pair {
            check_succession(one, next)?;
        }
    }
    calls.iter().try_for_each(|call| check_outcome(calls, &grants, call))
}

fn grant<'h>(calls: &[Call], call: &'h Call) -> Option<Grant<'h>> {
    let Operation::Claim { short, outcome: ClaimOutcome::Acquired { fencing_token, takeover } } =
        call.operation
    else {
        return None;
    };
    let mut grant = Grant { fencing_token, takeover, call, short, end: End::Open, ended: u64::MAX };
    for call in calls {
        match call.operation {
            Operation::Update { fencing_token: token, update, outcome: UpdateOutcome::Applied }
                if token == fencing_token =>
            {
                grant.end = match update {
                    UpdateKind::Renew { short } => {
                        grant.short |= short;
                        continue;
                    }
                    UpdateKind::Commit { short } => End::Handled { short },
                    UpdateKind::Release => End::Released,
                };
                grant.ended = call.sent;
            }
            _ => {}
        }
    }
    Some(grant)
}

fn check_succession(one: &Grant<'_>, next: &Grant<'_>) -> Result<(), Violation> {
    let wrong = |kind, description: &str| {
        let (one, next) = (one.call, next.call);
        Err(Violation::new(kind, format!("{description}: {one:?}, then {next:?}")))
    };
    match one.end {
        _ if one.fencing_token == next.fencing_token => {
            wrong(ViolationKind::FencingTokenNotHigher, "two grants with the same fencing token")
        }
        _ if next.call.returned < one.call.sent => wrong(
            ViolationKind::FencingTokenNotHigher,
            "the later grant has the lower fencing token",
        ),
        _ if !one.short && next.call.returned < one.ended => {
            wrong(ViolationKind::ConcurrentClaims, "granted while the lease runs")
        }
        End::Handled { short: false } => {
            wrong(ViolationKind::HandledTwice, "granted although the event is handled")
        }
        End::Open if !next.takeover => {
            wrong(ViolationKind::UnexpectedOutcome, "a takeover is not reported as one")
        }
        End::Handled { .. } | End::Released if next.takeover => {
            wrong(ViolationKind::UnexpectedOutcome, "a takeover is reported without a holder")
        }
        _ => Ok(()),
    }
}

fn check_outcome(calls: &[Call], grants: &[Grant<'_>], call: &Call) -> Result<(), Violation> {
    let wrong =
        |kind, description: &str| Err(Violation::new(kind, format!("{description}: {call:?}")));
    let sent_before = |operation: &dyn Fn(&Operation) -> bool| {
        calls.iter().any(|other| other.sent < call.returned && operation(&other.operation))
    };
    match call.operation {
        Operation::Claim { outcome: ClaimOutcome::Duplicate { .. }, .. } => {
            let commits = |operation: &Operation| {
                matches!(operation, Operation::Update { update: UpdateKind::Commit { .. }, .. })
            };
            if !sent_before(&commits) {
                return wrong(ViolationKind::Lost, "a duplicate without an earlier commit");
            }
        }
        Operation::Claim { outcome: ClaimOutcome::InProgress { .. }, .. } => {
            let is_grant = |operation: &Operation| {
                matches!(operation, Operation::Claim { outcome: ClaimOutcome::Acquired { .. }, .. })
            };
            if !sent_before(&is_grant) {
                return wrong(ViolationKind::Stuck, "in progress without an earlier grant");
            }
        }
        Operation::Update { fencing_token, outcome: UpdateOutcome::Applied, .. } => {
            let is_replaced = grants.iter().any(|grant| {
                grant.fencing_token > fencing_token && grant.call.returned < call.sent
            });
            if is_replaced {
                return wrong(
                    ViolationKind::StaleTokenApplied,
                    "applied although a higher fencing token was granted before",
                );
            }
        }
        Operation::Update { fencing_token, outcome: UpdateOutcome::StaleToken, .. } => {
            let own = grants.iter().find(|grant| grant.fencing_token == fencing_token);
            let is_replaced = grants.iter().any(|grant| grant.fencing_token > fencing_token);
            if !is_replaced && own.is_some_and(|grant| grant.end == End::Open) {
                return wrong(
                    ViolationKind::UnexpectedOutcome,
                    "stale although the fencing token is current",
                );
            }
        }
        Operation::Claim { .. } => {}
    }
    Ok(())
}
