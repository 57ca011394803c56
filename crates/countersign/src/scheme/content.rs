//! What a sender signs, where that is not the header values and the body as they stand.

use std::borrow::Cow;
use std::fmt;

use crate::crypto::encoding::{Encoding, decode_hex_secret};
use crate::crypto::mac::sha256;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::json::pointer::Pointer;

/// The part of a query, its last, that stands for a body which is no form: SHA-256 in hexadecimal.
pub(crate) const BODY_DIGEST: &str = "bodySHA256";

/// Signed text that is made from the body.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// The public URL and the form's fields
    /// ([Twilio](https://www.twilio.com/docs/usage/webhooks/webhooks-security)).
    UrlAndForm(PublicUrl),
    /// Some fields of a JSON body, joined by colons, with the signature beside them.
    Fields { fields: Vec<SignedField>, signature: Pointer, encoding: Encoding },
}

impl Content {
    /// What is signed, but for how it begins; `None` if the body has not the form it needs.
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
                // Where the query is set up, text out of a form cannot pass for a part of it.
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
                // The sender adds it at the end. Before that it may be text out of a form, which
                // whoever captured the request has moved into the query.
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
            Self::Fields { fields, .. } => joined(fields, body),
        }
    }

    /// How the signed text may begin.
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

/// A field of a JSON body.
#[derive(Clone, Debug)]
pub(crate) struct SignedField {
    pub(crate) pointer: Pointer,
    pub(crate) kind: FieldKind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FieldKind {
    /// It holds no colon.
    Plain,
    /// It may hold one.
    Free,
    /// It is not there.
    Absent,
}

/// `None` if a field holds what it must not, or could take two values.
fn joined(fields: &[SignedField], body: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut is_first = true;
    for field in fields {
        if field.kind == FieldKind::Absent {
            // Null is an item of a list, and another may stand behind it.
            if field.pointer.is_absent(body) {
                continue;
            }
            return None;
        }
        let value = field.pointer.text(body)?.unwrap_or(Cow::Borrowed(""));
        if field.kind == FieldKind::Plain && value.contains(':') {
            return None;
        }
        if !is_first {
            text.push(b':');
        }
        is_first = false;
        text.extend_from_slice(value.as_bytes());
    }
    Some(text)
}

/// The URL that the sender was given, with its port and without.
#[derive(Clone, Debug)]
pub(crate) struct PublicUrl {
    as_given: String,
    /// Without the port, if it is given with one; with the usual one, if not.
    otherwise: String,
    query: Option<String>,
}

impl PublicUrl {
    pub(crate) fn parse(url: &str) -> Result<Self, ConfigError> {
        let invalid = || {
            ConfigError::new(
                ConfigErrorKind::MissingSetting,
                format!(
                    "`{}` is no public URL: give the one the sender delivers to, like `https://example.com/hook`",
                    url.escape_debug()
                ),
            )
        };
        let (rest, port) = if let Some(rest) = url.strip_prefix("https://") {
            (rest, "443")
        } else {
            (url.strip_prefix("http://").ok_or_else(invalid)?, "80")
        };
        let scheme = url.strip_suffix(rest).ok_or_else(invalid)?;
        let is_plain = rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        let (head, query) = match rest.split_once('?') {
            Some((head, query)) => (head, Some(without_digest(query).to_owned())),
            None => (rest, None),
        };
        let (authority, path) = head.split_at(head.find('/').unwrap_or(head.len()));
        let (host, otherwise) = match authority.rsplit_once(':') {
            Some((host, given)) if !given.ends_with(']') => {
                // The parser takes a sign as well.
                let is_number = given.bytes().all(|byte| byte.is_ascii_digit());
                given.parse::<u16>().ok().filter(|_| is_number).ok_or_else(invalid)?;
                (host, format!("{scheme}{host}{path}"))
            }
            _ => (authority, format!("{scheme}{authority}:{port}{path}")),
        };
        let is_whole = host.starts_with('[') == host.ends_with(']');
        if host.is_empty() || !is_whole || !is_plain {
            return Err(invalid());
        }
        Ok(Self { as_given: format!("{scheme}{head}"), otherwise, query })
    }
}

impl PublicUrl {
    /// Returns the URL as configured, without its query.
    pub(crate) fn as_given(&self) -> &str {
        &self.as_given
    }
}

/// A query as it is set up: a URL that was captured may end in a body's digest.
fn without_digest(query: &str) -> &str {
    match query.rsplit_once('&') {
        Some((own, last)) if last.starts_with(BODY_DIGEST) => own,
        None if query.starts_with(BODY_DIGEST) => "",
        _ => query,
    }
}

#[cfg(feature = "sign")]
impl PublicUrl {
    pub(crate) fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }
}

/// The most fields of a form: it is sorted before anything is verified. Twilio sends some dozens.
const MAX_FORM_FIELDS: usize = 1000;

/// A form's fields by name and value, each once, names and values joined without anything between.
///
/// `None` if it is no form: a `%` without two hexadecimal digits behind it; or has too many fields.
fn form_text(body: &[u8]) -> Option<Vec<u8>> {
    let pairs = || body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    if pairs().nth(MAX_FORM_FIELDS).is_some() {
        return None;
    }
    let mut fields = Vec::new();
    for pair in pairs() {
        let mut sides = pair.splitn(2, |byte| *byte == b'=');
        let mut side = || form_decoded(sides.next().unwrap_or_default());
        fields.push((side()?, side()?));
    }
    fields.sort_unstable();
    fields.dedup();
    Some(fields.into_iter().flat_map(|(name, value)| [name, value]).flatten().collect())
}

/// One name or value of `application/x-www-form-urlencoded`
/// ([WHATWG URL](https://url.spec.whatwg.org/#application/x-www-form-urlencoded)).
pub(crate) fn form_decoded(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        let (byte, rest) = match first {
            b'+' => (b' ', rest),
            b'%' => {
                let (digits, rest) = rest.split_first_chunk::<2>()?;
                (*decode_hex_secret(digits)?.first()?, rest)
            }
            byte => (*byte, rest),
        };
        decoded.push(byte);
        text = rest;
    }
    Some(decoded)
}
