//! Rejections by the headers alone.

use countersign::RejectionKind as Kind;

use crate::case::{Case, Protocol};
use crate::request::{Framing, Request};
use crate::sender::Sender;

const SIGNED: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![Case::handled("a good request", Request::good())];
    cases.extend(methods());
    cases.extend(presence());
    cases.extend(form());
    cases.extend(times());
    cases.extend(codings());
    cases
}

fn methods() -> Vec<Case> {
    ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post", "QUERY"]
        .into_iter()
        .map(|method| {
            let bare = matches!(method, "GET" | "HEAD");
            let framing = if bare { Framing::Nothing } else { Framing::Length };
            let request = Request::good().method(method).framed(framing);
            Case::rejected(format!("method {method}"), request, 405, Kind::MethodNotAllowed)
        })
        .collect()
}

fn presence() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in SIGNED {
        let good = Request::good;
        let missing = Kind::MissingHeader;
        cases.extend([
            Case::rejected(format!("no {name}"), good().without(name), 401, missing),
            Case::rejected(format!("empty {name}"), good().instead(name, ""), 401, missing),
            Case::rejected(
                format!("{name} twice"),
                good().with(name, format!("{{{name}}}")),
                400,
                Kind::DuplicateHeader,
            ),
            Case::rejected(
                format!("another {name} beside the valid one"),
                good().with(name, "1"),
                400,
                Kind::DuplicateHeader,
            ),
        ]);
    }
    for name in ["svix-id", "svix-timestamp", "svix-signature"] {
        let mixed = Request::good().with(name, "1");
        let kind = Kind::MixedHeaderFamilies;
        cases.push(Case::rejected(format!("{name} beside webhook-…"), mixed, 400, kind));
    }
    cases
}

fn form() -> Vec<Case> {
    let good = Request::good;
    let malformed = |name: &str, request| Case::rejected(name, request, 400, Kind::MalformedHeader);
    let signature = |value: &str| good().instead("webhook-signature", value);
    let many = |count| vec!["{webhook-signature}"; count].join(" ");
    let capitals = "HTTP/2 has no capitals in header names";
    let spaces = "HTTP/2 has no optional white space around values";
    vec![
        Case::handled("header names in capitals", good().capitalized())
            .not_over(Protocol::Http2, capitals),
        Case::handled(
            "white space around a value",
            good().instead("webhook-id", "  {webhook-id}\t "),
        )
        .not_over(Protocol::Http2, spaces),
        malformed("an id that is not ASCII", good().instead("webhook-id", b"m\xc3\xbcsg_1")),
        malformed("an id with a tab", good().instead("webhook-id", b"msg\t1")),
        malformed("an id over 256 bytes", good().instead("webhook-id", "m".repeat(257))),
        malformed("a signature that is not ASCII", good().instead("webhook-signature", b"v1,\xff")),
        malformed("a signature header over 8 KiB", signature(&format!("v1,{}", "A".repeat(8190)))),
        Case::handled(
            "a signature header of 8 KiB with the valid signature last",
            signature(&format!("v1,{} {{webhook-signature}}", "A".repeat(8141))),
        ),
        Case::handled(
            "8 KiB in a header that is not read",
            good().with("x-padding", "p".repeat(8192)),
        ),
        Case::handled(
            "bytes that are not ASCII in a header that is not read",
            good().with("x-name", b"J\xfcrgen \xe2\x82\xac"),
        ),
        malformed("a signature that is not base64", signature("v1,!!!")),
        malformed("17 signatures", signature(&many(17))),
        Case::handled("16 signatures", signature(&many(16))),
        Case::handled(
            "a newer version beside the valid one",
            signature("v2,AAAA {webhook-signature}"),
        ),
        Case::rejected("only a newer version", signature("v2,AAAA"), 401, Kind::NoCandidate),
        Case::rejected(
            "another value in a required header",
            good().instead("box-signature-version", "2"),
            401,
            Kind::UnexpectedHeaderValue,
        )
        .from(Sender::Known("box")),
        malformed(
            "a timestamp with a leading zero",
            good().instead("webhook-timestamp", "01700000000"),
        ),
        malformed(
            "a timestamp with a fraction",
            good().instead("webhook-timestamp", "1700000000.0"),
        ),
        malformed("a timestamp of 16 digits", good().instead("webhook-timestamp", "1".repeat(16))),
        malformed(
            "pairs without a timestamp",
            good().instead("x-acme", format!("v1={}", "0".repeat(64))),
        )
        .from(Sender::Pairs),
        malformed("pairs with two timestamps", good().instead("x-acme", "t=1700000000,{x-acme}"))
            .from(Sender::Pairs),
        malformed("a signature without its prefix", good().instead("x-signature", "0".repeat(64)))
            .from(Sender::AiNexLayer),
    ]
}

fn times() -> Vec<Case> {
    let late = |seconds| Request::good().late(seconds);
    let no_time = Request::good().body(r#"{"event":"chat.message","id":"evt_1"}"#);
    vec![
        Case::handled("the oldest accepted timestamp", late(-300)),
        Case::rejected("a stale timestamp", late(-301), 401, Kind::StaleTimestamp),
        Case::handled("the furthest accepted future timestamp", late(300)),
        Case::rejected("a future timestamp", late(301), 401, Kind::FutureTimestamp),
        Case::rejected(
            "a timestamp under another's signature",
            Request::good().instead("webhook-timestamp", "1700000001"),
            401,
            Kind::SignatureMismatch,
        ),
        Case::rejected("a stale timestamp among pairs", late(-301), 401, Kind::StaleTimestamp)
            .from(Sender::Pairs),
        Case::rejected("no signature in the body", Request::good(), 401, Kind::MissingSignature)
            .from(Sender::Fields),
        Case::rejected("no timestamp in the signed body", no_time, 401, Kind::MissingTimestamp)
            .from(Sender::AiNexLayer),
        Case::rejected(
            "a stale timestamp in the signed body",
            Request::good().body(r#"{"event":"chat.message","id":"evt_1","timestamp":1699999699}"#),
            401,
            Kind::StaleTimestamp,
        )
        .from(Sender::AiNexLayer),
    ]
}

fn codings() -> Vec<Case> {
    let coded = |coding: &str| Request::good().with("content-encoding", coding);
    let mut cases: Vec<_> = ["gzip", "deflate", "br", "zstd", "gzip, identity"]
        .into_iter()
        .map(|coding| {
            let name = format!("content-encoding: {coding}");
            Case::rejected(name, coded(coding), 415, Kind::UnsupportedEncoding)
        })
        .collect();
    cases.push(Case::handled("content-encoding: identity", coded("identity")));
    cases.push(Case::handled("content-encoding: IDENTITY", coded("IDENTITY")));
    let twice = coded("identity").with("content-encoding", "identity");
    cases.push(Case::rejected("content-encoding twice", twice, 415, Kind::UnsupportedEncoding));
    cases
}
