//! Writes the output: text for people, or one JSON object for programs.

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::json;

use crate::error::CliError;

/// The exit code of the process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    /// The command succeeded.
    Success = 0,
    /// The request is rejected, or the event is not in the store.
    Rejected = 1,
    /// The arguments or the input are malformed.
    Malformed = 2,
    /// An event was not delivered, or the store is unavailable.
    Unavailable = 3,
}

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const HEAD: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Standard output. Once its reader has closed it, further output is dropped.
pub(crate) struct Output {
    is_json: bool,
    is_closed: bool,
    stream: anstream::AutoStream<io::Stdout>,
}

impl Output {
    pub(crate) fn new(is_json: bool) -> Self {
        Self { is_json, is_closed: false, stream: anstream::stdout() }
    }

    /// Returns whether the output is JSON.
    pub(crate) const fn is_json(&self) -> bool {
        self.is_json
    }

    /// Returns whether the reader has closed the output.
    pub(crate) const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Writes one line of text.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), CliError> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Writes a label and its text, aligned with other labels.
    pub(crate) fn field(&mut self, label: &str, text: &str) -> Result<(), CliError> {
        self.styled(FAINT, label, text)
    }

    /// Writes a label in a style, and its text.
    pub(crate) fn styled(&mut self, style: Style, label: &str, text: &str) -> Result<(), CliError> {
        self.line(&format!("{style}{label:<9}{style:#} {}", printable(text)))
    }

    /// Writes one JSON value on one line.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        let mut text = serde_json::to_vec(value).map_err(io::Error::from)?;
        text.push(b'\n');
        self.bytes(&text)
    }

    /// Writes raw bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        let written = self.stream.write_all(bytes);
        self.check(written)
    }

    /// Flushes the output.
    pub(crate) fn flush(&mut self) -> Result<(), CliError> {
        let flushed = self.stream.flush();
        self.check(flushed)
    }

    /// Writes the error of the command, and returns its exit code.
    pub(crate) fn error(&mut self, error: &CliError) -> ExitCode {
        let text = printable(&error.to_string());
        if self.is_json {
            // An error about the error cannot be reported.
            let _ = self.json(&json!({ "verdict": error.verdict(), "reason": text }));
        } else {
            let _ = writeln!(anstream::stderr(), "{BAD}error:{BAD:#} {text}");
        }
        ExitCode::from(ExitStatus::Malformed as u8)
    }

    /// Writes that the store is unavailable.
    pub(crate) fn store_unavailable(&mut self, reason: &str) -> Result<ExitStatus, CliError> {
        let reason = printable(reason);
        if self.is_json {
            self.json(&json!({ "verdict": "store_unavailable", "reason": reason }))?;
        } else {
            let _ = writeln!(anstream::stderr(), "{BAD}error:{BAD:#} {reason}");
        }
        Ok(ExitStatus::Unavailable)
    }

    fn check(&mut self, done: io::Result<()>) -> Result<(), CliError> {
        match done {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            other => other.map_err(CliError::from),
        }
    }
}

/// Writes a note to standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{FAINT}note:{FAINT:#} {}", printable(text));
}

/// Escapes characters that control a terminal or the direction of text.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|letter| {
            let is_control = letter.is_control() || matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let escaped = is_control.then(|| letter.escape_unicode());
            let plain = (!is_control).then_some(letter);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}
