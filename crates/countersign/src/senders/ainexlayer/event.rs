//! The events of AINexLayer.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use time::OffsetDateTime;

use crate::error::Rejection;
use crate::json::RawJson;
use crate::json::open_enum::open_enum;
use crate::verify::{Delivery, FromDelivery};

/// An event with a payload of a type of your own; the vendor documents no payload.
///
/// ```
/// use countersign::ainexlayer::{Event, EventType};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Document {
///     name: String,
/// }
///
/// fn on_event(event: Event<Document>) {
///     if event.event_type == Some(EventType::DocumentUploaded) {
///         println!("uploaded {}", event.payload.name);
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event<T = RawJson> {
    /// The event's type, if the request has one at the configured location.
    pub event_type: Option<EventType>,
    /// The event's id, if the request has one at the configured location. An id in a header is not
    /// signed.
    pub id: Option<String>,
    /// The time that the signature covers.
    pub time: Option<OffsetDateTime>,
    /// The JSON at the configured payload pointer, or the whole body.
    pub payload: T,
}

impl<T: DeserializeOwned> FromDelivery for Event<T> {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        let time = delivery.timestamp().and_then(|time| {
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.as_millis()) * 1_000_000).ok()
        });
        Ok(Self {
            event_type: delivery.event_type().map(|name| EventType::from(&*name)),
            id: delivery.unverified_id().map(Cow::into_owned),
            time,
            payload: delivery.payload()?,
        })
    }
}

open_enum! {
    /// The kind of an event: the nineteen names that the vendor documents, and any other.
    pub enum EventType {
        /// A document was uploaded to a workspace.
        DocumentUploaded = "document.uploaded",
        /// A document's processing succeeded.
        DocumentProcessed = "document.processed",
        /// A document's processing failed.
        DocumentFailed = "document.failed",
        /// A document was removed from a workspace.
        DocumentDeleted = "document.deleted",
        /// A document's metadata changed.
        DocumentUpdated = "document.updated",
        /// A message was sent.
        ChatMessage = "chat.message",
        /// A conversation started.
        ChatConversationStarted = "chat.conversation.started",
        /// A conversation ended.
        ChatConversationEnded = "chat.conversation.ended",
        /// The AI generated a response.
        ChatResponseGenerated = "chat.response.generated",
        /// A workspace was created.
        WorkspaceCreated = "workspace.created",
        /// A workspace's settings changed.
        WorkspaceUpdated = "workspace.updated",
        /// A workspace was removed.
        WorkspaceDeleted = "workspace.deleted",
        /// A user joined a workspace.
        WorkspaceUserAdded = "workspace.user.added",
        /// A user left a workspace.
        WorkspaceUserRemoved = "workspace.user.removed",
        /// A user registered.
        UserCreated = "user.created",
        /// A user's profile changed.
        UserUpdated = "user.updated",
        /// A user's account was deleted.
        UserDeleted = "user.deleted",
        /// A user's session started.
        UserLogin = "user.login",
        /// A user's session ended.
        UserLogout = "user.logout",
    }
}
