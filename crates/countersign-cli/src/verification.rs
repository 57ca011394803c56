//! Verifies a captured request as a receiver would: the one place that builds a verifier, so that all
//! commands agree.

use countersign::{Delivery, Keyring, Receiver, Rejection, RejectionKind, Timestamp, adapter};

use crate::error::CliError;
use crate::request::Captured;
use crate::sender::{SenderChoice, Settings};

/// The outcome of a verification.
pub(crate) enum Verification {
    Accepted(Box<Receiver>, Box<Delivery>),
    /// The request is the sender's handshake, to which a receiver responds with this status.
    Handshake(u16),
    /// The request is the sender's handshake, with a token other than the configured one.
    HandshakeRejected(Rejection),
    Rejected(Rejection),
}

/// Verifies a request by its sender, the sender's settings, and any of the keys.
///
/// The public URL is the configured one, or else the captured one; a receiver uses only the former.
pub(crate) fn verify(
    who: &SenderChoice,
    settings: &Settings,
    keys: Keyring,
    request: &Captured,
    now: Timestamp,
) -> Result<Verification, CliError> {
    let mut settings = settings.clone();
    if settings.url.is_none() {
        settings.url = request.absolute_url().map(str::to_owned);
    }
    let Some(settings) = settings.with_method(&request.method) else {
        // No sender signs such a method.
        let rejection = adapter::rejection(RejectionKind::MethodNotAllowed, "");
        return Ok(Verification::Rejected(rejection));
    };
    let receiver = who.receiver(&settings, keys)?;
    match receiver.handshake_response(&request.method, request) {
        Ok(Some(response)) => return Ok(Verification::Handshake(response.status())),
        Err(rejection) if rejection.kind() != RejectionKind::MethodNotAllowed => {
            return Ok(Verification::HandshakeRejected(rejection));
        }
        // Another method is verified nevertheless: the capture may not be from a receiver.
        Ok(None) | Err(_) => {}
    }
    Ok(match receiver.verify(request, request.body.clone(), now) {
        Ok(delivery) => Verification::Accepted(Box::new(receiver), Box::new(delivery)),
        Err(rejection) => Verification::Rejected(rejection),
    })
}
