//! Reading header values without owning anybody's header map.

use std::fmt;
use std::sync::Arc;

use crate::error::{ConfigError, ConfigErrorKind, Refusal, RefusalKind};

/// The longest security header that is read, in bytes: room for sixteen long signatures.
const MAX_HEADER_BYTES: usize = 8 * 1024;

/// The most headers that one scheme reads.
const MAX_NAMES: usize = 16;

/// A request's headers, whatever holds them.
///
/// ```
/// use countersign::Headers;
///
/// struct Event {
///     headers: std::collections::HashMap<String, String>,
/// }
///
/// impl Headers for Event {
///     fn each<'h>(&'h self, mut visit: impl FnMut(&'h str, &'h [u8])) {
///         self.headers.iter().for_each(|(name, value)| visit(name, value.as_bytes()));
///     }
/// }
/// ```
pub trait Headers {
    /// Calls `visit` with the name and the value of every header, one that stands twice twice.
    ///
    /// Names may be in any case; values are to be as they were received.
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8]));
}

impl<H: Headers + ?Sized> Headers for &H {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        (**self).each(visit);
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Headers for [(K, V)] {
    fn each<'h>(&'h self, mut visit: impl FnMut(&'h str, &'h [u8])) {
        self.iter().for_each(|(name, value)| visit(name.as_ref(), value.as_ref()));
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>, const N: usize> Headers for [(K, V); N] {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.as_slice().each(visit);
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(K, V)> {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.as_slice().each(visit);
    }
}

#[cfg(feature = "http")]
impl Headers for http::HeaderMap {
    fn each<'h>(&'h self, mut visit: impl FnMut(&'h str, &'h [u8])) {
        self.iter().for_each(|(name, value)| visit(name.as_str(), value.as_bytes()));
    }
}

/// The names that a scheme reads, so that one pass over a request's headers finds them all.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    list: Vec<Name>,
    /// A bit for each length that some name has; most headers are passed over by it.
    lengths: u64,
}

impl Names {
    /// The names that are read for every scheme.
    pub(crate) fn new() -> Self {
        let mut names = Self { list: Vec::new(), lengths: 0 };
        names.push("content-encoding".into());
        names.push("content-length".into());
        names
    }

    pub(crate) fn content_encoding(&self) -> Option<&Name> {
        self.list.first()
    }

    pub(crate) fn content_length(&self) -> Option<&Name> {
        self.list.get(1)
    }

    /// Takes an RFC 9110 token in either case.
    pub(crate) fn add(&mut self, name: &str) -> Result<Name, ConfigError> {
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
        let text = name.to_ascii_lowercase();
        if let Some(known) = self.list.iter().find(|known| *known.text == *text) {
            return Ok(known.clone());
        }
        if self.list.len() == MAX_NAMES {
            return Err(ConfigError::new(
                ConfigErrorKind::InvalidScheme,
                format!("the scheme reads more than {MAX_NAMES} headers: leave some out"),
            ));
        }
        Ok(self.push(text.into()))
    }

    fn push(&mut self, text: Arc<str>) -> Name {
        self.lengths |= length_bit(&text);
        let name = Name { text, slot: self.list.len() };
        self.list.push(name.clone());
        name
    }

    /// What `headers` has under these names.
    pub(crate) fn read<'h, H: Headers + ?Sized>(&self, headers: &'h H) -> Values<'h> {
        let mut values = Values([Found::None; MAX_NAMES]);
        headers.each(|header, value| {
            if self.lengths & length_bit(header) == 0 {
                return;
            }
            for (name, found) in self.list.iter().zip(&mut values.0) {
                if *name.text == *header || name.text.eq_ignore_ascii_case(header) {
                    *found = match found {
                        Found::None => Found::One(value),
                        Found::One(_) | Found::Many => Found::Many,
                    };
                    break;
                }
            }
        });
        values
    }
}

const fn length_bit(name: &str) -> u64 {
    let length = name.len();
    1 << if length < 63 { length } else { 63 }
}

/// What stands under a header's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Found<'h> {
    None,
    One(&'h [u8]),
    Many,
}

/// What a request has under the names of a [`Names`].
pub(crate) struct Values<'h>([Found<'h>; MAX_NAMES]);

/// A header's name in lower case, and its place among its scheme's.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Name {
    text: Arc<str>,
    slot: usize,
}

impl Name {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands under this name.
    pub(crate) fn found<'h>(&self, values: &Values<'h>) -> Found<'h> {
        values.0.get(self.slot).copied().unwrap_or(Found::None)
    }

    /// The one value under this name: there, single, not empty, not long, printable ASCII.
    pub(crate) fn required<'h>(&self, values: &Values<'h>) -> Result<&'h [u8], Refusal> {
        match self.found(values) {
            Found::None | Found::One(b"") => Err(self.refuse(RefusalKind::MissingHeader)),
            Found::Many => Err(self.refuse(RefusalKind::DuplicateHeader)),
            Found::One(value) if value.len() > MAX_HEADER_BYTES => {
                Err(self.refuse(RefusalKind::MalformedHeader).because("it is over 8 KiB"))
            }
            Found::One(value) if !is_printable(value) => {
                Err(self.refuse(RefusalKind::MalformedHeader).because("it is not printable ASCII"))
            }
            Found::One(value) => Ok(value),
        }
    }

    pub(crate) fn refuse(&self, kind: RefusalKind) -> Refusal {
        Refusal::new(kind).at(&self.text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// Whether all of `value` is printable ASCII. It looks at every byte, which is faster than stopping.
pub(crate) fn is_printable(value: &[u8]) -> bool {
    value.iter().fold(true, |printable, byte| printable & (b' '..=b'~').contains(byte))
}
