//! A `curl` line, as browsers copy it and documentation shows it.

mod options;

use std::path::Path;

use self::options::{Item, items};
use super::json::form_body;
use super::{Captured, header_text, read_regular};

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

/// Whether it begins as a line that calls `curl`, by its path or behind a prompt or not.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"$ ").unwrap_or(bytes).trim_ascii_start();
    let end = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
    let word = bytes.get(..end).unwrap_or_default();
    let name = word.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    name == b"curl" || name == b"curl.exe" || bytes.starts_with(b"curl")
}

/// Reads the request that the line would send.
pub(super) fn read(bytes: &[u8]) -> Result<Captured, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8: give one `curl` line")?;
    let text = text.trim_start();
    let mut words = super::shell::words(text.strip_prefix("$ ").unwrap_or(text))?;
    const ENDS: [&[u8]; 9] = [b"|", b">", b">>", b";", b"&", b"&&", b"||", b"2>", b"2>&1"];
    if words.iter().any(|word| ENDS.contains(&word.as_slice())) {
        return Err(
            "has a pipe, a redirection or another command behind it: give the `curl` line alone"
                .to_owned(),
        );
    }
    // The first is `curl` itself.
    words.drain(..words.len().min(1));
    let mut line = Line::default();
    for item in items(words)? {
        match item {
            Item::Option(name, value) => line.option(&name, value.unwrap_or_default())?,
            Item::Url(url) => line.url(url)?,
        }
    }
    line.request()
}

impl Line {
    fn option(&mut self, name: &str, value: Vec<u8>) -> Result<(), String> {
        match name {
            "--request" => self.method = Some(header_text(&value)),
            "--url" => self.url(header_text(&value))?,
            "--header" => self.header(&value)?,
            "--user-agent" => self.push("user-agent", &value),
            "--referer" => self.push("referer", &value),
            // What has no equals sign is a file of cookies.
            "--cookie" if value.contains(&b'=') => self.push("cookie", &value),
            "--oauth2-bearer" => self.push("authorization", &[b"Bearer ", &*value].concat()),
            "--json" => {
                self.is_json = true;
                self.data(&from_file(value, false)?, false);
            }
            "--data-raw" => self.data(&value, true),
            "--data-binary" => self.data(&from_file(value, false)?, true),
            "--data" | "--data-ascii" => self.data(&from_file(value, true)?, true),
            "--data-urlencode" => self.data(&url_encoded(&value)?, true),
            "--get" => self.is_query = true,
            "--head" => self.method = Some("HEAD".to_owned()),
            "--form" | "--form-string" | "--upload-file" | "--user" | "--config" | "--next"
            | "--request-target" | "--url-query" | "--variable" | "--aws-sigv4" => {
                return Err(unread(name));
            }
            name if name.starts_with("--expand-") => return Err(unread(name)),
            // It leaves the request as it is.
            _ => {}
        }
        Ok(())
    }

    fn url(&mut self, url: String) -> Result<(), String> {
        match self.url.replace(url) {
            None => Ok(()),
            Some(_) => Err("has two URLs: give one request".to_owned()),
        }
    }

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

fn unread(option: &str) -> String {
    format!("`{option}`: is not read here: capture the request as raw HTTP")
}

/// The text itself, or the file after `@`; `-d` leaves out its line ends.
fn from_file(text: Vec<u8>, is_trimmed: bool) -> Result<Vec<u8>, String> {
    let Some(path) = text.strip_prefix(b"@") else { return Ok(text) };
    let path = header_text(path);
    if path == "-" {
        return Err("`@-`: takes the body from standard input: name a file instead".to_owned());
    }
    let mut bytes = read_regular(Path::new(&path)).map_err(|failure| format!("`@`: {failure}"))?;
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
