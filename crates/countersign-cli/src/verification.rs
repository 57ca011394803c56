//! Verifies a captured request as a receiver would: the one place that builds a verifier, so that all
//! commands agree.

use countersign::{Delivery, Keyring, Receiver, Rejection, RejectionKind, Timestamp, adapter};

use crate::error::CliError;
use crate::request::Captured;
use crate::sender::{SenderChoice, Settings};

/// The largest body of a handshake that no key has signed, in bytes, as in a receiver.
const MAX_HANDSHAKE_BODY: usize = 16 * 1024;

/// The outcome of a verification.
pub(crate) enum Verification {
    Accepted(Box<Receiver>, Box<Delivery>),
    /// The request is the sender's handshake, to which a receiver responds with this status.
    Handshake(u16),
    /// The request is the sender's handshake, and the receiver's settings do not allow the response.
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
    if request.method == "POST" && request.body.len() <= MAX_HANDSHAKE_BODY {
        match receiver.unsigned_handshake_response(request, &request.body, now) {
            Ok(Some(response)) => return Ok(Verification::Handshake(response.status())),
            Err(rejection) => return Ok(Verification::HandshakeRejected(rejection)),
            Ok(None) => {}
        }
    }
    Ok(match receiver.verify(request, request.body.clone(), now) {
        Ok(delivery) => Verification::Accepted(Box::new(receiver), Box::new(delivery)),
        Err(rejection) => Verification::Rejected(rejection),
    })
}
