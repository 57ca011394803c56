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
    /// Returns the signed content after its beginning, which is one of [`beginnings`](Self::beginnings).
    ///
    /// `None` if the body or query does not have the necessary form, or could have two readings.
    pub(crate) fn text(&self, query: Option<&str>, body: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::UrlAndForm(url) => url.signed_text(query, body),
            Self::Fields { fields, .. } => join_fields(fields, body),
        }
    }

    /// Returns the texts with which the signed content may begin.
    pub(crate) fn beginnings(&self) -> [&[u8]; 2] {
        match self {
            Self::UrlAndForm(url) => [url.as_given.as_bytes(), url.otherwise.as_bytes()],
            Self::Fields { .. } => [b""; 2],
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
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
