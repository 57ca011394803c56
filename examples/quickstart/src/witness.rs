//! What the operator can see: the reason behind each answer, which the wire does not carry.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use countersign_tower::{Outcome, Refusal};
use tokio::sync::mpsc;

/// What became of a request.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// It was authentic.
    Verified(Outcome),
    /// It was not, or its body does not fit the handler's type.
    Refused(Refusal),
    /// No webhook route took it.
    Elsewhere,
    /// The sender hung up before it was answered.
    HungUp,
}

impl Verdict {
    /// The layer and the extractor leave what they found in the response's extensions.
    fn of(response: &Response) -> Self {
        let extensions = response.extensions();
        if let Some(refusal) = extensions.get::<Refusal>() {
            return Self::Refused(refusal.clone());
        }
        extensions.get::<Outcome>().map_or(Self::Elsewhere, |outcome| Self::Verified(*outcome))
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
}

/// A middleware for outside all webhook routes.
pub(crate) async fn watch(
    State(Witness(verdicts)): State<Witness>,
    request: Request,
    next: Next,
) -> Response {
    let mut pending = Pending { verdicts, verdict: Verdict::HungUp };
    let response = next.run(request).await;
    pending.verdict = Verdict::of(&response);
    response
}

/// Gives its verdict when dropped: a server drops the future of a request whose sender hung up.
struct Pending {
    verdicts: mpsc::UnboundedSender<Verdict>,
    verdict: Verdict,
}

impl Drop for Pending {
    fn drop(&mut self) {
        drop(self.verdicts.send(self.verdict.clone()));
    }
}
