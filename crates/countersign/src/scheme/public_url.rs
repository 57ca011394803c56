//! The public URL of an endpoint, as its sender signs it.

use super::content::BODY_DIGEST;
use crate::error::{ConfigError, ConfigErrorKind};

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
