//! Tries repairs, one and two at a time, within the work limit.
//!
//! A repair of the headers costs little, and a repair of the body one pass over it, so the limit counts
//! bytes. Every single repair is tried, and pairs only if none of them verifies; the smallest change that
//! verifies is chosen afterwards, in [`proof`](crate::explain::proof).

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use bytes::Bytes;
use countersign::scheme::{Algorithm, TimestampFormat};
use countersign::senders::Verifier;
use countersign::{Rejection, RejectionKind, Secret, Timestamp};

use crate::explain::budget::Budget;
use crate::explain::context::Context;
use crate::explain::finding::Finding;
use crate::explain::model::{Authentic, Candidate, Head, RepairStage, is_signature_mismatch};
use crate::explain::proof::Proof;
use crate::explain::repairs::{body, config, headers, secret};

/// The number of repaired candidates that are tried with every repair of the body.
const MAX_WITH_BODIES: usize = 40;

/// A search for repairs, with its work limit.
pub(crate) struct Search {
    now: Timestamp,
    budget: Budget,
}

/// A candidate with its verifier.
struct Prepared {
    candidate: Candidate,
    /// `None` if the secret does not fit the scheme.
    verifier: Option<Arc<Verifier>>,
    /// Whether all headers were accepted, so that another body might verify.
    reaches_signature: bool,
}

impl Search {
    pub(crate) fn new(now: Timestamp, body: &[u8]) -> Self {
        Self { now, budget: Budget::for_body(body) }
    }

    /// Returns the combinations of repairs that verify, of those with the fewest repairs.
    pub(crate) fn run(&mut self, context: &Context<'_>, body: &Bytes) -> Vec<Proof> {
        let mut captured = Vec::new();
        for candidate in context.candidates.iter().cloned() {
            let mut prepared = Prepared::of(candidate);
            if let Some(proof) = self.try_candidate(&mut prepared, body) {
                return vec![proof];
            }
            captured.push(prepared);
        }
        let mut proofs = Vec::new();
        let mut repaired = Vec::new();
        for original in &captured {
            self.try_common_bodies(original, body, &mut proofs);
            for candidate in self.repairs(&original.candidate, context, body) {
                let mut prepared = Prepared::of(candidate);
                proofs.extend(self.try_candidate(&mut prepared, body));
                repaired.push(prepared);
            }
        }
        self.try_bodies(&captured, body, &mut proofs);
        for candidate in captured.iter().flat_map(|original| secret::rare(&original.candidate)) {
            proofs.extend(self.try_candidate(&mut Prepared::of(candidate), body));
        }
        if !proofs.is_empty() {
            return proofs;
        }
        for prepared in &repaired {
            for candidate in self.repairs(&prepared.candidate, context, body) {
                proofs.extend(self.try_candidate(&mut Prepared::of(candidate), body));
            }
        }
        self.try_bodies(&repaired, body, &mut proofs);
        proofs
    }

    /// Returns every repair of a later part than those of the candidate; none once the limit is reached.
    fn repairs(
        &mut self,
        candidate: &Candidate,
        context: &Context<'_>,
        body: &Bytes,
    ) -> Vec<Candidate> {
        let mut repairs = Vec::new();
        if self.budget.is_spent() {
            return repairs;
        }
        if candidate.is_before(RepairStage::Secret) {
            repairs.extend(secret::repairs(candidate, context));
        }
        if candidate.is_before(RepairStage::Headers) {
            repairs.extend(headers::repairs(candidate, body));
        }
        if candidate.is_before(RepairStage::Url) {
            repairs.extend(config::repairs(candidate, context, body));
        }
        self.budget.add(repairs.iter().map(|candidate| candidate.head.len()).sum());
        repairs
    }

    fn try_candidate(&mut self, prepared: &mut Prepared, body: &Bytes) -> Option<Proof> {
        match self.verify(prepared, body) {
            Ok(outcome) => {
                Some(Proof { candidate: prepared.candidate.clone(), body: None, outcome })
            }
            Err(rejection) => {
                // A token does not cover the body.
                prepared.reaches_signature = rejection.as_ref().is_some_and(is_signature_mismatch)
                    && prepared.candidate.scheme.algorithm() != Algorithm::StaticToken;
                None
            }
        }
    }

    fn try_common_bodies(&mut self, prepared: &Prepared, body: &Bytes, proofs: &mut Vec<Proof>) {
        if prepared.reaches_signature {
            body::common(body, &mut |finding, repaired| {
                proofs.extend(self.try_body(prepared, &finding, &repaired));
                false
            });
        }
    }

    /// Tries each repair of the body with each candidate whose headers were accepted.
    fn try_bodies(&mut self, all: &[Prepared], body: &Bytes, proofs: &mut Vec<Proof>) {
        let reaching = all.iter().filter(|prepared| prepared.reaches_signature);
        let reaching: Vec<_> = reaching.take(MAX_WITH_BODIES).collect();
        if reaching.is_empty() {
            return;
        }
        let mut seen = HashSet::from([digest(body)]);
        body::all(body, &mut |finding, repaired| {
            // The written bytes count even if the body was tried before.
            self.budget.add_written(repaired.len());
            if seen.insert(digest(&repaired)) {
                for prepared in &reaching {
                    proofs.extend(self.try_body(prepared, &finding, &repaired));
                }
            }
            self.budget.is_spent()
        });
    }

    fn try_body(&mut self, prepared: &Prepared, finding: &Finding, body: &Bytes) -> Option<Proof> {
        let outcome = self.verify(prepared, body).ok()?;
        Some(Proof {
            candidate: prepared.candidate.clone(),
            body: Some((finding.clone(), body.clone())),
            outcome,
        })
    }

    /// Verifies the credential at any time; `Err(None)` once the limit is reached.
    fn verify(
        &mut self,
        prepared: &Prepared,
        body: &Bytes,
    ) -> Result<Authentic, Option<Rejection>> {
        let Prepared { candidate, verifier: Some(verifier), .. } = prepared else {
            return Err(None);
        };
        let mut times = vec![self.now];
        let mut last = None;
        while let Some(now) = times.pop() {
            if self.budget.is_spent() {
                return Err(None);
            }
            self.budget.count_try();
            let rejection = match verifier.verify(&*candidate.head, body.clone(), now, usize::MAX) {
                Ok(delivery) => {
                    self.budget.add_verification(candidate.scheme.algorithm(), body);
                    return Ok(Authentic::Delivered(Box::new(delivery)));
                }
                Err(rejection) => rejection,
            };
            if is_signature_mismatch(&rejection) {
                self.budget.add_verification(candidate.scheme.algorithm(), body);
            }
            match rejection.kind() {
                // The time in the body is read only after the signature is verified.
                RejectionKind::MissingTimestamp => return Ok(Authentic::MissingTimestamp),
                RejectionKind::StaleTimestamp | RejectionKind::FutureTimestamp
                    if last.is_none() =>
                {
                    times = own_times(&rejection, &candidate.head, body);
                }
                _ => {}
            }
            last = Some(rejection);
        }
        Err(last)
    }
}

fn digest(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}

impl Prepared {
    fn of(candidate: Candidate) -> Self {
        let keys = Secret::new(candidate.secret.to_vec());
        let verifier = keys.and_then(|keys| Verifier::new(candidate.scheme.clone(), keys)).ok();
        Self { candidate, verifier, reaches_signature: false }
    }
}

/// Returns the times that the rejected time may denote, in every format.
fn own_times(rejection: &Rejection, head: &Head, body: &[u8]) -> Vec<Timestamp> {
    let Some(location) = rejection.location() else { return Vec::new() };
    let texts: Vec<String> = if location.starts_with('/') {
        let document = serde_json::from_slice::<serde_json::Value>(body).ok();
        let value = document.as_ref().and_then(|document| document.pointer(location));
        value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    } else {
        head.first(location).map(str::to_owned)
    }
    .into_iter()
    .collect();
    let mut times = Vec::new();
    for text in &texts {
        let digits = text.split(|letter: char| !letter.is_ascii_digit());
        for piece in digits.chain([text.as_str()]) {
            for unit in
                [TimestampFormat::Seconds, TimestampFormat::Millis, TimestampFormat::Rfc3339]
            {
                times.extend(Timestamp::parse(piece.as_bytes(), unit));
            }
        }
    }
    times.truncate(16);
    times
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::explain::budget::{OVERHEAD, WRITE_COST};
    use crate::explain::model::Question;
    use crate::request::Captured;
    use crate::sender::{SenderChoice, Settings};

    /// Runs a search in which no repair verifies.
    fn exhausted_search(headers: &[(&str, String)], body: &str) -> Search {
        let own = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        let request = Captured {
            method: "POST".to_owned(),
            url: None,
            headers: headers.iter().map(own).collect(),
            body: body.into(),
        };
        let secrets = [("default".to_owned(), b"a secret of the sender's own".to_vec().into())];
        let who = SenderChoice::named("github");
        let question = Question {
            request: &request,
            secrets: &secrets,
            others: &[],
            sender: who.as_ref(),
            settings: &Settings::default(),
            now: Timestamp::from_secs(1_700_000_000),
        };
        let context = Context::for_sender(&question, question.sender.unwrap());
        let body = Bytes::copy_from_slice(&request.body);
        let mut search = Search::new(question.now, &body);
        assert!(search.run(&context, &body).is_empty());
        search
    }

    #[test]
    fn the_work_stays_within_its_limit_for_any_body() {
        let fields: Vec<_> = (0..3000).map(|number| format!("\"k{number}\": {number}")).collect();
        let document = format!("{{{}}}", fields.join(", "));
        let form: Vec<_> = (0..3000).map(|number| format!("k{number}=a+b")).collect();
        let signature = ("x-hub-signature-256", format!("sha256={}", "ab".repeat(32)));
        for body in [document, form.join("&"), "x".repeat(100_000)] {
            let search = exhausted_search(std::slice::from_ref(&signature), &body);
            // The last piece of work may begin just before the limit is reached.
            let last = body.len() * 12 + OVERHEAD;
            assert!(
                search.budget.work <= search.budget.max_work + last,
                "{} of {}",
                search.budget.work,
                search.budget.max_work
            );
        }
    }

    #[test]
    fn written_bytes_count_beside_verified_ones() {
        let body = Bytes::from(format!("[{}0]", "1, ".repeat(3000)));
        let written = Cell::new(0);
        body::all(&body, &mut |_, repaired| {
            written.set(written.get() + repaired.len());
            false
        });
        let signature = ("x-hub-signature-256", format!("sha256={}", "ab".repeat(32)));
        let search = exhausted_search(&[signature], std::str::from_utf8(&body).unwrap());
        assert!(
            search.budget.work > WRITE_COST * written.get(),
            "{} {}",
            search.budget.work,
            written.get()
        );
    }
}
