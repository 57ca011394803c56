//! Bodies that are sent as gzip, with the signature over the plain body.

use std::io::Write;

use countersign::RejectionKind as Kind;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::case::{Case, Expected, Holds, Step};
use crate::request::{End, Framing, Request};
use crate::sender::Sender;

const CAP: usize = 256 * 1024;

/// The plain size up to which the ratio does not count.
const RATIO_FLOOR: usize = 64 * 1024;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = whole();
    cases.extend(bombs());
    cases.extend(broken());
    cases.extend(not_configured());
    cases.into_iter().map(|case| case.config(|config| config.max_body_size = Some(CAP))).collect()
}

fn gzip(body: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// A signed event, sent as these bytes with the header.
fn sent_as(plain: impl AsRef<[u8]>, sent: Vec<u8>) -> Request {
    Request::good().body(plain.as_ref()).tampered(sent).with("content-encoding", "gzip")
}

fn compressed(plain: impl AsRef<[u8]>) -> Request {
    sent_as(&plain, gzip(&plain))
}

fn event() -> Vec<u8> {
    Sender::body(1)
}

/// An event whose plain body has this length. Its text repeats after `period` letters.
fn padded(length: usize, period: usize) -> Vec<u8> {
    let mut body = br#"{"id":"evt_1","text":""#.to_vec();
    let letters =
        (0..).map(|at: usize| b'a' + ((at % period).wrapping_mul(2_654_435_761) >> 7) as u8 % 26);
    body.extend(letters.take(length - body.len() - 2));
    body.extend(b"\"}");
    body
}

/// An event that compresses to less than a two hundredth.
fn repetitive(length: usize) -> Vec<u8> {
    padded(length, 1)
}

fn handled(name: &str, request: Request) -> Case {
    Case::handled(name, request).from(Sender::Gzip)
}

fn rejected(name: &str, request: Request, status: u16, kind: Kind) -> Case {
    Case::rejected(name, request, status, kind).from(Sender::Gzip)
}

fn whole() -> Vec<Case> {
    let coding = |coding: &str| compressed(event()).instead("content-encoding", coding);
    let single = vec![1; gzip(event()).len() - 1];
    let other = sent_as(event(), gzip(Sender::body(2)));
    vec![
        handled("a gzip body", compressed(event())),
        handled("an x-gzip body", coding("x-gzip")),
        handled("a gzip body, with the coding in capitals", coding("GZIP")),
        handled("a chunked gzip body", compressed(event()).framed(Framing::Chunked).cut([20])),
        handled("a gzip body, one write per byte", compressed(event()).cut(single)),
        handled("a gzip body at the limit", compressed(padded(CAP, 5000))),
        handled("a short gzip body with a high ratio", compressed(repetitive(RATIO_FLOOR))),
        handled("a gzip body without compression", {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
            encoder.write_all(&padded(CAP, CAP)).unwrap();
            sent_as(padded(CAP, CAP), encoder.finish().unwrap())
        }),
        handled("a plain body where gzip is accepted", Request::good()),
        Case::new(
            "a plain retry of a gzip body",
            [
                Step::Send(compressed(event()), Expected::handled()),
                Step::Send(Request::good(), Expected::duplicate()),
            ],
        )
        .ends(1, Holds::Duplicate)
        .from(Sender::Gzip),
        rejected("another gzip body", other, 401, Kind::SignatureMismatch),
        rejected(
            "a gzip body whose compressed bytes are signed",
            Request::good().body(gzip(event())).with("content-encoding", "gzip"),
            401,
            Kind::SignatureMismatch,
        ),
    ]
}

fn bombs() -> Vec<Case> {
    let too_large = |name: &str, request| rejected(name, request, 413, Kind::BodyTooLarge);
    let bomb = || compressed(padded(CAP + 1, 5000));
    let endless = gzip(repetitive(16 * 1024 * 1024));
    let half = endless.len() / 2;
    vec![
        too_large("a gzip body over the limit", bomb()),
        too_large("a chunked gzip body over the limit", bomb().framed(Framing::Chunked).cut([500])),
        too_large("a gzip bomb", compressed(vec![b' '; 16 * 1024 * 1024])),
        too_large(
            "a gzip bomb that does not end",
            sent_as(event(), endless).framed(Framing::Chunked).cut([half]).ends(End::Stall),
        ),
        too_large("a gzip body with too high a ratio", compressed(repetitive(RATIO_FLOOR * 2))),
    ]
}

fn broken() -> Vec<Case> {
    let malformed = |name: &str, sent: Vec<u8>| {
        rejected(name, sent_as(event(), sent), 400, Kind::MalformedEncoding)
    };
    let whole = gzip(event());
    let cut = |length: usize| whole.iter().copied().take(length).collect();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1;
        }
        bytes
    };
    vec![
        malformed("a truncated gzip body", cut(whole.len() - 9)),
        malformed("a gzip body without its last byte", cut(whole.len() - 1)),
        malformed("a gzip body that ends within its header", cut(5)),
        malformed("an empty gzip body", Vec::new()),
        malformed("a plain body that is announced as gzip", event()),
        malformed("a gzip body with another checksum", flipped(whole.len() - 8)),
        malformed("a gzip body with another length", flipped(whole.len() - 4)),
        malformed("bytes after a gzip body", [&*whole, b"\0"].concat()),
        malformed("two gzip members", [gzip("{"), gzip("}")].concat()),
    ]
}

fn not_configured() -> Vec<Case> {
    let unsupported = |name: &str, coding: &str| {
        let request = compressed(event()).instead("content-encoding", coding);
        rejected(name, request, 415, Kind::UnsupportedEncoding)
    };
    vec![
        unsupported("a body that is gzip twice", "gzip, gzip"),
        unsupported("a coding other than gzip", "br"),
        Case::rejected(
            "a gzip body of a sender that is not configured for it",
            compressed(event()),
            415,
            Kind::UnsupportedEncoding,
        ),
    ]
}
