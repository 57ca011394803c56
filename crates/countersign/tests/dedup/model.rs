//! The state machine that every store follows, as a judge of its answers.
//!
//! Two things are the store's to choose: the fences' numbers, and when it forgets what is due to
//! be forgotten. An event is due once its record has expired, or a day after its claim's lease.

use std::time::Duration;

use countersign::{Claim, Fence, Settled, Timestamp};

use super::check::Violation;

const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What one event's answers so far say of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Event {
    state: State,
    granted: Option<Fence>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Absent,
    InProgress {
        fence: Fence,
        lease_until: Timestamp,
        fingerprint: u64,
    },
    Done {
        fence: Fence,
        expires: Timestamp,
        fingerprint: u64,
    },
}

/// An operation that takes a fence.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Settle {
    Renew { lease: Duration },
    Commit { retention: Duration },
    Release,
}

impl Event {
    /// The last fence granted.
    pub(crate) const fn granted(&self) -> Option<Fence> {
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
    pub(crate) fn denial(&self, now: Timestamp, fingerprint: u64) -> Option<Claim> {
        match self.state {
            State::InProgress { lease_until, .. } if now < lease_until => {
                Some(Claim::Busy { retry_after: lease_until.saturating_since(now) })
            }
            State::Done { expires, fingerprint: first, .. } if now < expires => {
                Some(Claim::Duplicate { same_body: first == fingerprint })
            }
            _ => None,
        }
    }

    pub(crate) fn claimed(
        &mut self,
        now: Timestamp,
        fingerprint: u64,
        lease: Duration,
        answer: Claim,
    ) -> Result<(), Violation> {
        let denial = self.denial(now, fingerprint);
        if denial == Some(answer) {
            return Ok(());
        }
        let Claim::Acquired { fence, takeover } = answer else {
            let invariant = match (denial, answer) {
                (None, Claim::Busy { .. }) => "S8",
                (_, Claim::Duplicate { .. }) if !matches!(self.state, State::Done { .. }) => "S1",
                _ => "transition",
            };
            return Err(Violation::of(invariant, format!("{answer:?} is not {denial:?}")));
        };
        if let Some(denial) = denial {
            let invariant = if let Claim::Busy { .. } = denial { "S2" } else { "S3" };
            return Err(Violation::of(invariant, format!("granted where it is {denial:?}")));
        }
        if self.granted.is_some_and(|last| fence <= last) {
            return Err(Violation::of("S4", format!("{fence:?} after {:?}", self.granted)));
        }
        let lease_is_over = matches!(self.state, State::InProgress { .. });
        if takeover != lease_is_over && !(lease_is_over && self.is_due(now)) {
            return Err(Violation::of("transition", format!("takeover is {takeover}")));
        }
        let lease_until = now.saturating_add(lease);
        self.state = State::InProgress { fence, lease_until, fingerprint };
        self.granted = Some(fence);
        Ok(())
    }

    pub(crate) fn settled(
        &mut self,
        now: Timestamp,
        shown: Fence,
        settle: Settle,
        answer: Settled,
    ) -> Result<(), Violation> {
        let (current, applies) = match self.state {
            State::InProgress { fence, .. } => (fence == shown, true),
            State::Done { fence, .. } => (fence == shown, matches!(settle, Settle::Commit { .. })),
            State::Absent => (false, false),
        };
        let due = if current && applies { Settled::Applied } else { Settled::Stale };
        if answer != due {
            if due == Settled::Applied && self.is_due(now) {
                self.state = State::Absent;
                return Ok(());
            }
            let invariant = match due {
                Settled::Stale if !current => "S5",
                Settled::Stale => "S3",
                Settled::Applied => "transition",
            };
            return Err(Violation::of(invariant, format!("{settle:?} is {answer:?}, not {due:?}")));
        }
        if let (State::InProgress { fence, fingerprint, .. }, Settled::Applied) =
            (self.state, answer)
        {
            self.state = match settle {
                Settle::Renew { lease } => {
                    State::InProgress { fence, fingerprint, lease_until: now.saturating_add(lease) }
                }
                Settle::Commit { retention } => {
                    State::Done { fence, fingerprint, expires: now.saturating_add(retention) }
                }
                Settle::Release => State::Absent,
            };
        }
        Ok(())
    }
}
