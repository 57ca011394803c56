//! The handshakes of a receiver's sender.

use super::receiver::Receiver;
use crate::error::Rejection;
use crate::headers::Headers;
use crate::senders::{HandshakeResponse, UnsignedPost, UnverifiedRequest};
use crate::time::Timestamp;
use crate::verify::Delivery;

/// Handshakes.
impl Receiver {
    /// Returns the response to a handshake by `GET`, `HEAD` or `OPTIONS`; `None` for a `POST`.
    ///
    /// A response that contains an HMAC, as X expects it, is made with the last key of the keyring.
    ///
    /// # Errors
    ///
    /// - [`MethodNotAllowed`](crate::RejectionKind::MethodNotAllowed) for any other request, and for a
    ///   handshake whose token or origin is not configured.
    /// - [`SignatureMismatch`](crate::RejectionKind::SignatureMismatch) if the request has the wrong token.
    pub fn handshake_response<H: Headers + ?Sized>(
        &self,
        method: &str,
        head: &H,
    ) -> Result<Option<HandshakeResponse>, Rejection> {
        self.handshake_response_at(method, head, None)
    }

    /// Returns [`handshake_response`](Self::handshake_response) with a key that is valid at `now`.
    pub(crate) fn handshake_response_at<H: Headers + ?Sized>(
        &self,
        method: &str,
        head: &H,
        now: Option<Timestamp>,
    ) -> Result<Option<HandshakeResponse>, Rejection> {
        let handshake = self.sender.handshake().filter(|_| method != "POST");
        let verifier = self.sender.verifier();
        match handshake.and_then(|handshake| handshake.response(method, head, verifier, now)) {
            Some(response) => response.map(Some),
            None => self.check_method(method).map(|()| None),
        }
    }

    /// Returns the method of the sender's handshake, if it has one with another method than `POST`.
    #[cfg(feature = "tracing")]
    pub(crate) fn handshake_method(&self) -> Option<&'static str> {
        self.sender.handshake()?.method()
    }

    /// Returns whether the response to a handshake depends on the keys of its tenant.
    pub(crate) fn handshake_needs_key<H: Headers + ?Sized>(&self, method: &str, head: &H) -> bool {
        self.sender.handshake().is_some_and(|handshake| handshake.needs_key(method, head))
    }

    /// Returns whether a `POST` may be a handshake that no key has signed, by its headers.
    pub(crate) fn unsigned_post<H: Headers + ?Sized>(&self, head: &H) -> UnsignedPost {
        // A sender that delivers by another method sends no `POST` here.
        let handshake = self.sender.handshake().filter(|_| self.scheme().method() == "POST");
        handshake.map_or(UnsignedPost::No, |handshake| {
            handshake.unsigned_post(head, self.sender.verifier())
        })
    }

    /// Returns the response to a `POST` that is the sender's handshake and that no key has signed; `None`
    /// for any other request, such as an event.
    ///
    /// A request with a valid credential is an event, so the result does not depend on whether
    /// [`verify`](Self::verify) is called before. Pass a body of at most 16 KiB: a longer one is not a
    /// handshake.
    ///
    /// ```
    /// use countersign::{Receiver, Secret, Timestamp, senders};
    ///
    /// let woocommerce = senders::WOOCOMMERCE.config().answer_unsigned_handshakes();
    /// let receiver = Receiver::new(woocommerce.keys(Secret::new("the secret of the webhook")?)?);
    ///
    /// let headers = [("content-type", "application/x-www-form-urlencoded")];
    /// let now = Timestamp::from_secs(1_700_000_000);
    /// let response = receiver.unsigned_handshake_response(&headers, b"webhook_id=5", now)?;
    /// assert_eq!(response.expect("a handshake").status(), 200);
    /// assert!(receiver.unsigned_handshake_response(&headers, b"{}", now)?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`HandshakeRejected`](crate::RejectionKind::HandshakeRejected) if the settings do not allow a
    /// response, or if the challenge does not fit one. The text says which.
    pub fn unsigned_handshake_response<H: Headers + ?Sized>(
        &self,
        head: &H,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Option<HandshakeResponse>, Rejection> {
        let Some(handshake) = self.sender.handshake() else { return Ok(None) };
        let request = UnverifiedRequest { head, body, verifier: self.sender.verifier(), now };
        handshake.unsigned_response(&request).transpose()
    }

    /// Returns the response to a verified delivery that is a handshake; `None` for an event.
    #[must_use]
    pub fn signed_handshake_response(&self, delivery: &Delivery) -> Option<HandshakeResponse> {
        self.sender.handshake()?.signed_response(delivery)
    }
}
