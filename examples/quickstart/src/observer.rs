//! Observes the reason for each response, which is not sent to the client.

use countersign::{Outcome, Rejection};
use tokio::sync::mpsc;

/// The result of a request.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// The request was authentic.
    Verified(Outcome),
    /// The request was rejected, or its body could not be decoded.
    Rejected(Rejection),
    /// The request was not for a webhook route.
    NotAWebhook,
    /// The sender disconnected before the response.
    Disconnected,
}

impl Verdict {
    /// The verdict in the extensions of a response.
    pub(crate) fn of(rejection: Option<&Rejection>, outcome: Option<&Outcome>) -> Self {
        match (rejection, outcome) {
            (Some(rejection), _) => Self::Rejected(rejection.clone()),
            (None, Some(outcome)) => Self::Verified(*outcome),
            (None, None) => Self::NotAWebhook,
        }
    }
}

/// Reports a verdict for each request.
#[derive(Clone, Debug)]
pub(crate) struct Observer(mpsc::UnboundedSender<Verdict>);

impl Observer {
    /// Creates an observer, and the receiver of its verdicts.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Verdict>) {
        let (verdicts, given) = mpsc::unbounded_channel();
        (Self(verdicts), given)
    }

    /// Starts observing a request.
    pub(crate) fn start(&self) -> Observed {
        Observed { verdicts: self.0.clone(), verdict: Verdict::Disconnected }
    }
}

/// Reports its verdict when dropped, since a server drops the future of a request whose sender has
/// disconnected.
pub(crate) struct Observed {
    verdicts: mpsc::UnboundedSender<Verdict>,
    verdict: Verdict,
}

impl Observed {
    pub(crate) fn finish(mut self, verdict: Verdict) {
        self.verdict = verdict;
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        drop(self.verdicts.send(self.verdict.clone()));
    }
}
