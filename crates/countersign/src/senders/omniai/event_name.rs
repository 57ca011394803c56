//! The `event` field of a payload.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// A payload that belongs to one event.
pub(super) trait Named {
    /// The name of that event.
    const NAME: &'static str;
}

/// The `event` field of the payload `P`, which deserializes only from `P`'s name.
///
/// This prevents deserializing a payload from another event's body.
pub(super) struct EventName<P>(PhantomData<fn() -> P>);

impl<P> Clone for EventName<P> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<P> PartialEq for EventName<P> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<P: Named> fmt::Debug for EventName<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(P::NAME)
    }
}

impl<P: Named> Serialize for EventName<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(P::NAME)
    }
}

impl<'de, P: Named> Deserialize<'de> for EventName<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Self(PhantomData))
    }
}

impl<P: Named> Visitor<'_> for EventName<P> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event `{}`", P::NAME)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self, E> {
        if name == P::NAME { Ok(self) } else { Err(E::invalid_value(Unexpected::Str(name), &self)) }
    }
}
