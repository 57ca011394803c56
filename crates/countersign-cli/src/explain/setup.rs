//! What may be wrong with the set-up: the sender, the URL, the header, what is signed and how.

use countersign::scheme::Scheme;

use super::brand::Known;
use super::finding::Finding;
use super::parts::{Head, Parts, Side, Source};
use super::question::Asked;
use super::{brand, signing, token, url};

/// The scheme repaired in each way.
pub(super) fn repairs(parts: &Parts, asked: &Asked<'_>, body: &[u8]) -> Vec<Parts> {
    let mut list = url::repairs(parts, asked);
    list.extend(other_senders(parts, asked));
    list.extend(token::repairs(parts));
    // There are many, so they go with another repair only where nothing else can be found.
    let goes = match parts.source {
        Source::AiNexLayer => true,
        // Who is only guessed is not asked for what it does not do.
        Source::OmniAi => !asked.is_guessed,
        Source::Known(_) | Source::Own => parts.side == Side::Nothing,
    };
    if goes {
        list.extend(signing::repairs(parts, asked, body));
    }
    list
}

fn other_senders(parts: &Parts, asked: &Asked<'_>) -> Vec<Parts> {
    // A guess has looked at them, and what AINexLayer sends is found by its own search.
    if asked.is_guessed || matches!(parts.source, Source::AiNexLayer) {
        return Vec::new();
    }
    let configured = parts.scheme.sender();
    let others = asked
        .senders
        .iter()
        .filter(|(sender, scheme, _)| sender.name() != configured && may_hold(&parts.head, scheme))
        .filter(|known| !is_older(parts, &known.1) || brand::is_named(&parts.head, known));
    let repair = |(sender, scheme, tolerance): &Known| {
        let finding = Finding::proved(
            "wrong_sender",
            format!("The request verifies as one of `{}`, not of `{configured}`.", sender.name()),
            format!(
                "Set up `{}` for this endpoint, or check which endpoint's URL the sender was given.{}",
                sender.name(),
                asked.like(sender.name(), scheme)
            ),
        );
        let mut repaired = parts.scheme(scheme.clone(), finding);
        repaired.tolerance = *tolerance;
        repaired.source = Source::Known(Box::new(*sender));
        repaired
    };
    others.map(repair).collect()
}

/// Whether the scheme's header is the one in which the configured sender has its older signature.
fn is_older(parts: &Parts, scheme: &Scheme) -> bool {
    let own = parts.form.at.as_ref().and_then(|at| at.header.strip_suffix("-256"));
    own.is_some_and(|older| scheme.to_string().ends_with(&format!("in header `{older}`")))
}

/// Whether the header in which the sender has its credential is there; so it is where that is the body.
fn may_hold(head: &Head, scheme: &Scheme) -> bool {
    let text = scheme.to_string();
    let header = text.strip_suffix('`').and_then(|text| text.rsplit_once("in header `"));
    header.is_none_or(|(_, name)| head.first(name).is_some())
}
