//! The result of claiming a delivery's event.

use super::claim::Claim;
use super::outcome::Outcome;

/// The result of claiming a delivery's event: the handler runs, or a response is sent without it.
///
/// [`Receiver::claim`](crate::Receiver::claim) returns it:
///
/// ```
/// use countersign::dedup::StoreError;
/// use countersign::{Admission, Delivery, Outcome, Receiver};
///
/// async fn handle(receiver: &Receiver, delivery: &Delivery) -> Result<Outcome, StoreError> {
///     match receiver.claim(delivery).await? {
///         Admission::Proceed(claim) => {
///             // Run the handler here.
///             claim.commit().await?;
///             Ok(Outcome::Handled)
///         }
///         Admission::Respond(outcome) => Ok(outcome),
///     }
/// }
/// ```
#[derive(Debug)]
pub enum Admission {
    /// Run the handler, then commit or release the claim.
    Proceed(Claim),
    /// Respond with this outcome; the handler does not run.
    Respond(Outcome),
}
