//! Signed content that is derived from the body.

use std::fmt;

use super::form::form_text;
use super::signed_fields::{FieldKind, SignedField, join_fields};
use crate::crypto::encoding::{Encoding, decode_hex_secret};
use crate::crypto::mac::sha256;
use crate::json::pointer::Pointer;
use crate::scheme::PublicUrl;

/// The last parameter of a query whose body is not a form: the body's SHA-256 in hexadecimal.
pub(crate) const BODY_DIGEST: &str = "bodySHA256";

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
            Self::UrlAndForm(url) => {
                let query = query.or(url.query.as_deref()).unwrap_or_default();
                let mut text = Vec::with_capacity(query.len() + 1 + body.len());
                if !query.is_empty() {
                    text.push(b'?');
                    text.extend_from_slice(query.as_bytes());
                }
                let mut pairs = query.rsplit('&').map(|pair| {
                    pair.strip_prefix(BODY_DIGEST).and_then(|rest| rest.strip_prefix('='))
                });
                let digest = pairs.next().flatten();
                // The query ends where the form begins: a configured query is compared, so that no field
                // of the form can be moved to its end.
                if let Some(expected) = &url.query {
                    let own = match (digest, query.rsplit_once('&')) {
                        (Some(_), Some((own, _))) => own,
                        (Some(_), None) => "",
                        (None, _) => query,
                    };
                    if own != expected {
                        return None;
                    }
                }
                // The digest is the last parameter, where the sender adds it. An earlier one may be text
                // of a form that an attacker has moved into the query.
                if pairs.any(|digest| digest.is_some()) {
                    return None;
                }
                match digest {
                    None => text.extend_from_slice(&form_text(body)?),
                    Some(digest) if decode_hex_secret(digest.as_bytes())? != sha256(body) => {
                        return None;
                    }
                    Some(_) => {}
                }
                Some(text)
            }
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
