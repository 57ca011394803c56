//! Read access to a scheme as data, for tools that display, document or diagnose it.

use super::content::Content;
use super::signed_fields::FieldKind;
use super::{
    BodyFormat, CompiledLocation, CompiledTimestamp, Encoding, Grammar, KeyForm, Scheme, SignedPart,
};
use crate::time::TimestampFormat;

impl Scheme {
    /// Returns where a request carries its credential and how it is written; `None` for an
    /// unauthenticated scheme.
    ///
    /// ```
    /// use countersign::scheme::{Encoding, Location, SignatureGrammar};
    ///
    /// let github = countersign::senders::GITHUB.config().scheme()?;
    /// let credential = github.credential().expect("GitHub signs its requests");
    /// assert_eq!(credential.location, Location::Header("x-hub-signature-256"));
    /// assert_eq!(credential.encoding, Encoding::Hex);
    /// assert_eq!(credential.grammar, SignatureGrammar::Whole { prefix: "sha256=" });
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    #[must_use]
    pub fn credential(&self) -> Option<Credential<'_>> {
        if let Some(Content::Fields { signature, encoding, .. }) = &self.content {
            return Some(Credential {
                location: Location::Body(signature.as_shared()),
                second_header: None,
                encoding: *encoding,
                grammar: SignatureGrammar::Whole { prefix: "" },
                allows_white_space: false,
            });
        }
        self.signature.as_ref().map(|signature| Credential {
            location: Location::Header(signature.header.as_str()),
            second_header: signature.second.as_ref().map(|name| name.as_str()),
            encoding: signature.encoding,
            grammar: match &signature.grammar {
                Grammar::Whole { prefix } => SignatureGrammar::Whole { prefix },
                Grammar::Versioned { version } => SignatureGrammar::Versioned { version },
                Grammar::Pairs { signature, time, separator, .. } => SignatureGrammar::Pairs {
                    name: signature,
                    timestamp: time.as_deref(),
                    separator: char::from(*separator),
                },
            },
            allows_white_space: matches!(
                signature.grammar,
                Grammar::Pairs { allows_white_space: true, .. }
            ),
        })
    }

    /// Returns the parts of the signed content, in order.
    ///
    /// Nothing is signed by a static token or an unauthenticated scheme. A scheme that signs fields
    /// of the body has [`PartRef::Field`]s alone, whose values are joined by colons.
    ///
    /// ```
    /// use countersign::scheme::PartRef;
    ///
    /// let slack = countersign::senders::SLACK.config().scheme()?;
    /// let parts: Vec<_> = slack.signed_parts().collect();
    /// assert_eq!(
    ///     parts,
    ///     [
    ///         PartRef::Literal("v0:"),
    ///         PartRef::Timestamp,
    ///         PartRef::Literal(":"),
    ///         PartRef::Body,
    ///     ],
    /// );
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    pub fn signed_parts(&self) -> impl Iterator<Item = PartRef<'_>> {
        let (url, fields) = match &self.content {
            Some(Content::UrlAndForm(url)) => {
                (Some(PartRef::UrlAndForm(url.bases().first().map_or("", String::as_str))), &[][..])
            }
            Some(Content::Fields { fields, .. }) => (None, fields.as_slice()),
            None => (None, &[][..]),
        };
        let fields = fields
            .iter()
            .filter(|field| field.kind != FieldKind::Absent)
            .map(|field| PartRef::Field(field.pointer.as_shared()));
        let parts = self.signed.iter().map(|part| match part {
            SignedPart::Literal(text) => PartRef::Literal(text),
            SignedPart::Header(name) => PartRef::Header(name.as_str()),
            SignedPart::Id(name) => PartRef::Id(name.as_str()),
            SignedPart::Timestamp => PartRef::Timestamp,
            SignedPart::Body => PartRef::Body,
            SignedPart::Url => PartRef::Url(self.url.as_ref().map_or("", |url| url.configured())),
        });
        url.into_iter().chain(fields).chain(parts)
    }

    /// Returns where the signed timestamp is and how it is written; `None` where no time is signed.
    ///
    /// ```
    /// use countersign::scheme::{TimestampFormat, TimestampLocation};
    ///
    /// let stripe = countersign::senders::STRIPE.config().scheme()?;
    /// let timestamp = stripe.timestamp().expect("Stripe signs a time");
    /// assert_eq!(timestamp.location, TimestampLocation::Pair("t"));
    /// assert_eq!(timestamp.format, TimestampFormat::Seconds);
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    #[must_use]
    pub fn timestamp(&self) -> Option<SignedTimestamp<'_>> {
        let (location, format) = match self.timestamp.as_ref()? {
            CompiledTimestamp::Header(name, format) => {
                (TimestampLocation::Header(name.as_str()), *format)
            }
            CompiledTimestamp::Body(pointer, format) => {
                (TimestampLocation::Body(pointer.as_shared()), *format)
            }
            CompiledTimestamp::Pair(format) => {
                let Grammar::Pairs { time: Some(name), .. } = &self.signature.as_ref()?.grammar
                else {
                    return None;
                };
                (TimestampLocation::Pair(name), *format)
            }
        };
        Some(SignedTimestamp { location, format })
    }

    /// Returns where the event's id is; see [`signs_id`](Self::signs_id).
    ///
    /// ```
    /// use countersign::scheme::Location;
    ///
    /// let svix = countersign::senders::SVIX.config().scheme()?;
    /// assert_eq!(svix.id(), Some(Location::Header("svix-id")));
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> Option<Location<'_>> {
        self.id.as_ref().map(CompiledLocation::location)
    }

    /// Returns where the event's type is.
    ///
    /// ```
    /// use countersign::scheme::Location;
    ///
    /// let github = countersign::senders::GITHUB.config().scheme()?;
    /// assert_eq!(github.event_type(), Some(Location::Header("x-github-event")));
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    #[must_use]
    pub fn event_type(&self) -> Option<Location<'_>> {
        self.event_type.as_ref().map(CompiledLocation::location)
    }

    /// Returns the formats in which the sender writes its bodies, one or more.
    ///
    /// ```
    /// use countersign::scheme::BodyFormat;
    ///
    /// let github = countersign::senders::GITHUB.config().scheme()?;
    /// assert_eq!(github.body_formats(), [BodyFormat::Json, BodyFormat::form_json("payload")]);
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    #[must_use]
    pub fn body_formats(&self) -> &[BodyFormat] {
        self.body_formats.as_slice()
    }

    /// Returns where the events of a batch are in the body, for a sender that sends several in one; none
    /// for other senders.
    ///
    /// ```
    /// let line = countersign::senders::LINE.config().scheme()?;
    /// assert_eq!(line.items_at().collect::<Vec<_>>(), ["/events/*"]);
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    pub fn items_at(&self) -> impl Iterator<Item = &str> {
        let places = self.items.iter().flat_map(|items| items.0.iter());
        places.map(|items| &**items.place.as_shared())
    }

    /// Returns how the configured secret becomes the key.
    ///
    /// ```
    /// use countersign::scheme::KeyFormat;
    ///
    /// let svix = countersign::senders::SVIX.config().scheme()?;
    /// assert_eq!(svix.key_format(), KeyFormat::Base64 { prefix: "whsec_" });
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    #[must_use]
    pub const fn key_format(&self) -> KeyFormat {
        match self.key_form {
            KeyForm::AsGiven => KeyFormat::Text,
            KeyForm::Hex => KeyFormat::Hex,
            KeyForm::Base64 { prefix } => KeyFormat::Base64 { prefix },
        }
    }

    /// Returns the headers that must have a fixed value, such as the version of the sender's scheme,
    /// each as name and value.
    ///
    /// ```
    /// let box_com = countersign::senders::BOX.config().scheme()?;
    /// let headers: Vec<_> = box_com.required_headers().collect();
    /// assert!(headers.contains(&("box-signature-version", "1")));
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    pub fn required_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.required_headers.iter().map(|(name, value)| (name.as_str(), value.as_ref()))
    }

    /// Returns the headers of other schemes that must not appear in the same request.
    ///
    /// ```
    /// let svix = countersign::senders::SVIX.config().scheme()?;
    /// assert!(svix.conflicting_headers().any(|name| name == "webhook-signature"));
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    pub fn conflicting_headers(&self) -> impl Iterator<Item = &str> {
        self.conflicting_headers.iter().map(|name| name.as_str())
    }
}

impl CompiledLocation {
    fn location(&self) -> Location<'_> {
        match self {
            Self::Header(name) => Location::Header(name.as_str()),
            Self::Body(pointer) => Location::Body(pointer.as_shared()),
        }
    }
}

/// The credential of a request: a signature, or the secret itself for a static token.
///
/// See [`Scheme::credential`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Credential<'s> {
    /// The header or the field of the body that holds the credential.
    pub location: Location<'s>,
    /// A second header that may hold a signature by another key during a key rotation.
    pub second_header: Option<&'s str>,
    /// The encoding of the signature's bytes. It has no meaning for a static token, which is sent as
    /// it is.
    pub encoding: Encoding,
    /// The grammar of the header's value.
    pub grammar: SignatureGrammar<'s>,
    /// Whether pairs may have spaces and tabs around their names and values; see
    /// [`SignatureLocation::allow_white_space`](super::SignatureLocation::allow_white_space).
    pub allows_white_space: bool,
}

/// How the value of a header holds one signature or several.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SignatureGrammar<'s> {
    /// The credential is the whole value after a fixed prefix.
    Whole {
        /// The prefix, such as `sha256=`; it may be empty.
        prefix: &'s str,
    },
    /// The value is a list of `version,signature`, separated by spaces.
    Versioned {
        /// The version whose signatures are verified, such as `v1`.
        version: &'s str,
    },
    /// The value is a list of `name=value`.
    Pairs {
        /// The name of the pairs that hold a signature, such as `v1`.
        name: &'s str,
        /// The name of the pair that holds the signed time, such as `t`.
        timestamp: Option<&'s str>,
        /// The character between two pairs.
        separator: char,
    },
}

/// A place in a request from which one value is read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Location<'s> {
    /// The header of this name, in lower case.
    Header(&'s str),
    /// The field of a JSON body at this JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
    Body(&'s str),
}

/// One part of the signed content; see [`Scheme::signed_parts`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PartRef<'s> {
    /// A fixed text.
    Literal(&'s str),
    /// The value of the header of this name.
    Header(&'s str),
    /// The event's id, which is the value of the header of this name.
    Id(&'s str),
    /// The signed time, in the format in which the request has it; see [`Scheme::timestamp`].
    Timestamp,
    /// The bytes of the body.
    Body,
    /// This public URL, which may hold credentials.
    Url(&'s str),
    /// This public URL without its query, then the query, then the sorted fields of a form body.
    UrlAndForm(&'s str),
    /// The text of the body's field at this JSON pointer.
    Field(&'s str),
}

/// The signed time of a request; see [`Scheme::timestamp`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SignedTimestamp<'s> {
    /// The place in the request that holds the time.
    pub location: TimestampLocation<'s>,
    /// The format in which the time is written.
    pub format: TimestampFormat,
}

/// A place in a request from which the signed time is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TimestampLocation<'s> {
    /// The header of this name, in lower case.
    Header(&'s str),
    /// The pair of this name in the signature's header; see [`SignatureGrammar::Pairs`].
    Pair(&'s str),
    /// The field of a JSON body at this JSON pointer.
    Body(&'s str),
}

/// How the text of a configured secret becomes the bytes of the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyFormat {
    /// The key is the text itself.
    Text,
    /// The key is decoded from hexadecimal.
    Hex,
    /// The key is decoded from base64, after a prefix that may be absent.
    Base64 {
        /// The prefix, such as `whsec_`; it may be empty.
        prefix: &'static str,
    },
}
