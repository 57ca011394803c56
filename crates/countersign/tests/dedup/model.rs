//! The state machine that every store follows: a model of one event, which checks each outcome.
//!
//! A store chooses two things: the numbers of the fencing tokens, and when it deletes an event that is
//! due for deletion. An event is due once its retention has expired, or a day after its lease has.

use std::time::Duration;

use countersign::Timestamp;
use countersign::dedup::{ClaimOutcome, FencingToken, UpdateOutcome};

use super::check::Violation;

const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The state of one event, as its outcomes so far imply.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Event {
    state: State,
    last_granted: Option<FencingToken>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Absent,
    InProgress {
        fencing_token: FencingToken,
        lease_until: Timestamp,
        fingerprint: u64,
    },
    Done {
        fencing_token: FencingToken,
        expires: Timestamp,
        fingerprint: u64,
    },
}

/// An operation that takes a fencing token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Update {
    Renew { lease: Duration },
    Commit { retention: Duration },
    Release,
}

impl Event {
    /// The fencing token that was granted last.
    pub(crate) const fn last_granted(&self) -> Option<FencingToken> {
        self.last_granted
    }

    /// The next time at which an outcome changes without a call.
    pub(crate) fn deadline(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            State::InProgress { lease_until, .. } if now < lease_until => Some(lease_until),
            State::InProgress { lease_until, .. } => {
                Some(lease_until.saturating_add(ABANDONED_AFTER))
            }
            State::Done { expires, .. } => Some(expires),
            State::Absent => None,
        }
    }

    /// Whether a store may hold the event.
    pub(crate) const fn may_be_retained(&self) -> bool {
        !matches!(self.state, State::Absent)
    }

    /// Whether a store must hold the event.
    pub(crate) fn must_be_retained(&self, now: Timestamp) -> bool {
        self.may_be_retained() && !self.is_due(now)
    }

    fn is_due(&self, now: Timestamp) -> bool {
        match self.state {
            State::InProgress { lease_until, .. } => {
                lease_until.saturating_add(ABANDONED_AFTER) <= now
            }
            State::Done { expires, .. } => expires <= now,
            State::Absent => false,
        }
    }

    /// The outcome of a claim that is not granted; `None` if it is granted.
    pub(crate) fn denied(&self, now: Timestamp, fingerprint: u64) -> Option<ClaimOutcome> {
        match self.state {
            State::InProgress { lease_until, .. } if now < lease_until => {
                Some(ClaimOutcome::InProgress { retry_after: lease_until.saturating_since(now) })
            }
            State::Done { expires, fingerprint: first, .. } if now < expires => {
                Some(ClaimOutcome::Duplicate { same_body: first == fingerprint })
            }
            _ => None,
        }
    }

    pub(crate) fn claimed(
        &mut self,
        now: Timestamp,
        fingerprint: u64,
        lease: Duration,
        outcome: ClaimOutcome,
    ) -> Result<(), Violation> {
        let denied = self.denied(now, fingerprint);
        if denied == Some(outcome) {
            return Ok(());
        }
        let ClaimOutcome::Acquired { fencing_token, takeover } = outcome else {
            let invariant = match (denied, outcome) {
                (None, ClaimOutcome::InProgress { .. }) => "S8",
                (_, ClaimOutcome::Duplicate { .. })
                    if !matches!(self.state, State::Done { .. }) =>
                {
                    "S1"
                }
                _ => "transition",
            };
            return Err(Violation::of(invariant, format!("{outcome:?} is not {denied:?}")));
        };
        if let Some(denied) = denied {
            let invariant = if let ClaimOutcome::InProgress { .. } = denied { "S2" } else { "S3" };
            return Err(Violation::of(invariant, format!("granted instead of {denied:?}")));
        }
        if self.last_granted.is_some_and(|last| fencing_token <= last) {
            return Err(Violation::of(
                "S4",
                format!("{fencing_token:?} after {:?}", self.last_granted),
            ));
        }
        let lease_expired = matches!(self.state, State::InProgress { .. });
        if takeover != lease_expired && !(lease_expired && self.is_due(now)) {
            return Err(Violation::of("transition", format!("takeover is {takeover}")));
        }
        let lease_until = now.saturating_add(lease);
        self.state = State::InProgress { fencing_token, lease_until, fingerprint };
        self.last_granted = Some(fencing_token);
        Ok(())
    }

    pub(crate) fn updated(
        &mut self,
        now: Timestamp,
        token: FencingToken,
        update: Update,
        outcome: UpdateOutcome,
    ) -> Result<(), Violation> {
        let (current, applies) = match self.state {
            State::InProgress { fencing_token, .. } => (fencing_token == token, true),
            State::Done { fencing_token, .. } => {
                (fencing_token == token, matches!(update, Update::Commit { .. }))
            }
            State::Absent => (false, false),
        };
        let expected =
            if current && applies { UpdateOutcome::Applied } else { UpdateOutcome::StaleToken };
        if outcome != expected {
            if expected == UpdateOutcome::Applied && self.is_due(now) {
                self.state = State::Absent;
                return Ok(());
            }
            let invariant = match expected {
                UpdateOutcome::StaleToken if !current => "S5",
                UpdateOutcome::StaleToken => "S3",
                UpdateOutcome::Applied => "transition",
            };
            return Err(Violation::of(
                invariant,
                format!("{update:?} is {outcome:?}, not {expected:?}"),
            ));
        }
        if let (State::InProgress { fencing_token, fingerprint, .. }, UpdateOutcome::Applied) =
            (self.state, outcome)
        {
            self.state = match update {
                Update::Renew { lease } => State::InProgress {
                    fencing_token,
                    fingerprint,
                    lease_until: now.saturating_add(lease),
                },
                Update::Commit { retention } => State::Done {
                    fencing_token,
                    fingerprint,
                    expires: now.saturating_add(retention),
                },
                Update::Release => State::Absent,
            };
        }
        Ok(())
    }
}
