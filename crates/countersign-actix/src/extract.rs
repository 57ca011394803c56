//! Extractors.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use countersign::{Delivery, FromDelivery};

use crate::rejection::WebhookRejection;

/// An authentic event as `T`: the sender's event type, one event's struct, or a type of your own.
///
/// A type of your own is decoded from JSON or from a form, as the sender writes its bodies; see
/// [Forms](https://github.com/countersign/countersign/blob/main/docs/forms.md). `Webhook<Delivery>` extracts
/// the verified request itself. A body that does not fit `T` gets 422, and the event is not marked as
/// handled.
///
/// ```
/// use countersign_actix::{Webhook, omniai};
///
/// async fn on_event(Webhook(event): Webhook<omniai::Event>) -> &'static str {
///     println!("{}", event.name());
///     "thanks"
/// }
/// # let _ = actix_web::web::post().to(on_event);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Webhook<T>(pub T);

impl<T: FromDelivery + 'static> FromRequest for Webhook<T> {
    type Error = WebhookRejection;
    type Future = Ready<Result<Self, WebhookRejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let delivery = request.extensions().get::<Delivery>().cloned();
        let extracted = delivery.ok_or(WebhookRejection::missing_middleware());
        ready(extracted.and_then(|delivery| Ok(Self(T::from_delivery(&delivery)?))))
    }
}
