//! What a page responds with.

use std::time::Duration;

use bytes::Bytes;
use countersign::Timestamp;
use countersign::dedup::StoreError;
use maud::Markup;
use serde_json::Value;

use crate::body::Feed;

/// What a page responds with.
pub(crate) enum Reply {
    /// A page, and the same as JSON.
    Page {
        title: String,
        current: &'static str,
        content: Markup,
        json: Value,
    },
    /// Another page, by a link that is relative to this one.
    SeeOther(String),
    /// A file to download.
    Download {
        name: String,
        bytes: Bytes,
    },
    Feed(Feed),
    NotFound,
    /// Access is missing for this part.
    Forbidden,
    /// The request cannot be fulfilled, for this reason.
    Conflict(&'static str),
}

/// What came of a page: a reply, or the error of a store.
pub(crate) type Outcome = Result<Reply, StoreError>;

/// How far back the overview counts.
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// Returns when the last day began, at a whole minute.
pub(crate) fn day_before(now: Timestamp) -> Timestamp {
    Timestamp::from_secs(now.saturating_sub(DAY).as_secs() / 60 * 60)
}
