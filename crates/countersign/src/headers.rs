//! Reading header values without owning anybody's header map.

use std::fmt;
use std::sync::Arc;

use crate::error::{ConfigError, ConfigErrorKind, Refusal, RefusalKind};

/// The longest security header that is read, in bytes: room for sixteen long signatures.
const MAX_HEADER_BYTES: usize = 8 * 1024;

/// What stands under a header's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found<'a> {
    /// No header of that name.
    None,
    /// Exactly one, with its value as received.
    One(&'a [u8]),
    /// More than one.
    Many,
}

impl<'a> Found<'a> {
    /// Counts up to two of `values`.
    pub fn from_values(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::None,
            (Some(value), None) => Self::One(value),
            (Some(_), Some(_)) => Self::Many,
        }
    }
}

/// A request's headers, whatever holds them.
///
/// Names are compared without case; `name` is always in lower case.
pub trait Headers {
    /// What stands under `name`.
    fn find(&self, name: &str) -> Found<'_>;
}

impl<H: Headers + ?Sized> Headers for &H {
    fn find(&self, name: &str) -> Found<'_> {
        (**self).find(name)
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Headers for [(K, V)] {
    fn find(&self, name: &str) -> Found<'_> {
        Found::from_values(
            self.iter()
                .filter(|(key, _)| key.as_ref().eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_ref()),
        )
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>, const N: usize> Headers for [(K, V); N] {
    fn find(&self, name: &str) -> Found<'_> {
        self.as_slice().find(name)
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(K, V)> {
    fn find(&self, name: &str) -> Found<'_> {
        self.as_slice().find(name)
    }
}

#[cfg(feature = "http")]
impl Headers for http::HeaderMap {
    fn find(&self, name: &str) -> Found<'_> {
        Found::from_values(self.get_all(name).iter().map(http::HeaderValue::as_bytes))
    }
}

/// A header's name in lower case.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Name(Arc<str>);

impl Name {
    /// Takes an RFC 9110 token in either case.
    pub(crate) fn parse(name: &str) -> Result<Self, ConfigError> {
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(ConfigError::new(
                ConfigErrorKind::InvalidHeaderName,
                format!(
                    "`{}` is no header name: give the one the sender uses",
                    name.escape_debug()
                ),
            ));
        }
        Ok(Self(name.to_ascii_lowercase().into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The one value under this name: there, single, not empty, not long, visible ASCII.
    pub(crate) fn required<'h, H: Headers + ?Sized>(
        &self,
        headers: &'h H,
    ) -> Result<&'h [u8], Refusal> {
        match headers.find(&self.0) {
            Found::None | Found::One(b"") => Err(self.refuse(RefusalKind::MissingHeader)),
            Found::Many => Err(self.refuse(RefusalKind::DuplicateHeader)),
            Found::One(value) if value.len() > MAX_HEADER_BYTES => {
                Err(self.refuse(RefusalKind::MalformedHeader).because("it is over 8 KiB"))
            }
            Found::One(value) if !value.iter().all(|byte| (b' '..=b'~').contains(byte)) => {
                Err(self.refuse(RefusalKind::MalformedHeader).because("it is not printable ASCII"))
            }
            Found::One(value) => Ok(value),
        }
    }

    pub(crate) fn refuse(&self, kind: RefusalKind) -> Refusal {
        Refusal::new(kind).at(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
