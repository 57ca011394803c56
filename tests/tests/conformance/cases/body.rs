//! Bodies: whole, in pieces, slow, short, long and incomplete.

use std::time::Duration;

use countersign::{Outcome, RejectionKind as Kind};

use crate::case::{Case, Expected, Holds, Protocol, Step};
use crate::request::{End, Framing, Request};

const BRIEF: &str = r#"{"type":"ping"}"#;
const CAP: usize = 1024;
const FRAMED: &str = "HTTP/2 frames carry the length, and a stream with a wrong length is reset";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = whole();
    cases.extend(split());
    cases.extend(capped());
    cases.extend(late());
    cases.extend(broken());
    cases
}

fn chunked(body: impl Into<Vec<u8>>) -> Request {
    Request::good().body(body).framed(Framing::Chunked)
}

fn whole() -> Vec<Case> {
    let rejected =
        |name: &str, request| Case::rejected(name, request, 401, Kind::SignatureMismatch);
    vec![
        Case::handled("a body that is not UTF-8", Request::good().body(b"\xff\xfe\x00\x80")),
        Case::handled("a body with a byte order mark", Request::good().body(b"\xef\xbb\xbf{}")),
        Case::handled("a body that ends in a line end", Request::good().body(b"{\"n\":1.0}\r\n")),
        Case::handled("an empty body of length 0", Request::good().body("")),
        Case::handled("no body at all", Request::good().body("").framed(Framing::Nothing)),
        Case::handled("an empty chunked body", chunked("")),
        Case::handled("a chunked body with a trailer", chunked(BRIEF).trailed()),
        rejected("another body", Request::good().tampered(BRIEF)),
        rejected("one space more", Request::good().body(BRIEF).tampered(r#"{"type": "ping"}"#)),
        rejected("one byte less", Request::good().body(BRIEF).tampered(r#"{"type":"ping""#)),
        rejected("no body with a body's signature", Request::good().tampered("")),
        Case::rejected(
            "a body that a middleware has consumed",
            Request::good(),
            500,
            Kind::BodyAltered,
        )
        .config(|config| config.consume_body = true),
    ]
}

/// Every split of the body in two, and every byte by itself.
fn split() -> Vec<Case> {
    let mut cases: Vec<_> = (1..BRIEF.len())
        .map(|at| Case::handled(format!("chunks split at byte {at}"), chunked(BRIEF).cut([at])))
        .collect();
    let single = || vec![1; BRIEF.len() - 1];
    cases.push(Case::handled("one chunk per byte", chunked(BRIEF).cut(single())));
    let length = Request::good().body(BRIEF).cut(single());
    cases.push(Case::handled("one write per byte", length));
    let forged = chunked(r#"{"type":"pong"}"#).tampered(BRIEF).cut(single());
    cases.push(Case::rejected("a forged chunk a byte", forged, 401, Kind::SignatureMismatch));
    cases
}

fn capped() -> Vec<Case> {
    let cap = |case: Case| case.config(|config| config.max_body_size = Some(CAP));
    let too_large =
        |name: &str, request| cap(Case::rejected(name, request, 413, Kind::BodyTooLarge));
    vec![
        cap(Case::handled("a body at the limit", Request::good().body(" ".repeat(CAP)))),
        cap(Case::handled("a chunked body at the limit", chunked(" ".repeat(CAP)).cut([1000]))),
        too_large("a body over the limit", Request::good().body(" ".repeat(CAP + 1))),
        too_large("a chunked body over the limit", chunked(" ".repeat(CAP + 1)).cut([1000])),
        too_large(
            "a chunked body over the limit that does not end",
            chunked(" ".repeat(CAP + 1)).ends(End::Stall),
        ),
        too_large(
            "a length over the limit, and no body",
            Request::good().framed(Framing::Announced(CAP + 1)).cut([0]).ends(End::Stall),
        ),
        too_large(
            "a length of 4 EiB",
            Request::good().framed(Framing::Announced(1 << 62)).cut([0]).ends(End::Stall),
        ),
    ]
}

fn late() -> Vec<Case> {
    let soon =
        |case: Case| case.config(|config| config.body_timeout = Some(Duration::from_millis(100)));
    let timeout = |name: &str, request| soon(Case::rejected(name, request, 408, Kind::BodyTimeout));
    let stalled = |request: Request| request.ends(End::Stall);
    let drip = |body: &str, pace| {
        chunked(body).cut(vec![1; body.len() - 1]).paced(Duration::from_millis(pace))
    };
    vec![
        timeout("a body that does not begin", stalled(Request::good().cut([0]))),
        timeout("a body that stops", stalled(Request::good().cut([10]))),
        timeout("a chunked body that stops", stalled(chunked(BRIEF).cut([10]))),
        timeout("a chunked body without its end", stalled(chunked(BRIEF))),
        timeout("a body that never finishes", stalled(drip(&" ".repeat(2000), 10))),
        Case::handled("a slow body within the timeout", drip(BRIEF, 5)),
        Case::rejected(
            "a body that does not begin, and no signature",
            stalled(Request::good().without("webhook-signature").cut([0])),
            401,
            Kind::MissingHeader,
        ),
    ]
}

fn broken() -> Vec<Case> {
    let gone = |name: &str, request| {
        let interrupted = Expected::rejected(400, Kind::BodyInterrupted).disconnected();
        Case::new(name, [Step::Send(request, interrupted)])
    };
    let again = |mut case: Case| {
        case.steps.push(Step::Send(Request::good().body(BRIEF), Expected::handled()));
        case.ends(1, Holds::Duplicate)
    };
    let brief = || Request::good().body(BRIEF);
    let wrong = Expected::rejected(401, Kind::SignatureMismatch);
    vec![
        gone("a sender that disconnects before the body", brief().cut([0]).ends(End::Abort)),
        gone("a sender that disconnects within the body", brief().cut([7]).ends(End::Abort)),
        gone(
            "a sender that disconnects within a chunked body",
            chunked(BRIEF).cut([7]).ends(End::Abort),
        ),
        again(gone("a retry after an incomplete body", brief().cut([7]).ends(End::Abort))),
        Case::rejected(
            "a body that ends before its length",
            brief().framed(Framing::Announced(16)).ends(End::HalfClose),
            400,
            Kind::BodyInterrupted,
        )
        .not_over(Protocol::Http2, FRAMED),
        Case::rejected(
            "a chunked body that ends early",
            chunked(BRIEF).cut([7]).ends(End::HalfClose),
            400,
            Kind::BodyInterrupted,
        )
        .not_over(Protocol::Http2, "an HTTP/2 stream's end is the body's end"),
        Case::new(
            "a body that continues after its length",
            [Step::Send(brief().framed(Framing::Announced(14)).ends(End::HalfClose), wrong)],
        )
        .not_over(Protocol::Http2, FRAMED),
        Case::new(
            "a valid body with more data after its length",
            [Step::Send(
                brief().tampered(format!("{BRIEF}more")).framed(Framing::Announced(15)),
                Expected::handlers(200, Outcome::Handled),
            )],
        )
        .ends(1, Holds::Duplicate)
        .not_over(Protocol::Http2, FRAMED),
    ]
}
