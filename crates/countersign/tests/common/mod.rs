//! Verifies one request with a sender's verifier, as most tests here do.

use countersign::senders::Sender;
use countersign::{Delivery, Headers, Rejection, Timestamp};

/// The largest accepted body in tests, in bytes.
pub(crate) const CAP: usize = 64 * 1024;

/// Verifies a request, both streaming and with the whole body, and checks that the results agree.
pub(crate) fn receive(
    sender: &dyn Sender,
    headers: &(impl Headers + ?Sized),
    body: &[u8],
    now: Timestamp,
) -> Result<Delivery, Rejection> {
    let streaming = || {
        let mut verifier = sender.verifier().open(headers, now, CAP)?;
        verifier.update(body.to_vec())?;
        verifier.finalize()
    };
    let streamed = streaming();
    let buffered = sender.verifier().verify(headers, body.to_vec(), now, CAP);
    let summary = |result: &Result<Delivery, Rejection>| match result {
        Ok(delivery) => Ok((delivery.key_name().to_owned(), delivery.body().clone())),
        Err(rejection) => Err(rejection.clone()),
    };
    assert_eq!(
        summary(&streamed),
        summary(&buffered),
        "streaming and buffered verification differ"
    );
    streamed
}
