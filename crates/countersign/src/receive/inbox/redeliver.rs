//! From a message to its delivery and its handler.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use super::message::QueuedMessage;
use super::request::StoredRequest;
use crate::dedup::{Store, StoreError, StoreErrorKind};
use crate::error::{Rejection, RejectionKind};
use crate::inbox::ClaimedMessage;
use crate::receive::adapter_state::AdapterState;
use crate::receive::receiver::Receiver;
use crate::receive::response::Response;
use crate::receive::timer::{Timer, before, sleep};
use crate::receive::trace;
use crate::verify::{Delivery, Redelivery};

impl Receiver {
    /// Returns the delivery of a message that this receiver's endpoint has stored.
    ///
    /// The delivery was verified before it was stored, and is not verified again: its key may have been
    /// removed since, and its time is no longer fresh.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the message belongs to another endpoint or tenant, or cannot be read.
    pub fn redeliver(&self, message: &ClaimedMessage) -> Result<Delivery, StoreError> {
        let unreadable = |text: String| StoreError::new(StoreErrorKind::Unavailable, text);
        if *message.endpoint != *self.endpoint() || message.tenant.as_deref() != self.tenant() {
            return Err(unreadable(format!(
                "the message belongs to the endpoint `{}` or its tenant: use the receiver of that one",
                message.endpoint
            )));
        }
        let stored: StoredRequest = serde_json::from_str(&message.request).map_err(|error| {
            unreadable(format!("the message was stored by another version: {error}"))
        })?;
        let redelivery = Redelivery {
            token: message.token,
            attempt: message.attempt,
            is_takeover: message.is_takeover,
            replays: message.replays,
            key_name: Box::default(),
        };
        stored
            .delivery
            .redeliver(self.shared_verifier(), message.body.clone(), redelivery)
            .ok_or_else(|| {
                unreadable("the message was stored by another version, or changed".to_owned())
            })
    }
}

/// Runs the handler of a message that has reached the layer, and returns its response.
///
/// `start` gets the delivery and returns the handler's future, as in [`drive`](crate::adapter::drive). Claim,
/// lease, timeout and settlement are the worker's, so there is nothing that outlives the handler.
///
/// # Errors
///
/// The [`Response`] to send where the handler cannot run. If the message belongs to another layer, the worker
/// reports that none has received it.
pub async fn handle_message<T, H: Future>(
    state: &AdapterState,
    timer: &T,
    message: &QueuedMessage,
    start: impl FnOnce(Delivery) -> H,
) -> Result<H::Output, Response>
where
    T: Timer<Sleep: Send + 'static> + Clone + Send + Sync + 'static,
{
    let claimed = message.claimed();
    let failed = |detail: String| {
        Response::from(Rejection::new(RejectionKind::KeysUnavailable).with_detail(detail))
    };
    let own = state.default_receiver();
    let is_own = state.inbox().is_some_and(|inbox| inbox.is_same(message.inbox()))
        && *own.endpoint() == *claimed.endpoint;
    if !is_own {
        return Err(failed(format!(
            "the route's layer is not that of the endpoint `{}` with the worker's inbox",
            claimed.endpoint
        )));
    }
    message.set_received();
    let limit = || sleep(timer, own.timeouts().store);
    let receiver = state.receiver_of(claimed.tenant.as_deref());
    let receiver = match before(pin!(receiver), limit).await {
        Some(receiver) => receiver.map_err(Response::from)?,
        None => return Err(failed("the key resolver did not return in time".to_owned())),
    };
    let mut delivery = receiver.redeliver(claimed).map_err(|error| failed(error.to_string()))?;
    let store: Arc<dyn Store> = message.inbox().store().clone();
    receiver.prepare_items_in(store, &mut delivery, timer.clone());
    let span = trace::span(&receiver, &delivery);
    Ok(trace::instrument(span, async move { start(delivery).await }).await)
}
