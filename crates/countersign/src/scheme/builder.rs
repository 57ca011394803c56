//! The builder of a scheme.

use std::borrow::Cow;

use super::{Algorithm, BodyFormat, Encoding, Field, Items, KeyForm, Part, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};

/// Builds a [`Scheme`]. Settings may come in any order; [`build`](Self::build) checks them together.
///
/// ```
/// use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
///
/// // acme-signature: t=1700000000,v1=<HMAC-SHA256 of "1700000000." and the body, in hexadecimal>
/// let signature = SignatureLocation::header("acme-signature", Encoding::Hex).pairs("v1");
/// let scheme = Scheme::hmac_sha256("acme", signature)
///     .timestamp_pair("t", TimestampFormat::Seconds)
///     .signs([Part::Timestamp, ".".into(), Part::Body])
///     .id_field("/id")
///     .event_type_field("/type")
///     .build()?;
/// assert!(scheme.signs_id());
/// # Ok::<(), countersign::ConfigError>(())
/// ```
///
/// Methods of [`Scheme`], such as [`Scheme::hmac_sha256`], start a builder. How to describe a sender is
/// shown in [the guide](https://github.com/countersign/countersign/blob/main/docs/adding-a-sender.md).
///
/// [`Scheme`]: super::Scheme
/// [`Scheme::hmac_sha256`]: super::Scheme::hmac_sha256
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
    pub(super) allows_separator_in_id: bool,
    pub(super) id_length: Option<usize>,
    pub(super) event_type: Option<ValueSource>,
    pub(super) other_event_types: Vec<Cow<'static, str>>,
    pub(super) event_type_syntax: Option<Cow<'static, str>>,
    pub(super) event_types: Option<Vec<Cow<'static, str>>>,
    pub(super) payload: Option<Cow<'static, str>>,
    pub(super) body_formats: Option<Vec<BodyFormat>>,
    pub(super) key_form: KeyForm,
    pub(super) conflicting_headers: Vec<Cow<'static, str>>,
    pub(super) required_headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    pub(super) body_signature: Option<BodySignature>,
    pub(super) items: Option<Items>,
    pub(super) method: &'static str,
    pub(super) accepts_gzip: bool,
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
            allows_separator_in_id: false,
            id_length: None,
            event_type: None,
            other_event_types: Vec::new(),
            event_type_syntax: None,
            event_types: None,
            payload: None,
            body_formats: None,
            key_form: KeyForm::AsGiven,
            conflicting_headers: Vec::new(),
            required_headers: Vec::new(),
            body_signature: None,
            items: None,
            method: "POST",
            accepts_gzip: false,
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

    /// Sets the parts of the signed content, in order; the body alone by default.
    pub fn signs(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.signed = parts.into_iter().collect();
        self
    }

    /// Sets the header that holds the signed time.
    pub fn timestamp_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        format: TimestampFormat,
    ) -> Self {
        self.timestamp = Some(TimestampSource::Header(name.into(), format));
        self
    }

    /// Sets the name of the pair in the signature header that holds the signed time; see
    /// [`SignatureLocation::pairs`].
    pub fn timestamp_pair(
        mut self,
        name: impl Into<Cow<'static, str>>,
        format: TimestampFormat,
    ) -> Self {
        self.timestamp = Some(TimestampSource::Pair(name.into(), format));
        self
    }

    /// Sets the field of the body that holds the signed time, as RFC 3339 text or as a whole number in
    /// `format`.
    ///
    /// If the sender retries an event with its original time, retries after the tolerance are rejected.
    pub fn timestamp_field(
        mut self,
        pointer: impl Into<Cow<'static, str>>,
        format: TimestampFormat,
    ) -> Self {
        self.timestamp = Some(TimestampSource::Body(pointer.into(), format));
        self
    }

    /// Sets the largest accepted distance of the signed time from now; five minutes both ways by
    /// default.
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Sets the header that holds the event's id.
    ///
    /// Unless [`Part::Id`] is signed, the id is for logs alone.
    pub fn id_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.id = Some(ValueSource::Header(name.into()));
        self
    }

    /// Allows the id to hold the text that separates it from the time, such as the dots of
    /// `org.evt.1` in `{id}.{time}.{body}`.
    ///
    /// The id must be signed directly before a literal, the time and another literal, and the time must
    /// be in seconds or milliseconds. An id that itself holds a separated time, such as
    /// `org.1700000000.1`, is still rejected, and the time must have as many digits as the present
    /// time. Under these two conditions the first separated time ends the id, so the signed content has
    /// exactly one reading. Without them, an attacker could move the time and the start of a captured
    /// body into the id, or the end of an id into the body, and the signature would still match.
    ///
    /// Leave this off for senders whose ids have no separator: a strict reading finds a changed id
    /// earlier.
    pub const fn allow_separator_in_id(mut self) -> Self {
        self.allows_separator_in_id = true;
        self
    }

    /// Sets the length of every id in bytes, for a sender that signs the id without a separator after
    /// it, such as `{id}{time}{body}`.
    ///
    /// The id must be in a signed header before the body. An id of another length is rejected:
    /// otherwise an attacker could move the end of a captured id to the value after it.
    ///
    /// ```
    /// use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
    ///
    /// // HMAC-SHA256 of the id, the time in RFC 3339, and the body.
    /// let signature = SignatureLocation::header("acme-signature", Encoding::Hex).prefix("sha256=");
    /// let scheme = Scheme::hmac_sha256("acme", signature)
    ///     .id_header("acme-id")
    ///     .id_length(36)
    ///     .timestamp_header("acme-time", TimestampFormat::Rfc3339)
    ///     .signs([Part::Id, Part::Timestamp, Part::Body])
    ///     .build()?;
    /// assert!(scheme.signs_id());
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    pub const fn id_length(mut self, bytes: usize) -> Self {
        self.id_length = Some(bytes);
        self
    }

    /// Sets the field of the body that holds the event's id: a JSON pointer, or `/name` for the field `name`
    /// of a form.
    ///
    /// It must identify the event. With the id of an object, such as an order, the second event about it
    /// would be a duplicate of the first, and never be handled.
    pub fn id_field(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.id = Some(ValueSource::Body(pointer.into()));
        self
    }

    /// Sets the header that holds the event's type.
    ///
    /// Where the event has no signed id, the type is part of its dedup key, even though the signature does
    /// not cover the header: two genuine events of such a sender may have one body. Only values of the
    /// [syntax](Self::event_type_syntax) count, and of the [declared types](Self::event_types) if there
    /// are any. With another value the request stays genuine, and the key has no type.
    ///
    /// **A client that captured one request can send it again once for each type that counts.** Declare
    /// the types to bound that; [Deduplication] has the details.
    ///
    /// [Deduplication]: https://github.com/countersign/countersign/blob/main/docs/deduplication.md
    pub fn event_type_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.event_type = Some(ValueSource::Header(name.into()));
        self
    }

    /// Sets the field of the body that holds the event's type, as [`id_field`](Self::id_field) does.
    pub fn event_type_field(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.event_type = Some(ValueSource::Body(pointer.into()));
        self
    }

    /// Adds a field that holds the event's type if those named before it do not, for a sender whose bodies
    /// differ in kind. May be called several times.
    pub fn or_event_type_field(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.other_event_types.push(pointer.into());
        self
    }

    /// Sets the characters of the sender's event types: printable ASCII characters and ranges, such as
    /// `a-z0-9_/`. A `-` at the start or the end is a character.
    ///
    /// A header's value is an event type for the dedup key if it has 1 to 128 of these characters. White
    /// space around it does not count, and a type holds no two spaces in a row. Without upper-case letters
    /// in the set, values that differ in case are one type. Unless set, a type has letters, digits, spaces
    /// and any of ``!#$%&'()*+-./:=?@^_|~``, which fit `orders/create`, `Push Hook`, `repo:push` and
    /// `order.updated@v2`.
    pub fn event_type_syntax(mut self, characters: impl Into<Cow<'static, str>>) -> Self {
        self.event_type_syntax = Some(characters.into());
        self
    }

    /// Declares the event types that are part of dedup keys, where the type is in an unsigned header.
    ///
    /// Every other type counts as no type: the request is verified and handled, but of two events that have
    /// undeclared types and one body only the first is handled. So declare every type that the sender is
    /// configured to deliver. A client that captured one request can send it again once for each declared
    /// type, and once without one. An empty list leaves the type out of all keys.
    pub fn event_types(
        mut self,
        types: impl IntoIterator<Item = impl Into<Cow<'static, str>>>,
    ) -> Self {
        self.event_types = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the field of the body that holds the payload; the whole body by default.
    pub fn payload_field(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.payload = Some(pointer.into());
        self
    }

    /// Sets the formats in which the sender writes its bodies; JSON alone by default, and forms too for a
    /// sender that signs a form.
    ///
    /// A body is read in the format that its first bytes show, and in the first of these formats if they
    /// show none of them. The content type decides nothing: a client can change it, since no sender signs it.
    ///
    /// ```
    /// use countersign::scheme::{BodyFormat, Encoding, Scheme, SignatureLocation};
    ///
    /// let scheme = Scheme::hmac_sha256("acme", SignatureLocation::header("x-acme-signature", Encoding::Hex))
    ///     .body_formats([BodyFormat::Json, BodyFormat::form_json("payload")])
    ///     .id_field("/id")
    ///     .build()?;
    /// assert_eq!(scheme.body_formats().len(), 2);
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    pub fn body_formats(mut self, formats: impl IntoIterator<Item = BodyFormat>) -> Self {
        self.body_formats = Some(formats.into_iter().collect());
        self
    }

    /// Sets where the items of a body are, for a sender that sends several events in one body.
    ///
    /// [`Delivery::items`](crate::Delivery::items) then returns each item, and without a signed id the
    /// items together identify the delivery.
    pub fn items(mut self, items: Items) -> Self {
        self.items = Some(items);
        self
    }

    /// Sets the method by which the sender delivers; `POST` by default. A receiver accepts no other.
    ///
    /// With `GET`, the query of the request is the event, and there must be no body. This needs
    /// [`Part::Url`] or [`Part::UrlAndForm`]: otherwise the signature would not cover the event, and a
    /// client could change it. If the URL is configured with a query, its parameters must be in the
    /// request; the others are the event's.
    pub const fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// Decodes the key from the secret's base64, after `prefix` if the secret begins with it.
    pub const fn base64_key(mut self, prefix: &'static str) -> Self {
        self.key_form = KeyForm::Base64 { prefix };
        self
    }

    /// Decodes the key from the secret's hexadecimal digits.
    pub const fn hex_key(mut self) -> Self {
        self.key_form = KeyForm::Hex;
        self
    }

    /// Requires that the header `name` has the value `value`, such as the version of the sender's
    /// scheme. May be called several times.
    pub fn require_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.required_headers.push((name.into(), value.into()));
        self
    }

    /// Accepts bodies that are sent with `Content-Encoding: gzip`, whose signature covers the plain body
    /// (feature `gzip`).
    ///
    /// GetStream sends such bodies. The body is decompressed as it arrives and before it is authenticated. It
    /// is rejected once its plain bytes exceed the largest accepted body, or 64 KiB and 200 times the
    /// compressed ones. It must be one whole gzip member. [`Delivery::body`](crate::Delivery::body) is the
    /// plain body.
    ///
    /// Without this setting a compressed body is rejected with status 415. Leave it out for a sender that
    /// signs the compressed bytes, or that does not compress: decompression is work that a client can
    /// request without a signature.
    #[cfg(feature = "gzip")]
    pub const fn gzip(mut self) -> Self {
        self.accepts_gzip = true;
        self
    }

    /// Sets the headers of other schemes that must not appear in the same request.
    pub fn conflicting_headers(
        mut self,
        names: impl IntoIterator<Item = impl Into<Cow<'static, str>>>,
    ) -> Self {
        self.conflicting_headers = names.into_iter().map(Into::into).collect();
        self
    }
}
