//! Extractors.

use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use countersign::adapter::report_decode_failure;
use countersign::{Delivery, FromDelivery, Rejection};

use crate::answer;

/// An authentic event as `T`: the sender's event type, one event's struct, or a type of your own.
///
/// A body that does not fit `T` is answered with 422 and not marked as handled.
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
        ready(verified(request).and_then(|delivery| {
            T::from_delivery(&delivery)
                .map(Self)
                .map_err(|rejection| WebhookRejection(Some(rejection)))
        }))
    }
}

fn verified(request: &HttpRequest) -> Result<Delivery, WebhookRejection> {
    request.extensions().get::<Delivery>().cloned().ok_or(WebhookRejection(None))
}

/// Why an extractor gave no event.
///
/// Its response is a bare status; the [`Rejection`] rides in the response's extensions.
#[derive(Clone, Debug)]
pub struct WebhookRejection(Option<Rejection>);

impl WebhookRejection {
    /// How the body does not fit; `None` where the route has no
    /// [`Webhooks`](crate::WebhookMiddleware).
    #[must_use]
    pub const fn rejection(&self) -> Option<&Rejection> {
        self.0.as_ref()
    }
}

impl fmt::Display for WebhookRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(rejection) => rejection.fmt(f),
            None => f.write_str("nothing is verified here: wrap this route in a `Webhooks`"),
        }
    }
}

impl std::error::Error for WebhookRejection {}

impl ResponseError for WebhookRejection {
    fn status_code(&self) -> StatusCode {
        let code = self.0.as_ref().map_or(500, Rejection::status);
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        report_decode_failure(self);
        match &self.0 {
            Some(rejection) => answer::rejected(rejection.clone()),
            None => HttpResponse::new(self.status_code()),
        }
    }
}
