//! Types that a handler can extract from a delivery.

use serde::de::DeserializeOwned;

use crate::error::Rejection;
use crate::verify::Delivery;

/// A type that can be extracted from a verified [`Delivery`].
///
/// The adapters' extractor `Webhook<T>` takes any `T` that implements this trait. Every owned type that
/// implements [`serde::Deserialize`] does: it is decoded from JSON or from a form, as
/// [`Delivery::event`] describes. So does [`Delivery`] itself, for handlers that need the body, the key's
/// name or the claim.
///
/// Implement the trait for a type that is decoded from neither, such as XML, or that combines the event with
/// other facts of the delivery. Such a type does not implement [`serde::Deserialize`].
///
/// ```
/// use countersign::{Delivery, FromDelivery, Rejection};
///
/// #[derive(serde::Deserialize)]
/// struct Fields {
///     from: String,
///     text: String,
/// }
///
/// /// A message with its attachments, and the key that verified it.
/// struct Message {
///     fields: Fields,
///     images: Vec<bytes::Bytes>,
///     key: String,
/// }
///
/// impl FromDelivery for Message {
///     fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
///         let files = delivery.files()?;
///         if files.iter().any(|file| file.content_type() != Some("image/png")) {
///             return Err(Rejection::undecodable("an attachment is not a PNG image"));
///         }
///         Ok(Self {
///             fields: delivery.event()?,
///             images: files.iter().map(|file| file.bytes().clone()).collect(),
///             key: delivery.key_name().to_owned(),
///         })
///     }
/// }
/// ```
///
/// Handlers are tested as [the guide](https://github.com/countersign/countersign/blob/main/docs/testing-your-handlers.md)
/// describes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be extracted from a webhook's delivery",
    note = "derive `serde::Deserialize` for it, without borrowed fields, or implement `FromDelivery`"
)]
pub trait FromDelivery: Sized {
    /// Extracts a value of this type.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] of the kind [`Undecodable`](crate::RejectionKind::Undecodable) if the body does
    /// not fit the type, as [`Rejection::undecodable`] makes. The sender then gets 422, and the event
    /// is not marked as handled.
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection>;
}

/// Clones the delivery, which shares its body.
impl FromDelivery for Delivery {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        Ok(delivery.clone())
    }
}

/// Decodes the event, as [`Delivery::event`] does.
impl<T: DeserializeOwned> FromDelivery for T {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        delivery.event()
    }
}
