//! Reads captured requests, in any supported format.

mod captured;
mod curl;
mod files;
mod flags;
mod har;
pub(crate) mod json;
mod raw;
mod shell;

use std::path::Path;

use self::captured::BYTE_ORDER_MARK;
pub use self::captured::Captured;
use self::files::STDIN;
pub(crate) use self::files::{body, is_stdin, read_any};
pub(crate) use self::flags::{check_port, header_flags, is_header_value};
pub(crate) use self::shell::quoted;
use crate::args::{Format, RequestArgs};
use crate::error::CliError;

/// Reads the request that the arguments give, and a note on its body.
pub(crate) fn read(args: &RequestArgs) -> Result<(Captured, Option<String>), CliError> {
    let (request, note) = read_capture(args)?;
    let note = note.or_else(|| request.length_note());
    Ok((request, note))
}

fn read_capture(args: &RequestArgs) -> Result<(Captured, Option<String>), CliError> {
    if is_in_flags(args) {
        return from_flags(args).map(without_note);
    }
    let path = args.capture.as_deref().unwrap_or(Path::new(STDIN));
    let bytes = read_any(path)?;
    let location =
        if is_stdin(path) { "standard input".into() } else { path.display().to_string() };
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(CliError::at(
            location,
            "is UTF-16, as PowerShell writes files: save it as UTF-8",
        ));
    }
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    let format = if args.format == Format::Auto { detect(bytes) } else { args.format };
    match format {
        Format::Curl => curl::read(bytes).map(without_note),
        Format::Har => har::read(bytes, args.entry).map(without_note),
        Format::Json => json::capture(bytes).map(without_note),
        Format::Http | Format::Auto => raw::read(bytes),
    }
    .map_err(|hint| CliError::at(location, hint))
}

/// Returns a request of a format that has no notes on the body.
const fn without_note(request: Captured) -> (Captured, Option<String>) {
    (request, None)
}

/// Returns whether the request, or its body, is read from standard input.
pub(crate) fn is_from_stdin(args: &RequestArgs) -> bool {
    let file = if is_in_flags(args) { args.body_file.as_deref() } else { args.capture.as_deref() };
    file.map_or(!is_in_flags(args), is_stdin)
}

fn is_in_flags(args: &RequestArgs) -> bool {
    !args.headers.is_empty() || args.body.is_some() || args.body_file.is_some()
}

fn from_flags(args: &RequestArgs) -> Result<Captured, CliError> {
    Ok(Captured {
        method: args.method.clone().unwrap_or_else(|| "POST".to_owned()),
        url: None,
        headers: header_flags(&args.headers)?,
        body: body(args.body.as_deref(), args.body_file.as_deref())?.unwrap_or_default(),
    })
}

fn detect(bytes: &[u8]) -> Format {
    let start = bytes.trim_ascii_start();
    if curl::is_command(start) {
        return Format::Curl;
    }
    if !start.starts_with(b"{") {
        return Format::Http;
    }
    if json::is_har(bytes) { Format::Har } else { Format::Json }
}

/// Masks the user and the password of every URL in a text.
pub(crate) fn masked(text: &str) -> String {
    let mut pieces = text.split("://");
    let mut masked = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(['/', '?', '#', '`', ' ']).unwrap_or(piece.len());
        let at = piece.get(..end).and_then(|authority| authority.rfind('@'));
        masked += if at.is_some() { "://***" } else { "://" };
        masked += piece.get(at.unwrap_or(0)..).unwrap_or_default();
    }
    masked
}
