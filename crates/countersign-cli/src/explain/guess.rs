//! Guesses the sender of a request by its headers.

use countersign::senders;

use crate::explain::context::Context;
use crate::explain::finding::{Finding, FindingKind};
use crate::explain::fingerprint::{self, CatalogueSender};
use crate::explain::model::{Head, Question, Source};
use crate::explain::shape::SchemeShape;
use crate::explain::text::header_names::same;
use crate::sender::SenderChoice;

/// The largest number of senders whose repairs are tried.
const MAX_SENDERS: usize = 4;

/// Prepares a question that names no sender.
///
/// The candidates are the senders whose headers are present, the likeliest first, and then those that
/// do not document their header, for which all headers are searched.
pub(crate) fn context<'q>(question: &'q Question<'q>) -> Context<'q> {
    let mut context = Context::new(question);
    let mut verdicts = Vec::new();
    for sender in likely(&context) {
        verdicts.push(context.verify_as(&SenderChoice::from(sender.spec)));
        if verdicts.len() <= MAX_SENDERS || verdicts.last().is_some_and(|verdict| verdict == "ok") {
            let name = sender.spec.name();
            let finding = guessed(name, &context.also_fits(name, &sender.scheme));
            let source = Source::Known(Box::new(sender.spec));
            context.push_candidates(source, sender.scheme, sender.tolerance, Some(finding));
        }
    }
    for who in [senders::OMNIAI, senders::AINEXLAYER].map(SenderChoice::from) {
        context.add_sender(&who, Some(undocumented(who.display_name())));
    }
    let accepted = verdicts.iter().position(|verdict| verdict == "ok");
    if accepted.is_some() {
        context.config_error = None;
    }
    let verdict = verdicts.into_iter().nth(accepted.unwrap_or(0));
    context.verdict = verdict.unwrap_or_else(|| "missing_setting".to_owned());
    context
}

/// Returns the senders whose credential is present, or else those that the headers name.
fn likely(context: &Context<'_>) -> Vec<CatalogueSender> {
    let head = &context.head;
    let scored = context.senders.iter().map(|sender| (score(sender, head), sender.clone()));
    let mut found: Vec<_> = scored.filter(|(score, _)| *score > 0).collect();
    if !found.iter().any(|(_, sender)| is_complete(sender, head)) {
        // A header with another sender's name may be a stray one beside those of the shared format.
        let generic = context.as_sent(senders::STANDARD_WEBHOOKS).ok();
        let generic = generic.filter(|sender| is_complete(sender, head));
        found.extend(generic.map(|sender| (score(&sender, head), sender)));
    }
    if found.is_empty() {
        // The header of the signature may be missing.
        let named = context.senders.iter().filter(|sender| fingerprint::is_named(head, sender));
        found.extend(named.map(|sender| (0, sender.clone())));
    }
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, sender)| sender).collect()
}

/// Returns whether all headers of a sender are present.
fn is_complete(sender: &CatalogueSender, head: &Head) -> bool {
    SchemeShape::of(&sender.scheme).expected.iter().all(|name| head.first(name).is_some())
}

fn undocumented(display_name: &str) -> Finding {
    Finding::proved(
        FindingKind::SenderGuessed,
        format!(
            "No sender was given. The request may be from {display_name}, which does not document its header, or from a custom sender."
        ),
        format!(
            "If the request is from {display_name}, pass `--sender {}`; otherwise describe the sender's scheme with `--scheme`.",
            display_name.to_lowercase()
        ),
    )
}

fn guessed(name: &str, also_fits: &str) -> Finding {
    Finding::proved(
        FindingKind::SenderGuessed,
        format!("No sender was given; the request verifies as one from `{name}`."),
        format!("Pass `--sender {name}`.{also_fits}"),
    )
}

/// Scores how much of a sender's headers is present; 0 if the credential is not.
fn score(sender: &CatalogueSender, head: &Head) -> usize {
    let shape = SchemeShape::of(&sender.scheme);
    let has = |name: &str| head.headers.iter().any(|(key, _)| same(key, name));
    let Some(credential) = &shape.credential else {
        // The signature is in the body.
        return 0;
    };
    if !has(&credential.header) {
        return 0;
    }
    let present = shape.expected.iter().filter(|name| has(name)).count();
    let missing = shape.expected.len() - present;
    let named = usize::from(fingerprint::is_named(head, sender));
    (100 + 10 * present + 5 * named).saturating_sub(20 * missing)
}
