//! What a person may do.

use std::sync::Arc;

/// What the person behind a request may do, with the name that is recorded for what they do.
///
/// ```
/// use countersign_console::Access;
///
/// assert!(Access::operate("ops").may_operate());
/// assert!(!Access::read("guest").may_read_payloads());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Access {
    /// Nothing: the response is 403.
    Forbidden,
    /// See the pages, but no payload, no kept header and no captured request.
    Read(Arc<str>),
    /// See payloads, too.
    ReadPayload(Arc<str>),
    /// See everything, and replay, discard, pause and resume.
    Operate(Arc<str>),
}

impl Access {
    /// Lets the person with this name see the pages without payloads.
    pub fn read(name: impl Into<Arc<str>>) -> Self {
        Self::Read(name.into())
    }

    /// Lets the person with this name see the pages and payloads.
    pub fn read_payload(name: impl Into<Arc<str>>) -> Self {
        Self::ReadPayload(name.into())
    }

    /// Lets the person with this name see everything, and act.
    pub fn operate(name: impl Into<Arc<str>>) -> Self {
        Self::Operate(name.into())
    }

    /// Returns whether payloads may be shown.
    #[must_use]
    pub const fn may_read_payloads(&self) -> bool {
        matches!(self, Self::ReadPayload(_) | Self::Operate(_))
    }

    /// Returns whether messages may be replayed and discarded, and endpoints paused.
    #[must_use]
    pub const fn may_operate(&self) -> bool {
        matches!(self, Self::Operate(_))
    }

    /// Returns the person's name; empty if access is forbidden.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Forbidden => "",
            Self::Read(name) | Self::ReadPayload(name) | Self::Operate(name) => name,
        }
    }

    /// Returns what may be done, in words.
    pub(crate) const fn words(&self) -> &'static str {
        match self {
            Self::Forbidden => "no access",
            Self::Read(_) => "can read",
            Self::ReadPayload(_) => "can read payloads",
            Self::Operate(_) => "can operate",
        }
    }
}
