//! The body of a request that may be a handshake which no key has signed.

use bytes::{Bytes, BytesMut};

use super::receiver::Receiver;
use crate::error::{Rejection, RejectionKind};
use crate::headers::Headers;
use crate::senders::{HandshakeResponse, MAX_HANDSHAKE_BYTES, UnsignedPost};
use crate::time::Timestamp;
use crate::verify::{Delivery, StreamingVerifier};

/// The result of reading a request.
#[expect(clippy::large_enum_variant, reason = "a box would be an allocation for each request")]
pub(super) enum Received {
    Delivery(Delivery),
    Handshake(HandshakeResponse),
}

/// A request that may be an unsigned handshake, with its body as far as it has arrived.
///
/// At most 16 KiB are kept, and only for a request whose headers may be those of the handshake.
pub(super) struct MaybeUnsigned {
    post: UnsignedPost,
    /// Why the headers are not those of an event.
    rejection: Option<Rejection>,
    /// `None` for a request that is not a handshake.
    body: Option<BytesMut>,
}

impl MaybeUnsigned {
    pub(super) fn new(receiver: &Receiver, head: &(impl Headers + ?Sized)) -> Self {
        let post = receiver.unsigned_post(head);
        let body = (post == UnsignedPost::Possible).then(BytesMut::new);
        Self { post, rejection: None, body }
    }

    /// Returns the verifier of a request with the headers of an event, or `None` for one whose body
    /// decides whether it is a handshake.
    pub(super) fn check_headers<'r>(
        &mut self,
        opened: Result<StreamingVerifier<'r>, Rejection>,
    ) -> Result<Option<StreamingVerifier<'r>>, Rejection> {
        let rejection = match opened {
            Ok(verifier) => return Ok(Some(verifier)),
            Err(rejection) => rejection,
        };
        match (rejection.kind(), self.post) {
            (
                RejectionKind::MissingHeader | RejectionKind::KeysUnavailable,
                UnsignedPost::Possible,
            ) => {
                self.rejection = Some(rejection);
                Ok(None)
            }
            (RejectionKind::MissingHeader, UnsignedPost::Disabled(setting)) => {
                Err(rejection.with_detail(setting))
            }
            _ => Err(rejection),
        }
    }

    /// Keeps a piece of the body.
    ///
    /// # Errors
    ///
    /// The rejection of the headers once the body is too long for a handshake.
    pub(super) fn keep(&mut self, piece: &Bytes) -> Result<(), Rejection> {
        let Some(body) = &mut self.body else { return Ok(()) };
        if piece.len() <= MAX_HANDSHAKE_BYTES - body.len() {
            body.extend_from_slice(piece);
            return Ok(());
        }
        self.body = None;
        self.rejection.take().map_or(Ok(()), Err)
    }

    /// Returns the delivery, or the response to a handshake that no key has signed.
    pub(super) fn finish<H: Headers + ?Sized>(
        self,
        verifier: Option<StreamingVerifier<'_>>,
        receiver: &Receiver,
        head: &H,
        now: Timestamp,
    ) -> Result<Received, Rejection> {
        let verified = match (verifier, self.rejection) {
            (Some(verifier), _) => verifier.finalize(),
            (None, Some(rejection)) => Err(rejection),
            (None, None) => Err(Rejection::new(RejectionKind::SignatureMismatch)),
        };
        let may_be_unsigned = match &verified {
            Ok(_) => !receiver.scheme().signs_body(),
            Err(rejection) => matches!(
                rejection.kind(),
                RejectionKind::MissingHeader
                    | RejectionKind::KeysUnavailable
                    | RejectionKind::SignatureMismatch
            ),
        };
        if let Some(body) = self.body.filter(|_| may_be_unsigned)
            && let Some(response) = receiver.unsigned_handshake_response(head, &body, now)?
        {
            return Ok(Received::Handshake(response));
        }
        verified.map(Received::Delivery)
    }
}
