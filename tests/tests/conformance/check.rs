//! Compares a response with the expected one.

use std::fmt::Debug;
use std::mem::discriminant;

use countersign::{Outcome, RejectionKind};

use crate::case::Expected;
use crate::client::{Incoming, Received};
use crate::driver::{FROM_HANDLER, Verdict};
use crate::run;

/// The headers that the adapter's own responses may have; the server adds some of them.
const OWN_HEADERS: [&str; 6] =
    ["allow", "connection", "content-length", "date", "retry-after", "transfer-encoding"];

/// The headers of the response to a handshake.
const REPLY_HEADERS: [&str; 2] = ["content-type", "x-content-type-options"];

pub(crate) fn equal<T: Copy + Debug + PartialEq>(what: &str, got: T, expected: T) -> run::Verdict {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what}: expected {expected:?}, got {got:?}"))
}

/// Compares a response. `verdict` is what the operator sees, if the request reached the adapter.
pub(crate) fn incoming(
    expected: &Expected,
    got: &Incoming,
    verdict: Option<&Verdict>,
) -> run::Verdict {
    let status = match got {
        Incoming::Gone => None,
        Incoming::Response(received) => Some(received.status),
    };
    if expected.status.is_some() {
        equal("status", status, expected.status).map_err(|what| format!("{what}, {verdict:?}"))?;
    }
    let Some(verdict) = verdict else {
        return Err(format!("the server responded by itself: {status:?}"));
    };
    // If the sender has disconnected, the server may drop the request.
    if expected.status.is_none() && verdict.dropped {
        return equal("status", status, None);
    }
    equal("rejection", verdict.rejection, expected.rejection)?;
    equal("ignored", verdict.ignored, expected.ignored)?;
    if !is_same(verdict.outcome, expected.outcome) {
        equal("outcome", verdict.outcome, expected.outcome)?;
    }
    match got {
        Incoming::Response(received) => response(expected, received),
        Incoming::Gone => Ok(()),
    }
}

fn response(expected: &Expected, got: &Received) -> run::Verdict {
    let mut names: Vec<_> = got.headers.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    if let Some([name, ..]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("header `{name}` is repeated"));
    }
    equal("100 Continue was sent", got.continued, expected.continued)?;
    let handler = expected.from_handler.then_some(expected.handler);
    equal("the handler", got.header(FROM_HANDLER), handler)?;
    let allow = got.header("allow");
    if got.status == 405 && !expected.from_handler {
        equal("`allow`", allow, Some(expected.allow))?;
    } else if allow.is_some() && !is_handshake(expected) {
        equal("`allow`", allow, None)?;
    }
    let retry_after = got.header("retry-after");
    let in_range = match (&expected.retry_after, retry_after) {
        (None, None) => true,
        (Some(range), Some(text)) => text.parse().is_ok_and(|secs| range.contains(&secs)),
        _ => false,
    };
    if !in_range {
        return Err(format!("`retry-after`: got {retry_after:?} for {:?}", expected.retry_after));
    }
    if expected.from_handler {
        return Ok(());
    }
    let (content_type, text) = expected.reply.clone().unzip();
    equal("body", String::from_utf8_lossy(&got.body).as_ref(), text.as_deref().unwrap_or(""))?;
    equal("`content-type`", got.header("content-type"), content_type)?;
    // Browsers must not interpret an echo as a page.
    let no_sniff = content_type.map(|_| "nosniff");
    equal("`x-content-type-options`", got.header("x-content-type-options"), no_sniff)?;
    for (name, value) in &expected.echoed {
        equal(name, got.header(name), Some(value.as_str()))?;
    }
    let is_echoed = |name: &str| expected.echoed.iter().any(|(echoed, _)| *echoed == name);
    let is_own = |name: &str| {
        OWN_HEADERS.contains(&name) || REPLY_HEADERS.contains(&name) || is_echoed(name)
    };
    match got.headers.iter().find(|(name, _)| !is_own(name)) {
        Some((name, value)) => Err(format!("unexpected header: `{name}: {value}`")),
        None => Ok(()),
    }
}

/// Whether it is the response to a handshake, valid or not: then axum's router adds `Allow`.
fn is_handshake(expected: &Expected) -> bool {
    expected.outcome == Some(Outcome::HandshakeAnswered)
        || expected.rejection == Some(RejectionKind::SignatureMismatch)
}

/// Compares outcomes; the remaining lease is checked in `Retry-After`.
fn is_same(got: Option<Outcome>, expected: Option<Outcome>) -> bool {
    match (got, expected) {
        (Some(got @ Outcome::InProgress { .. }), Some(expected)) => {
            discriminant(&got) == discriminant(&expected)
        }
        _ => got == expected,
    }
}
