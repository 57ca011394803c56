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

/// Returns the reason for which an authentic request is rejected, if there is no other finding.
pub(crate) fn other(context: &Context<'_>) -> Option<Finding> {
    // The rejection by a guessed sender may be that of another one.
    let is_known = context.verdict != "ok" && !context.is_guessed;
    let rejection = context.rejection.as_ref().filter(|_| is_known)?;
    Some(Finding::proved(
        FindingKind::Rejected(rejection.kind()),
        format!(
            "The request's signature is right; it is rejected for another reason: {rejection}."
        ),
        "Fix what the message names; the secret and the body are right.",
    ))
}

/// Returns the finding of a body over the limit, which the search does not apply.
fn body_size(context: &Context<'_>) -> Option<Finding> {
    let request = context.question.request;
    let announced = request.header("content-length").and_then(|text| text.parse::<usize>().ok());
    let is_too_large = context.verdict == "body_too_large";
    if is_too_large && announced.is_some_and(|announced| announced != request.body.len()) {
        return Some(Finding::proved(
            FindingKind::ContentLengthWrong,
            "`content-length` announces a body over the limit for this sender, and the body has another length.",
            "Pass on `content-length` unchanged, or capture the whole body.",
        ));
    }
    is_too_large.then(|| {
        Finding::proved(
            FindingKind::BodyTooLarge,
            "The request is authentic, but its body is larger than the limit for this sender.",
            "Raise the contract's `max_body_size` if the sender's bodies are this large.",
        )
    })
}
