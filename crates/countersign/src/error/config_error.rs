//! Why a configuration cannot be used.

use std::fmt;

use super::ConfigErrorKind;

/// Why a configuration cannot be used.
///
/// One validation reports every problem it finds; the text names each setting and what to do.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::{ConfigErrorKind, Contract};
///
/// let error = Contract::builder()
///     .response_deadline(Duration::ZERO)
///     .max_body_size(0)
///     .build()
///     .unwrap_err();
/// assert_eq!(error.kind(), ConfigErrorKind::OutOfRange);
/// assert_eq!(error.kinds().count(), 2);
/// assert!(error.to_string().starts_with("`response_deadline` is zero"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigError {
    pub(super) first: Problem,
    pub(super) others: Vec<Problem>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Problem {
    kind: ConfigErrorKind,
    message: Box<str>,
}

impl ConfigError {
    pub(crate) fn new(kind: ConfigErrorKind, message: impl Into<Box<str>>) -> Self {
        Self { first: Problem { kind, message: message.into() }, others: Vec::new() }
    }

    /// Returns the kind of the first problem.
    #[must_use]
    pub const fn kind(&self) -> ConfigErrorKind {
        self.first.kind
    }

    /// Returns the kind of every problem, in the order of the text.
    pub fn kinds(&self) -> impl Iterator<Item = ConfigErrorKind> {
        std::iter::once(&self.first).chain(&self.others).map(|problem| problem.kind)
    }
}

/// Writes the messages of all problems, separated by `; `.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.message)?;
        self.others.iter().try_for_each(|problem| write!(f, "; {}", problem.message))
    }
}

impl std::error::Error for ConfigError {}
