//! The headers of a request, read from any header map and indexed by what a scheme reads.

mod headers;
mod index;
mod printable;

pub use self::headers::Headers;
pub(crate) use self::index::{HeaderIndex, HeaderLookup, HeaderValues, IndexedHeader};
pub(crate) use self::printable::is_printable;
