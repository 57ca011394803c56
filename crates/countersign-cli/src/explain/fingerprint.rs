//! Recognizes a sender by the names of a request's headers and by its user agent.

use std::sync::LazyLock;

use countersign::scheme::{Location, PartRef, Scheme, TimestampLocation, Tolerance};
use countersign::senders::{self, SenderSpec};

use crate::explain::model::Head;
use crate::explain::text::header_names::plain;

/// The sender whose headers other senders share.
const GENERIC: &str = "standard-webhooks";

/// The senders that document their header. For the others, all headers are searched.
pub(crate) static DOCUMENTED: LazyLock<Vec<SenderSpec>> = LazyLock::new(|| {
    senders::ALL.iter().copied().filter(|sender| !sender.requires_header()).collect()
});

/// How well the headers of a request match a sender, the best match first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum HeaderMatch {
    /// A header or the user agent has the sender's name.
    Named,
    /// No header names a sender, and this sender's headers are those of a shared format.
    Generic,
    /// No header names a sender.
    Unnamed,
    /// A header that the sender does not use has another sender's name.
    Foreign,
}

/// A sender of the catalogue, configured as far as the question allows.
#[derive(Clone)]
pub(crate) struct CatalogueSender {
    pub(crate) spec: SenderSpec,
    /// The sender's scheme with an unlimited tolerance.
    pub(crate) scheme: Scheme,
    /// The sender's own tolerance.
    pub(crate) tolerance: Option<Tolerance>,
}

pub(crate) fn is_named(head: &Head, sender: &CatalogueSender) -> bool {
    match_headers(head, &sender.spec, &sender.scheme) == HeaderMatch::Named
}

/// Compares the headers of a request with a sender.
pub(crate) fn match_headers(head: &Head, sender: &SenderSpec, scheme: &Scheme) -> HeaderMatch {
    let all = &**DOCUMENTED;
    let own = sender_fingerprint(sender);
    if head.headers.iter().any(|header| names_sender(header, own, all)) {
        return HeaderMatch::Named;
    }
    let own_headers = scheme_headers(scheme);
    let is_foreign =
        head.headers.iter().filter(|(name, _)| !own_headers.contains(&plain(name).as_str())).any(
            |header| all.iter().any(|other| names_sender(header, sender_fingerprint(other), all)),
        );
    match sender.name() {
        _ if is_foreign => HeaderMatch::Foreign,
        GENERIC => HeaderMatch::Generic,
        _ => HeaderMatch::Unnamed,
    }
}

/// Returns the names of the headers that a scheme reads.
fn scheme_headers(scheme: &Scheme) -> Vec<&str> {
    let header = |location| match location {
        Location::Header(name) => Some(name),
        _ => None,
    };
    let credential = scheme.credential();
    let time = scheme.timestamp().and_then(|timestamp| match timestamp.location {
        TimestampLocation::Header(name) => Some(name),
        _ => None,
    });
    let signed = scheme.signed_parts().filter_map(|part| match part {
        PartRef::Header(name) | PartRef::Id(name) => Some(name),
        _ => None,
    });
    [credential.map(|credential| credential.location), scheme.id(), scheme.event_type()]
        .into_iter()
        .flatten()
        .filter_map(header)
        .chain(credential.and_then(|credential| credential.second_header))
        .chain(time)
        .chain(scheme.required_headers().map(|(name, _)| name))
        .chain(signed)
        .collect()
}

/// Returns the first word of a sender's name, which its headers and its user agent contain.
fn sender_fingerprint(sender: &SenderSpec) -> &'static str {
    match sender.name().split('-').next().unwrap_or_default() {
        // Every `x-…` header begins with the name of X, whose own headers have its former name.
        "x" => "twitter",
        word => word,
    }
}

/// Returns whether a header names the sender: its first word, or the second after a letter such as
/// `x-`, is the fingerprint, or it is the user agent and begins with the fingerprint.
fn names_sender((name, value): &(String, String), fingerprint: &str, all: &[SenderSpec]) -> bool {
    let name = plain(name);
    if name == "user-agent" {
        return agent(value, all) == Some(fingerprint);
    }
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default();
    // Several senders use `webhook-…` and `x-hub-…`; neither is the name of a sender.
    first == fingerprint || (first.len() == 1 && words.next() == Some(fingerprint))
}

/// Returns the longest fingerprint with which a user agent begins: `linear` also begins with `line`.
fn agent(value: &str, all: &[SenderSpec]) -> Option<&'static str> {
    let value = value.to_ascii_lowercase();
    let has_agent =
        |sender: &&SenderSpec| sender.user_agent().is_some_and(|agent| value.starts_with(agent));
    let alias = all.iter().find(has_agent).map(sender_fingerprint);
    let names = all.iter().map(sender_fingerprint).filter(|name| value.starts_with(name));
    alias.or_else(|| names.max_by_key(|name| name.len()))
}
