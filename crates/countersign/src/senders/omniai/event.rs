//! Any event of OmniAI.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde::ser::{Serialize, Serializer};

use super::event_name::Named;
use super::{
    ActionLogCompleted, ActionLogFailed, DocumentExtracted, DocumentReceived, LeadCompleted,
    LeadCreated, LeadUpdated,
};
use crate::json::RawJson;

/// Declares [`Event`], with one variant per event name.
macro_rules! events {
    (
        $(#[$meta:meta])*
        pub enum Event {
            $($(#[$variant_meta:meta])* $Payload:ident = $name:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Event {
            $($(#[$variant_meta])* $Payload($Payload),)+
            /// An event whose name this version does not know.
            Unknown(UnknownEvent),
        }

        impl Event {
            /// Returns the event's name, as in the body's `event` field.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$Payload(_) => $name,)+
                    Self::Unknown(event) => event.name(),
                }
            }

            fn read(raw: RawJson) -> Result<Self, serde_json::Error> {
                let Envelope { event } = raw.parse()?;
                let name = event.unwrap_or_default();
                Ok(match &*name {
                    $($name => Self::$Payload(raw.parse()?),)+
                    _ => Self::Unknown(UnknownEvent { name: (&*name).into(), raw }),
                })
            }
        }

        impl Serialize for Event {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$Payload(payload) => payload.serialize(serializer),)+
                    Self::Unknown(event) => event.serialize(serializer),
                }
            }
        }

        $(
            impl Named for $Payload {
                const NAME: &'static str = $name;
            }
        )+
    };
}

events! {
    /// An event, selected by the body's `event` field.
    ///
    /// The seven known names are those of the vendor's docs, revision R3. An unknown name is never an
    /// error; a known name with a payload of another shape is one.
    ///
    /// Only JSON is supported as a format.
    ///
    /// ```
    /// use countersign::omniai::Event;
    ///
    /// let body = r#"{"event":"lead.created","data":{"leadId":"lead_1"}}"#;
    /// let Event::LeadCreated(lead) = serde_json::from_str(body)? else { panic!("another event") };
    /// assert_eq!(lead.data.lead_id, "lead_1");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub enum Event {
        /// An action for a lead succeeded.
        ActionLogCompleted = "action_log.completed",
        /// An action for a lead failed.
        ActionLogFailed = "action_log.failed",
        /// A document was received.
        DocumentReceived = "document.received",
        /// The extraction pipeline finished with a document.
        DocumentExtracted = "document.extracted",
        /// A lead was created.
        LeadCreated = "lead.created",
        /// Some fields of a lead changed.
        LeadUpdated = "lead.updated",
        /// A lead is complete.
        LeadCompleted = "lead.completed",
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The payload is deserialized from the text, not from a `Value`, which would accept a repeated
        // key and would not preserve the text of raw JSON.
        let raw = RawJson::deserialize(deserializer)?;
        // A derived struct would accept an array as its fields in order.
        if raw.get().starts_with('[') {
            let expected = "an object with the name of an event";
            return Err(D::Error::invalid_type(Unexpected::Seq, &expected));
        }
        Self::read(raw).map_err(D::Error::custom)
    }
}

/// The field that every event has.
#[derive(serde::Deserialize)]
#[serde(expecting = "an object with the name of an event")]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Option<Cow<'a, str>>,
}

/// An event whose name this version does not know, with its whole body.
///
/// Serializing it writes that body.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownEvent {
    name: Box<str>,
    raw: RawJson,
}

impl UnknownEvent {
    /// Returns the event's name, as in the body's `event` field.
    ///
    /// It is empty if there is no such field, which a test delivery may lack: the vendor does not document
    /// its body.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the whole body, byte for byte except for white space around it.
    #[must_use]
    pub fn raw(&self) -> &RawJson {
        &self.raw
    }

    /// Deserializes the whole body as a type of your own.
    ///
    /// # Errors
    ///
    /// Returns an error that locates the mismatch if the body does not match `T`.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        self.raw.parse()
    }
}

impl Serialize for UnknownEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}
