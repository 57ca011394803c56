//! The state machine that every store follows, as a judge of its answers.
//!
//! Two things are the store's to choose: the fencing tokens' numbers, and when it forgets what is due to
//! be forgotten. An event is due once its record has expired, or a day after its claim's lease.

use std::time::Duration;

use countersign::Timestamp;
use countersign::dedup::{ClaimOutcome, FencingToken, UpdateOutcome};

use super::check::Violation;

const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What one event's answers so far say of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Event {
    state: State,
    granted: Option<FencingToken>,
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
pub(crate) enum Settle {
    Renew { lease: Duration },
    Commit { retention: Duration },
    Release,
}

impl Event {
    /// The last fencing token granted.
    pub(crate) const fn granted(&self) -> Option<FencingToken> {
        self.granted
    }

    /// When time will next change what is answered.
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

    /// Whether a store may have a record of it.
    pub(crate) const fn may_be_kept(&self) -> bool {
        !matches!(self.state, State::Absent)
    }

    /// Whether a store must have a record of it.
    pub(crate) fn must_be_kept(&self, now: Timestamp) -> bool {
        self.may_be_kept() && !self.is_due(now)
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

    /// The answer to a claim that is not granted.
    pub(crate) fn denial(&self, now: Timestamp, fingerprint: u64) -> Option<ClaimOutcome> {
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
        answer: ClaimOutcome,
    ) -> Result<(), Violation> {
        let denial = self.denial(now, fingerprint);
        if denial == Some(answer) {
            return Ok(());
        }
        let ClaimOutcome::Acquired { fencing_token, takeover } = answer else {
            let invariant = match (denial, answer) {
                (None, ClaimOutcome::InProgress { .. }) => "S8",
                (_, ClaimOutcome::Duplicate { .. })
                    if !matches!(self.state, State::Done { .. }) =>
                {
                    "S1"
                }
                _ => "transition",
            };
            return Err(Violation::of(invariant, format!("{answer:?} is not {denial:?}")));
        };
        if let Some(denial) = denial {
            let invariant = if let ClaimOutcome::InProgress { .. } = denial { "S2" } else { "S3" };
            return Err(Violation::of(invariant, format!("granted where it is {denial:?}")));
        }
        if self.granted.is_some_and(|last| fencing_token <= last) {
            return Err(Violation::of("S4", format!("{fencing_token:?} after {:?}", self.granted)));
        }
        let lease_is_over = matches!(self.state, State::InProgress { .. });
        if takeover != lease_is_over && !(lease_is_over && self.is_due(now)) {
            return Err(Violation::of("transition", format!("takeover is {takeover}")));
        }
        let lease_until = now.saturating_add(lease);
        self.state = State::InProgress { fencing_token, lease_until, fingerprint };
        self.granted = Some(fencing_token);
        Ok(())
    }

    pub(crate) fn settled(
        &mut self,
        now: Timestamp,
        shown: FencingToken,
        settle: Settle,
        answer: UpdateOutcome,
    ) -> Result<(), Violation> {
        let (current, applies) = match self.state {
            State::InProgress { fencing_token, .. } => (fencing_token == shown, true),
            State::Done { fencing_token, .. } => {
                (fencing_token == shown, matches!(settle, Settle::Commit { .. }))
            }
            State::Absent => (false, false),
        };
        let due =
            if current && applies { UpdateOutcome::Applied } else { UpdateOutcome::StaleToken };
        if answer != due {
            if due == UpdateOutcome::Applied && self.is_due(now) {
                self.state = State::Absent;
                return Ok(());
            }
            let invariant = match due {
                UpdateOutcome::StaleToken if !current => "S5",
                UpdateOutcome::StaleToken => "S3",
                UpdateOutcome::Applied => "transition",
            };
            return Err(Violation::of(invariant, format!("{settle:?} is {answer:?}, not {due:?}")));
        }
        if let (State::InProgress { fencing_token, fingerprint, .. }, UpdateOutcome::Applied) =
            (self.state, answer)
        {
            self.state = match settle {
                Settle::Renew { lease } => State::InProgress {
                    fencing_token,
                    fingerprint,
                    lease_until: now.saturating_add(lease),
                },
                Settle::Commit { retention } => State::Done {
                    fencing_token,
                    fingerprint,
                    expires: now.saturating_add(retention),
                },
                Settle::Release => State::Absent,
            };
        }
        Ok(())
    }
}
