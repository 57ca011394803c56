//! Any event of OmniAI.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::event_name::Named;
use super::{
    ActionLogCompleted, ActionLogFailed, DocumentExtracted, DocumentReceived, LeadCompleted,
    LeadCreated, LeadUpdated,
};
use crate::json::{DOCUMENT_TEXT, RawJson};

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

            /// Decodes the event in `text` if its name is known, and its payload fits.
            fn read_known(text: &str) -> Option<Self> {
                let name = match first_name(text) {
                    Some(name) => Cow::Borrowed(name),
                    None => serde_json::from_str::<Envelope<'_>>(text).ok()?.event?,
                };
                // The payload's own field `event` checks the name again.
                Some(match &*name {
                    $($name => Self::$Payload(serde_json::from_str(text).ok()?),)+
                    _ => return None,
                })
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
        deserializer.deserialize_newtype_struct(DOCUMENT_TEXT, EventVisitor)
    }
}

struct EventVisitor;

impl EventVisitor {
    /// Reads the name of the event in `raw`, and then the event.
    ///
    /// The payload is deserialized from the text, not from a `Value`, which would accept a repeated key and
    /// would not preserve the text of raw JSON.
    fn read<E: Error>(raw: RawJson) -> Result<Event, E> {
        // A derived struct would accept an array as its fields in order.
        if raw.get().starts_with('[') {
            let expected = "an object with the name of an event";
            return Err(E::invalid_type(Unexpected::Seq, &expected));
        }
        Event::read(raw).map_err(E::custom)
    }
}

impl<'de> Visitor<'de> for EventVisitor {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    /// Reads the event in a delivery, of which the whole text is there, without a copy of the text.
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Event, E> {
        match Event::read_known(text) {
            Some(event) => Ok(event),
            None => Self::read(serde_json::from_str(text).map_err(E::custom)?),
        }
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<Event, D::Error> {
        Self::read(RawJson::deserialize(value)?)
    }

    /// Raw JSON is a map with one key of serde_json's.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Event, A::Error> {
        Self::read(RawJson::deserialize(MapAccessDeserializer::new(map))?)
    }
}

/// Returns the event's name if it is the first field of the document, as in every documented sample.
///
/// The rest of the document is not checked.
fn first_name(document: &str) -> Option<&str> {
    fn after<'d>(text: &'d str, token: &str) -> Option<&'d str> {
        text.trim_start_matches([' ', '\t', '\r', '\n']).strip_prefix(token)
    }
    let value = after(after(after(document, "{")?, "\"event\"")?, ":")?;
    Some(after(value, "\"")?.split_once('"')?.0)
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
