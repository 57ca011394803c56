//! What happens in front of the adapter: other layers, and bodies that are rejected unread.

use countersign::RejectionKind as Kind;

use crate::case::{Case, Expected, Holds, Protocol, Step};
use crate::request::{Framing, Request};

/// More than the buffers of a loopback connection hold on both sides.
const LARGE: usize = 3 * 1024 * 1024;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = limited();
    cases.extend(unread());
    cases
}

/// A layer in front has a lower limit than the receiver.
fn limited() -> Vec<Case> {
    let limit = |case: Case| case.config(|config| config.limit_in_front = Some(100));
    let body = |length: usize| Request::good().body(" ".repeat(length));
    let too_large =
        |name: &str, request| limit(Case::rejected(name, request, 413, Kind::BodyTooLarge));
    vec![
        limit(Case::handled("a body within the limit of a layer in front", body(100))),
        too_large("a body over the limit of a layer in front", body(101)),
        too_large(
            "a chunked body over the limit of a layer in front",
            body(101).framed(Framing::Chunked).cut([60]),
        ),
    ]
}

/// The sender writes the whole body before it reads the response.
fn unread() -> Vec<Case> {
    let large = || Request::of(2).body(" ".repeat(LARGE));
    let chunked = || large().framed(Framing::Chunked).cut([LARGE / 2]);
    let case = |name: &str, max_body_size: usize, request: Request, rejected: Expected| {
        let then = (Request::of(1), Expected::handled());
        Case::new(name, [Step::KeepAlive(vec![(request, rejected), then])])
            .ends(1, Holds::Duplicate)
            .config(|config| config.max_body_size = Some(max_body_size))
            .not_over(Protocol::Http2, "HTTP/2 ends a stream without its connection")
    };
    let missing = || Expected::rejected(401, Kind::MissingHeader);
    let too_large = || Expected::rejected(413, Kind::BodyTooLarge);
    let unsigned = |request: Request| request.without("webhook-signature");
    vec![
        case(
            "a delivery after a large one without a signature",
            LARGE,
            unsigned(large()),
            missing(),
        ),
        case(
            "a delivery after a large chunked one without a signature",
            LARGE,
            unsigned(chunked()),
            missing(),
        ),
        case("a delivery after one over the limit", 1024, large(), too_large()),
        case("a delivery after a chunked one over the limit", 1024, chunked(), too_large()),
    ]
}
