//! Patterns of event names.

use std::borrow::Cow;
use std::fmt;

use crate::error::{ConfigError, ConfigErrorKind};

/// A pattern of event names: an exact name, or a prefix that ends with `*`.
///
/// `*` stands for one or more characters of any kind, so `customer.*` matches `customer.created` and
/// `customer.subscription.deleted`, but not `customer.`. Names are compared as the sender writes them,
/// including their case.
///
/// The routers of the adapters take patterns as text. Without a router, match the name of a
/// [`Delivery`](crate::Delivery) itself:
///
/// ```
/// use countersign::{Delivery, EventPattern};
///
/// fn is_customer_event(delivery: &Delivery, customers: &EventPattern) -> bool {
///     delivery.event_type().is_some_and(|name| customers.matches(&name))
/// }
///
/// let customers = EventPattern::new("customer.*")?;
/// assert!(customers.matches("customer.created"));
/// assert!(!customers.matches("invoice.paid"));
/// # Ok::<(), countersign::ConfigError>(())
/// ```
///
/// [The guide](https://github.com/countersign/countersign/blob/main/docs/events.md) describes where
/// senders name their events.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct EventPattern(Cow<'static, str>);

impl EventPattern {
    /// Creates a pattern.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::InvalidEventPattern`] if the pattern is empty, is `*` alone, or has a `*`
    /// before its end.
    pub fn new(pattern: impl Into<Cow<'static, str>>) -> Result<Self, ConfigError> {
        let pattern = pattern.into();
        let problem = match pattern.find('*') {
            None if pattern.is_empty() => "it is empty",
            Some(0) if pattern.len() == 1 => {
                "`*` alone matches every name: set the handler of all other events instead"
            }
            Some(at) if at + 1 < pattern.len() => "`*` is allowed only at its end",
            _ => return Ok(Self(pattern)),
        };
        let message = format!("event pattern `{pattern}` is invalid: {problem}");
        Err(ConfigError::new(ConfigErrorKind::InvalidEventPattern, message))
    }

    /// Returns the pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text before the `*`; `None` for an exact name.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        self.0.strip_suffix('*')
    }

    /// Returns whether the pattern matches an event's name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self.prefix() {
            Some(prefix) => name.len() > prefix.len() && name.starts_with(prefix),
            None => name == self.0,
        }
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
