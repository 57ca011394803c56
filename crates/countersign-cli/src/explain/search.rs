//! Trying repairs, one and two at a time, until one verifies or the work is over its bound.
//!
//! Repairs of the head cost little and those of the body a pass over it each, so the bound counts
//! bytes. In the order of trying, one repair goes before two, and what happens often goes before what
//! is rare.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use bytes::Bytes;
use countersign::scheme::{Algorithm, TimestampFormat};
use countersign::senders::Verifier;
use countersign::{Rejection, RejectionKind, Secret, Timestamp};

use super::finding::Finding;
use super::form::Form;
use super::parts::{Head, Parts, Side};
use super::question::Asked;
use super::{Authentic, body, head, is_at_the_mac, secret, setup};

/// The most bytes that are put through a MAC or written for a repair.
const MOST_BYTES: usize = 40 * 1024 * 1024;

/// How often more the body may be, up to [`LARGE`], so that large ones are looked into as well.
const MOST_PASSES: usize = 60;
const LARGE: usize = 2 * 1024 * 1024;

/// The most verifications.
const MOST_TRIES: usize = 8000;

/// What a verification costs beside its body, in bytes put through a MAC.
const OVERHEAD: usize = 4 * 1024;

/// What a byte that is written for a repair of the body costs.
const WRITING: usize = 3;

/// What a verification with a public key costs.
const PUBLIC_KEY_OVERHEAD: usize = 128 * 1024;

/// How many repairs of secret, head and set-up are each tried with every repair of the body.
const MOST_WITH_BODIES: usize = 40;

/// What verified.
pub(super) struct Proof {
    pub(super) parts: Parts,
    pub(super) body_finding: Option<Finding>,
    pub(super) outcome: Authentic,
}

/// What is left of the bound.
pub(super) struct Search {
    now: Timestamp,
    tries: usize,
    /// Bytes put through a MAC, or written for a repair.
    work: usize,
    most: usize,
}

/// Parts with what verifies by them.
struct Front {
    parts: Parts,
    /// `None` if the secret does not fit the scheme.
    verifier: Option<Arc<Verifier>>,
    /// Whether the headers passed, so that another body might verify.
    reaches_mac: bool,
}

impl Search {
    pub(super) fn new(now: Timestamp, body: &[u8]) -> Self {
        let most = MOST_BYTES + MOST_PASSES * body.len().min(LARGE);
        Self { now, tries: MOST_TRIES, work: 0, most }
    }

    /// The first set of repairs that verifies.
    pub(super) fn run(&mut self, asked: &Asked<'_>, body: &Bytes) -> Option<Proof> {
        let mut bases = Vec::new();
        for base in asked.bases.iter().cloned() {
            let mut base = Front::of(base);
            if let Some(proof) = self.try_front(&mut base, body) {
                return Some(proof);
            }
            bases.push(base);
        }
        let mut fronts = Vec::new();
        for base in &bases {
            if let Some(proof) = self.try_common_bodies(base, body) {
                return Some(proof);
            }
            for parts in self.repairs(&base.parts, asked, body) {
                let mut front = Front::of(parts);
                if let Some(proof) = self.try_front(&mut front, body) {
                    return Some(proof);
                }
                fronts.push(front);
            }
        }
        if let Some(proof) = self.try_bodies(&bases, body) {
            return Some(proof);
        }
        for parts in bases.iter().flat_map(|base| secret::rare(&base.parts)) {
            if let Some(proof) = self.try_front(&mut Front::of(parts), body) {
                return Some(proof);
            }
        }
        for front in &fronts {
            for parts in self.repairs(&front.parts, asked, body) {
                if let Some(proof) = self.try_front(&mut Front::of(parts), body) {
                    return Some(proof);
                }
            }
        }
        self.try_bodies(&fronts, body)
    }

    /// Every repair of what comes after the side that was repaired already; none once the bound is met.
    fn repairs(&mut self, parts: &Parts, asked: &Asked<'_>, body: &Bytes) -> Vec<Parts> {
        let mut repairs = Vec::new();
        if self.is_spent() {
            return repairs;
        }
        if parts.side < Side::Secret {
            repairs.extend(secret::repairs(parts, asked));
        }
        if parts.side < Side::Head {
            repairs.extend(head::repairs(parts, body));
        }
        if parts.side < Side::SenderConfig {
            repairs.extend(setup::repairs(parts, asked, body));
        }
        self.spend(repairs.iter().map(|parts| parts.head.len()).sum());
        repairs
    }

    fn try_front(&mut self, front: &mut Front, body: &Bytes) -> Option<Proof> {
        match self.verify(front, body) {
            Ok(outcome) => Some(Proof { parts: front.parts.clone(), body_finding: None, outcome }),
            Err(rejection) => {
                front.reaches_mac = rejection.as_ref().is_some_and(is_at_the_mac);
                None
            }
        }
    }

    fn try_common_bodies(&mut self, front: &Front, body: &Bytes) -> Option<Proof> {
        let mut proof = None;
        if front.reaches_mac {
            body::common(body, &mut |finding, repaired| {
                proof = self.try_body(front, &finding, &repaired);
                proof.is_some()
            });
        }
        proof
    }

    /// Each repair of the body with each of `fronts` that it may help.
    fn try_bodies(&mut self, fronts: &[Front], body: &Bytes) -> Option<Proof> {
        let fronts = fronts.iter().filter(|front| front.reaches_mac).take(MOST_WITH_BODIES);
        let fronts: Vec<_> = fronts.collect();
        let mut proof = None;
        if !fronts.is_empty() {
            let mut seen = HashSet::from([digest(body)]);
            body::all(body, &mut |finding, repaired| {
                // What was written for it counts, tried or not.
                self.spend(repaired.len().saturating_mul(WRITING));
                if !seen.insert(digest(&repaired)) {
                    return self.is_spent();
                }
                let mut fronts = fronts.iter();
                proof = fronts.find_map(|front| self.try_body(front, &finding, &repaired));
                proof.is_some() || self.is_spent()
            });
        }
        proof
    }

    fn try_body(&mut self, front: &Front, finding: &Finding, body: &Bytes) -> Option<Proof> {
        let outcome = self.verify(front, body).ok()?;
        Some(Proof { parts: front.parts.clone(), body_finding: Some(finding.clone()), outcome })
    }

    const fn is_spent(&self) -> bool {
        self.tries == 0 || self.work >= self.most
    }

    /// Whether the credential is authentic, at whatever time; `Err(None)` once the bound is met.
    fn verify(&mut self, front: &Front, body: &Bytes) -> Result<Authentic, Option<Rejection>> {
        let Front { parts, verifier: Some(verifier), .. } = front else { return Err(None) };
        let mut times = vec![self.now];
        let mut last = None;
        while let Some(now) = times.pop() {
            if self.is_spent() {
                return Err(None);
            }
            self.tries -= 1;
            let rejection = match verifier.verify(&*parts.head, body.clone(), now, usize::MAX) {
                Ok(delivery) => {
                    self.spend(cost(parts, body));
                    return Ok(Authentic::Delivered(Box::new(delivery)));
                }
                Err(rejection) => rejection,
            };
            if is_at_the_mac(&rejection) {
                self.spend(cost(parts, body));
            }
            match rejection.kind() {
                // It is looked at only after the compare.
                RejectionKind::MissingTimestamp => return Ok(Authentic::Timeless),
                RejectionKind::StaleTimestamp | RejectionKind::FutureTimestamp
                    if last.is_none() =>
                {
                    times = own_times(&rejection, &parts.head, body);
                }
                _ => {}
            }
            last = Some(rejection);
        }
        Err(last)
    }

    const fn spend(&mut self, work: usize) {
        self.work = self.work.saturating_add(work);
    }
}

/// What one verification is worth, in bytes.
fn cost(parts: &Parts, body: &[u8]) -> usize {
    let overhead = match parts.scheme.algorithm() {
        Algorithm::Ed25519 | Algorithm::EcdsaP256 => PUBLIC_KEY_OVERHEAD,
        _ => OVERHEAD,
    };
    body.len().saturating_add(overhead)
}

fn digest(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}

impl Front {
    fn of(parts: Parts) -> Self {
        let keys = Secret::new(parts.secret.to_vec());
        let verifier = keys.and_then(|keys| Verifier::new(parts.scheme.clone(), keys)).ok();
        Self { parts, verifier, reaches_mac: false }
    }
}

/// The times that the rejected one may be meant as.
fn own_times(rejection: &Rejection, head: &Head, body: &[u8]) -> Vec<Timestamp> {
    let Some(place) = rejection.location() else { return Vec::new() };
    let texts: Vec<String> = if place.starts_with('/') {
        let document = serde_json::from_slice::<serde_json::Value>(body).ok();
        let value = document.as_ref().and_then(|document| document.pointer(place));
        value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    } else {
        head.first(place).map(str::to_owned)
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

/// The form of a scheme, to be shared.
pub(super) fn form_of(scheme: &countersign::scheme::Scheme) -> std::rc::Rc<Form> {
    std::rc::Rc::new(Form::of(scheme))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::explain::Question;
    use crate::request::Captured;
    use crate::sender::{SenderChoice, Settings};

    /// What is left of the work after a search for what mends nothing.
    fn searched(headers: &[(&str, String)], body: &str) -> Search {
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
        let asked = Asked::of(&question);
        let body = Bytes::copy_from_slice(&request.body);
        let mut search = Search::new(question.now, &body);
        assert!(search.run(&asked, &body).is_none());
        search
    }

    #[test]
    fn the_work_stays_within_its_bound_whatever_the_body_is() {
        let fields: Vec<_> = (0..3000).map(|number| format!("\"k{number}\": {number}")).collect();
        let document = format!("{{{}}}", fields.join(", "));
        let form: Vec<_> = (0..3000).map(|number| format!("k{number}=a+b")).collect();
        let signature = ("x-hub-signature-256", format!("sha256={}", "ab".repeat(32)));
        for body in [document, form.join("&"), "x".repeat(100_000)] {
            let search = searched(std::slice::from_ref(&signature), &body);
            // The last piece of work may be begun just before the bound is met.
            let last = body.len() * 12 + OVERHEAD;
            assert!(search.work <= search.most + last, "{} of {}", search.work, search.most);
        }
    }

    #[test]
    fn what_is_written_for_a_repair_counts_beside_what_is_verified() {
        let body = Bytes::from(format!("[{}0]", "1, ".repeat(3000)));
        let written = Cell::new(0);
        body::all(&body, &mut |_, repaired| {
            written.set(written.get() + repaired.len());
            false
        });
        let signature = ("x-hub-signature-256", format!("sha256={}", "ab".repeat(32)));
        let search = searched(&[signature], std::str::from_utf8(&body).unwrap());
        assert!(search.work > WRITING * written.get(), "{} {}", search.work, written.get());
    }
}
