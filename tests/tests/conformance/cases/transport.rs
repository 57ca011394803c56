//! Several requests on one connection, and bodies that wait for `100 Continue`.

use countersign::RejectionKind as Kind;

use crate::case::{Act, Case, Expected, Holds, Protocol, Step};
use crate::request::{Framing, Request};
use crate::sender::{Config, Secrets, Sender};

const STREAMS: &str = "HTTP/2 streams have no order among each other";
const NO_INTERIM: &str = "a client of HTTP/2 does not wait for an interim response";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = several();
    cases.extend(on_demand());
    cases
}

fn several() -> Vec<Case> {
    let good = Request::of;
    let handled = Expected::handled;
    let missing = || Expected::rejected(401, Kind::MissingHeader);
    let unsigned = |event| good(event).without("webhook-signature");
    // Were it taken for a request, it would be handled: its signature is right.
    let within = good(2).body(raw(&good(1).body(""))).without("webhook-signature");
    let all = |events: [u32; 3]| events.map(|event| (good(event), handled())).to_vec();
    vec![
        Case::new("three deliveries on one connection", [Step::KeepAlive(all([1, 2, 3]))])
            .ends(3, Holds::Duplicate),
        Case::new("three deliveries in one write", [Step::Pipeline(all([1, 2, 3]))])
            .ends(3, Holds::Duplicate),
        Case::new(
            "one event twice in one write",
            [Step::Pipeline(vec![(good(1), handled()), (good(1), Expected::duplicate())])],
        )
        .ends(1, Holds::Duplicate)
        .not_over(Protocol::Http2, STREAMS),
        Case::new(
            "two chunked deliveries in one write",
            [Step::Pipeline(vec![
                (good(1).framed(Framing::Chunked).cut([5, 6]), handled()),
                (good(2).framed(Framing::Chunked).cut([7]), handled()),
            ])],
        )
        .ends(2, Holds::Duplicate),
        Case::new(
            "a delivery after one that failed, in one write",
            [Step::Pipeline(vec![
                (good(2), Expected::handlers(500, countersign::Outcome::Failed)),
                (good(1), handled()),
            ])],
        )
        .acts([Act::Respond(500)])
        .ends(2, Holds::Duplicate)
        .not_over(Protocol::Http2, STREAMS),
        Case::new(
            "a delivery after a GET, in one write",
            [Step::Pipeline(vec![
                (
                    good(2).method("GET").framed(Framing::Nothing),
                    Expected::rejected(405, Kind::MethodNotAllowed),
                ),
                (good(1), handled()),
            ])],
        )
        .ends(1, Holds::Duplicate),
        Case::new(
            "a delivery after one that was rejected unread",
            [Step::KeepAlive(vec![(unsigned(2), missing()), (good(1), handled())])],
        )
        .ends(1, Holds::Duplicate),
        Case::new(
            "a delivery after a chunked one that was rejected unread",
            [Step::KeepAlive(vec![
                (unsigned(2).framed(Framing::Chunked).cut([9]), missing()),
                (good(1), handled()),
            ])],
        )
        .ends(1, Holds::Duplicate),
        Case::new(
            "a delivery after one of another method",
            [Step::KeepAlive(vec![
                (good(2).method("PUT"), Expected::rejected(405, Kind::MethodNotAllowed)),
                (good(1), handled()),
            ])],
        )
        .ends(1, Holds::Duplicate),
        Case::new(
            "a request within a body that was rejected unread",
            [Step::KeepAlive(vec![(within, missing()), (unsigned(1), missing())])],
        ),
        Case::new(
            "a hundred rejections on one connection",
            [Step::KeepAlive(vec![(unsigned(1), missing()); 100])],
        ),
    ]
}

/// The bytes of `request` in HTTP/1.1, without a body.
fn raw(request: &Request) -> Vec<u8> {
    let receiver =
        Sender::StandardWebhooks.receiver(&Config::default(), &Secrets::default()).build().unwrap();
    let mut raw = b"POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n".to_vec();
    for (name, value) in request.headers(&receiver) {
        raw.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
    }
    raw.extend(b"\r\n");
    raw
}

fn on_demand() -> Vec<Case> {
    let handled = Expected::handled().continued();
    let rejected = |name: &str, request: Request, status, kind| {
        Case::rejected(name, request.on_demand(), status, kind)
            .not_over(Protocol::Http2, NO_INTERIM)
    };
    vec![
        Case::new(
            "a body that waits for 100 Continue",
            [Step::Send(Request::good().on_demand(), handled.clone())],
        )
        .ends(1, Holds::Duplicate)
        .not_over(Protocol::Http2, NO_INTERIM),
        Case::new(
            "a chunked body that waits for 100 Continue",
            [Step::Send(Request::good().framed(Framing::Chunked).on_demand(), handled)],
        )
        .ends(1, Holds::Duplicate)
        .not_over(Protocol::Http2, NO_INTERIM),
        rejected(
            "no signature: no 100 Continue",
            Request::good().without("webhook-signature"),
            401,
            Kind::MissingHeader,
        ),
        rejected(
            "a stale timestamp: no 100 Continue",
            Request::good().late(-301),
            401,
            Kind::StaleTimestamp,
        ),
        rejected(
            "a length over the limit: no 100 Continue",
            Request::good().framed(Framing::Announced(1 << 40)),
            413,
            Kind::BodyTooLarge,
        ),
        rejected(
            "an encoded body: no 100 Continue",
            Request::good().with("content-encoding", "gzip"),
            415,
            Kind::UnsupportedEncoding,
        ),
    ]
}
