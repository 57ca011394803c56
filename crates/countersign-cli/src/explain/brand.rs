//! Whose name a request's headers bear, beside those that several senders have.

use std::sync::LazyLock;

use countersign::scheme::{Scheme, Tolerance};
use countersign::senders::{self, SenderSpec};

use super::names::plain;
use super::parts::Head;

/// The sender that stands for a form which others share.
const GENERIC: &str = "standard-webhooks";

/// The senders that document their header. The others are searched for by what their headers hold.
pub(super) static DOCUMENTED: LazyLock<Vec<SenderSpec>> = LazyLock::new(|| {
    senders::ALL.iter().copied().filter(|sender| !sender.requires_header()).collect()
});

/// How a head speaks of a sender.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Mark {
    /// A header or the agent bears its name.
    Named,
    /// It stands for a form that others share.
    Generic,
    Nothing,
    /// Headers that are none of its own bear the name of another.
    Foreign,
}

/// A sender with its scheme for any time, and its own tolerance.
pub(super) type Known = (SenderSpec, Scheme, Option<Tolerance>);

pub(super) fn is_named(head: &Head, (sender, scheme, _): &Known) -> bool {
    mark(head, sender, scheme) == Mark::Named
}

/// How `head` speaks of `sender`.
pub(super) fn mark(head: &Head, sender: &SenderSpec, scheme: &Scheme) -> Mark {
    let all = &**DOCUMENTED;
    let own = brand(sender);
    if head.headers.iter().any(|header| bears(header, own, all)) {
        return Mark::Named;
    }
    let text = scheme.to_string();
    let is_foreign = head
        .headers
        .iter()
        .filter(|(name, _)| !text.contains(&plain(name)))
        .any(|header| all.iter().any(|other| bears(header, brand(other), all)));
    match sender.name() {
        _ if is_foreign => Mark::Foreign,
        GENERIC => Mark::Generic,
        _ => Mark::Nothing,
    }
}

/// The part of its name that is not about one of its ways to sign.
fn brand(sender: &SenderSpec) -> &'static str {
    sender.name().split('-').next().unwrap_or_default()
}

/// Whether a header's name begins with the brand, behind a letter such as `x-` or not, or its value does
/// where it is the agent.
fn bears((name, value): &(String, String), brand: &str, all: &[SenderSpec]) -> bool {
    let name = plain(name);
    if name == "user-agent" {
        return agent(value, all) == Some(brand);
    }
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default();
    // `webhook-…` and `x-hub-…` are of several senders, and none is called so.
    first == brand || (first.len() == 1 && words.next() == Some(brand))
}

/// The brand that the agent begins with: the longest, as `linear` begins with `line`.
fn agent(value: &str, all: &[SenderSpec]) -> Option<&'static str> {
    let value = value.to_ascii_lowercase();
    let has_agent =
        |sender: &&SenderSpec| sender.user_agent().is_some_and(|agent| value.starts_with(agent));
    let alias = all.iter().find(has_agent).map(brand);
    let brands = all.iter().map(brand).filter(|brand| value.starts_with(brand));
    alias.or_else(|| brands.max_by_key(|brand| brand.len()))
}
