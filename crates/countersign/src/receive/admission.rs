//! The answer to whether a handler runs.

use super::claim::Claim;
use super::outcome::Outcome;

/// Whether the handler runs for a delivery.
#[derive(Debug)]
pub enum Admission {
    /// Run the handler, then commit or release the claim.
    Proceed(Claim),
    /// Respond with this outcome; the handler does not run.
    Respond(Outcome),
}
