//! Raw HTTP/1 ([RFC 9112](https://www.rfc-editor.org/rfc/rfc9112)), as printed by a proxy or `nc`.

use super::captured::{Captured, header_text};

/// The largest number of headers.
const MAX_HEADERS: usize = 256;

/// Reads a request with CRLF or LF line breaks, and a note on its body. The error has the location and
/// what to do.
pub(super) fn read(bytes: &[u8]) -> Result<(Captured, Option<String>), String> {
    // A request may begin with empty lines.
    let start = bytes.iter().take_while(|byte| b"\r\n".contains(byte)).count();
    let bytes = bytes.get(start..).unwrap_or_default();
    if bytes.is_empty() {
        return Err("is empty: add a request".to_owned());
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let head = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => {
            return Err(
                "the head is not terminated: put an empty line between headers and body".to_owned()
            );
        }
        Err(error) => return Err(malformed(bytes, error)),
    };
    let text = |header: &httparse::Header<'_>| (header.name.to_owned(), header_text(header.value));
    let mut captured = Captured {
        method: request.method.unwrap_or("POST").to_owned(),
        url: request.path.map(str::to_owned),
        headers: request.headers.iter().map(text).collect(),
        body: Vec::new(),
    };
    let (body, note) = body(&captured, bytes.get(head..).unwrap_or_default())?;
    captured.body = body;
    Ok((captured, note))
}

/// Reads the body, and a note on it. If the head announces another length, the body is all that follows:
/// it may have been changed after it was received, which `explain` reports.
fn body(head: &Captured, rest: &[u8]) -> Result<(Vec<u8>, Option<String>), String> {
    let Some(coding) = head.header("transfer-encoding") else {
        let length = head.header("content-length").unwrap_or("0");
        // A number that is too large for any body is still a length.
        if length.is_empty() || !length.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(
                "header `content-length`: is not a number: remove it, or set the body's length"
                    .to_owned(),
            );
        }
        return Ok((rest.to_vec(), None));
    };
    if !coding.eq_ignore_ascii_case("chunked") {
        return Err(
            "header `transfer-encoding`: is not `chunked`: remove the header, and decode the body"
                .to_owned(),
        );
    }
    if chunk_size(rest).is_none() {
        let note = "`transfer-encoding` announces a chunked body, but the body is not chunked; it is verified as it is";
        return Ok((rest.to_vec(), Some(note.to_owned())));
    }
    Ok((unchunked(rest)?, None))
}

/// Decodes a chunked body ([section 7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1)), without
/// its trailers.
fn unchunked(mut rest: &[u8]) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        let location = format!("the chunk after {} bytes of body", body.len());
        if rest.is_empty() {
            return Err(format!("{location}: is missing: the capture is truncated"));
        }
        let (size, after) = chunk_size(rest).ok_or_else(|| {
            format!(
                "{location}: has no size: remove `transfer-encoding` if the body is not chunked"
            )
        })?;
        if size == 0 {
            return Ok(body);
        }
        let chunk = after.get(..size).ok_or_else(|| {
            format!(
                "{location}: announces {size} bytes, but {} follow: the capture is truncated",
                after.len()
            )
        })?;
        body.extend_from_slice(chunk);
        match self::line(after.get(size..).unwrap_or_default()) {
            Some((b"", next)) => rest = next,
            _ => return Err(format!("{location}: is longer than announced: the body was changed")),
        }
    }
}

/// Reads the size of a chunk; returns it with the rest.
fn chunk_size(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (line, after) = line(bytes)?;
    let size = line.split(|byte| *byte == b';').next()?.trim_ascii();
    let size = std::str::from_utf8(size).ok().filter(|size| !size.starts_with('+'))?;
    Some((usize::from_str_radix(size, 16).ok()?, after))
}

/// Returns the first line without its line break, and the rest.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..)?))
}

fn malformed(bytes: &[u8], error: httparse::Error) -> String {
    if error == httparse::Error::TooManyHeaders {
        return format!("the head has more than {MAX_HEADERS} headers: remove some");
    }
    let first = line(bytes).map_or(bytes, |(line, _)| line);
    if !first.windows(6).any(|part| part == b"HTTP/1") {
        return "line 1: is not an HTTP/1 request line like `POST /path HTTP/1.1`: use a raw request, a HAR file, a `curl` command or JSON".to_owned();
    }
    let at = first_bad_line(bytes);
    format!("line {at}: {}: write it as `name: value`", describe(error))
}

fn describe(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "the header's name has an invalid character",
        httparse::Error::HeaderValue => "the header's value has a control character",
        httparse::Error::NewLine => "the line ends in a carriage return without a line feed",
        httparse::Error::Version => "the version is not HTTP/1.0 or HTTP/1.1",
        _ => "the request line is malformed",
    }
}

/// Returns the number of the first line of the head that cannot be parsed.
fn first_bad_line(bytes: &[u8]) -> usize {
    let (mut end, mut number) = (0, 0);
    while let Some((text, rest)) = line(bytes.get(end..).unwrap_or_default()) {
        end = bytes.len() - rest.len();
        number += 1;
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let whole = bytes.get(..end).unwrap_or_default();
        if httparse::Request::new(&mut headers).parse(whole).is_err() || text.is_empty() {
            break;
        }
    }
    number.max(1)
}
