//! A request as captured.

use countersign::Headers;

/// The byte order mark that some editors and shells write before UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A request as captured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The method; `POST` unless the capture has another.
    pub method: String,
    /// The public URL or the request's target.
    pub url: Option<String>,
    /// The headers in order. A value that is not UTF-8 is decoded as Latin-1.
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
    /// Returns the captured URL if it has a scheme and a host.
    pub(crate) fn absolute_url(&self) -> Option<&str> {
        let starts = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
        self.url.as_deref().filter(starts)
    }

    /// Returns the first value of the header `name`, which is compared without case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns a note if the body's length is not that of `content-length`.
    pub(super) fn length_note(&self) -> Option<String> {
        let announced: u64 = self.header("content-length")?.parse().ok()?;
        let length = self.body.len();
        (announced != length as u64).then(|| {
            format!("the body has {length} bytes, but `content-length` is {announced}; it is verified as it is")
        })
    }
}

/// Decodes the text of a header: UTF-8, or else Latin-1, in which every byte is a character.
pub(super) fn header_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}
