//! What a receiver makes of a captured request: the one place where a verifier is built and asked, so
//! that no two commands can judge differently.

use countersign::{Delivery, Keyring, Receiver, Rejection, RejectionKind, Timestamp};

use crate::failure::Failure;
use crate::request::Captured;
use crate::sender::{SenderChoice, Settings};

/// What came of it.
pub(crate) enum Judged {
    Accepted(Box<Receiver>, Box<Delivery>),
    /// The sender's question whether the endpoint is ready, which a receiver answers with this status.
    Handshake(u16),
    /// The same, by a token that is not the one set up.
    HandshakeRejected(Rejection),
    Rejected(Rejection),
}

/// Judges a request by its sender, what that is set up with, and any of the keys.
///
/// The public URL is the one that is set up, or else the captured one: a receiver never does that.
pub(crate) fn judge(
    who: &SenderChoice,
    settings: &Settings,
    keys: Keyring,
    request: &Captured,
    now: Timestamp,
) -> Result<Judged, Failure> {
    let mut settings = settings.clone();
    if settings.url.is_none() {
        settings.url = request.absolute_url().map(str::to_owned);
    }
    let Some(settings) = settings.with_method(&request.method) else {
        // No sender signs such a method.
        let rejection = Rejection::from_adapter(RejectionKind::MethodNotAllowed, "");
        return Ok(Judged::Rejected(rejection));
    };
    let receiver = who.receiver(&settings, keys)?;
    match receiver.handshake_response(&request.method, request) {
        Ok(Some(reply)) => return Ok(Judged::Handshake(reply.status())),
        Err(rejection) if rejection.kind() != RejectionKind::MethodNotAllowed => {
            return Ok(Judged::HandshakeRejected(rejection));
        }
        // What has another method is verified all the same: others may have received it.
        Ok(None) | Err(_) => {}
    }
    Ok(match receiver.verify(request, request.body.clone(), now) {
        Ok(delivery) => Judged::Accepted(Box::new(receiver), Box::new(delivery)),
        Err(rejection) => Judged::Rejected(rejection),
    })
}
