//! Signed content that is derived from the body.

use std::fmt;

use super::PublicUrl;
use super::signed_fields::{FieldKind, SignedField, join_fields};
use crate::crypto::encoding::Encoding;
use crate::json::pointer::Pointer;

/// Signed content derived from the body, for schemes that do not sign [`SignedPart`](super::SignedPart)s
/// verbatim.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// The public URL followed by the fields of a form
    /// ([Twilio](https://www.twilio.com/docs/usage/webhooks/webhooks-security)).
    UrlAndForm(PublicUrl),
    /// Some fields of a JSON body, joined by colons, with the signature in another field.
    Fields { fields: Vec<SignedField>, signature: Pointer, encoding: Encoding },
}

impl Content {
    /// Returns the texts that may be signed after one of the [`beginnings`](Self::beginnings): one or a
    /// few.
    ///
    /// There is none if the body or query does not have the necessary form, or could have two readings.
    pub(crate) fn texts(&self, query: Option<&str>, body: &[u8]) -> Vec<Vec<u8>> {
        match self {
            Self::UrlAndForm(url) => url.signed_texts(query, body),
            Self::Fields { fields, .. } => join_fields(fields, body).into_iter().collect(),
        }
    }

    /// Returns the texts with which the signed content may begin, the usual one first.
    pub(crate) fn beginnings(&self) -> Vec<&[u8]> {
        match self {
            Self::UrlAndForm(url) => url.bases().iter().map(|base| base.as_bytes()).collect(),
            Self::Fields { .. } => vec![b""],
        }
    }

    /// Returns the query that is the event, in a text that is signed after the URL; `None` where the
    /// body is the event.
    pub(crate) fn query_event<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        match self {
            Self::UrlAndForm(url) if url.is_query_event => {
                Some(text.strip_prefix(b"?").unwrap_or_default())
            }
            Self::UrlAndForm(_) | Self::Fields { .. } => None,
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UrlAndForm(url) if url.is_query_event => f.write_str("{url}"),
            Self::UrlAndForm(_) => f.write_str("{url}{sorted form}"),
            Self::Fields { fields, .. } => {
                let signed = fields.iter().filter(|field| field.kind != FieldKind::Absent);
                for (at, field) in signed.enumerate() {
                    let colon = if at == 0 { "" } else { ":" };
                    let name = field.pointer.as_shared().rsplit('/').next().unwrap_or_default();
                    write!(f, "{colon}{{{name}}}")?;
                }
                Ok(())
            }
        }
    }
}
