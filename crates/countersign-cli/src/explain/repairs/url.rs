//! Repairs of the public URL, which some senders sign and proxies change.

use std::collections::HashSet;
use std::rc::Rc;

use countersign::senders::SenderSpec;

use crate::explain::context::Context;
use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::{Candidate, Head, Source};
use crate::explain::text::credential::base64_decoded;
use crate::explain::text::url::{Url, percent_decoded};

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
