//! Types that a handler can extract from a delivery.

use serde::de::DeserializeOwned;

use crate::error::Rejection;
use crate::verify::Delivery;

/// A type that can be extracted from a verified [`Delivery`].
///
/// The adapters' extractor `Webhook<T>` takes any `T` that implements this trait. Every owned type that
/// implements [`serde::Deserialize`] does: it is decoded from the JSON body. So does [`Delivery`]
/// itself, for handlers that need the body, the key's name or the claim.
///
/// Implement the trait for a type that is not decoded from JSON, or that combines the body with other
/// facts of the delivery. Such a type does not implement [`serde::Deserialize`].
///
/// ```
/// use countersign::{Delivery, FromDelivery, Rejection};
///
/// /// A form body, such as `Body=hello&From=%2B15005550006`, with the key that verified it.
/// struct Message {
///     fields: Vec<String>,
///     key: String,
/// }
///
/// impl FromDelivery for Message {
///     fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
///         let body = std::str::from_utf8(delivery.body())
///             .map_err(|_| Rejection::undecodable("the form is not UTF-8"))?;
///         Ok(Self {
///             fields: body.split('&').map(str::to_owned).collect(),
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

/// Decodes the JSON body, as [`Delivery::event`] does.
impl<T: DeserializeOwned> FromDelivery for T {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        delivery.event()
    }
}
