//! What an event's answers so far allow it to answer next.
//!
//! The store judges by a clock of its own, which the suite does not read. So a span is `Long`, and
//! never over, or brief, and over for certain once the suite has let it pass.

use super::probe::Settle;
use super::violation::{Violation, ViolationKind};
use crate::dedup::{Claim, Fence, Settled};

/// What is known of a lease or a retention.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Span {
    Runs,
    MayBeOver,
    IsOver,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Event {
    state: State,
    granted: Option<Fence>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Absent,
    InProgress {
        fence: Fence,
        lease: Span,
        fingerprint: u64,
    },
    Done {
        fence: Fence,
        kept: Span,
        fingerprint: u64,
    },
}

impl Event {
    /// The last fence granted.
    pub(super) const fn granted(&self) -> Option<Fence> {
        self.granted
    }

    /// What is brief is now over.
    pub(super) const fn pass(&mut self) {
        if let State::InProgress { lease: span, .. } | State::Done { kept: span, .. } =
            &mut self.state
            && matches!(span, Span::MayBeOver)
        {
            *span = Span::IsOver;
        }
    }

    /// Judges the answer to a claim, and follows it.
    pub(super) fn claimed(
        &mut self,
        fingerprint: u64,
        lease: Span,
        answer: Claim,
    ) -> Result<(), Violation> {
        let state = self.state;
        let wrong = |kind| Err(Violation::new(kind, format!("{answer:?} in {state:?}")));
        match (answer, state) {
            (Claim::Acquired { .. }, State::InProgress { lease: Span::Runs, .. }) => {
                wrong(ViolationKind::TwoAtATime)
            }
            (Claim::Acquired { .. }, State::Done { kept: Span::Runs, .. }) => {
                wrong(ViolationKind::DoneTwice)
            }
            (Claim::Acquired { fence, takeover }, _) => {
                if takeover != matches!(state, State::InProgress { .. }) {
                    return wrong(ViolationKind::Transition);
                }
                if self.granted.is_some_and(|last| fence <= last) {
                    return wrong(ViolationKind::FenceNotHigher);
                }
                self.state = State::InProgress { fence, lease, fingerprint };
                self.granted = Some(fence);
                Ok(())
            }
            (Claim::Busy { .. }, State::InProgress { lease, .. }) if lease != Span::IsOver => {
                Ok(())
            }
            (Claim::Duplicate { same_body }, State::Done { kept, fingerprint: first, .. })
                if kept != Span::IsOver && same_body == (first == fingerprint) =>
            {
                Ok(())
            }
            (Claim::Duplicate { .. }, State::Absent | State::InProgress { .. }) => {
                wrong(ViolationKind::Lost)
            }
            (Claim::Duplicate { .. }, State::Done { kept, .. }) if kept != Span::IsOver => {
                wrong(ViolationKind::Transition)
            }
            _ => wrong(ViolationKind::Stuck),
        }
    }

    /// Judges the answer to an operation, and follows it. `span` is that of a renewal or commit.
    pub(super) fn settled(
        &mut self,
        shown: Fence,
        settle: Settle,
        span: Span,
        answer: Settled,
    ) -> Result<(), Violation> {
        let state = self.state;
        let wrong = |kind| {
            let how = format!("{settle:?} with {shown:?} is {answer:?} in {state:?}");
            Err(Violation::new(kind, how))
        };
        match (answer, state) {
            (Settled::Applied, State::InProgress { fence, fingerprint, .. }) if fence == shown => {
                self.state = match settle {
                    Settle::Renew(_) => State::InProgress { fence, lease: span, fingerprint },
                    Settle::Commit(_) => State::Done { fence, kept: span, fingerprint },
                    Settle::Release => State::Absent,
                };
                Ok(())
            }
            (Settled::Stale, State::InProgress { fence, .. }) if fence == shown => {
                wrong(ViolationKind::Transition)
            }
            // A store may have forgotten what is over.
            (_, State::Done { fence, kept, .. })
                if fence == shown && matches!(settle, Settle::Commit(_)) =>
            {
                if answer == Settled::Stale && kept == Span::Runs {
                    return wrong(ViolationKind::Transition);
                }
                Ok(())
            }
            (Settled::Applied, State::Done { fence, .. }) if fence == shown => {
                wrong(ViolationKind::DoneTwice)
            }
            (Settled::Applied, _) => wrong(ViolationKind::StaleApplied),
            (Settled::Stale, _) => Ok(()),
        }
    }
}
