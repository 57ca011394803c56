//! Repairs of the public URL, which some senders sign and proxies change.

use std::collections::HashSet;
use std::rc::Rc;

use countersign::senders::SenderSpec;

use crate::explain::context::Context;
use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::{Candidate, Head, Source};
use crate::explain::text::credential::base64_decoded;

/// The largest number of URLs that are tried.
const MAX_URLS: usize = 240;

/// Headers in which proxies record the original path.
const PATH_HEADERS: [&str; 5] = [
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
    "x-forwarded-uri",
    "x-envoy-original-path",
];

/// The components of a URL.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Url {
    scheme: String,
    /// The user name and the password, before the host.
    credentials: Option<String>,
    host: String,
    port: Option<String>,
    path: String,
    query: Option<String>,
}

/// Returns a candidate for each URL that the sender may have signed.
pub(crate) fn repairs(candidate: &Candidate, context: &Context<'_>) -> Vec<Candidate> {
    let Source::Known(sender) = &candidate.source else { return Vec::new() };
    let Some(configured) = context.url.as_deref().and_then(Url::parse) else { return Vec::new() };
    if !sender.requires_public_url() {
        return Vec::new();
    }
    let mut list: Vec<_> = with_configured_query(candidate, &configured).into_iter().collect();
    list.extend(other_methods(candidate, sender, context));
    for url in candidates(&configured, context, &candidate.head) {
        let Some(scheme) = context.scheme_for_url(**sender, &url.to_text()) else { continue };
        let mut repaired = candidate.with_url(scheme, changed(&configured, &url));
        // A URL without a query is signed with the query of the request.
        if let Some(query) = &url.query {
            let mut head = Head::clone(&candidate.head);
            head.query = Some(query.clone());
            repaired.head = Rc::new(head);
        }
        list.push(repaired);
    }
    list
}

/// Returns a candidate for each other method by which the sender delivers, which some senders sign.
fn other_methods(
    candidate: &Candidate,
    sender: &SenderSpec,
    context: &Context<'_>,
) -> Vec<Candidate> {
    let arrived = context.question.request.method.as_str();
    let repaired = |method: &&'static str| {
        let scheme = context.scheme_for_method(*sender, method)?;
        let finding = Finding::proved(
            FindingKind::MethodNotPost,
            format!(
                "The sender signed a request by {method}, but the request's method is another."
            ),
            "Look for a redirect, a proxy or a capture that changes the method.",
        );
        Some(candidate.with_url(scheme, finding))
    };
    sender.methods().iter().filter(|method| **method != arrived).filter_map(repaired).collect()
}

/// Replaces the query with which the request arrived by the configured one.
fn with_configured_query(candidate: &Candidate, configured: &Url) -> Option<Candidate> {
    let arrived = candidate.head.query.as_ref()?;
    let wanted = configured.query.as_ref().filter(|wanted| *wanted != arrived)?;
    let parameters = |query: &str| {
        let decoded = percent_decoded(query).unwrap_or_else(|| query.to_owned());
        let mut list: Vec<_> = decoded.replace("%20", "+").split('&').map(str::to_owned).collect();
        list.sort_unstable();
        list
    };
    let how = if arrived.is_empty() {
        "it arrived without the query"
    } else if parameters(arrived) == parameters(wanted) {
        "its query arrived in another order or with other escapes"
    } else {
        "its query arrived with other parameters"
    };
    let finding = Finding::proved(
        FindingKind::UrlQueryChanged,
        format!("The sender signed the configured URL, but the request arrived at another: {how}."),
        "Look for a proxy, a gateway or a framework that rewrites the query, and configure it to pass the query on unchanged.",
    );
    let mut head = Head::clone(&candidate.head);
    head.query = Some(wanted.clone());
    Some(candidate.with_url_query(head, finding))
}

/// Returns the URLs to try, those with the fewest differences first.
fn candidates(configured: &Url, context: &Context<'_>, head: &Head) -> Vec<Url> {
    let mut bases = vec![configured.clone()];
    bases.extend(other_credentials(configured, head));
    bases.extend(origins(configured, head));
    let mut paths: Vec<String> = context.captured_url.iter().cloned().collect();
    paths.extend(PATH_HEADERS.iter().filter_map(|name| head.first(name).map(str::to_owned)));
    for path in paths {
        bases.extend(Url::parse(&path));
        let more: Vec<_> = bases.iter().filter_map(|base| base.at(&path)).collect();
        bases.extend(more);
    }
    if let Some(prefix) = head.first("x-forwarded-prefix") {
        let under = |base: &Url| {
            let path = format!("{}{}", prefix.trim_end_matches('/'), base.path);
            Url { path, ..base.clone() }
        };
        let more: Vec<_> = bases.iter().map(under).collect();
        bases.extend(more);
    }
    let mut queries: Vec<Option<String>> = bases.iter().map(|base| base.query.clone()).collect();
    queries.push(head.query.clone().filter(|query| !query.is_empty()));
    queries.push(None);
    let written: Vec<_> = queries.iter().flatten().flat_map(|query| rewritten(query)).collect();
    queries.extend(written.into_iter().map(Some));
    let mut seen = HashSet::from([configured.clone()]);
    queries.retain({
        let mut known = HashSet::new();
        move |query| known.insert(query.clone())
    });
    let mut list = Vec::new();
    for base in &bases {
        for scheme in ["https", "http"] {
            for port in ports(base, head) {
                for path in slashes(&base.path) {
                    for query in &queries {
                        let url = Url {
                            scheme: scheme.to_owned(),
                            port: port.clone(),
                            path: path.clone(),
                            query: query.clone(),
                            host: base.host.clone(),
                            credentials: base.credentials.clone(),
                        };
                        if seen.insert(url.clone()) {
                            list.push(url);
                        }
                    }
                }
            }
        }
    }
    list.sort_by_key(|url| url.differences(configured).len());
    list.truncate(MAX_URLS);
    list
}

/// Returns the configured URL without its credentials, or with those of the request.
fn other_credentials(configured: &Url, head: &Head) -> Option<Url> {
    let sent = || {
        let basic = head.first("authorization")?.strip_prefix("Basic ")?;
        let text = String::from_utf8(base64_decoded(basic.as_bytes())?).ok()?;
        text.contains(':').then_some(text)
    };
    let credentials = match &configured.credentials {
        Some(_) => None,
        None => Some(sent()?),
    };
    Some(Url { credentials, ..configured.clone() })
}

/// Returns the configured URL with the scheme and hosts that the headers report.
fn origins(configured: &Url, head: &Head) -> Vec<Url> {
    let scheme = head.first("x-forwarded-proto").unwrap_or(&configured.scheme).trim();
    let hosts = ["x-forwarded-host", "x-original-host", "host"];
    let hosts = hosts.iter().filter_map(|name| head.first(name));
    hosts
        .filter_map(|host| Url::parse(&format!("{scheme}://{}", host.trim())))
        .map(|origin| Url {
            path: configured.path.clone(),
            query: configured.query.clone(),
            credentials: configured.credentials.clone(),
            ..origin
        })
        .collect()
}

fn ports(base: &Url, head: &Head) -> Vec<Option<String>> {
    let forwarded = head.first("x-forwarded-port").map(str::to_owned);
    let mut ports = vec![base.port.clone(), None];
    ports.extend([
        forwarded,
        Some("443".to_owned()),
        Some("80".to_owned()),
        Some("8080".to_owned()),
    ]);
    let mut seen = HashSet::new();
    ports.retain(|port| seen.insert(port.clone()));
    ports
}

fn slashes(path: &str) -> Vec<String> {
    let bare = path.trim_end_matches('/');
    let mut paths = vec![path.to_owned(), format!("{bare}/"), bare.to_owned()];
    if let Some(decoded) = percent_decoded(path) {
        paths.push(decoded);
    }
    let mut seen = HashSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    paths
}

/// Returns a query as parsers and proxies rewrite it.
fn rewritten(query: &str) -> Vec<String> {
    let mut pairs: Vec<_> = query.split('&').collect();
    let mut list = vec![query.replace("%20", "+"), query.replace('+', "%20")];
    list.extend(percent_decoded(query));
    list.push(query.chars().flat_map(percent_encoded).collect());
    pairs.reverse();
    list.push(pairs.join("&"));
    pairs.sort_unstable();
    list.push(pairs.join("&"));
    list
}

/// Percent-encodes a character as `encodeURIComponent` does, if a query must not contain it.
fn percent_encoded(letter: char) -> Vec<char> {
    let is_plain = letter.is_ascii_alphanumeric() || "-_.~=&%+!*'()".contains(letter);
    if is_plain || !letter.is_ascii() {
        return vec![letter];
    }
    format!("%{:02X}", u32::from(letter)).chars().collect()
}

/// Decodes the escapes of printable ASCII; `None` if there are none.
fn percent_decoded(text: &str) -> Option<String> {
    let mut decoded = String::with_capacity(text.len());
    let mut pieces = text.split('%');
    decoded.push_str(pieces.next()?);
    for piece in pieces {
        let byte = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|byte| byte.is_ascii_graphic() && !b"#&=?%".contains(byte)) {
            Some(byte) => {
                decoded.push(char::from(byte));
                decoded.push_str(piece.get(2..)?);
            }
            None => {
                decoded.push('%');
                decoded.push_str(piece);
            }
        }
    }
    (decoded != text).then_some(decoded)
}

impl Url {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (credentials, authority) = match authority.rsplit_once('@') {
            Some((credentials, authority)) => (Some(credentials.to_owned()), authority),
            None => (None, authority),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
                (host, Some(port.to_owned()))
            }
            _ => (authority, None),
        };
        let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_owned());
        let path = path.to_owned();
        (!host.is_empty()).then(|| Self { scheme, credentials, host, port, path, query })
    }

    /// Returns the same origin with another target.
    fn at(&self, target: &str) -> Option<Self> {
        let target = match target.split_once("://") {
            Some((_, rest)) => rest.get(rest.find('/')?..)?,
            None => target,
        };
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        path.starts_with('/').then(|| Self { path: path.to_owned(), query, ..self.clone() })
    }

    fn to_text(&self) -> String {
        let Self { scheme, host, path, .. } = self;
        let port = self.port.as_ref().map_or_else(String::new, |port| format!(":{port}"));
        let query = self.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
        let credentials =
            self.credentials.as_ref().map_or_else(String::new, |pair| format!("{pair}@"));
        format!("{scheme}://{credentials}{host}{port}{path}{query}")
    }

    /// Lists the differences. The values of path and query are left out, since they may be secret.
    fn differences(&self, configured: &Self) -> Vec<String> {
        let mut list = Vec::new();
        if self.scheme != configured.scheme {
            list.push(format!("its scheme is `{}://`", self.scheme));
        }
        if self.credentials != configured.credentials {
            list.push(match &self.credentials {
                Some(_) => "it has the user name and password of the request".to_owned(),
                None => "it has no user name and password".to_owned(),
            });
        }
        if self.host != configured.host {
            list.push("its host is the one in the request's headers".to_owned());
        }
        if self.port != configured.port {
            list.push(match &self.port {
                Some(port) => format!("it has the port {port}"),
                None => "it has no port".to_owned(),
            });
        }
        if self.path != configured.path {
            let (own, other) =
                (self.path.trim_end_matches('/'), configured.path.trim_end_matches('/'));
            list.push(if own != other {
                "its path is the captured one, or the one in a proxy's header".to_owned()
            } else if self.path.ends_with('/') {
                "its path ends with a slash".to_owned()
            } else {
                "its path ends without a slash".to_owned()
            });
        }
        if self.query != configured.query {
            list.push(match (&self.query, &configured.query) {
                (None, _) => "it has no query".to_owned(),
                (Some(_), None) => "it has a query".to_owned(),
                (Some(_), Some(_)) => "its query has another order or other escapes".to_owned(),
            });
        }
        list
    }
}

fn changed(configured: &Url, signed: &Url) -> Finding {
    let differences = signed.differences(configured);
    Finding::proved(
        FindingKind::UrlChanged,
        format!(
            "The sender signed another URL than the configured one: {}.",
            differences.join(", and ")
        ),
        "Configure the public URL exactly as in the sender's settings; changes by a proxy then do not matter.",
    )
}
