//! The headers that a scheme reads, found in one pass.

use std::fmt;
use std::sync::Arc;

use super::{Headers, is_printable};
use crate::error::{ConfigError, ConfigErrorKind, Rejection, RejectionKind};

/// The longest accepted security header, in bytes, which has room for sixteen long signatures.
const MAX_HEADER_BYTES: usize = 8 * 1024;

/// The largest number of headers that one scheme reads: one bit each in a `u16`.
const MAX_NAMES: usize = 16;

/// The positions of the names that are read for every scheme.
const CONTENT_ENCODING: usize = 0;
const CONTENT_LENGTH: usize = 1;

/// The number of classes of header names; a power of two.
const CLASSES: usize = 64;

/// The headers that a scheme reads, so that one pass over a request finds them all.
///
/// Two names that are equal in any case have the same class, so a header is compared only with the
/// names of its class. Most headers of a request are in a class of no name, and are skipped without a
/// comparison. Comparing each header with each name instead takes about 35 ns more of the 1,120 ns
/// for verifying 1 KiB with five ordinary headers, and 110 ns more of 1,150 ns with sixteen (Standard
/// Webhooks, x86-64).
#[derive(Clone, Debug)]
pub(crate) struct HeaderIndex {
    list: Vec<IndexedHeader>,
    /// For each class, one bit for each of its names.
    by_class: [u16; CLASSES],
}

impl HeaderIndex {
    /// Creates an index of the names that are read for every scheme.
    pub(crate) fn new() -> Self {
        let mut names = Self { list: Vec::new(), by_class: [0; CLASSES] };
        names.push("content-encoding".into());
        names.push("content-length".into());
        names
    }

    /// Returns the rejection of the `content-length`.
    #[cold]
    pub(crate) fn reject_content_length(&self, kind: RejectionKind) -> Rejection {
        let name = self.list.get(CONTENT_LENGTH);
        name.map_or_else(|| Rejection::new(kind), |name| name.reject(kind))
    }

    /// Adds `name` and returns it in lower case; a name that was added before is not added again.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::InvalidHeaderName`] if `name` is not a token of RFC 9110, and
    /// [`ConfigErrorKind::InvalidScheme`] if there are too many.
    pub(crate) fn add(&mut self, name: &str) -> Result<IndexedHeader, ConfigError> {
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(ConfigError::new(
                ConfigErrorKind::InvalidHeaderName,
                format!(
                    "`{}` is not a header name: use the name in the sender's documentation",
                    name.escape_debug()
                ),
            ));
        }
        let text = name.to_ascii_lowercase();
        if let Some(existing) = self.list.iter().find(|existing| *existing.text == *text) {
            return Ok(existing.clone());
        }
        if self.list.len() == MAX_NAMES {
            return Err(ConfigError::new(
                ConfigErrorKind::InvalidScheme,
                format!("the scheme reads more than {MAX_NAMES} headers: remove some"),
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

    /// Records in `values` the values that `headers` has for these names.
    pub(crate) fn read<'h, H: Headers + ?Sized>(
        &self,
        headers: &'h H,
        values: &mut HeaderValues<'h>,
    ) {
        headers.each(|header, value| {
            let names = self.by_class.get(class(header)).copied().unwrap_or(0);
            if names != 0 {
                self.record(names, header, value, values);
            }
        });
    }

    /// Records `value` if `header` is one of `names`, which has one bit for each.
    ///
    /// This is not part of the loop above, which most headers pass without a match: inlined, it would take
    /// the registers that the loop needs.
    #[inline(never)]
    fn record<'h>(
        &self,
        mut names: u16,
        header: &str,
        value: &'h [u8],
        values: &mut HeaderValues<'h>,
    ) {
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
    }
}

/// Returns the class of a name, which is equal for names that differ in case alone.
///
/// The class is made from the name's length and from the five bits of its last character that are the
/// same in upper and lower case.
#[inline]
fn class(name: &str) -> usize {
    let last = name.as_bytes().last().map_or(0, |last| usize::from(last & 31));
    (name.len() + 7 * last) % CLASSES
}

/// The values of one header in a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HeaderLookup<'h> {
    None,
    One(&'h [u8]),
    Many,
}

/// The values that a request has for the names of a [`HeaderIndex`].
#[derive(Default)]
pub(crate) struct HeaderValues<'h> {
    first: [Option<&'h [u8]>; MAX_NAMES],
    /// One bit for each name with a value.
    present: u16,
    /// One bit for each name with more than one value.
    repeated: u16,
}

impl<'h> HeaderValues<'h> {
    #[inline]
    pub(crate) fn content_encoding(&self) -> HeaderLookup<'h> {
        self.lookup(CONTENT_ENCODING)
    }

    #[inline]
    pub(crate) fn content_length(&self) -> HeaderLookup<'h> {
        self.lookup(CONTENT_LENGTH)
    }

    #[inline]
    fn lookup(&self, slot: usize) -> HeaderLookup<'h> {
        match self.first.get(slot) {
            Some(Some(_)) if self.repeated & 1 << slot != 0 => HeaderLookup::Many,
            Some(Some(value)) => HeaderLookup::One(value),
            Some(None) | None => HeaderLookup::None,
        }
    }
}

/// A header name in lower case, with its position in the scheme's index.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct IndexedHeader {
    text: Arc<str>,
    slot: usize,
}

impl IndexedHeader {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether `header` is this name, in any case.
    #[inline]
    pub(crate) fn is(&self, header: &str) -> bool {
        *self.text == *header || self.is_in_other_case(header)
    }

    /// Names in other than lower case are rare: most header maps convert them.
    #[cold]
    fn is_in_other_case(&self, header: &str) -> bool {
        self.text.eq_ignore_ascii_case(header)
    }

    /// Returns the values of this header.
    #[inline]
    pub(crate) fn lookup<'h>(&self, values: &HeaderValues<'h>) -> HeaderLookup<'h> {
        values.lookup(self.slot)
    }

    /// Returns whether the request has this header.
    #[inline]
    pub(crate) const fn is_in(&self, values: &HeaderValues<'_>) -> bool {
        values.present & 1 << self.slot != 0
    }

    /// Returns the only value of this header, which must be printable ASCII, not empty and not too long.
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

    /// Like [`required_value`](Self::required_value), without the check for printable ASCII: the caller
    /// checks every byte.
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
            HeaderLookup::One(value) if value.len() > MAX_HEADER_BYTES => Err(self
                .reject(RejectionKind::MalformedHeader)
                .with_detail("it is longer than 8 KiB")),
            HeaderLookup::One(value) => Ok(value),
        }
    }

    /// Creates a rejection that names this header.
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
