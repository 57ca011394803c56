//! Finds the cause of a rejection by trying repairs until the request verifies.
//!
//! Each repair undoes one mistake: it changes the secret, the headers, the sender's configuration or
//! the body back to what they were before the mistake. The verifier of the core checks every repaired
//! request, so a repair that verifies proves its cause. If no repair verifies, the shape of the request
//! gives hints, which are marked as such. No MAC is computed from the secret here, so none can be
//! printed.

mod budget;
mod clock;
mod context;
mod finding;
mod fingerprint;
mod guess;
mod hints;
mod model;
mod proof;
mod repairs;
mod request_findings;
mod search;
mod shape;
mod text;

use countersign::ConfigErrorKind;

use self::context::Context;
pub use self::finding::{Finding, FindingKind};
pub use self::model::{Explanation, Question};
use self::proof::{Original, Proof};
use self::search::Search;
use crate::error::CliError;

/// Finds the causes for which a request is rejected, if it is.
///
/// The work is bounded: at most 40 MiB are hashed or written for repairs, or 160 MiB for a large body.
/// A request with more than 128 KiB of headers, or with a signature header over 8 KiB, is not searched.
///
/// # Errors
///
/// A [`CliError`] if a setting or the secrets cannot be used at all, as in `verify`.
pub fn explain(question: &Question<'_>) -> Result<Explanation, CliError> {
    let mut context = match question.sender {
        Some(sender) => Context::for_sender(question, sender),
        None => guess::context(question),
    };
    if let Some(failure) = context.config_error.take_if(|failure| !is_repairable(failure)) {
        return Err(failure);
    }
    let verdict = context.verdict.clone();
    if context.is_handshake {
        return Ok(Explanation::of(verdict, hints::handshake(&context)));
    }
    let body = bytes::Bytes::copy_from_slice(&question.request.body);
    let mut search = Search::new(question.now, &body);
    let proofs = if context.is_searchable() { search.run(&context, &body) } else { Vec::new() };
    let proofs = context
        .candidates
        .first()
        .and_then(|candidate| proof::smallest(proofs, &Original { candidate, body: &body }));
    Ok(match proofs {
        Some((smallest, others)) => proved(question, &context, &smallest, &others),
        None => Explanation::of(verdict, hints::hints(question, &context)),
    })
}

/// Returns whether the repairs may find the setting that is missing or wrong.
const fn is_repairable(failure: &CliError) -> bool {
    use ConfigErrorKind::{InvalidSecret, MissingSetting};
    matches!(failure, CliError::SenderConfig(InvalidSecret | MissingSetting, _))
}

/// Returns the explanation by the smallest change that verifies, and by others that verify as well.
fn proved(
    question: &Question<'_>,
    context: &Context<'_>,
    smallest: &Proof,
    others: &[Proof],
) -> Explanation {
    let mut alternatives: Vec<Vec<Finding>> =
        others.iter().map(|proof| proof.findings().cloned().collect()).collect();
    alternatives.extend(proof::token_altered(smallest).map(|finding| vec![finding]));
    let ambiguous = !alternatives.is_empty();
    let mut causes: Vec<Finding> = smallest.findings().cloned().collect();
    for finding in causes.iter_mut().chain(alternatives.iter_mut().flatten()) {
        finding.certain &= !ambiguous || finding.kind == FindingKind::SenderGuessed;
    }
    let findings = with_the_rest(question, context, smallest, causes);
    Explanation { verdict: context.verdict.clone(), findings, ambiguous, alternatives }
}

/// Returns the findings of a proof with those that need no repair, the most important first.
fn with_the_rest(
    question: &Question<'_>,
    context: &Context<'_>,
    proof: &Proof,
    mut findings: Vec<Finding>,
) -> Vec<Finding> {
    let Proof { candidate, body, outcome } = proof;
    let is_repaired = findings.iter().any(|finding| finding.kind != FindingKind::SenderGuessed);
    findings.extend(clock::findings(outcome, candidate, question.now));
    findings.extend(request_findings::findings(context, candidate));
    // A finding about the body implies that the body was compressed, or that its length differs.
    let is_unpacked = findings.iter().any(|finding| finding.kind == FindingKind::GzipNotDecoded);
    findings.retain(|finding| match finding.kind {
        FindingKind::BodyCompressed => !is_unpacked,
        FindingKind::ContentLengthWrong => body.is_none(),
        _ => true,
    });
    let is_explained = findings.iter().any(|finding| finding.kind != FindingKind::SenderGuessed);
    if !is_repaired && !is_explained {
        findings.extend(request_findings::other(context));
    }
    findings
}
