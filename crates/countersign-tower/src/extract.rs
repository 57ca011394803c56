//! Extractors for axum.

use std::fmt;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use countersign::adapter::report_decode_failure;
use countersign::{Delivery, FromDelivery, Rejection};
use http::StatusCode;
use http::request::Parts;

/// An authentic event as `T`: the sender's event type, one event's struct, or a type of your own.
///
/// A body that does not fit `T` is answered with 422 and not marked as handled.
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
        let delivery = verified(parts)?;
        T::from_delivery(delivery).map(Self).map_err(|rejection| WebhookRejection(Some(rejection)))
    }
}

fn verified(parts: &Parts) -> Result<&Delivery, WebhookRejection> {
    parts.extensions.get().ok_or(WebhookRejection(None))
}

/// Why an extractor gave no event.
///
/// Its response is a bare status; the [`Rejection`] rides in the response's extensions.
#[derive(Clone, Debug)]
pub struct WebhookRejection(Option<Rejection>);

impl WebhookRejection {
    /// How the body does not fit; `None` where the route has no [`WebhookLayer`](crate::WebhookLayer).
    #[must_use]
    pub const fn rejection(&self) -> Option<&Rejection> {
        self.0.as_ref()
    }
}

impl fmt::Display for WebhookRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(rejection) => rejection.fmt(f),
            None => f.write_str("nothing is verified here: put a `WebhookLayer` on this route"),
        }
    }
}

impl std::error::Error for WebhookRejection {}

impl IntoResponse for WebhookRejection {
    fn into_response(self) -> Response {
        report_decode_failure(&self);
        let Some(rejection) = self.0 else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let status = StatusCode::from_u16(rejection.status());
        let mut response = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
        response.extensions_mut().insert(rejection);
        response
    }
}
