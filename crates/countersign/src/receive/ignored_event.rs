//! The mark of an event that no handler was registered for.

/// A mark in the extensions of a response: no handler is registered for the event, and the event was
/// acknowledged without one.
///
/// Events are ignored by the router of an adapter. Each is counted in the metric
/// `countersign_ignored_total` and logged with its name. Its outcome is
/// [`Outcome::Handled`](crate::Outcome::Handled), so a retry of it is a duplicate.
/// [`adapter::report_ignored`](crate::adapter::report_ignored) returns this mark, for an application that
/// routes events itself.
///
/// ```
/// use countersign::IgnoredEvent;
///
/// /// A layer in front of the adapter counts the events that no handler took.
/// fn is_ignored<B>(response: &http::Response<B>) -> bool {
///     response.extensions().get::<IgnoredEvent>().is_some()
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IgnoredEvent(());

impl IgnoredEvent {
    pub(super) const fn new() -> Self {
        Self(())
    }
}
