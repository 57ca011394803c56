//! Findings about an authentic request that no repair is needed for.

use crate::explain::context::Context;
use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::Source;
use crate::sender::SenderChoice;

/// Returns the reasons for which a receiver rejects an authentic request from `source`.
pub(crate) fn findings(context: &Context<'_>, source: &Source) -> Vec<Finding> {
    [missing_url(context, source), method(context), body_size(context)]
        .into_iter()
        .flatten()
        .collect()
}

fn missing_url(context: &Context<'_>, source: &Source) -> Option<Finding> {
    let requires_public_url = match source {
        Source::Known(sender) => sender.requires_public_url(),
        _ => context.question.sender.is_some_and(SenderChoice::requires_public_url),
    };
    (requires_public_url && context.is_url_guessed).then(|| {
        Finding::proved(
            FindingKind::UrlMissing,
            "The sender signs its public URL, and none is configured. The signature matches `https://` with the request's host and target.",
            "Configure the public URL exactly as in the sender's settings, with `--url` here. A receiver never takes it from a request.",
        )
    })
}

fn method(context: &Context<'_>) -> Option<Finding> {
    (context.question.request.method != "POST").then(|| {
        Finding::proved(
            FindingKind::MethodNotPost,
            "The request's method is not POST, which a receiver rejects.",
            "Have the sender deliver with POST. If it does, look for a redirect or a proxy that changes the method.",
        )
    })
}

/// Returns the finding of a body over the limit, which the search does not apply.
fn body_size(context: &Context<'_>) -> Option<Finding> {
    (context.verdict == "body_too_large").then(|| {
        Finding::proved(
            FindingKind::BodyTooLarge,
            "The request is authentic, but its body is larger than the limit for this sender.",
            "Raise the contract's `max_body_size` if the sender's bodies are this large.",
        )
    })
}
