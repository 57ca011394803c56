//! Findings about an authentic request that no repair is needed for.

use crate::explain::context::Context;
use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::{Candidate, Source};
use crate::sender::SenderChoice;

/// Returns the reasons for which a receiver rejects an authentic request, or which it must be configured
/// for.
pub(crate) fn findings(context: &Context<'_>, candidate: &Candidate) -> Vec<Finding> {
    [missing_url(context, &candidate.source), method(context, candidate), body_size(context)]
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

fn method(context: &Context<'_>, candidate: &Candidate) -> Option<Finding> {
    let method = context.question.request.method.as_str();
    let is_known = candidate.findings.iter().any(|found| found.kind == FindingKind::MethodNotPost);
    if method == "POST" || is_known {
        return None;
    }
    if candidate.scheme.method() != method {
        let wanted = candidate.scheme.method();
        return Some(Finding::proved(
            FindingKind::MethodNotPost,
            format!("The request's method is not {wanted}, so a receiver rejects it."),
            format!(
                "Have the sender deliver by {wanted}. If it does, look for a redirect or a proxy that changes the method."
            ),
        ));
    }
    let Source::Known(sender) = &candidate.source else { return None };
    Some(Finding::proved(
        FindingKind::MethodNotPost,
        format!(
            "The request's method is {method}, by which `{}` can be set to deliver.",
            sender.name()
        ),
        format!(
            "Configure the endpoint with `with_method(\"{method}\")`: a receiver accepts one method. The query of the request is then the event."
        ),
    ))
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
