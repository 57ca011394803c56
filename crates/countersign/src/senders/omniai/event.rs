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

/// Declares [`Event`]: each variant holds the payload of its own name.
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
            /// An event of a name that this version does not know.
            Unknown(UnknownEvent),
        }

        impl Event {
            /// The event's name, as in the body's `event` field.
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
    /// An event, told apart by the body's `event` field.
    ///
    /// The seven known names are those of the vendor's docs, revision R3. A name that is not among
    /// them is never an error; a known name whose payload does not fit is one.
    ///
    /// It can be read from and written to JSON only.
    pub enum Event {
        /// An action for a lead ended well.
        ActionLogCompleted = "action_log.completed",
        /// An action for a lead failed.
        ActionLogFailed = "action_log.failed",
        /// A document arrived.
        DocumentReceived = "document.received",
        /// The extraction pipeline is through with a document.
        DocumentExtracted = "document.extracted",
        /// A lead was created.
        LeadCreated = "lead.created",
        /// Some fields of a lead changed.
        LeadUpdated = "lead.updated",
        /// A lead has all it needs.
        LeadCompleted = "lead.completed",
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The typed payload is read from the text, not from a `Value`: the latter would keep the
        // last of two equal keys and reprint what the payload keeps as raw JSON.
        let raw = RawJson::deserialize(deserializer)?;
        // A derived struct would take an array for its fields in order.
        if raw.get().starts_with('[') {
            let expected = "an object with the name of an event";
            return Err(D::Error::invalid_type(Unexpected::Seq, &expected));
        }
        Self::read(raw).map_err(D::Error::custom)
    }
}

/// The part that every event has.
#[derive(serde::Deserialize)]
#[serde(expecting = "an object with the name of an event")]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Option<Cow<'a, str>>,
}

/// An event of a name that this version does not know, with its whole body.
///
/// It is written back as that body.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownEvent {
    name: Box<str>,
    raw: RawJson,
}

impl UnknownEvent {
    /// The event's name, as in the body's `event` field; empty if there is none, as may be in a
    /// test delivery, whose body the vendor does not document.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole body, byte for byte but for white space around it.
    #[must_use]
    pub fn raw(&self) -> &RawJson {
        &self.raw
    }

    /// Reads the whole body as a type of yours.
    ///
    /// # Errors
    ///
    /// Says where and how the body does not fit `T`.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        self.raw.parse()
    }
}

impl Serialize for UnknownEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}
