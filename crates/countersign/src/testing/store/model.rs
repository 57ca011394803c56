//! What an event's answers so far allow it to answer next.
//!
//! The store judges by a clock of its own, which the suite does not read. So a span is `Long`, and
//! never over, or brief, and over for certain once the suite has let it pass.

use super::probe::Settle;
use super::violation::{Violation, ViolationKind};
use crate::dedup::{ClaimOutcome, FencingToken, UpdateOutcome};

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
    granted: Option<FencingToken>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Absent,
    InProgress {
        fencing_token: FencingToken,
        lease: Span,
        fingerprint: u64,
    },
    Done {
        fencing_token: FencingToken,
        kept: Span,
        fingerprint: u64,
    },
}

impl Event {
    /// The last fencing token granted.
    pub(super) const fn granted(&self) -> Option<FencingToken> {
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
    pub(super) fn claim(
        &mut self,
        fingerprint: u64,
        lease: Span,
        answer: ClaimOutcome,
    ) -> Result<(), Violation> {
        let state = self.state;
        let wrong = |kind| Err(Violation::new(kind, format!("{answer:?} in {state:?}")));
        match (answer, state) {
            (ClaimOutcome::Acquired { .. }, State::InProgress { lease: Span::Runs, .. }) => {
                wrong(ViolationKind::TwoAtATime)
            }
            (ClaimOutcome::Acquired { .. }, State::Done { kept: Span::Runs, .. }) => {
                wrong(ViolationKind::DoneTwice)
            }
            (ClaimOutcome::Acquired { fencing_token, takeover }, _) => {
                if takeover != matches!(state, State::InProgress { .. }) {
                    return wrong(ViolationKind::Transition);
                }
                if self.granted.is_some_and(|last| fencing_token <= last) {
                    return wrong(ViolationKind::FencingTokenNotHigher);
                }
                self.state = State::InProgress { fencing_token, lease, fingerprint };
                self.granted = Some(fencing_token);
                Ok(())
            }
            (ClaimOutcome::InProgress { .. }, State::InProgress { lease, .. })
                if lease != Span::IsOver =>
            {
                Ok(())
            }
            (
                ClaimOutcome::Duplicate { same_body },
                State::Done { kept, fingerprint: first, .. },
            ) if kept != Span::IsOver && same_body == (first == fingerprint) => Ok(()),
            (ClaimOutcome::Duplicate { .. }, State::Absent | State::InProgress { .. }) => {
                wrong(ViolationKind::Lost)
            }
            (ClaimOutcome::Duplicate { .. }, State::Done { kept, .. }) if kept != Span::IsOver => {
                wrong(ViolationKind::Transition)
            }
            _ => wrong(ViolationKind::Stuck),
        }
    }

    /// Judges the answer to an operation, and follows it. `span` is that of a renewal or commit.
    pub(super) fn settled(
        &mut self,
        shown: FencingToken,
        settle: Settle,
        span: Span,
        answer: UpdateOutcome,
    ) -> Result<(), Violation> {
        let state = self.state;
        let wrong = |kind| {
            let how = format!("{settle:?} with {shown:?} is {answer:?} in {state:?}");
            Err(Violation::new(kind, how))
        };
        match (answer, state) {
            (UpdateOutcome::Applied, State::InProgress { fencing_token, fingerprint, .. })
                if fencing_token == shown =>
            {
                self.state = match settle {
                    Settle::Renew(_) => {
                        State::InProgress { fencing_token, lease: span, fingerprint }
                    }
                    Settle::Commit(_) => State::Done { fencing_token, kept: span, fingerprint },
                    Settle::Release => State::Absent,
                };
                Ok(())
            }
            (UpdateOutcome::StaleToken, State::InProgress { fencing_token, .. })
                if fencing_token == shown =>
            {
                wrong(ViolationKind::Transition)
            }
            // A store may have forgotten what is over.
            (_, State::Done { fencing_token, kept, .. })
                if fencing_token == shown && matches!(settle, Settle::Commit(_)) =>
            {
                if answer == UpdateOutcome::StaleToken && kept == Span::Runs {
                    return wrong(ViolationKind::Transition);
                }
                Ok(())
            }
            (UpdateOutcome::Applied, State::Done { fencing_token, .. })
                if fencing_token == shown =>
            {
                wrong(ViolationKind::DoneTwice)
            }
            (UpdateOutcome::Applied, _) => wrong(ViolationKind::StaleApplied),
            (UpdateOutcome::StaleToken, _) => Ok(()),
        }
    }
}
