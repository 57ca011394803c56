//! The rejection of the extractors.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use countersign::adapter::{self, report_decode_failure};
use countersign::{ItemsError, Rejection, RejectionKind};

use crate::response;

/// Why an extractor has no event for the handler, or a batch has items that are not handled.
///
/// The response is a bare status, with the [`Rejection`] in its extensions. A [`Rejection`] converts into
/// it, so a handler can decode a delivery with `?`:
///
/// ```
/// use actix_web::HttpResponse;
/// use countersign_actix::{Delivery, Webhook, WebhookRejection, omniai};
///
/// async fn on_event(
///     Webhook(delivery): Webhook<Delivery>,
/// ) -> Result<HttpResponse, WebhookRejection> {
///     let event: omniai::Event = delivery.event()?;
///     println!("{} under the key {}", event.name(), delivery.key_name());
///     Ok(HttpResponse::Ok().finish())
/// }
/// # let _ = actix_web::web::post().to(on_event);
/// ```
#[derive(Clone, Debug)]
pub struct WebhookRejection(Cause);

#[derive(Clone, Debug)]
enum Cause {
    MissingMiddleware,
    Rejection(Rejection),
    /// The response to a batch with items that are not handled, and why.
    Items(Box<(adapter::Response, String)>),
}

impl WebhookRejection {
    pub(crate) const fn missing_middleware() -> Self {
        Self(Cause::MissingMiddleware)
    }

    /// Returns why the body does not fit; `None` where the route has no [`Webhooks`](crate::Webhooks),
    /// and for items of a batch that failed.
    #[must_use]
    pub const fn rejection(&self) -> Option<&Rejection> {
        match &self.0 {
            Cause::Rejection(rejection) => Some(rejection),
            Cause::MissingMiddleware | Cause::Items(..) => None,
        }
    }

    /// Returns the kind of the [`rejection`](Self::rejection).
    #[must_use]
    pub fn kind(&self) -> Option<RejectionKind> {
        self.rejection().map(Rejection::kind)
    }

    /// Returns the status of the response: 422 for a body that does not fit, 503 for items of a batch
    /// that failed, 500 for a route without [`Webhooks`](crate::Webhooks).
    #[must_use]
    pub fn status(&self) -> StatusCode {
        response::status(match &self.0 {
            Cause::MissingMiddleware => 500,
            Cause::Rejection(rejection) => rejection.status(),
            Cause::Items(items) => items.0.status(),
        })
    }
}

impl From<Rejection> for WebhookRejection {
    fn from(rejection: Rejection) -> Self {
        Self(Cause::Rejection(rejection))
    }
}

/// The response that makes the sender repeat the batch, so that a handler can write
/// `delivery.for_each_item(…).await?`.
impl From<ItemsError> for WebhookRejection {
    fn from(error: ItemsError) -> Self {
        match error.rejection() {
            Some(rejection) => rejection.clone().into(),
            None => {
                let text = error.to_string();
                Self(Cause::Items(Box::new((error.into(), text))))
            }
        }
    }
}

impl fmt::Display for WebhookRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Rejection(rejection) => rejection.fmt(f),
            Cause::Items(items) => f.write_str(&items.1),
            Cause::MissingMiddleware => {
                f.write_str("the request has no verified delivery: wrap this route in `Webhooks`")
            }
        }
    }
}

impl std::error::Error for WebhookRejection {}

impl ResponseError for WebhookRejection {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        // Each item that failed has been reported.
        if !matches!(self.0, Cause::Items(..)) {
            report_decode_failure(self);
        }
        match &self.0 {
            Cause::Rejection(rejection) => response::own(rejection.clone()),
            Cause::Items(items) => response::own(items.0.clone()),
            Cause::MissingMiddleware => HttpResponse::new(self.status()),
        }
    }
}
