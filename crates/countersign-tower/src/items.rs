//! The response to a batch.

use axum::response::{IntoResponse, Response};
use countersign::{ItemsError, ItemsOutcome};

use crate::rejection::WebhookRejection;
use crate::response;

/// The response to a batch: 200 once all items are handled, else the [`ItemsError`]'s.
///
/// ```
/// use countersign_tower::{Delivery, ItemsResponse, Webhook};
///
/// async fn on_batch(Webhook(delivery): Webhook<Delivery>) -> ItemsResponse {
///     let handled = delivery.for_each_item(async |item| {
///         println!("{}", item.pointer());
///         Ok(())
///     });
///     handled.await.into()
/// }
/// # let _: axum::routing::MethodRouter = axum::routing::post(on_batch);
/// ```
#[derive(Debug)]
pub struct ItemsResponse(Result<ItemsOutcome, ItemsError>);

impl From<Result<ItemsOutcome, ItemsError>> for ItemsResponse {
    fn from(result: Result<ItemsOutcome, ItemsError>) -> Self {
        Self(result)
    }
}

impl IntoResponse for ItemsResponse {
    fn into_response(self) -> Response {
        match self.0 {
            Ok(outcome) => response::own(outcome),
            Err(error) => WebhookRejection::from(error).into_response(),
        }
    }
}
