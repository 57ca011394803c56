//! The public URL of an endpoint, as its sender signs it.

use std::borrow::Cow;
use std::fmt;

use super::body_digest::without_digest;
use super::signed_url::{SignedUrl, decode_all, decode_reserved, normalize_escapes};
use super::url_query::{has_same_parameters, remaining_parameters};
use crate::error::{ConfigError, ConfigErrorKind};

/// The largest number of forms of one URL that are tried for a request. Each costs a MAC.
///
/// A URL in lower case, without credentials and escapes, has one or two forms. Sixteen is every
/// combination of the four differences in [`UrlParts::bases`].
const MAX_FORMS: usize = 16;

/// The public URL of an endpoint, in the forms in which its sender may have signed it.
///
/// The forms are equal in meaning: all of them name the configured endpoint. They are made from the
/// configuration alone, never from the `Host` header or the path of a request.
#[derive(Clone)]
pub(crate) struct PublicUrl {
    /// The URL without its query; the first form is the configured one.
    bases: Vec<String>,
    /// The configured query; empty after a `?` at the end of the URL.
    pub(super) query: Option<String>,
    /// Whether the sender delivers by `GET`, so that the query of the request holds the event.
    pub(crate) is_query_event: bool,
    /// The whole URLs that may be signed, whatever the query of the request is.
    fixed: Vec<SignedUrl>,
}

/// Which ports a form of a URL may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ports {
    /// The port as configured; none for the default port of the URL's scheme.
    Default,
    /// Every URL with a port and without, as Twilio signs it
    /// ([security](https://www.twilio.com/docs/usage/security#validating-requests)).
    Either,
}

impl PublicUrl {
    /// Parses an absolute URL. A fragment is left out: it is never sent, so it names no other endpoint.
    pub(crate) fn parse(url: &str, ports: Ports) -> Result<Self, ConfigError> {
        let parts = UrlParts::parse(without_fragment(url)).ok_or_else(|| {
            ConfigError::new(
                ConfigErrorKind::MissingSetting,
                format!(
                    "`{}` is not a public URL: set the URL that the sender delivers to, such as `https://example.com/hook`",
                    redacted(url).escape_debug()
                ),
            )
        })?;
        let mut parsed = Self {
            bases: parts.bases(ports),
            query: parts.query.map(ToOwned::to_owned),
            is_query_event: false,
            fixed: Vec::new(),
        };
        let queries = [parsed.query.as_deref().map(Cow::Borrowed)];
        parsed.fixed = parsed.forms(&queries, true);
        Ok(parsed)
    }

    /// Takes the query of a request as the event that the sender signs with its URL.
    pub(super) const fn with_query_event(mut self) -> Self {
        self.is_query_event = true;
        self
    }

    /// Returns the forms of the URL without its query; the first is the configured one.
    pub(super) fn bases(&self) -> &[String] {
        &self.bases
    }

    /// Returns the configured URL.
    pub(super) fn configured(&self) -> &str {
        self.fixed.first().map_or("", |url| &url.text)
    }

    /// Returns whether the same single text is signed for every request.
    pub(super) fn is_fixed(&self) -> bool {
        let has_query = self.query.as_ref().is_some_and(|query| !query.is_empty());
        self.fixed.len() == 1 && !has_query && !self.is_query_event
    }

    /// Returns the whole URLs that the sender may have signed, for a request with this query; `None`
    /// if the request is for another URL.
    ///
    /// No URL is the beginning of another. So the signed content shows which of them is signed, and
    /// where the next part begins. A query of the request is used only where it has the parameters of
    /// the configured one and no other, see [`has_same_parameters`], or where it is the event.
    pub(crate) fn signed_urls(&self, query: Option<&str>) -> Option<Cow<'_, [SignedUrl]>> {
        if self.is_query_event {
            let queries: Vec<_> = self.event_queries(query)?.into_iter().map(Some).collect();
            return Some(self.forms(&queries, false).into());
        }
        match (&self.query, query) {
            (Some(own), Some(query)) if own != query && has_same_parameters(own, query) => {
                let mut urls = self.fixed.clone();
                for url in self.forms(&[Some(query.into())], false) {
                    push_distinct(&mut urls, url);
                }
                Some(urls.into())
            }
            _ => Some(Cow::Borrowed(&self.fixed)),
        }
    }

    /// Returns the queries that the sender may have signed, for a request whose query is the event: the
    /// query as received, and the configured query followed by the other parameters.
    ///
    /// `None` if the request lacks a parameter of the configured query.
    pub(super) fn event_queries<'q>(&'q self, query: Option<&'q str>) -> Option<Vec<Cow<'q, str>>> {
        let own = self.query.as_deref().unwrap_or_default();
        let received = query.unwrap_or(own);
        if own.is_empty() {
            return Some(vec![received.into()]);
        }
        let rest = remaining_parameters(own, received)?;
        let joint = if rest.is_empty() { "" } else { "&" };
        let configured = format!("{own}{joint}{}", rest.join("&"));
        let mut queries = vec![configured.into()];
        if queries != [received] {
            queries.push(received.into());
        }
        Some(queries)
    }

    /// Returns each form of the URL with each query.
    fn forms(&self, queries: &[Option<Cow<'_, str>>], is_configured: bool) -> Vec<SignedUrl> {
        let mut urls = Vec::new();
        let decodings: &[fn(&str) -> Option<String>] = if is_configured {
            &[|text| Some(text.to_owned()), decode_reserved, decode_all]
        } else {
            // A query of the client's choice is never decoded so far that its parameters could change.
            &[|text| Some(text.to_owned()), decode_reserved]
        };
        for decode in decodings {
            for base in &self.bases {
                for query in queries {
                    let text = match query {
                        Some(query) if is_configured || !query.is_empty() => {
                            format!("{base}?{query}")
                        }
                        _ => base.clone(),
                    };
                    let query = query.as_deref().unwrap_or_default().to_owned();
                    if let Some(text) = decode(&text) {
                        push_distinct(&mut urls, SignedUrl { text, query });
                    }
                }
            }
        }
        urls
    }
}

/// Appends `url`, unless it begins with one of `urls` or one of them begins with it.
fn push_distinct(urls: &mut Vec<SignedUrl>, url: SignedUrl) {
    let is_distinct = urls
        .iter()
        .all(|other| !other.text.starts_with(&url.text) && !url.text.starts_with(&other.text));
    if is_distinct && urls.len() < MAX_FORMS {
        urls.push(url);
    }
}

/// The components of an absolute URL; joined, they are the URL again.
struct UrlParts<'u> {
    /// `https://` or `http://`, in any case.
    scheme: &'u str,
    /// The credentials with their `@`, or nothing.
    credentials: &'u str,
    host: &'u str,
    /// The port with its colon, or nothing.
    port: &'u str,
    path: &'u str,
    query: Option<&'u str>,
}

impl<'u> UrlParts<'u> {
    fn parse(url: &'u str) -> Option<Self> {
        let (scheme, rest) = url.split_at_checked(url.find("://")? + 3)?;
        if !["https://", "http://"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return None;
        }
        let (head, query) = match rest.split_once('?') {
            Some((head, query)) => (head, Some(without_digest(query))),
            None => (rest, None),
        };
        let (authority, path) = head.split_at(head.find('/').unwrap_or(head.len()));
        let (credentials, host_and_port) =
            authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let end = match host_and_port.find(']') {
            Some(bracket) => bracket + 1,
            None => host_and_port.find(':').unwrap_or(host_and_port.len()),
        };
        let (host, port) = host_and_port.split_at(end);
        let is_port = match port.strip_prefix(':') {
            // `u16::from_str` accepts a leading sign as well.
            Some(digits) => {
                digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
            }
            None => port.is_empty(),
        };
        let is_plain =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        // A host may be an internationalized name, if the sender has it so in its settings.
        let is_host = |text: &str| {
            text.chars()
                .all(|char| char.is_alphanumeric() || is_plain(char.encode_utf8(&mut [0; 4])))
        };
        let has_both_brackets = host.starts_with('[') == host.ends_with(']');
        let is_valid = !host.is_empty()
            && has_both_brackets
            && is_port
            && is_host(host)
            && [credentials, path, query.unwrap_or_default()].into_iter().all(is_plain);
        is_valid.then_some(Self { scheme, credentials, host, port, path, query })
    }

    /// Returns the forms of the URL without its query, the given one first.
    fn bases(&self, ports: Ports) -> Vec<String> {
        let default_port =
            if self.scheme.eq_ignore_ascii_case("https://") { ":443" } else { ":80" };
        let other_port = match ports {
            _ if self.port == default_port => "",
            Ports::Default => self.port,
            Ports::Either if self.port.is_empty() => default_port,
            Ports::Either => "",
        };
        let normalized = normalize_escapes(self.path);
        let other_path = if self.path.is_empty() { "/" } else { &normalized };
        let origin = (self.scheme.to_owned(), self.host.to_owned());
        let lower = (self.scheme.to_ascii_lowercase(), self.host.to_lowercase());
        let mut bases = Vec::new();
        for credentials in [self.credentials, ""] {
            for (scheme, host) in [&origin, &lower] {
                for path in [self.path, other_path] {
                    for port in [self.port, other_port] {
                        let base = format!("{scheme}{credentials}{host}{port}{path}");
                        if !bases.contains(&base) && bases.len() < MAX_FORMS {
                            bases.push(base);
                        }
                    }
                }
            }
        }
        bases
    }
}

/// Returns `url` without its fragment, such as `#rc=2`, by which
/// [Twilio](https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides) is told to retry.
///
/// A `#` before an `@` is no fragment here, but a malformed URL: it may be a part of a password.
pub(super) fn without_fragment(url: &str) -> &str {
    match url.split_once('#') {
        Some((url, fragment)) if !fragment.contains('@') => url,
        _ => url,
    }
}

/// Returns `url` without credentials, for messages: all before its last `@` but the scheme is replaced.
pub(crate) fn redacted(url: &str) -> Cow<'_, str> {
    let Some(at) = url.rfind('@') else { return Cow::Borrowed(url) };
    let (before, after) = url.split_at(at);
    let scheme = before.find("://").and_then(|at| before.get(..at + 3)).unwrap_or_default();
    format!("{scheme}***{after}").into()
}

/// Shows the URL without credentials.
impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicUrl").field(&redacted(self.configured())).finish()
    }
}

#[cfg(feature = "sign")]
impl PublicUrl {
    pub(crate) fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Returns the query with which a sender calls the URL to deliver the event `query`.
    pub(super) fn called_with(&self, query: &str) -> String {
        match self.query.as_deref() {
            Some(own) if self.event_queries(Some(query)).is_none() => {
                let joint = if query.is_empty() { "" } else { "&" };
                format!("{own}{joint}{query}")
            }
            _ => query.to_owned(),
        }
    }
}
