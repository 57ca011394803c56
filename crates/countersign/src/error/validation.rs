//! The validation of a configuration.

use std::time::Duration;

use super::{ConfigError, ConfigErrorKind};

/// Collects the problems of a configuration, so that one error names them all.
#[derive(Default)]
pub(crate) struct Validation(Option<ConfigError>);

impl Validation {
    /// Records a problem.
    pub(crate) fn reject(&mut self, kind: ConfigErrorKind, message: impl Into<Box<str>>) {
        self.merge(ConfigError::new(kind, message));
    }

    /// Records a problem if `duration` is zero.
    pub(crate) fn positive(&mut self, setting: &str, duration: Duration) {
        if duration.is_zero() {
            self.reject(
                ConfigErrorKind::OutOfRange,
                format!("`{setting}` is zero: set it to a duration above zero"),
            );
        }
    }

    /// Returns the value of `result`, or records its problems.
    pub(crate) fn check<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        result.map_err(|error| self.merge(error)).ok()
    }

    /// Returns `value`, or the problems. There is a value unless there is a problem.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        match (self.0, value) {
            (None, Some(value)) => Ok(value),
            (Some(error), _) => Err(error),
            (None, None) => {
                Err(ConfigError::new(ConfigErrorKind::MissingSetting, "a setting is missing"))
            }
        }
    }

    fn merge(&mut self, error: ConfigError) {
        match &mut self.0 {
            None => self.0 = Some(error),
            Some(found) => {
                found.others.push(error.first);
                found.others.extend(error.others);
            }
        }
    }
}
