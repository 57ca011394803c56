//! Breaks of what no signature covers.

use countersign::Timestamp;

use super::super::valid::NOW;
use super::{OneBreak, genuine, header, json, length, method, one, scheme};

/// Breaks of what the signature does not cover: the request is rejected, and its signature is right.
pub(crate) const UNSIGNED: &[OneBreak] = &[
    one("GET", &["method_not_post"], |name, rng| method(name, rng, "GET")),
    one("PUT", &["method_not_post"], |name, rng| method(name, rng, "PUT")),
    one("a compressed body announced", &["gzip_decoded"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", "gzip"))
    }),
    one("a coding announced that the body does not have", &["gzip_decoded"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", "br"))
    }),
    one("content-encoding: UTF-8", &["content_encoding_unknown"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", "UTF-8"))
    }),
    one("content-encoding: utf8", &["content_encoding_unknown"], |name, rng| {
        Some(header(genuine(name, rng), "Content-Encoding", "utf8"))
    }),
    one("content-encoding: none", &["content_encoding_unknown"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", "none"))
    }),
    one("content-encoding: binary, UTF-8", &["content_encoding_unknown"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", "binary, UTF-8"))
    }),
    one("an empty content-encoding", &["content_encoding_unknown"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", ""))
    }),
    one("content-encoding twice", &["content_encoding_unknown"], |name, rng| {
        let case = header(genuine(name, rng), "content-encoding", "utf-8");
        Some(header(case, "content-encoding", "identity"))
    }),
    one("content-length one too long", &["content_length_wrong"], |name, rng| length(name, rng, 1)),
    one("content-length two too long", &["content_length_wrong"], |name, rng| length(name, rng, 2)),
    one("content-length 40 too long", &["content_length_wrong"], |name, rng| length(name, rng, 40)),
    one("content-length one too short", &["content_length_wrong"], |name, rng| {
        length(name, rng, -1)
    }),
    one("content-length over the limit", &["content_length_wrong"], |name, rng| {
        length(name, rng, 90_000_000)
    }),
    one("content-length that is not a number", &["content_length_wrong"], |name, rng| {
        Some(header(genuine(name, rng), "content-length", "many"))
    }),
    one("content-length twice", &["content_length_wrong"], |name, rng| {
        let case = genuine(name, rng);
        let length = case.request.body.len().to_string();
        Some(header(header(case, "content-length", &length), "content-length", &length))
    }),
    one("a month late", &["clock_skew"], |name, rng| {
        let mut case = genuine(name, rng);
        case.now = Timestamp::from_secs(NOW.as_secs() + 30 * 86_400);
        Some(case)
    }),
    one("a day early", &["clock_skew"], |name, rng| {
        let mut case = genuine(name, rng);
        case.now = Timestamp::from_secs(NOW.as_secs() - 86_400);
        Some(case)
    }),
    one("a body over the limit", &["body_too_large"], |name, rng| {
        let mut recipe = json(name, rng)?;
        recipe.body = format!("{{\"text\":\"{}\"}}", "x".repeat(27 * 1024 * 1024)).into_bytes();
        // The two largest bodies are enough.
        ["github", "slack", "gitlab"].contains(&name).then(|| recipe.send())
    }),
    one("an unsigned header missing", &["version_header_wrong"], |name, rng| {
        let mut case = genuine(name, rng);
        let (fixed, _) =
            scheme(name).required_headers().map(|(a, b)| (a.to_owned(), b.to_owned())).next()?;
        case.request.headers.retain(|(name, _)| *name != fixed);
        Some(case)
    }),
    one("an unsigned header with another value", &["version_header_wrong"], |name, rng| {
        let mut case = genuine(name, rng);
        let (fixed, _) =
            scheme(name).required_headers().map(|(a, b)| (a.to_owned(), b.to_owned())).next()?;
        *case.value(&fixed) = "7".to_owned();
        Some(case)
    }),
    one("the headers of another scheme beside the sender's", &["headers_mixed"], |name, rng| {
        let case = genuine(name, rng);
        let other = scheme(name).conflicting_headers().next()?.to_owned();
        Some(header(case, &other, "x"))
    }),
];
