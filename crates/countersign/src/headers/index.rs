//! The headers that a scheme reads, found in one pass.

use std::fmt;
use std::sync::Arc;

use super::{Headers, is_printable};
use crate::error::{ConfigError, ConfigErrorKind, Rejection, RejectionKind};

/// The longest security header that is read, in bytes: room for sixteen long signatures.
const MAX_HEADER_BYTES: usize = 8 * 1024;

/// The most headers that one scheme reads: a bit each in a `u16`.
const MAX_NAMES: usize = 16;

/// The classes that names are told apart by before they are compared; a power of two.
const CLASSES: usize = 64;

/// The names that a scheme reads, so that one pass over a request's headers finds them all.
#[derive(Clone, Debug)]
pub(crate) struct HeaderIndex {
    list: Vec<IndexedHeader>,
    /// For each class, a bit for each name of it; most headers are passed over by it.
    by_class: [u16; CLASSES],
}

impl HeaderIndex {
    /// The names that are read for every scheme.
    pub(crate) fn new() -> Self {
        let mut names = Self { list: Vec::new(), by_class: [0; CLASSES] };
        names.push("content-encoding".into());
        names.push("content-length".into());
        names
    }

    pub(crate) fn content_encoding(&self) -> Option<&IndexedHeader> {
        self.list.first()
    }

    pub(crate) fn content_length(&self) -> Option<&IndexedHeader> {
        self.list.get(1)
    }

    /// Takes an RFC 9110 token in either case.
    pub(crate) fn add(&mut self, name: &str) -> Result<IndexedHeader, ConfigError> {
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

    fn push(&mut self, text: Arc<str>) -> IndexedHeader {
        let name = IndexedHeader { text, slot: self.list.len() };
        if let Some(names) = self.by_class.get_mut(class(&name.text)) {
            *names |= 1 << name.slot;
        }
        self.list.push(name.clone());
        name
    }

    /// Adds to `values` what `headers` has under these names.
    pub(crate) fn read<'h, H: Headers + ?Sized>(
        &self,
        headers: &'h H,
        values: &mut HeaderValues<'h>,
    ) {
        headers.each(|header, value| {
            let mut names = self.by_class.get(class(header)).copied().unwrap_or(0);
            while names != 0 {
                let slot = names.trailing_zeros() as usize;
                if let (Some(name), Some(first)) = (self.list.get(slot), values.first.get_mut(slot))
                    && name.is(header)
                {
                    match first {
                        None => *first = Some(value),
                        Some(_) => values.repeated |= 1 << slot,
                    }
                    values.present |= 1 << slot;
                    return;
                }
                names &= names - 1;
            }
        });
    }
}

/// What two names have in common if they are the same in any case: their length and the five bits of
/// their last character that a letter's case does not touch.
#[inline]
fn class(name: &str) -> usize {
    let last = name.as_bytes().last().map_or(0, |last| usize::from(last & 31));
    (name.len() + 7 * last) % CLASSES
}

/// What stands under a header's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HeaderLookup<'h> {
    None,
    One(&'h [u8]),
    Many,
}

/// What a request has under the names of a [`Names`].
#[derive(Default)]
pub(crate) struct HeaderValues<'h> {
    first: [Option<&'h [u8]>; MAX_NAMES],
    /// A bit for each name that there is a value under.
    present: u16,
    /// A bit for each name that there is more than one value under.
    repeated: u16,
}

/// A header's name in lower case, and its place among its scheme's.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct IndexedHeader {
    text: Arc<str>,
    slot: usize,
}

impl IndexedHeader {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `header` is this name, in any case.
    #[inline]
    fn is(&self, header: &str) -> bool {
        *self.text == *header || self.text.eq_ignore_ascii_case(header)
    }

    /// What stands under this name.
    #[inline]
    pub(crate) fn lookup<'h>(&self, values: &HeaderValues<'h>) -> HeaderLookup<'h> {
        match values.first.get(self.slot) {
            Some(Some(_)) if values.repeated & 1 << self.slot != 0 => HeaderLookup::Many,
            Some(Some(value)) => HeaderLookup::One(value),
            Some(None) | None => HeaderLookup::None,
        }
    }

    /// Whether anything stands under this name.
    #[inline]
    pub(crate) const fn is_in(&self, values: &HeaderValues<'_>) -> bool {
        values.present & 1 << self.slot != 0
    }

    /// The one value under this name: there, single, not empty, not long, printable ASCII.
    pub(crate) fn required_value<'h>(
        &self,
        values: &HeaderValues<'h>,
    ) -> Result<&'h [u8], Rejection> {
        let value = self.single_value(values)?;
        if is_printable(value) {
            Ok(value)
        } else {
            Err(self
                .reject(RejectionKind::MalformedHeader)
                .with_detail("it is not printable ASCII"))
        }
    }

    /// The same, for a value whose every byte is judged by whoever reads it.
    #[inline]
    pub(crate) fn single_value<'h>(
        &self,
        values: &HeaderValues<'h>,
    ) -> Result<&'h [u8], Rejection> {
        match self.lookup(values) {
            HeaderLookup::None | HeaderLookup::One(b"") => {
                Err(self.reject(RejectionKind::MissingHeader))
            }
            HeaderLookup::Many => Err(self.reject(RejectionKind::DuplicateHeader)),
            HeaderLookup::One(value) if value.len() > MAX_HEADER_BYTES => {
                Err(self.reject(RejectionKind::MalformedHeader).with_detail("it is over 8 KiB"))
            }
            HeaderLookup::One(value) => Ok(value),
        }
    }

    #[cold]
    pub(crate) fn reject(&self, kind: RejectionKind) -> Rejection {
        Rejection::new(kind).with_location(&self.text)
    }
}

impl fmt::Debug for IndexedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}
