//! The steps from a request's headers to a verified delivery, in one order for every adapter.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::adapter_state::AdapterState;
use super::log::Recording;
use super::outcome::Outcome;
use super::receiver::Receiver;
use super::report::{report_outcome, report_rejection};
use super::response::{Response, rejection};
use super::timer::{Timer, before, sleep, yield_now};
use super::unsigned::{MaybeUnsigned, Received};
use crate::error::{Rejection, RejectionKind};
use crate::headers::Headers;
use crate::log::Capture;
use crate::senders::{HandshakeResponse, UnsignedPost};
use crate::time::Timestamp;
use crate::verify::Delivery;

/// Verifies a request, and returns the delivery with the receiver that verified it.
///
/// The steps are, in this order: the method or a handshake without a body, the tenant's keys, the headers,
/// the body, and a handshake in the body. `poll_body` returns the body's next piece, or `None` at its end;
/// it is not called before the headers have passed, nor after the body exceeds its largest size, unless the log
/// [keeps rejected requests](crate::log::DeliveryLogBuilder::capture_rejected). Its error becomes the rejection: [`body_interrupted`](crate::adapter::body_interrupted) or
/// [`body_limited`](crate::adapter::body_limited).
/// Rejections and handshakes are reported through `tracing` and `metrics`, and end the `recording`.
///
/// See [the example](crate::adapter#example).
///
/// # Errors
///
/// The [`Response`] to send instead of calling the handler: to a request that is rejected, or to a
/// handshake.
pub async fn verify<H: Headers + ?Sized, E: Into<Rejection>>(
    state: &AdapterState,
    recording: &mut Recording,
    timer: &impl Timer,
    method: &str,
    head: &H,
    mut poll_body: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, E>>>,
) -> Result<(Arc<Receiver>, Delivery), Response> {
    let endpoint = state.default_receiver();
    let now = state.now();
    let mut capture = recording.capture();
    let verified = async {
        let limit = || sleep(timer, endpoint.timeouts().store);
        let receiver = before(pin!(receiver(state, method, head, now)), limit).await;
        let receiver = receiver.unwrap_or_else(|| rejected(endpoint, keys_timed_out()))?;
        match verify_with(&receiver, timer, head, now, &mut poll_body, &mut capture).await {
            Ok(Received::Handshake(response)) => Err(Refused::Handshake(receiver, response)),
            Ok(Received::Delivery(delivery)) => match receiver.signed_handshake_response(&delivery)
            {
                None => Ok((receiver, delivery)),
                Some(response) => Err(Refused::Handshake(receiver, response)),
            },
            Err(rejection) => Err(Refused::Rejected(receiver, rejection)),
        }
    };
    match verified.await {
        Ok((receiver, delivery)) => {
            recording.verified(&receiver, &delivery);
            Ok((receiver, delivery))
        }
        Err(Refused::Rejected(receiver, rejection)) => {
            report_rejection(&receiver, &rejection);
            if let Some(capture) = capture.as_mut().filter(|_| recording.keeps_rejected()) {
                let read = read_rest(capture, &mut poll_body);
                before(pin!(read), || sleep(timer, receiver.timeouts().body)).await;
            }
            recording.reject(capture, &receiver, method, head, &rejection);
            Err(rejection.into())
        }
        Err(Refused::Handshake(receiver, response)) => {
            report_outcome(&receiver, Outcome::HandshakeAnswered);
            recording.handshake(&receiver, response.status());
            Err(response.into())
        }
    }
}

/// Reads the rest of a rejected request's body, as far as it is kept.
async fn read_rest<E>(
    capture: &mut Capture,
    mut poll_body: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, E>>>,
) {
    while capture.has_space() {
        match poll_fn(&mut poll_body).await {
            Some(Ok(piece)) => capture.keep(&piece),
            Some(Err(_)) => return,
            None => return capture.complete(),
        }
    }
}

/// Why a request has no delivery, with the receiver that found it out.
enum Refused {
    Rejected(Arc<Receiver>, Rejection),
    Handshake(Arc<Receiver>, HandshakeResponse),
}

fn rejected<T>(receiver: &Arc<Receiver>, rejection: Rejection) -> Result<T, Refused> {
    Err(Refused::Rejected(Arc::clone(receiver), rejection))
}

/// Returns the receiver of a `POST`.
///
/// # Errors
///
/// The response to a handshake by another method, or to a request that is rejected.
async fn receiver<H: Headers + ?Sized>(
    state: &AdapterState,
    method: &str,
    head: &H,
    now: Timestamp,
) -> Result<Arc<Receiver>, Refused> {
    let endpoint = state.default_receiver();
    let owner = if endpoint.handshake_needs_key(method, head) {
        match state.resolve(head).await {
            Ok(owner) => owner,
            Err(rejection) => return rejected(endpoint, rejection),
        }
    } else {
        Arc::clone(endpoint)
    };
    match owner.handshake_response_at(method, head, Some(now)) {
        Ok(None) => {}
        Ok(Some(response)) => return Err(Refused::Handshake(owner, response)),
        Err(rejection) => return rejected(&owner, rejection),
    }
    match state.receiver(head).await {
        // A handshake that no key has signed may name no tenant, and concerns none.
        Err(rejection)
            if rejection.kind() == RejectionKind::MissingHeader
                && endpoint.unsigned_post(head) != UnsignedPost::No =>
        {
            Ok(Arc::clone(endpoint))
        }
        Ok(receiver) => Ok(receiver),
        Err(rejection) => rejected(endpoint, rejection),
    }
}

/// Reads the body only after the headers have passed, or may be those of a handshake, and no more of it than
/// is accepted.
async fn verify_with<H: Headers + ?Sized, E: Into<Rejection>>(
    receiver: &Receiver,
    timer: &impl Timer,
    head: &H,
    now: Timestamp,
    mut poll_body: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, E>>>,
    capture: &mut Option<Capture>,
) -> Result<Received, Rejection> {
    let mut unsigned = MaybeUnsigned::new(receiver, head);
    let mut verifier = unsigned.check_headers(receiver.open(head, now))?;
    let read = async {
        while let Some(piece) = poll_fn(&mut poll_body).await {
            let piece = piece.map_err(Into::into)?;
            if let Some(capture) = capture {
                capture.keep(&piece);
            }
            unsigned.keep(&piece)?;
            if let Some(verifier) = &mut verifier {
                verifier.update(piece)?;
            }
        }
        if let Some(capture) = capture {
            capture.complete();
        }
        Ok(())
    };
    let limit = async || {
        // The first wait is over at once where the body has arrived with its headers, as most do. The limit
        // is polled before the body, so the body is read between the two.
        yield_now().await;
        yield_now().await;
        sleep(timer, receiver.timeouts().body).await;
    };
    before(pin!(read), limit)
        .await
        .unwrap_or_else(|| Err(Rejection::new(RejectionKind::BodyTimeout)))?;
    unsigned.finish(verifier, receiver, head, now)
}

fn keys_timed_out() -> Rejection {
    rejection(
        RejectionKind::KeysUnavailable,
        "the key resolver did not return within `store_timeout`",
    )
}
