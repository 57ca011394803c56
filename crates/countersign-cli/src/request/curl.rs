//! A `curl` line, as browsers copy it and documentation shows it.

use std::path::Path;

use super::json::form_body;
use super::{Captured, header_text, read_file};

/// What a `curl` line says, so far as it is about the request.
#[derive(Default)]
struct Line {
    method: Option<String>,
    url: Option<String>,
    headers: Vec<(String, String)>,
    data: Option<Vec<u8>>,
    is_json: bool,
    is_query: bool,
}

/// Options that take a value and leave the request as it is.
const IGNORED: &[&str] = &[
    "-o",
    "--output",
    "-m",
    "--max-time",
    "--connect-timeout",
    "-x",
    "--proxy",
    "--resolve",
    "--cacert",
    "--cert",
    "--key",
    "--retry",
    "-w",
    "--write-out",
    "--http-version",
];

/// Reads the request that the line would send.
pub(super) fn read(bytes: &[u8]) -> Result<Captured, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8: give one `curl` line")?;
    let words = super::shell::words(text)?;
    let mut line = Line::default();
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        let (option, attached) = parted(&word);
        let mut value = || attached.clone().or_else(|| words.next());
        let mut needed = || value().ok_or_else(|| format!("`{option}`: has no value: give it one"));
        match option.as_str() {
            "-X" | "--request" => line.method = Some(header_text(&needed()?)),
            "--url" => line.url = Some(header_text(&needed()?)),
            "-H" | "--header" => line.header(&needed()?)?,
            "-A" | "--user-agent" => line.push("user-agent", &needed()?),
            "-e" | "--referer" => line.push("referer", &needed()?),
            "-b" | "--cookie" => line.push("cookie", &needed()?),
            "--json" => {
                line.is_json = true;
                line.data(&from_file(needed()?, false)?, false);
            }
            "--data-raw" => line.data(&needed()?, true),
            "--data-binary" => line.data(&from_file(needed()?, false)?, true),
            "-d" | "--data" | "--data-ascii" => line.data(&from_file(needed()?, true)?, true),
            "--data-urlencode" => line.data(&url_encoded(&needed()?)?, true),
            "-G" | "--get" => line.is_query = true,
            "-I" | "--head" => line.method = Some("HEAD".to_owned()),
            "-F" | "--form" | "-T" | "--upload-file" | "-u" | "--user" | "-K" | "--config" => {
                return Err(format!(
                    "`{option}`: is not read here: capture the request as raw HTTP"
                ));
            }
            option if IGNORED.contains(&option) => _ = needed()?,
            _ if option.starts_with('-') => {}
            _ if line.url.is_none() => line.url = Some(option),
            _ => return Err("has two URLs: give one request".to_owned()),
        }
    }
    line.request()
}

/// An option and the value that is attached to it, as in `-XPOST` or `--url=…`.
fn parted(word: &[u8]) -> (String, Option<Vec<u8>>) {
    let is_long = word.starts_with(b"--");
    let at = match word {
        [b'-', letter, _, ..] if !is_long && b"XHdAebomxw".contains(letter) => Some(2),
        _ if is_long => word.iter().position(|byte| *byte == b'='),
        _ => None,
    };
    match at.and_then(|at| word.split_at_checked(at)) {
        Some((option, value)) => {
            let value = if is_long { value.get(1..).unwrap_or_default() } else { value };
            (header_text(option), Some(value.to_vec()))
        }
        None => (header_text(word), None),
    }
}

impl Line {
    /// `Name: value`, `Name;` for an empty one, or `Name:` to leave one out.
    fn header(&mut self, text: &[u8]) -> Result<(), String> {
        let text = header_text(text);
        if let Some((name, value)) = text.split_once(':') {
            let value = value.trim();
            if !value.is_empty() {
                self.headers.push((name.trim().to_owned(), value.to_owned()));
            }
            return Ok(());
        }
        let name =
            text.strip_suffix(';').ok_or("`-H`: is not `name: value`: part the two by a colon")?;
        self.headers.push((name.to_owned(), String::new()));
        Ok(())
    }

    fn push(&mut self, name: &str, value: &[u8]) {
        self.headers.push((name.to_owned(), header_text(value)));
    }

    /// More of the body; all but JSON is joined by `&`.
    fn data(&mut self, more: &[u8], is_form: bool) {
        match &mut self.data {
            Some(data) => {
                data.extend_from_slice(if is_form { b"&" } else { b"" });
                data.extend_from_slice(more);
            }
            None => self.data = Some(more.to_vec()),
        }
    }

    fn request(mut self) -> Result<Captured, String> {
        let mut url = self.url.take().ok_or("has no URL: give the whole `curl` line")?;
        if self.is_query
            && let Some(data) = self.data.take()
        {
            let joint = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{joint}{}", header_text(&data));
        }
        let usual = if self.data.is_some() { "POST" } else { "GET" };
        let form =
            if self.is_json { "application/json" } else { "application/x-www-form-urlencoded" };
        let mut captured = Captured {
            method: self.method.unwrap_or_else(|| usual.to_owned()),
            url: Some(url),
            headers: self.headers,
            body: self.data.clone().unwrap_or_default(),
        };
        if self.data.is_some() && captured.header("content-type").is_none() {
            captured.headers.push(("content-type".to_owned(), form.to_owned()));
        }
        Ok(captured)
    }
}

/// The text itself, or the file after `@`; `-d` leaves out its line ends.
fn from_file(text: Vec<u8>, is_trimmed: bool) -> Result<Vec<u8>, String> {
    let Some(path) = text.strip_prefix(b"@") else { return Ok(text) };
    let path = header_text(path);
    if path == "-" {
        return Err("`@-`: takes the body from standard input: name a file instead".to_owned());
    }
    let mut bytes = read_file(Path::new(&path)).map_err(|failure| failure.to_string())?;
    if is_trimmed {
        bytes.retain(|byte| !b"\r\n\0".contains(byte));
    }
    Ok(bytes)
}

/// `name=text`, `=text` or `text`, with the text encoded.
fn url_encoded(text: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "`--data-urlencode`: is not UTF-8")?;
    if text.starts_with('@') || text.split('=').next().is_some_and(|name| name.contains('@')) {
        return Err(
            "`--data-urlencode`: takes a file: give its content with `--data-binary`".to_owned()
        );
    }
    let (name, value) = text.split_once('=').unwrap_or(("", text));
    let value = form_body(&[(String::new(), value.to_owned())]);
    let value = value.strip_prefix(b"=").unwrap_or_default();
    // `curl` writes a space as `%20`.
    let value = header_text(value).replace('+', "%20");
    let joint = if name.is_empty() { "" } else { "=" };
    Ok(format!("{name}{joint}{value}").into_bytes())
}
