//! Requests as they were captured, in whatever form.

mod curl;
mod har;
pub(crate) mod json;
mod raw;
mod shell;

use std::io::Read;
use std::path::Path;

use countersign::Headers;
use http::{HeaderName, HeaderValue};

use crate::args::{Format, RequestArgs};
use crate::failure::Failure;

pub(crate) use self::shell::quoted;

/// The most bytes that a capture may have: none of a sender's requests comes near.
const MAX_CAPTURE: u64 = 256 * 1024 * 1024;

/// The byte order mark that some editors and shells put before UTF-8.
pub(crate) const MARK: &[u8] = b"\xef\xbb\xbf";

/// A request as it was captured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The method; `POST` unless the capture says otherwise.
    pub method: String,
    /// The public URL or the request's target, as captured.
    pub url: Option<String>,
    /// The headers as received, in order; a value that is not UTF-8 is kept as Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Headers for Captured {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.headers.each(visit);
    }

    fn query(&self) -> Option<&str> {
        let url = self.url.as_deref()?;
        let url = url.split_once('#').map_or(url, |(url, _)| url);
        Some(url.split_once('?').map_or("", |(_, query)| query))
    }
}

impl Captured {
    /// The captured URL, if it names scheme and host and not only a path.
    pub(crate) fn absolute_url(&self) -> Option<&str> {
        let starts = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
        self.url.as_deref().filter(starts)
    }

    /// The first value under this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// That the body is not as long as `content-length` says.
    fn length_note(&self) -> Option<String> {
        let announced: u64 = self.header("content-length")?.parse().ok()?;
        let length = self.body.len();
        (announced != length as u64).then(|| {
            format!("the body has {length} bytes, and `content-length` says {announced}: it is judged as it is here")
        })
    }
}

/// Reads the request that the arguments point to, and what is odd about its body.
pub(crate) fn read(args: &RequestArgs) -> Result<(Captured, Option<String>), Failure> {
    let (request, note) = read_form(args)?;
    let note = note.or_else(|| request.length_note());
    Ok((request, note))
}

fn read_form(args: &RequestArgs) -> Result<(Captured, Option<String>), Failure> {
    if is_in_flags(args) {
        return from_flags(args).map(plain);
    }
    let path = args.capture.as_deref().unwrap_or(Path::new(STDIN));
    let bytes = read_any(path)?;
    let place = if is_stdin(path) { "standard input".into() } else { path.display().to_string() };
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Failure::at(place, "is UTF-16, as PowerShell writes it: save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(MARK).unwrap_or(&bytes);
    let format = if args.format == Format::Auto { guess(bytes) } else { args.format };
    match format {
        Format::Curl => curl::read(bytes).map(plain),
        Format::Har => har::read(bytes, args.entry).map(plain),
        Format::Json => json::capture(bytes).map(plain),
        Format::Http | Format::Auto => raw::read(bytes),
    }
    .map_err(|mend| Failure::at(place, mend))
}

/// A request whose form has no say about its body.
const fn plain(request: Captured) -> (Captured, Option<String>) {
    (request, None)
}

/// Whether standard input is, or holds, the request.
pub(crate) fn is_from_stdin(args: &RequestArgs) -> bool {
    let file = if is_in_flags(args) { args.body_file.as_deref() } else { args.capture.as_deref() };
    file.map_or(!is_in_flags(args), is_stdin)
}

/// Whether the file is standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// What standard input is called among files.
const STDIN: &str = "-";

fn is_in_flags(args: &RequestArgs) -> bool {
    !args.headers.is_empty() || args.body.is_some() || args.body_file.is_some()
}

/// The headers that flags give, each as `name: value`.
pub(crate) fn header_flags(flags: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let wrong = |mend: &str| Failure::at("`--request-header`", mend);
    let read = |flag: &String| {
        let parts = flag.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
        let (name, value) = parts
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| wrong("is not `name: value`: part the two by a colon"))?;
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(wrong(
                "has a name that no header can have: use letters, digits and hyphens",
            ));
        }
        if !is_header_value(value) {
            return Err(wrong(
                "has a value that no header can have: leave out line ends and control characters",
            ));
        }
        Ok((name.to_owned(), value.to_owned()))
    };
    flags.iter().map(read).collect()
}

/// Rejects a URL whose port is none, which the client would take for the usual one.
pub(crate) fn check_port(place: &str, url: Option<&str>) -> Result<(), Failure> {
    let Some((_, rest)) = url.and_then(|url| url.split_once("://")) else { return Ok(()) };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // An address of version 6 has colons of its own, in brackets.
    let port = host.rsplit_once(']').map_or(host, |(_, port)| port).rsplit_once(':');
    match port {
        Some((_, port)) if !port.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
            Ok(())
        }
        // The usual one, with its colon.
        None | Some((_, "")) => Ok(()),
        Some((_, port)) if port.len() <= 8 && port.bytes().all(|digit| digit.is_ascii_digit()) => {
            Err(Failure::at(place, format_args!("has the port {port}: ports are 1 to 65535")))
        }
        Some(_) => Err(Failure::at(place, "has a port that is no number: ports are 1 to 65535")),
    }
}

/// Whether a header can have this value.
pub(crate) fn is_header_value(text: &str) -> bool {
    HeaderValue::from_bytes(text.as_bytes()).is_ok()
}

/// The text with the user and password of every URL in it masked.
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

/// A body from a flag, a file, or nowhere.
pub(crate) fn body(text: Option<&str>, file: Option<&Path>) -> Result<Option<Vec<u8>>, Failure> {
    match (text, file) {
        (Some(text), _) => Ok(Some(text.as_bytes().to_vec())),
        (None, Some(path)) => read_any(path).map(Some),
        (None, None) => Ok(None),
    }
}

fn from_flags(args: &RequestArgs) -> Result<Captured, Failure> {
    Ok(Captured {
        method: args.method.clone().unwrap_or_else(|| "POST".to_owned()),
        url: None,
        headers: header_flags(&args.headers)?,
        body: body(args.body.as_deref(), args.body_file.as_deref())?.unwrap_or_default(),
    })
}

fn guess(bytes: &[u8]) -> Format {
    let start = bytes.trim_ascii_start();
    if curl::is_one(start) {
        return Format::Curl;
    }
    if !start.starts_with(b"{") {
        return Format::Http;
    }
    if json::is_har(bytes) { Format::Har } else { Format::Json }
}

/// A file that a capture names: a regular one, as reading a pipe might never end.
fn read_regular(path: &Path) -> Result<Vec<u8>, Failure> {
    let is_other = std::fs::metadata(path).is_ok_and(|file| !file.is_file());
    if is_other {
        return Err(Failure::at(path.display(), "is no regular file: give the body in one"));
    }
    read_file(path)
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let unread = |error| Failure::unread(path, &error);
    let file = std::fs::File::open(path).map_err(unread)?;
    read_capped(file, &path.display().to_string())
}

/// A file, or standard input.
pub(crate) fn read_any(path: &Path) -> Result<Vec<u8>, Failure> {
    if is_stdin(path) {
        return read_capped(std::io::stdin().lock(), "standard input");
    }
    read_file(path)
}

fn read_capped(source: impl Read, place: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    source.take(MAX_CAPTURE + 1).read_to_end(&mut bytes).map_err(|error| {
        Failure::at(place, format_args!("cannot be read ({}): check the path", error.kind()))
    })?;
    if bytes.len() as u64 > MAX_CAPTURE {
        return Err(Failure::at(place, "is over 256 MiB: give one request of it"));
    }
    Ok(bytes)
}

/// Text of a header: UTF-8, or else Latin-1, in which every byte is a letter.
fn header_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}
