//! The one place that writes: for people, or one JSON object for programs.

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::json;

use crate::failure::Failure;

/// How the command ended; the number is the process's exit code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum End {
    /// All is well.
    Done = 0,
    /// A request was rejected, or an event is not in the store.
    Rejected = 1,
    /// Something given could not be read, or the call was wrong.
    Malformed = 2,
    /// The receiver never answered with success, or the store did not.
    Undelivered = 3,
}

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const HEAD: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Standard output. Once its reader has gone, what is written is dropped.
pub(crate) struct Output {
    is_json: bool,
    is_closed: bool,
    stream: anstream::AutoStream<io::Stdout>,
}

impl Output {
    pub(crate) fn new(is_json: bool) -> Self {
        Self { is_json, is_closed: false, stream: anstream::stdout() }
    }

    /// Whether a program reads this.
    pub(crate) const fn is_json(&self) -> bool {
        self.is_json
    }

    /// Whether nobody reads any more.
    pub(crate) const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// One line for people.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// A label and what it says, aligned with the others.
    pub(crate) fn field(&mut self, label: &str, text: &str) -> Result<(), Failure> {
        self.styled(FAINT, label, text)
    }

    /// The same in a style.
    pub(crate) fn styled(&mut self, style: Style, label: &str, text: &str) -> Result<(), Failure> {
        self.line(&format!("{style}{label:<9}{style:#} {}", printable(text)))
    }

    /// One JSON value on one line.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_vec(value).map_err(io::Error::from)?;
        text.push(b'\n');
        self.bytes(&text)
    }

    /// Bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.stream.write_all(bytes);
        self.check(written)
    }

    /// Hands on what was written so far.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let flushed = self.stream.flush();
        self.check(flushed)
    }

    /// Says why the command could not do its work, and that with its exit code.
    pub(crate) fn fail(&mut self, failure: &Failure) -> ExitCode {
        let text = printable(&failure.to_string());
        if self.is_json {
            // Nothing is left to do if this cannot be written either.
            let _ = self.json(&json!({ "verdict": failure.verdict(), "reason": text }));
        } else {
            let _ = writeln!(anstream::stderr(), "{BAD}error:{BAD:#} {text}");
        }
        ExitCode::from(End::Malformed as u8)
    }

    /// Says that a server did not do its part.
    pub(crate) fn unreached(&mut self, reason: &str) -> Result<End, Failure> {
        let reason = printable(reason);
        if self.is_json {
            self.json(&json!({ "verdict": "store_unavailable", "reason": reason }))?;
        } else {
            let _ = writeln!(anstream::stderr(), "{BAD}error:{BAD:#} {reason}");
        }
        Ok(End::Undelivered)
    }

    fn check(&mut self, done: io::Result<()>) -> Result<(), Failure> {
        match done {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            other => other.map_err(Failure::from),
        }
    }
}

/// Something said beside the output, on standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{FAINT}note:{FAINT:#} {}", printable(text));
}

/// `text` without what would steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|letter| {
            let steers = letter.is_control() || matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let escaped = steers.then(|| letter.escape_unicode());
            let plain = (!steers).then_some(letter);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}
