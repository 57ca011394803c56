//! Whether a request that changes something comes from one of the console's own pages.

use http::header::{HOST, ORIGIN};
use http::request::Parts;

/// Returns whether a request comes from a page of the same origin.
///
/// A browser says so itself by `Sec-Fetch-Site`, which no page can set. It does not over plain HTTP to another machine;
/// then the host of `Origin` must be the request's. A request without either comes from no browser that would
/// attach a person's credentials for another page; it is rejected all the same.
pub(crate) fn is_same_origin(parts: &Parts) -> bool {
    let text =
        |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or("invalid"));
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let host = text(HOST.as_str()).or_else(|| parts.uri.authority().map(|host| host.as_str()));
    let origin = text(ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
    match (origin, host) {
        (Some((_, origin)), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}
