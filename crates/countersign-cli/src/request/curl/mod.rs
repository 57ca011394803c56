//! A `curl` command, as browsers copy it and documentation shows it.

mod options;

use std::path::Path;

use self::options::{Item, items};
use super::captured::{Captured, header_text};
use super::files::read_regular;
use super::json::form_body;
use super::shell::words;

/// The options of a `curl` command that concern the request.
#[derive(Default)]
struct Command {
    method: Option<String>,
    url: Option<String>,
    headers: Vec<(String, String)>,
    data: Option<Vec<u8>>,
    is_json: bool,
    is_query: bool,
}

/// Returns whether the text begins with `curl`, possibly with its path or after a prompt.
pub(super) fn is_command(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"$ ").unwrap_or(bytes).trim_ascii_start();
    let end = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
    let word = bytes.get(..end).unwrap_or_default();
    let name = word.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    name == b"curl" || name == b"curl.exe" || bytes.starts_with(b"curl")
}

/// Reads the request that the command would send.
pub(super) fn read(bytes: &[u8]) -> Result<Captured, String> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| "is not UTF-8: use a single `curl` command")?;
    let text = text.trim_start();
    let mut words = words(text.strip_prefix("$ ").unwrap_or(text))?;
    const ENDS: [&[u8]; 9] = [b"|", b">", b">>", b";", b"&", b"&&", b"||", b"2>", b"2>&1"];
    if words.iter().any(|word| ENDS.contains(&word.as_slice())) {
        return Err(
            "has a pipe, a redirection or another command after it: use the `curl` command alone"
                .to_owned(),
        );
    }
    // The first word is `curl` itself.
    words.drain(..words.len().min(1));
    let mut command = Command::default();
    for item in items(words)? {
        match item {
            Item::Option(name, value) => command.option(&name, value.unwrap_or_default())?,
            Item::Url(url) => command.url(url)?,
        }
    }
    command.request()
}

impl Command {
    fn option(&mut self, name: &str, value: Vec<u8>) -> Result<(), String> {
        match name {
            "--request" => self.method = Some(header_text(&value)),
            "--url" => self.url(header_text(&value))?,
            "--header" => self.header(&value)?,
            "--user-agent" => self.push("user-agent", &value),
            "--referer" => self.push("referer", &value),
            // A value without an equals sign is a file of cookies.
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
                return Err(unsupported(name));
            }
            name if name.starts_with("--expand-") => return Err(unsupported(name)),
            // Other options do not change the request.
            _ => {}
        }
        Ok(())
    }

    fn url(&mut self, url: String) -> Result<(), String> {
        match self.url.replace(url) {
            None => Ok(()),
            Some(_) => Err("has two URLs: use one request".to_owned()),
        }
    }

    /// Reads `Name: value`, `Name;` for an empty value, or `Name:` for a removed header.
    fn header(&mut self, text: &[u8]) -> Result<(), String> {
        let text = header_text(text);
        if let Some((name, value)) = text.split_once(':') {
            let value = value.trim();
            if !value.is_empty() {
                self.headers.push((name.trim().to_owned(), value.to_owned()));
            }
            return Ok(());
        }
        let name = text
            .strip_suffix(';')
            .ok_or("`-H`: is not `name: value`: separate the two by a colon")?;
        self.headers.push((name.to_owned(), String::new()));
        Ok(())
    }

    fn push(&mut self, name: &str, value: &[u8]) {
        self.headers.push((name.to_owned(), header_text(value)));
    }

    /// Appends to the body, after `&` unless the body is JSON.
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
        let mut url = self.url.take().ok_or("has no URL: use the complete `curl` command")?;
        if self.is_query
            && let Some(data) = self.data.take()
        {
            let separator = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{separator}{}", header_text(&data));
        }
        let default = if self.data.is_some() { "POST" } else { "GET" };
        let form =
            if self.is_json { "application/json" } else { "application/x-www-form-urlencoded" };
        let mut captured = Captured {
            method: self.method.unwrap_or_else(|| default.to_owned()),
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

fn unsupported(option: &str) -> String {
    format!("`{option}`: is not supported: capture the request as raw HTTP")
}

/// Returns the text itself, or the content of the file after `@`, without line breaks for `-d`.
fn from_file(text: Vec<u8>, is_trimmed: bool) -> Result<Vec<u8>, String> {
    let Some(path) = text.strip_prefix(b"@") else { return Ok(text) };
    let path = header_text(path);
    if path == "-" {
        return Err("`@-`: reads the body from standard input: use a file instead".to_owned());
    }
    let mut bytes = read_regular(Path::new(&path)).map_err(|error| format!("`@`: {error}"))?;
    if is_trimmed {
        bytes.retain(|byte| !b"\r\n\0".contains(byte));
    }
    Ok(bytes)
}

/// Encodes the text of `name=text`, `=text` or `text`.
fn url_encoded(text: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "`--data-urlencode`: is not UTF-8")?;
    if text.starts_with('@') || text.split('=').next().is_some_and(|name| name.contains('@')) {
        return Err(
            "`--data-urlencode`: reads a file: use `--data-binary` with its content".to_owned()
        );
    }
    let (name, value) = text.split_once('=').unwrap_or(("", text));
    let value = form_body(&[(String::new(), value.to_owned())]);
    let value = value.strip_prefix(b"=").unwrap_or_default();
    // `curl` encodes a space as `%20`.
    let value = header_text(value).replace('+', "%20");
    let separator = if name.is_empty() { "" } else { "=" };
    Ok(format!("{name}{separator}{value}").into_bytes())
}
