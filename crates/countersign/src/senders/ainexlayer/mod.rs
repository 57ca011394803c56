//! AINexLayer: AI workspaces.
//!
//! The vendor's public documentation settles: a `POST`, HMAC-SHA256 of the payload in a required header,
//! nineteen event names, any 2xx as success, a response within 30 s, and retries. What it does not
//! document has **no default** here, so that no guess is mistaken for the vendor's word:
//!
//! - the signature header's name, its encoding and its prefix;
//! - where a body holds its event's type, id and time.
//!
//! Capture one delivery, read these settings off it, and set them. [`Builder::assumed_envelope`] sets a
//! common shape of the body in one call; that shape is **an assumption of this crate**. Without a signed
//! time, a captured request verifies again once its event is forgotten; without an id, the digest of its
//! body identifies an event, for 15 minutes. How long the sender retries is not documented; handled
//! events are remembered for three days.

mod event;
mod sender;
mod spec;

pub use self::event::{Event, EventType};
pub use self::sender::{AiNexLayer, Builder};
pub use self::spec::AINEXLAYER;
pub use super::FieldLocation;
