//! Whether an answer is the one that must be given.

use std::fmt::Debug;
use std::mem::discriminant;

use countersign::{Outcome, RejectionKind};

use crate::case::Answer;
use crate::client::{Incoming, Received};
use crate::driver::{FROM_HANDLER, Verdict};
use crate::run;

/// The headers that an answer of the adapter's own may have; a server adds some of them.
const OWN_HEADERS: [&str; 6] =
    ["allow", "connection", "content-length", "date", "retry-after", "transfer-encoding"];

/// Those that only a handshake's answer has.
const REPLY_HEADERS: [&str; 2] = ["content-type", "x-content-type-options"];

pub(crate) fn equal<T: Copy + Debug + PartialEq>(what: &str, got: T, expected: T) -> run::Verdict {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what}: expected {expected:?}, got {got:?}"))
}

/// `verdict` is what the operator was told, if the adapter has had the request at all.
pub(crate) fn answer(expected: &Answer, got: &Incoming, verdict: Option<&Verdict>) -> run::Verdict {
    let told = match got {
        Incoming::Gone => None,
        Incoming::Answer(received) => Some(received.status),
    };
    if expected.status.is_some() {
        equal("status", told, expected.status).map_err(|what| format!("{what}, {verdict:?}"))?;
    }
    let Some(verdict) = verdict else {
        return Err(format!("the server answered by itself: {told:?}"));
    };
    // What is not heard may as well be given up.
    if expected.status.is_none() && verdict.given_up {
        return equal("status", told, None);
    }
    equal("rejection", verdict.rejection, expected.rejection)?;
    if !is_same(verdict.outcome, expected.outcome) {
        equal("outcome", verdict.outcome, expected.outcome)?;
    }
    match got {
        Incoming::Answer(received) => response(expected, received),
        Incoming::Gone => Ok(()),
    }
}

fn response(expected: &Answer, got: &Received) -> run::Verdict {
    let mut names: Vec<_> = got.headers.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    if let Some([name, ..]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("header `{name}` stands twice"));
    }
    equal("asked for the body", got.asked, expected.asked)?;
    equal("is the handler's", got.header(FROM_HANDLER).is_some(), expected.from_handler)?;
    let allow = got.header("allow");
    if got.status == 405 && !expected.from_handler {
        equal("`allow`", allow, Some("POST"))?;
    } else if allow.is_some() && !is_greeting(expected) {
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
    // No browser is to take an echo for a page.
    let no_sniff = content_type.map(|_| "nosniff");
    equal("`x-content-type-options`", got.header("x-content-type-options"), no_sniff)?;
    let is_own = |name: &str| OWN_HEADERS.contains(&name) || REPLY_HEADERS.contains(&name);
    match got.headers.iter().find(|(name, _)| !is_own(name)) {
        Some((name, value)) => Err(format!("header that tells too much: `{name}: {value}`")),
        None => Ok(()),
    }
}

/// Whether it answers a handshake, well or not: then axum's router adds which method has a handler.
fn is_greeting(expected: &Answer) -> bool {
    expected.outcome == Some(Outcome::HandshakeAnswered)
        || expected.rejection == Some(RejectionKind::SignatureMismatch)
}

/// How long the other's lease still runs is checked where it is told.
fn is_same(got: Option<Outcome>, expected: Option<Outcome>) -> bool {
    match (got, expected) {
        (Some(got @ Outcome::InProgress { .. }), Some(expected)) => {
            discriminant(&got) == discriminant(&expected)
        }
        _ => got == expected,
    }
}
