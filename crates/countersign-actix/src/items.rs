//! The response to a batch.

use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use countersign::{ItemsError, ItemsOutcome};

use crate::rejection::WebhookRejection;
use crate::response;

/// The response to a batch: 200 once all items are handled, else the [`ItemsError`]'s.
///
/// ```
/// use countersign_actix::{Delivery, ItemsResponse, Webhook};
///
/// async fn on_batch(Webhook(delivery): Webhook<Delivery>) -> ItemsResponse {
///     let handled = delivery.for_each_item(async |item| {
///         println!("{}", item.pointer());
///         Ok(())
///     });
///     handled.await.into()
/// }
/// # let _ = actix_web::web::post().to(on_batch);
/// ```
#[derive(Debug)]
pub struct ItemsResponse(Result<ItemsOutcome, ItemsError>);

impl From<Result<ItemsOutcome, ItemsError>> for ItemsResponse {
    fn from(result: Result<ItemsOutcome, ItemsError>) -> Self {
        Self(result)
    }
}

impl Responder for ItemsResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        match self.0 {
            Ok(outcome) => response::own(outcome),
            Err(error) => WebhookRejection::from(error).error_response(),
        }
    }
}
