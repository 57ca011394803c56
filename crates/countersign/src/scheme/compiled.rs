//! Locations in a request, with header names indexed and JSON pointers parsed.

use super::{Encoding, Grammar};
use crate::headers::IndexedHeader;
use crate::json::pointer::Pointer;
use crate::time::TimestampFormat;

/// The headers that hold a signature, and how it is written there.
#[derive(Clone, Debug)]
pub(crate) struct CompiledSignature {
    pub(crate) header: IndexedHeader,
    /// The header that may hold a second signature, by another key.
    pub(crate) second: Option<IndexedHeader>,
    pub(crate) encoding: Encoding,
    pub(crate) grammar: Grammar,
}

/// The location of the signed time.
#[derive(Clone, Debug)]
pub(crate) enum CompiledTimestamp {
    /// The time is the value of a header.
    Header(IndexedHeader, TimestampFormat),
    /// The time is a pair in the signature header, named in [`Grammar::Pairs`].
    Pair(TimestampFormat),
    /// The time is a field of the signed body: RFC 3339, or a whole number in the format's unit.
    Body(Pointer, TimestampFormat),
}

/// The location of an event's id or type.
#[derive(Clone, Debug)]
pub(crate) enum CompiledLocation {
    Header(IndexedHeader),
    Body(Pointer),
}
