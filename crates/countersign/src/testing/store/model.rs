//! A model of one event: which outcomes its state allows.
//!
//! The store goes by a clock of its own, which the suite does not read. So a duration is either long,
//! and never expires within the suite, or short, and has certainly expired once the suite has advanced
//! the store's time.

use super::checked_store::Update;
use super::violation::{Violation, ViolationKind};
use crate::dedup::{ClaimOutcome, FencingToken, UpdateOutcome};

/// What the suite knows of the expiry of a lease or a retention.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Expiry {
    NotExpired,
    Unknown,
    Expired,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Event {
    state: State,
    last_granted: Option<FencingToken>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Absent,
    InProgress {
        fencing_token: FencingToken,
        lease: Expiry,
        fingerprint: u64,
    },
    Handled {
        fencing_token: FencingToken,
        retention: Expiry,
        fingerprint: u64,
    },
}

impl Event {
    /// The fencing token that was granted last.
    pub(super) const fn last_granted(&self) -> Option<FencingToken> {
        self.last_granted
    }

    /// Records that every short duration has expired.
    pub(super) const fn advance(&mut self) {
        if let State::InProgress { lease: expiry, .. } | State::Handled { retention: expiry, .. } =
            &mut self.state
            && matches!(expiry, Expiry::Unknown)
        {
            *expiry = Expiry::Expired;
        }
    }

    /// Checks the outcome of a claim, and updates the state.
    pub(super) fn claim(
        &mut self,
        fingerprint: u64,
        lease: Expiry,
        outcome: ClaimOutcome,
    ) -> Result<(), Violation> {
        let state = self.state;
        let wrong = |kind| Err(Violation::new(kind, format!("{outcome:?} in {state:?}")));
        match (outcome, state) {
            (
                ClaimOutcome::Acquired { .. },
                State::InProgress { lease: Expiry::NotExpired, .. },
            ) => wrong(ViolationKind::ConcurrentClaims),
            (
                ClaimOutcome::Acquired { .. },
                State::Handled { retention: Expiry::NotExpired, .. },
            ) => wrong(ViolationKind::HandledTwice),
            (ClaimOutcome::Acquired { fencing_token, takeover }, _) => {
                if takeover != matches!(state, State::InProgress { .. }) {
                    return wrong(ViolationKind::UnexpectedOutcome);
                }
                if self.last_granted.is_some_and(|last| fencing_token <= last) {
                    return wrong(ViolationKind::FencingTokenNotHigher);
                }
                self.state = State::InProgress { fencing_token, lease, fingerprint };
                self.last_granted = Some(fencing_token);
                Ok(())
            }
            (ClaimOutcome::InProgress { .. }, State::InProgress { lease, .. })
                if lease != Expiry::Expired =>
            {
                Ok(())
            }
            (
                ClaimOutcome::Duplicate { same_body },
                State::Handled { retention, fingerprint: first, .. },
            ) if retention != Expiry::Expired && same_body == (first == fingerprint) => Ok(()),
            (ClaimOutcome::Duplicate { .. }, State::Absent | State::InProgress { .. }) => {
                wrong(ViolationKind::Lost)
            }
            (ClaimOutcome::Duplicate { .. }, State::Handled { retention, .. })
                if retention != Expiry::Expired =>
            {
                wrong(ViolationKind::UnexpectedOutcome)
            }
            _ => wrong(ViolationKind::Stuck),
        }
    }

    /// Checks the outcome of an update, and updates the state. `expiry` is that of the new lease or
    /// retention.
    pub(super) fn update(
        &mut self,
        token: FencingToken,
        update: Update,
        expiry: Expiry,
        outcome: UpdateOutcome,
    ) -> Result<(), Violation> {
        let state = self.state;
        let wrong = |kind| {
            let description = format!("{update:?} with {token:?} is {outcome:?} in {state:?}");
            Err(Violation::new(kind, description))
        };
        match (outcome, state) {
            (UpdateOutcome::Applied, State::InProgress { fencing_token, fingerprint, .. })
                if fencing_token == token =>
            {
                self.state = match update {
                    Update::Renew(_) => {
                        State::InProgress { fencing_token, lease: expiry, fingerprint }
                    }
                    Update::Commit(_) => {
                        State::Handled { fencing_token, retention: expiry, fingerprint }
                    }
                    Update::Release => State::Absent,
                };
                Ok(())
            }
            (UpdateOutcome::StaleToken, State::InProgress { fencing_token, .. })
                if fencing_token == token =>
            {
                wrong(ViolationKind::UnexpectedOutcome)
            }
            // A store may have deleted an expired event.
            (_, State::Handled { fencing_token, retention, .. })
                if fencing_token == token && matches!(update, Update::Commit(_)) =>
            {
                if outcome == UpdateOutcome::StaleToken && retention == Expiry::NotExpired {
                    return wrong(ViolationKind::UnexpectedOutcome);
                }
                Ok(())
            }
            (UpdateOutcome::Applied, State::Handled { fencing_token, .. })
                if fencing_token == token =>
            {
                wrong(ViolationKind::HandledTwice)
            }
            (UpdateOutcome::Applied, _) => wrong(ViolationKind::StaleTokenApplied),
            (UpdateOutcome::StaleToken, _) => Ok(()),
        }
    }
}
