//! Why a command could not do its work.

use std::fmt;
use std::io;

use countersign::{ConfigError, ConfigErrorKind};

/// Something that is no verdict on a request.
#[derive(Debug)]
pub enum Failure {
    /// What was given cannot be used. The text is one line: the place, and the mend.
    Malformed(String),
    /// The sender's set-up is not usable.
    SenderConfig(ConfigErrorKind, String),
    /// The output cannot be written.
    Output(io::Error),
}

impl Failure {
    /// At `place` (a flag, a file, a line) something is wrong, and `mend` says what and what to do.
    pub(crate) fn at(place: impl fmt::Display, mend: impl fmt::Display) -> Self {
        Self::Malformed(format!("{place}: {mend}"))
    }

    /// A setting that the sender needs was not given.
    pub(crate) fn unset(place: impl fmt::Display, mend: impl fmt::Display) -> Self {
        Self::SenderConfig(ConfigErrorKind::MissingSetting, format!("{place}: {mend}"))
    }

    /// What it is called among verdicts.
    #[must_use]
    pub fn verdict(&self) -> String {
        match self {
            Self::SenderConfig(kind, _) => name(*kind),
            Self::Malformed(_) | Self::Output(_) => MALFORMED.to_owned(),
        }
    }

    /// The file cannot be read. What is no file may be a secret, given in its place, and is not shown.
    pub(crate) fn unread(path: &std::path::Path, error: &io::Error) -> Self {
        let place = match path.exists() {
            true => path.display().to_string(),
            false => "the file that is named".to_owned(),
        };
        Self::at(place, format_args!("cannot be read ({}): check the path", error.kind()))
    }
}

/// The verdict on what cannot be read or used.
pub(crate) const MALFORMED: &str = "malformed_input";

/// The name of a set-up's error, as those of rejections are written.
fn name(kind: ConfigErrorKind) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(text) | Self::SenderConfig(_, text) => f.write_str(text),
            Self::Output(error) => write!(f, "the output cannot be written: {}", error.kind()),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::SenderConfig(error.kind(), error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
