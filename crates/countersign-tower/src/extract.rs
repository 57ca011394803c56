//! Extractors for axum.

use axum::extract::FromRequestParts;
use countersign::{Delivery, FromDelivery};
use http::request::Parts;

use crate::rejection::WebhookRejection;

/// An authentic event as `T`: the sender's event type, one event's struct, or a type of your own.
///
/// A type of your own is decoded from JSON or from a form, as the sender writes its bodies; see
/// [Forms](https://github.com/countersign/countersign/blob/main/docs/forms.md). `Webhook<Delivery>` extracts
/// the verified request itself. A body that does not fit `T` gets 422, and the event is not marked as
/// handled.
///
/// ```
/// use countersign_tower::{Webhook, omniai};
///
/// async fn on_event(Webhook(event): Webhook<omniai::Event>) {
///     println!("{}", event.name());
/// }
/// # let _: axum::routing::MethodRouter = axum::routing::post(on_event);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Webhook<T>(pub T);

impl<T: FromDelivery, S: Sync> FromRequestParts<S> for Webhook<T> {
    type Rejection = WebhookRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let delivery: &Delivery = parts.extensions.get().ok_or(WebhookRejection::missing_layer())?;
        Ok(Self(T::from_delivery(delivery)?))
    }
}
