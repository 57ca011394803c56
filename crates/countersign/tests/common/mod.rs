//! What every suite does: hand one request to a sender's verifier.

use countersign::senders::Sender;
use countersign::{Delivery, Headers, Rejection, Timestamp};

/// The cap on bodies in tests.
pub(crate) const CAP: usize = 64 * 1024;

/// Receives a body in one piece: the answer is the same whether it arrives or is at hand.
pub(crate) fn receive(
    sender: &dyn Sender,
    headers: &(impl Headers + ?Sized),
    body: &[u8],
    now: Timestamp,
) -> Result<Delivery, Rejection> {
    let arriving = || {
        let mut verifier = sender.verifier().open(headers, now, CAP)?;
        verifier.update(body.to_vec())?;
        verifier.finalize()
    };
    let answer = arriving();
    let at_hand = sender.verifier().verify(headers, body.to_vec(), now, CAP);
    let told = |answer: &Result<Delivery, Rejection>| match answer {
        Ok(delivery) => Ok((delivery.key_name().to_owned(), delivery.body().clone())),
        Err(rejection) => Err(rejection.clone()),
    };
    assert_eq!(told(&answer), told(&at_hand), "it matters whether the body is at hand");
    answer
}
