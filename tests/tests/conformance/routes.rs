//! The routes of events by name, the same with every adapter.

/// The patterns, each with its handler's name. Exact names come first, since actix tries routes in order.
pub(crate) const ROUTES: [(&str, &str); 3] =
    [("invoice.paid", "paid"), ("customer.created", "created"), ("customer.*", "customer")];

/// The name that is ignored although there may be a handler for all other events.
pub(crate) const IGNORED: &str = "charge.updated";

/// The handler of all other events, with [`Others::Handled`].
pub(crate) const OTHER: &str = "other";

/// What becomes of the events that no route takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Others {
    Ignored,
    Handled,
}
