//! The error of a command that could not run.

use std::fmt;
use std::io;

use countersign::{ConfigError, ConfigErrorKind};

/// An error that is not a verdict on a request.
#[derive(Debug)]
pub enum CliError {
    /// The input is malformed. The text is one line: the location, and what to do.
    Malformed(String),
    /// The sender's configuration is not usable.
    SenderConfig(ConfigErrorKind, String),
    /// The output cannot be written.
    Output(io::Error),
}

/// The verdict on malformed input.
pub(crate) const MALFORMED: &str = "malformed_input";

impl CliError {
    /// Creates an error about a flag, a file or a line; `hint` says what is wrong and what to do.
    pub(crate) fn at(location: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self::Malformed(format!("{location}: {hint}"))
    }

    /// Creates the error of a missing setting that the sender needs.
    pub(crate) fn missing_setting(location: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self::SenderConfig(ConfigErrorKind::MissingSetting, format!("{location}: {hint}"))
    }

    /// Creates the error of a file that cannot be read. The path of a file that does not exist is not
    /// printed: it may be a misplaced secret.
    pub(crate) fn unreadable(path: &std::path::Path, error: &io::Error) -> Self {
        let location = match path.exists() {
            true => path.display().to_string(),
            false => "the given file".to_owned(),
        };
        Self::at(location, format_args!("cannot be read ({}): check the path", error.kind()))
    }

    /// Returns the name of the error among verdicts.
    #[must_use]
    pub const fn verdict(&self) -> &'static str {
        match self {
            Self::SenderConfig(kind, _) => kind.as_str(),
            Self::Malformed(_) | Self::Output(_) => MALFORMED,
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(text) | Self::SenderConfig(_, text) => f.write_str(text),
            Self::Output(error) => write!(f, "the output cannot be written: {}", error.kind()),
        }
    }
}

impl std::error::Error for CliError {}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::SenderConfig(error.kind(), error.to_string())
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
