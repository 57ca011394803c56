//! The pages.

mod acts;
mod confirm;
mod dead;
mod deliveries;
mod delivery;
mod endpoints;
mod filter;
mod hints;
mod layout;
mod overview;
mod payload;
mod rejected;
mod selection;

use countersign::Timestamp;

pub(crate) use self::acts::{act, all_acts, set_paused};
pub(crate) use self::confirm::confirm;
pub(crate) use self::dead::dead;
pub(crate) use self::deliveries::deliveries;
pub(crate) use self::delivery::delivery;
pub(crate) use self::endpoints::endpoints;
pub(crate) use self::filter::log_filter;
pub(crate) use self::layout::{message, unreachable};
pub(crate) use self::overview::overview;
pub(crate) use self::payload::{captured, payload};
pub(crate) use self::rejected::rejected;
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
