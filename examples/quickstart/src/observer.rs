//! What the operator can see: the reason behind each answer, which the wire does not carry.

use countersign::{Outcome, Rejection};
use tokio::sync::mpsc;

/// What became of a request.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// It was authentic.
    Verified(Outcome),
    /// It was not, or its body does not fit the handler's type.
    Rejected(Rejection),
    /// No webhook route took it.
    Elsewhere,
    /// The sender hung up before it was answered.
    HungUp,
}

impl Verdict {
    /// By what stands in the extensions of the response.
    pub(crate) fn of(rejection: Option<&Rejection>, outcome: Option<&Outcome>) -> Self {
        match (rejection, outcome) {
            (Some(rejection), _) => Self::Rejected(rejection.clone()),
            (None, Some(outcome)) => Self::Verified(*outcome),
            (None, None) => Self::Elsewhere,
        }
    }
}

/// Reports a verdict on each request.
#[derive(Clone, Debug)]
pub(crate) struct Witness(mpsc::UnboundedSender<Verdict>);

impl Witness {
    /// A witness, and its verdicts.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Verdict>) {
        let (verdicts, given) = mpsc::unbounded_channel();
        (Self(verdicts), given)
    }

    /// Watches a request from here on.
    pub(crate) fn begin(&self) -> Watched {
        Watched { verdicts: self.0.clone(), verdict: Verdict::HungUp }
    }
}

/// Gives its verdict when dropped: a server drops the future of a request whose sender hung up.
pub(crate) struct Watched {
    verdicts: mpsc::UnboundedSender<Verdict>,
    verdict: Verdict,
}

impl Watched {
    pub(crate) fn end(mut self, verdict: Verdict) {
        self.verdict = verdict;
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.verdicts.send(self.verdict.clone()));
    }
}
