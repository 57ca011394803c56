//! Reads files and standard input, up to a limit.

use std::io::Read;
use std::path::Path;

use crate::error::CliError;

/// The largest capture, in bytes, far above any sender's request.
const MAX_CAPTURE: u64 = 256 * 1024 * 1024;

/// The path that denotes standard input.
pub(super) const STDIN: &str = "-";

/// Returns whether the path denotes standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// Reads a file or standard input.
pub(crate) fn read_any(path: &Path) -> Result<Vec<u8>, CliError> {
    if is_stdin(path) {
        return read_capped(std::io::stdin().lock(), "standard input");
    }
    read_file(path)
}

/// Reads a regular file that a capture names: reading a pipe might never end.
pub(super) fn read_regular(path: &Path) -> Result<Vec<u8>, CliError> {
    let is_other = std::fs::metadata(path).is_ok_and(|file| !file.is_file());
    if is_other {
        return Err(CliError::at(path.display(), "is not a regular file: put the body in one"));
    }
    read_file(path)
}

/// Reads a body from a flag or a file, if either is given.
pub(crate) fn body(text: Option<&str>, file: Option<&Path>) -> Result<Option<Vec<u8>>, CliError> {
    match (text, file) {
        (Some(text), _) => Ok(Some(text.as_bytes().to_vec())),
        (None, Some(path)) => read_any(path).map(Some),
        (None, None) => Ok(None),
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, CliError> {
    let unreadable = |error| CliError::unreadable(path, &error);
    let file = std::fs::File::open(path).map_err(unreadable)?;
    read_capped(file, &path.display().to_string())
}

fn read_capped(source: impl Read, location: &str) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    source.take(MAX_CAPTURE + 1).read_to_end(&mut bytes).map_err(|error| {
        CliError::at(location, format_args!("cannot be read ({}): check the path", error.kind()))
    })?;
    if bytes.len() as u64 > MAX_CAPTURE {
        return Err(CliError::at(location, "is larger than 256 MiB: capture a single request"));
    }
    Ok(bytes)
}
