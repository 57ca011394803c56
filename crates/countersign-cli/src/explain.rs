//! What is wrong with a captured request: repairs are tried until one verifies.
//!
//! A repair is one diagnosis. It changes the secret, the headers, the set-up or the body the way that
//! the mistake would have changed it back, and the verifier itself judges the outcome: what verifies
//! is proved. Where nothing does, the request's shape gives hints, which are marked as such. No MAC is
//! ever made from the secret here, so none can be shown.

mod finding;
mod parts;
mod credential;
mod form;
mod search;
mod secret;
mod head;
mod names;
mod brand;
mod signature;
mod signed_header;
mod setup;
mod url;
mod token;
mod content;
mod signing;
mod pointers;
mod body;
mod charset;
mod form_body;
mod json;
mod clock;
mod question;
mod guess;
mod hint;

use std::fmt;

use countersign::{ConfigErrorKind, Delivery, Rejection, RejectionKind, Timestamp};
use serde::Serialize;
use zeroize::Zeroizing;

pub use self::finding::Finding;
use self::search::{Proof, Search};
use crate::failure::Failure;
use crate::request::Captured;
use crate::sender::{SenderChoice, Settings};

/// What is asked.
pub struct Question<'q> {
    /// The request.
    pub request: &'q Captured,
    /// Names and secrets as configured; the sender may sign with any of them.
    pub secrets: &'q [(String, Zeroizing<Vec<u8>>)],
    /// Names and secrets that those may have been mixed up with.
    pub others: &'q [(String, Zeroizing<Vec<u8>>)],
    /// The sender; `None` to guess it.
    pub sender: Option<&'q SenderChoice>,
    /// What the sender is set up with.
    pub settings: &'q Settings,
    /// What the signed time is compared with.
    pub now: Timestamp,
}

impl fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("sender", &self.sender.map(SenderChoice::name))
            .finish_non_exhaustive()
    }
}

/// What was found.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Explanation {
    /// `ok`, or the kind of the rejection or of the set-up's error.
    pub verdict: String,
    /// The most likely cause first. Where several are certain, all of them together are the cause.
    pub findings: Vec<Finding>,
}

/// Says what is wrong with a request, or that nothing is.
///
/// The work is bounded: 40 MiB are put through a MAC or written for repairs at most, and up to 160 MiB
/// for a large body. A head over 128 KiB, or a signature over 8 KiB, is not searched.
///
/// # Errors
///
/// A [`Failure`] if a setting or the secrets cannot be used at all, as for `verify`.
pub fn explain(question: &Question<'_>) -> Result<Explanation, Failure> {
    let mut asked = question::Asked::of(question);
    if let Some(failure) = asked.unusable.take_if(|failure| !is_asked_for(failure)) {
        return Err(failure);
    }
    let verdict = asked.verdict.clone();
    if asked.is_handshake {
        return Ok(Explanation { findings: hint::handshake(&asked), verdict });
    }
    let body = bytes::Bytes::copy_from_slice(&question.request.body);
    let mut search = Search::new(question.now, &body);
    let proof = if asked.is_searchable() { search.run(&asked, &body) } else { None };
    let findings = match proof {
        Some(proof) => proved(question, &asked, proof),
        None => hint::hints(question, &asked),
    };
    Ok(Explanation { verdict, findings })
}

/// Whether it is for the repairs to find what this set-up lacks.
const fn is_asked_for(failure: &Failure) -> bool {
    use ConfigErrorKind::{InvalidSecret, MissingSetting};
    matches!(failure, Failure::SenderConfig(InvalidSecret | MissingSetting, _))
}

/// What a proof says, most telling first.
fn proved(question: &Question<'_>, asked: &question::Asked<'_>, proof: Proof) -> Vec<Finding> {
    let Proof { parts, body_finding, outcome } = proof;
    let clock = clock::findings(&outcome, &parts, question.now);
    let has_body = body_finding.is_some();
    let beside = asked.findings(&parts.source);
    let mut findings = parts.found;
    findings.extend(body_finding);
    findings.extend(clock);
    findings.extend(beside);
    // That it was compressed follows from what the body says of it, and so does its length.
    let is_unpacked = findings.iter().any(|finding| finding.kind == "gzip_not_decoded");
    findings.retain(|finding| match finding.kind {
        "body_compressed" => !is_unpacked,
        "content_length_wrong" => !has_body,
        _ => true,
    });
    findings
}

/// What verifying came to, where the credential is authentic.
enum Authentic {
    Delivered(Box<Delivery>),
    /// The body has no time that could be read.
    Timeless,
}

fn is_at_the_mac(rejection: &Rejection) -> bool {
    matches!(rejection.kind(), RejectionKind::SignatureMismatch | RejectionKind::BodyAltered)
}
