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
mod repairs;
mod request_findings;
mod search;
mod shape;
mod text;

use countersign::ConfigErrorKind;

use self::context::Context;
pub use self::finding::{Finding, FindingKind};
pub use self::model::{Explanation, Question};
use self::search::{Proof, Search};
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
        return Ok(Explanation { findings: hints::handshake(&context), verdict });
    }
    let body = bytes::Bytes::copy_from_slice(&question.request.body);
    let mut search = Search::new(question.now, &body);
    let proof = if context.is_searchable() { search.run(&context, &body) } else { None };
    let findings = match proof {
        Some(proof) => proved(question, &context, proof),
        None => hints::hints(question, &context),
    };
    Ok(Explanation { verdict, findings })
}

/// Returns whether the repairs may find the setting that is missing or wrong.
const fn is_repairable(failure: &CliError) -> bool {
    use ConfigErrorKind::{InvalidSecret, MissingSetting};
    matches!(failure, CliError::SenderConfig(InvalidSecret | MissingSetting, _))
}

/// Returns the findings of a proof, the most important first.
fn proved(question: &Question<'_>, context: &Context<'_>, proof: Proof) -> Vec<Finding> {
    let Proof { candidate, body_finding, outcome } = proof;
    let clock = clock::findings(&outcome, &candidate, question.now);
    let has_body_finding = body_finding.is_some();
    let other_findings = request_findings::findings(context, &candidate.source);
    let mut findings = candidate.findings;
    findings.extend(body_finding);
    findings.extend(clock);
    findings.extend(other_findings);
    // A finding about the body implies that the body was compressed, or that its length differs.
    let is_unpacked = findings.iter().any(|finding| finding.kind == FindingKind::GzipNotDecoded);
    findings.retain(|finding| match finding.kind {
        FindingKind::BodyCompressed => !is_unpacked,
        FindingKind::ContentLengthWrong => !has_body_finding,
        _ => true,
    });
    findings
}
