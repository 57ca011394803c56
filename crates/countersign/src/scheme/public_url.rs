//! The public URL of an endpoint, as its sender signs it.

use super::form::form_text;
use crate::crypto::encoding::decode_hex_secret;
use crate::crypto::mac::sha256;
use crate::error::{ConfigError, ConfigErrorKind};

/// The last parameter of a query whose body is not a form: the body's SHA-256 in hexadecimal.
pub(super) const BODY_DIGEST: &str = "bodySHA256";

/// The public URL of an endpoint, with its port and without.
#[derive(Clone, Debug)]
pub(crate) struct PublicUrl {
    /// The configured URL without its query.
    pub(super) as_given: String,
    /// The URL without its port if it is configured with one, else with the scheme's default port.
    pub(super) otherwise: String,
    pub(super) query: Option<String>,
}

impl PublicUrl {
    /// Parses an absolute URL.
    pub(crate) fn parse(url: &str) -> Result<Self, ConfigError> {
        let invalid = || {
            ConfigError::new(
                ConfigErrorKind::MissingSetting,
                format!(
                    "`{}` is not a public URL: set the URL that the sender delivers to, such as `https://example.com/hook`",
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
                // `u16::from_str` accepts a leading sign as well.
                let is_number = given.bytes().all(|byte| byte.is_ascii_digit());
                given.parse::<u16>().ok().filter(|_| is_number).ok_or_else(invalid)?;
                (host, format!("{scheme}{host}{path}"))
            }
            _ => (authority, format!("{scheme}{authority}:{port}{path}")),
        };
        let has_both_brackets = host.starts_with('[') == host.ends_with(']');
        if host.is_empty() || !has_both_brackets || !is_plain {
            return Err(invalid());
        }
        Ok(Self { as_given: format!("{scheme}{head}"), otherwise, query })
    }

    /// Returns the signed content after the URL: the query of the request, or else the configured one,
    /// and the fields of a form.
    ///
    /// The signed content has exactly one reading: it shows where the query ends and the form begins.
    /// Otherwise an attacker could move fields of a captured form to the end of the query. `None` if
    /// there could be another reading, if the body is not a form, or if it does not have the digest in
    /// the query.
    pub(super) fn signed_text(&self, query: Option<&str>, body: &[u8]) -> Option<Vec<u8>> {
        let query = query.or(self.query.as_deref()).unwrap_or_default();
        let mut parameters = query.rsplit('&').map(digest_of);
        let digest = parameters.next().flatten();
        // The sender adds the digest as the last parameter. An earlier one may be text of a form.
        if parameters.any(|digest| digest.is_some()) {
            return None;
        }
        // The configured query, which the form cannot lengthen.
        if let Some(expected) = &self.query {
            let own = match (digest, query.rsplit_once('&')) {
                (Some(_), Some((own, _))) => own,
                (Some(_), None) => "",
                (None, _) => query,
            };
            if own != expected {
                return None;
            }
        }
        let mut text = Vec::with_capacity(query.len() + 1 + body.len());
        if !query.is_empty() {
            text.push(b'?');
            text.extend_from_slice(query.as_bytes());
        }
        match digest {
            None => text.extend_from_slice(&form_text(body)?),
            Some(digest) if decode_hex_secret(digest.as_bytes())? != sha256(body) => return None,
            Some(_) => {}
        }
        Some(text)
    }
}

/// Returns the digest of a parameter named [`BODY_DIGEST`].
fn digest_of(parameter: &str) -> Option<&str> {
    parameter.strip_prefix(BODY_DIGEST)?.strip_prefix('=')
}

/// Returns the query without a body's digest at its end, which the URL of a captured request may have.
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
