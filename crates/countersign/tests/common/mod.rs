//! What every suite does: hand one request to a sender's verifier.

use countersign::{Delivery, Headers, Provider, Refusal, Timestamp};

/// The cap on bodies in tests.
pub(crate) const CAP: usize = 64 * 1024;

/// Receives a body that arrives in one piece.
pub(crate) fn receive(
    sender: &dyn Provider,
    headers: &(impl Headers + ?Sized),
    body: &[u8],
    now: Timestamp,
) -> Result<Delivery, Refusal> {
    let mut intake = sender.verifier().open(headers, now, CAP)?;
    intake.push(body.to_vec())?;
    intake.finish()
}
