//! Repairs of the sender's configuration: the sender, the URL, the header, the signed content.

use countersign::scheme::{Location, Scheme};

use crate::explain::context::Context;
use crate::explain::finding::{Finding, FindingKind};
use crate::explain::fingerprint::{self, CatalogueSender};
use crate::explain::model::{Candidate, Head, Source};
use crate::explain::repairs::{signing, token, url};

/// Returns candidates with another scheme.
pub(crate) fn repairs(candidate: &Candidate, context: &Context<'_>, body: &[u8]) -> Vec<Candidate> {
    let mut list = url::repairs(candidate, context);
    list.extend(other_senders(candidate, context));
    list.extend(token::repairs(candidate));
    // These repairs are many: combine them with another repair only if the header is not documented.
    let is_tried = match candidate.source {
        Source::AiNexLayer => true,
        // OmniAI sends its secret; a signature is searched for only if OmniAI is configured.
        Source::OmniAi => !context.is_guessed,
        Source::Known(_) | Source::Own => candidate.changed.is_empty(),
    };
    if is_tried {
        list.extend(signing::repairs(candidate, context, body));
    }
    list
}

fn other_senders(candidate: &Candidate, context: &Context<'_>) -> Vec<Candidate> {
    // The guess covers the other senders, and AINexLayer's header is searched for by `signing`.
    if context.is_guessed || matches!(candidate.source, Source::AiNexLayer) {
        return Vec::new();
    }
    let configured = candidate.scheme.sender();
    let others = context
        .senders
        .iter()
        .filter(|other| other.spec.name() != configured)
        .filter(|other| may_contain_credential(&candidate.head, &other.scheme))
        .filter(|other| {
            !is_older_header(candidate, &other.scheme)
                || fingerprint::is_named(&candidate.head, other)
        });
    let repair = |other: &CatalogueSender| {
        let name = other.spec.name();
        let finding = Finding::proved(
            FindingKind::WrongSender,
            format!("The request verifies as one from `{name}`, not from `{configured}`."),
            format!(
                "Configure `{name}` for this endpoint, or check which endpoint's URL the sender has.{}",
                context.also_fits(name, &other.scheme)
            ),
        );
        let mut repaired = candidate.with_scheme(other.scheme.clone(), finding);
        repaired.tolerance = other.tolerance;
        repaired.source = Source::Known(Box::new(other.spec));
        repaired
    };
    others.map(repair).collect()
}

/// Returns whether the scheme's header is that of the configured sender's older signature, as
/// `x-hub-signature` is that of `x-hub-signature-256`.
fn is_older_header(candidate: &Candidate, scheme: &Scheme) -> bool {
    let configured = candidate.shape.credential.as_ref();
    let older = configured.and_then(|credential| credential.header.strip_suffix("-256"));
    older.is_some() && older == credential_header(scheme)
}

/// Returns whether the request has the header of the scheme's credential, or the credential is in the
/// body.
fn may_contain_credential(head: &Head, scheme: &Scheme) -> bool {
    credential_header(scheme).is_none_or(|name| head.first(name).is_some())
}

fn credential_header(scheme: &Scheme) -> Option<&str> {
    match scheme.credential()?.location {
        Location::Header(name) => Some(name),
        _ => None,
    }
}
