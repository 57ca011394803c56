//! The steps from a request's headers to a verified delivery, in one order for every adapter.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::adapter_state::AdapterState;
use super::outcome::Outcome;
use super::receiver::Receiver;
use super::report::{report_outcome, report_rejection};
use super::response::{Response, rejection};
use super::timer::{Timer, timeout_at};
use crate::error::{Rejection, RejectionKind};
use crate::headers::Headers;
use crate::senders::HandshakeResponse;
use crate::verify::Delivery;

/// Verifies a request, and returns the delivery with the receiver that verified it.
///
/// The steps are, in this order: the method or an unsigned handshake, the tenant's keys, the headers,
/// the body, and a signed handshake. `poll_body` returns the body's next piece, or `None` at its end;
/// it is not called before the headers have passed, nor after the body exceeds its largest size. Its
/// error becomes the rejection: [`body_interrupted`](crate::adapter::body_interrupted) or
/// [`body_limited`](crate::adapter::body_limited).
/// Rejections and handshakes are reported through `tracing` and `metrics`.
///
/// See [the example](crate::adapter#example).
///
/// # Errors
///
/// The [`Response`] to send instead of calling the handler: to a request that is rejected, or to a
/// handshake.
pub async fn verify<H: Headers + ?Sized, E: Into<Rejection>>(
    state: &AdapterState,
    timer: &impl Timer,
    method: &str,
    head: &H,
    poll_body: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, E>>>,
) -> Result<(Arc<Receiver>, Delivery), Response> {
    let endpoint = state.default_receiver();
    match endpoint.handshake_response(method, head) {
        Ok(None) => {}
        Ok(Some(response)) => return Err(handshake(endpoint, response)),
        Err(rejection) => return Err(reject(endpoint, rejection)),
    }
    let limit = pin!(timer.sleep(endpoint.timeouts().store));
    let receiver = timeout_at(pin!(state.receiver(head)), limit).await;
    let receiver = receiver
        .unwrap_or_else(|| Err(keys_timed_out()))
        .map_err(|rejection| reject(endpoint, rejection))?;
    let delivery = verify_with(&receiver, state, timer, head, poll_body).await;
    let delivery = delivery.map_err(|rejection| reject(&receiver, rejection))?;
    match receiver.signed_handshake_response(&delivery) {
        None => Ok((receiver, delivery)),
        Some(response) => Err(handshake(&receiver, response)),
    }
}

/// Reads the body only after the headers have passed, and no more of it than is accepted.
async fn verify_with<H: Headers + ?Sized, E: Into<Rejection>>(
    receiver: &Receiver,
    state: &AdapterState,
    timer: &impl Timer,
    head: &H,
    mut poll_body: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, E>>>,
) -> Result<Delivery, Rejection> {
    let mut verifier = receiver.open(head, state.now())?;
    let read = async {
        while let Some(piece) = poll_fn(&mut poll_body).await {
            verifier.update(piece.map_err(Into::into)?)?;
        }
        Ok(())
    };
    let limit = pin!(timer.sleep(receiver.timeouts().body));
    timeout_at(pin!(read), limit)
        .await
        .unwrap_or_else(|| Err(Rejection::new(RejectionKind::BodyTimeout)))?;
    verifier.finalize()
}

fn reject(receiver: &Receiver, rejection: Rejection) -> Response {
    report_rejection(receiver, &rejection);
    rejection.into()
}

fn handshake(receiver: &Receiver, response: HandshakeResponse) -> Response {
    report_outcome(receiver, Outcome::HandshakeAnswered);
    response.into()
}

fn keys_timed_out() -> Rejection {
    rejection(
        RejectionKind::KeysUnavailable,
        "the key resolver did not return within `store_timeout`",
    )
}
