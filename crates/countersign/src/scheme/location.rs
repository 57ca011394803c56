//! Where a request carries its credential, its time and its other facts.

use std::borrow::Cow;

use super::Encoding;
use crate::headers::IndexedHeader;
use crate::json::pointer::Pointer;
use crate::time::TimestampFormat;

/// Where the credential stands and how it is written.
#[derive(Clone, Debug)]
pub struct SignatureLocation {
    pub(super) header: Cow<'static, str>,
    pub(super) second: Option<Cow<'static, str>>,
    pub(super) encoding: Encoding,
    pub(super) grammar: Grammar,
}

impl SignatureLocation {
    /// The header's whole value is the signature.
    #[must_use]
    pub fn header(name: impl Into<Cow<'static, str>>, encoding: Encoding) -> Self {
        let grammar = Grammar::Whole { prefix: "".into() };
        Self { header: name.into(), second: None, encoding, grammar }
    }

    /// A second header that holds one more signature while keys are changed. One of the two is
    /// enough.
    #[must_use]
    pub fn or_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.second = Some(name.into());
        self
    }

    /// The header's whole value is the secret.
    #[must_use]
    pub fn token(name: impl Into<Cow<'static, str>>) -> Self {
        Self::header(name, Encoding::Hex)
    }

    /// A fixed text in front, such as `sha256=` or `Bearer `, which must be there.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.grammar = Grammar::Whole { prefix: prefix.into() };
        self
    }

    /// The value is a list of `version,signature` parted by spaces; other versions are ignored.
    #[must_use]
    pub fn versioned(mut self, version: impl Into<Cow<'static, str>>) -> Self {
        self.grammar = Grammar::Versioned { version: version.into() };
        self
    }

    /// The value is a list of `name=value` parted by commas; signatures are called `name`.
    #[must_use]
    pub fn pairs(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.pairs_with_separator(b',', name)
    }

    /// As [`pairs`](Self::pairs), parted by another ASCII character.
    #[must_use]
    pub fn pairs_with_separator(
        mut self,
        separator: u8,
        name: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.grammar = Grammar::Pairs { signature: name.into(), time: None, separator };
        self
    }
}

#[derive(Clone, Debug)]
pub(crate) struct CompiledSignature {
    pub(crate) header: IndexedHeader,
    /// Where a second signature may stand, by another key.
    pub(crate) second: Option<IndexedHeader>,
    pub(crate) encoding: Encoding,
    pub(crate) grammar: Grammar,
}

/// How a header's value holds one signature or several.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Grammar {
    /// The whole value after a fixed prefix.
    Whole { prefix: Cow<'static, str> },
    /// `v1,<signature> v1,<signature>`: items parted by spaces.
    Versioned { version: Cow<'static, str> },
    /// `t=<time>,v1=<signature>,v1=<signature>`: pairs parted by commas, or another character.
    Pairs { signature: Cow<'static, str>, time: Option<Cow<'static, str>>, separator: u8 },
}

#[derive(Clone, Debug)]
pub(crate) enum CompiledTimestamp {
    Header(IndexedHeader, TimestampFormat),
    /// A pair in the signature header, named in [`Grammar::Pairs`].
    Pair(TimestampFormat),
    /// A field of the signed body: RFC 3339, or a whole number in the unit.
    Body(Pointer, TimestampFormat),
}

/// Where a fact about an event stands.
#[derive(Clone, Debug)]
pub(crate) enum CompiledLocation {
    Header(IndexedHeader),
    Body(Pointer),
}
