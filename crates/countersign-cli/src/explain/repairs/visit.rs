//! The receiver of repaired bodies.

use bytes::Bytes;

use crate::explain::finding::Finding;

/// Receives a repaired body, and returns whether to stop.
pub(crate) type Visit<'v> = dyn FnMut(Finding, Bytes) -> bool + 'v;
