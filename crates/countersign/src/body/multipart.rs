//! Form bodies in parts, `multipart/form-data` ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)).
//!
//! The boundary between the parts is read from the body's first line, which is signed. The boundary in the
//! content type is not: a client could otherwise divide a captured body in another way.

use std::borrow::Cow;

use bytes::Bytes;
use memchr::memmem;

use super::file_part::FilePart;
use super::form::decode_form_text;

/// The largest number of parts.
const MAX_PARTS: usize = 1000;

/// The longest headers of one part, in bytes.
const MAX_PART_HEADERS: usize = 8 * 1024;

/// The longest boundary, in bytes (RFC 2046, section 5.1.1).
const MAX_BOUNDARY: usize = 70;

/// The fields of a form, encoded as `application/x-www-form-urlencoded`, and its files.
pub(super) struct Parts {
    pub(super) fields: String,
    pub(super) files: Vec<FilePart>,
}

/// Reads a body.
///
/// # Errors
///
/// What is wrong, and with which part.
pub(super) fn read(body: &Bytes) -> Result<Parts, Cow<'static, str>> {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    let mut files = Vec::new();
    for (at, part) in split(body)?.into_iter().enumerate() {
        let number = at + 1;
        let wrong = |what: &str| Cow::from(format!("part {number} of the form {what}"));
        let headers = Headers::read(part.headers).ok_or_else(|| wrong("has malformed headers"))?;
        let name = headers.name.ok_or_else(|| wrong("has no name"))?;
        if headers.is_encoded {
            return Err(wrong("has a `content-transfer-encoding`"));
        }
        let is_text = headers.content_type.as_deref().is_none_or(is_text);
        if headers.file_name.is_some() || !is_text {
            files.push(FilePart {
                name,
                file_name: headers.file_name,
                content_type: headers.content_type,
                bytes: body.slice_ref(part.content),
            });
        } else {
            let text = std::str::from_utf8(part.content).map_err(|_| wrong("is not UTF-8"))?;
            fields.append_pair(&name, text);
        }
    }
    Ok(Parts { fields: fields.finish(), files })
}

/// Returns whether a part of this content type is a field rather than a file.
fn is_text(content_type: &str) -> bool {
    let name = content_type.split(';').next().unwrap_or_default().trim();
    let kind = name.split('/').next().unwrap_or_default();
    kind.eq_ignore_ascii_case("text") || name.to_ascii_lowercase().ends_with("json")
}

/// One part, as slices of the body.
struct Part<'b> {
    headers: &'b [u8],
    content: &'b [u8],
}

/// Splits a body at its boundary.
fn split(body: &[u8]) -> Result<Vec<Part<'_>>, Cow<'static, str>> {
    let malformed = || Cow::Borrowed("the form does not begin with a boundary");
    let ends_early = || Cow::Borrowed("the form ends before its last boundary");
    let start = body.trim_ascii_start();
    let line = memmem::find(start, b"\r\n").ok_or_else(malformed)?;
    let (line, mut rest) = start.split_at_checked(line).ok_or_else(malformed)?;
    let boundary = line.strip_prefix(b"--").map(<[u8]>::trim_ascii_end).ok_or_else(malformed)?;
    let is_valid = (1..=MAX_BOUNDARY).contains(&boundary.len())
        && boundary.iter().all(|byte| (b' '..=b'~').contains(byte));
    if !is_valid {
        return Err(malformed());
    }
    let delimiter = [b"\r\n--", boundary].concat();
    let delimiters = memmem::Finder::new(&delimiter);
    let mut parts = Vec::new();
    loop {
        // `rest` begins with the line end after a boundary.
        if parts.len() == MAX_PARTS {
            return Err(format!("the form has more than {MAX_PARTS} parts").into());
        }
        let window = rest.get(..rest.len().min(MAX_PART_HEADERS)).unwrap_or(rest);
        let end = memmem::find(window, b"\r\n\r\n").ok_or_else(|| {
            format!("part {} of the form has no end of its headers within 8 KiB", parts.len() + 1)
        })?;
        let (headers, after) = rest.split_at_checked(end + 2).ok_or_else(ends_early)?;
        let headers = headers.strip_prefix(b"\r\n").unwrap_or(headers);
        // `after` begins with the empty line, whose end may be that before the next boundary.
        let (content, ending) = next_delimiter(&delimiters, after).ok_or_else(ends_early)?;
        let content = content.strip_prefix(b"\r\n").unwrap_or_default();
        parts.push(Part { headers, content });
        match ending {
            Ending::Last => return Ok(parts),
            Ending::Next(next) => rest = next,
        }
    }
}

/// What follows a boundary.
enum Ending<'b> {
    Last,
    Next(&'b [u8]),
}

/// Returns what is before the next line that is a boundary, and what follows it.
fn next_delimiter<'b>(
    delimiters: &memmem::Finder<'_>,
    text: &'b [u8],
) -> Option<(&'b [u8], Ending<'b>)> {
    let length = delimiters.needle().len();
    delimiters.find_iter(text).find_map(|at| {
        let (content, after) = text.split_at_checked(at)?;
        let after = after.get(length..)?;
        if after.starts_with(b"--") {
            return Some((content, Ending::Last));
        }
        // Blanks may follow a boundary. With anything else, the line is content that begins like one.
        let blanks = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let next = after.get(blanks..)?;
        next.starts_with(b"\r\n").then_some((content, Ending::Next(next)))
    })
}

/// The headers of a part.
#[derive(Default)]
struct Headers {
    name: Option<String>,
    file_name: Option<String>,
    content_type: Option<String>,
    is_encoded: bool,
}

impl Headers {
    fn read(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut headers = Self::default();
        for line in text.split("\r\n").filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':')?;
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-disposition") {
                headers.read_disposition(value)?;
            } else if name.eq_ignore_ascii_case("content-type") {
                headers.content_type = Some(value.to_owned());
            } else if name.eq_ignore_ascii_case("content-transfer-encoding") {
                let plain = ["7bit", "8bit", "binary"];
                headers.is_encoded = !plain.iter().any(|own| value.eq_ignore_ascii_case(own));
            }
        }
        Some(headers)
    }

    /// Reads `form-data; name="…"; filename="…"`. A parameter that is given twice is malformed.
    fn read_disposition(&mut self, value: &str) -> Option<()> {
        let (kind, mut rest) = value.split_once(';').unwrap_or((value, ""));
        if !kind.trim().eq_ignore_ascii_case("form-data") || self.name.is_some() {
            return None;
        }
        let mut extended = None;
        while !rest.trim_start().is_empty() {
            let (name, after) = rest.split_once('=')?;
            let (value, after) = parameter(after.trim_start())?;
            let slot = match name.trim().to_ascii_lowercase().as_str() {
                "name" => &mut self.name,
                "filename" => &mut self.file_name,
                "filename*" => &mut extended,
                _ => &mut None,
            };
            if slot.replace(value).is_some() {
                return None;
            }
            rest = after;
        }
        if let Some(value) = extended {
            // `UTF-8''` before the text with escapes (RFC 8187).
            let text = value.splitn(3, '\'').nth(2)?.replace('+', "%2B");
            self.file_name = Some(String::from_utf8(decode_form_text(text.as_bytes())?).ok()?);
        }
        Some(())
    }
}

/// Returns the value of a parameter, and what follows its semicolon.
fn parameter(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_once(';').unwrap_or((text, ""));
        return Some((value.trim().to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let rest = quoted.get(at + 1..)?.trim_start();
                let rest = if rest.is_empty() { rest } else { rest.strip_prefix(';')? };
                return Some((value, rest));
            }
            // A backslash is kept unless it escapes a quote: some senders write whole Windows paths.
            '\\' if quoted.get(at + 1..)?.starts_with('"') => {
                value.push('"');
                characters.next();
            }
            character => value.push(character),
        }
    }
    None
}
