//! Putting a scheme together.

use std::borrow::Cow;

use super::{Algorithm, Encoding, Field, KeyForm, Part, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};

/// Puts a [`Scheme`] together; nothing is checked before [`build`](Self::build).
#[derive(Clone, Debug)]
#[must_use]
pub struct SchemeBuilder {
    pub(super) sender: Cow<'static, str>,
    pub(super) algorithm: Algorithm,
    pub(super) signature: Option<SignatureLocation>,
    pub(super) signed: Vec<Part>,
    pub(super) timestamp: Option<TimestampSource>,
    pub(super) tolerance: Tolerance,
    pub(super) id: Option<ValueSource>,
    pub(super) event_type: Option<ValueSource>,
    pub(super) payload: Option<Cow<'static, str>>,
    pub(super) key_form: KeyForm,
    pub(super) conflicting_headers: Vec<Cow<'static, str>>,
    pub(super) required_headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    pub(super) body_signature: Option<BodySignature>,
}

#[derive(Clone, Debug)]
pub(super) struct BodySignature {
    pub(super) signature: Cow<'static, str>,
    pub(super) encoding: Encoding,
    pub(super) fields: Vec<Field>,
}

#[derive(Clone, Debug)]
pub(super) enum TimestampSource {
    Header(Cow<'static, str>, TimestampFormat),
    Pair(Cow<'static, str>, TimestampFormat),
    Body(Cow<'static, str>, TimestampFormat),
}

#[derive(Clone, Debug)]
pub(super) enum ValueSource {
    Header(Cow<'static, str>),
    Body(Cow<'static, str>),
}

impl SchemeBuilder {
    pub(super) fn new(
        sender: Cow<'static, str>,
        algorithm: Algorithm,
        signature: Option<SignatureLocation>,
    ) -> Self {
        Self {
            sender,
            algorithm,
            signature,
            signed: vec![Part::Body],
            timestamp: None,
            tolerance: Tolerance::default(),
            id: None,
            event_type: None,
            payload: None,
            key_form: KeyForm::AsGiven,
            conflicting_headers: Vec::new(),
            required_headers: Vec::new(),
            body_signature: None,
        }
    }

    pub(super) fn signs_fields(
        mut self,
        signature: Cow<'static, str>,
        encoding: Encoding,
        fields: Vec<Field>,
    ) -> Self {
        self.body_signature = Some(BodySignature { signature, encoding, fields });
        self
    }

    /// What the MAC runs over, in order.
    pub fn signs(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.signed = parts.into_iter().collect();
        self
    }

    /// The signed time stands in a header of its own.
    pub fn timestamp_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        unit: TimestampFormat,
    ) -> Self {
        self.timestamp = Some(TimestampSource::Header(name.into(), unit));
        self
    }

    /// The signed time is a pair in the signature header; see [`SignatureLocation::pairs`].
    pub fn timestamp_pair(
        mut self,
        name: impl Into<Cow<'static, str>>,
        unit: TimestampFormat,
    ) -> Self {
        self.timestamp = Some(TimestampSource::Pair(name.into(), unit));
        self
    }

    /// The signed time is a field of the body: RFC 3339 text, or a whole number in `unit`.
    ///
    /// A sender that repeats an event with its first time is rejected once the tolerance is over.
    pub fn timestamp_field(
        mut self,
        pointer: impl Into<Cow<'static, str>>,
        unit: TimestampFormat,
    ) -> Self {
        self.timestamp = Some(TimestampSource::Body(pointer.into(), unit));
        self
    }

    /// How far the signed time may lie from now; five minutes both ways unless set.
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The event's id stands in a header. Unless [`Part::Id`] is signed, it is for logs alone.
    pub fn id_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.id = Some(ValueSource::Header(name.into()));
        self
    }

    /// The event's id is a field of the body.
    pub fn id_field(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.id = Some(ValueSource::Body(pointer.into()));
        self
    }

    /// The event's type stands in a header.
    pub fn event_type_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.event_type = Some(ValueSource::Header(name.into()));
        self
    }

    /// The event's type is a field of the body.
    pub fn event_type_field(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.event_type = Some(ValueSource::Body(pointer.into()));
        self
    }

    /// The payload is one field of the body; the whole body unless set.
    pub fn payload_field(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.payload = Some(pointer.into());
        self
    }

    /// The key is the base64 decoding of the secret, after `prefix` where that stands in front.
    pub const fn base64_key(mut self, prefix: &'static str) -> Self {
        self.key_form = KeyForm::Base64 { prefix };
        self
    }

    /// The key is the secret read as hexadecimal.
    pub const fn hex_key(mut self) -> Self {
        self.key_form = KeyForm::Hex;
        self
    }

    /// A header that must have this value, such as the version of the sender's scheme.
    pub fn require_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.required_headers.push((name.into(), value.into()));
        self
    }

    /// Headers of another family: one of them in a request means that two families are mixed.
    pub fn conflicting_headers(
        mut self,
        names: impl IntoIterator<Item = impl Into<Cow<'static, str>>>,
    ) -> Self {
        self.conflicting_headers = names.into_iter().map(Into::into).collect();
        self
    }
}
