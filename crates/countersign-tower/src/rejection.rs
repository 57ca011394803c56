//! The rejection of the extractors.

use std::fmt;

use axum::response::{IntoResponse, Response};
use countersign::adapter::report_decode_failure;
use countersign::{Rejection, RejectionKind};
use http::StatusCode;

use crate::response;

/// Why an extractor has no event for the handler.
///
/// The response is a bare status, with the [`Rejection`] in its extensions. A [`Rejection`] converts into
/// it, so a handler can decode a delivery with `?`:
///
/// ```
/// use axum::http::StatusCode;
/// use countersign_tower::{Delivery, Webhook, WebhookRejection, omniai};
///
/// async fn on_event(
///     Webhook(delivery): Webhook<Delivery>,
/// ) -> Result<StatusCode, WebhookRejection> {
///     let event: omniai::Event = delivery.event()?;
///     println!("{} under the key {}", event.name(), delivery.key_name());
///     Ok(StatusCode::OK)
/// }
/// # let _: axum::routing::MethodRouter = axum::routing::post(on_event);
/// ```
#[derive(Clone, Debug)]
pub struct WebhookRejection(Option<Rejection>);

impl WebhookRejection {
    pub(crate) const fn missing_layer() -> Self {
        Self(None)
    }

    /// Returns why the body does not fit; `None` where the route has no
    /// [`WebhookLayer`](crate::WebhookLayer).
    #[must_use]
    pub const fn rejection(&self) -> Option<&Rejection> {
        self.0.as_ref()
    }

    /// Returns the kind of the [`rejection`](Self::rejection).
    #[must_use]
    pub fn kind(&self) -> Option<RejectionKind> {
        self.0.as_ref().map(Rejection::kind)
    }

    /// Returns the status of the response: 422 for a body that does not fit, 500 for a route without a
    /// [`WebhookLayer`](crate::WebhookLayer).
    #[must_use]
    pub fn status(&self) -> StatusCode {
        response::status(self.0.as_ref().map_or(500, Rejection::status))
    }
}

impl From<Rejection> for WebhookRejection {
    fn from(rejection: Rejection) -> Self {
        Self(Some(rejection))
    }
}

impl fmt::Display for WebhookRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(rejection) => rejection.fmt(f),
            None => f.write_str(
                "the request has no verified delivery: put a `WebhookLayer` on this route",
            ),
        }
    }
}

impl std::error::Error for WebhookRejection {}

impl IntoResponse for WebhookRejection {
    fn into_response(self) -> Response {
        report_decode_failure(&self);
        match self.0 {
            Some(rejection) => response::own(rejection),
            None => self.status().into_response(),
        }
    }
}
