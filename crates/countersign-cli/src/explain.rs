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

use countersign::{Delivery, Refusal, RefusalKind, Scheme, Timestamp};
use serde::Serialize;
use zeroize::Zeroizing;

pub use self::finding::Finding;
use self::search::{Proof, Search};
use crate::request::Captured;

/// What is asked.
pub struct Question<'q> {
    /// The request.
    pub request: &'q Captured,
    /// Names and secrets as configured. The first is the endpoint's; the others are those it may have
    /// been mixed up with.
    pub secrets: &'q [(String, Zeroizing<Vec<u8>>)],
    /// A name of the catalogue, `omniai` or `ainexlayer`; `None` to guess it.
    pub sender: Option<&'q str>,
    /// A scheme that stands for the sender's.
    pub custom: Option<&'q Scheme>,
    /// The public URL as configured.
    pub url: Option<&'q str>,
    /// The header that was configured to hold the credential, where the sender lets that be chosen.
    pub header: Option<&'q str>,
    /// What the signed time is compared with.
    pub now: Timestamp,
}

impl fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("sender", &self.sender).finish_non_exhaustive()
    }
}

/// What was found.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Explanation {
    /// `ok`, or the kind of the refusal or of the set-up's error.
    pub verdict: String,
    /// The most likely cause first. Where several are certain, all of them together are the cause.
    pub findings: Vec<Finding>,
}

/// Says what is wrong with a request, or that nothing is.
///
/// The work is bounded: 40 MiB are put through a MAC at most, and up to 160 MiB for a large body.
#[must_use]
pub fn explain(question: &Question<'_>) -> Explanation {
    let asked = question::Asked::of(question);
    let verdict = asked.verdict();
    let body = bytes::Bytes::copy_from_slice(&question.request.body);
    let mut search = Search::new(question.now, &body);
    let findings = match search.run(&asked, &body) {
        Some(proof) => proved(question, &asked, proof),
        None => hint::hints(question, &asked),
    };
    Explanation { verdict, findings }
}

/// What a proof says, most telling first.
fn proved(question: &Question<'_>, asked: &question::Asked, proof: Proof) -> Vec<Finding> {
    let Proof { parts, body_finding, outcome } = proof;
    let clock = clock::findings(&outcome, &parts, question.now);
    let mut findings = parts.found;
    findings.extend(body_finding);
    findings.extend(clock);
    // That it was compressed follows from what the body says of it.
    if findings.iter().any(|finding| finding.kind == "gzip_not_decoded") {
        findings.retain(|finding| finding.kind != "body_compressed");
    }
    findings.extend(asked.method_finding());
    findings.extend(asked.cap_finding());
    findings
}

/// What verifying came to, where the credential is authentic.
enum Authentic {
    Delivered(Box<Delivery>),
    /// The body has no time that could be read.
    Timeless,
}

fn is_at_the_mac(refusal: &Refusal) -> bool {
    matches!(refusal.kind(), RefusalKind::SignatureMismatch | RefusalKind::BodyAltered)
}
