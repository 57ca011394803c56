//! The pages.

mod acts;
mod confirm;
mod context;
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

pub(crate) use self::acts::{act, all_acts, set_paused};
pub(crate) use self::confirm::confirm;
pub(crate) use self::context::Context;
pub(crate) use self::dead::dead;
pub(crate) use self::deliveries::deliveries;
pub(crate) use self::delivery::delivery;
pub(crate) use self::endpoints::endpoints;
pub(crate) use self::filter::log_filter;
pub(crate) use self::layout::{message, unreachable};
pub(crate) use self::overview::overview;
pub(crate) use self::payload::{captured, payload};
pub(crate) use self::rejected::rejected;
