//! What every page knows.

use countersign::Timestamp;

use crate::access::Access;
use crate::console::Console;

/// What every page knows.
pub(crate) struct Context<'c> {
    pub(crate) console: &'c Console,
    pub(crate) access: &'c Access,
    pub(crate) now: Timestamp,
    /// The theme that the person has chosen: `system`, `light` or `dark`.
    pub(crate) theme: &'static str,
}

impl<'c> Context<'c> {
    pub(crate) const fn new(
        console: &'c Console,
        access: &'c Access,
        now: Timestamp,
        theme: &'static str,
    ) -> Self {
        Self { console, access, now, theme }
    }
}
