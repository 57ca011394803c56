//! The work limit of a search.

use countersign::scheme::Algorithm;

/// The largest amount of work, in bytes that are hashed or written for a repair.
const MAX_BYTES: usize = 40 * 1024 * 1024;

/// The additional passes over a body of up to [`MAX_EXTRA_BODY`] bytes, so that large bodies are
/// searched too.
const EXTRA_PASSES: usize = 60;
const MAX_EXTRA_BODY: usize = 2 * 1024 * 1024;

/// The largest number of verifications.
const MAX_TRIES: usize = 8000;

/// The cost of a verification beside its body, in hashed bytes.
pub(crate) const OVERHEAD: usize = 4 * 1024;

/// The cost of a verification with a public key beside its body, in hashed bytes.
const PUBLIC_KEY_OVERHEAD: usize = 128 * 1024;

/// The cost of one byte written for a repair of the body, in hashed bytes.
pub(crate) const WRITE_COST: usize = 3;

/// The work limit of a search, and the work done so far.
pub(crate) struct Budget {
    /// The verifications left.
    tries: usize,
    /// The work done so far, in hashed bytes.
    pub(crate) work: usize,
    pub(crate) max_work: usize,
}

impl Budget {
    /// Creates the budget for a request with this body.
    pub(crate) fn for_body(body: &[u8]) -> Self {
        let max_work = MAX_BYTES + EXTRA_PASSES * body.len().min(MAX_EXTRA_BODY);
        Self { tries: MAX_TRIES, work: 0, max_work }
    }

    pub(crate) const fn is_spent(&self) -> bool {
        self.tries == 0 || self.work >= self.max_work
    }

    pub(crate) const fn count_try(&mut self) {
        self.tries = self.tries.saturating_sub(1);
    }

    pub(crate) const fn add(&mut self, work: usize) {
        self.work = self.work.saturating_add(work);
    }

    /// Adds the work of writing a repaired body.
    pub(crate) const fn add_written(&mut self, bytes: usize) {
        self.add(bytes.saturating_mul(WRITE_COST));
    }

    /// Adds the work of one verification.
    pub(crate) const fn add_verification(&mut self, algorithm: Algorithm, body: &[u8]) {
        let overhead = match algorithm {
            Algorithm::Ed25519 | Algorithm::EcdsaP256 => PUBLIC_KEY_OVERHEAD,
            _ => OVERHEAD,
        };
        self.add(body.len().saturating_add(overhead));
    }
}
