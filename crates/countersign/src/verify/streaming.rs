//! A body that arrives in pieces: open, push, finish.

use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::crypto::mac::HmacState;
use crate::error::{Rejection, RejectionKind};
use crate::headers::Headers;
use crate::time::Timestamp;
use crate::verify::Delivery;
use crate::verify::Verifier;
use crate::verify::headers::{Credential, HeaderCheck};
use crate::verify::signature_header::Candidates;

impl Verifier {
    /// Judges all that the headers alone can tell, and readies the MAC for the body.
    ///
    /// `now` is what the signed time is compared with; `max_body_size` is in bytes.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] that says which header is wrong and how.
    pub fn open<'r, H: Headers + ?Sized>(
        self: &'r Arc<Self>,
        headers: &'r H,
        now: Timestamp,
        max_body_size: usize,
    ) -> Result<StreamingVerifier<'r>, Rejection> {
        let verifier = self.select_header_family(headers);
        let mut streaming = StreamingVerifier::new(verifier, now, max_body_size);
        verifier.check_headers(headers, now, max_body_size, &mut streaming.check)?;
        streaming.begin_macs();
        Ok(streaming)
    }
}

/// A request whose headers passed and whose body is arriving.
///
/// The body is hashed as it comes and kept; it is never larger than the cap, whatever the headers
/// announce.
pub struct StreamingVerifier<'r> {
    verifier: &'r Arc<Verifier>,
    now: Timestamp,
    max_body_size: usize,
    check: HeaderCheck<'r>,
    macs: Macs,
    body: Body,
    /// Whether a piece was rejected: then nothing can be proved any more.
    is_poisoned: bool,
}

/// One MAC for each key that is valid now.
#[derive(Default)]
struct Macs {
    /// The first key's, in place: most senders have one. More are only there during a rotation.
    first: (usize, HmacState),
    more: Vec<(usize, HmacState)>,
}

impl Macs {
    fn update(&mut self, bytes: &[u8]) {
        self.first.1.update(bytes);
        for (_, state) in &mut self.more {
            state.update(bytes);
        }
    }

    /// The last key that made one of `candidates`. Every key is tried, whichever matches.
    fn finish(self, candidates: &Candidates<'_>) -> Option<usize> {
        let mut matched = None;
        for (key, state) in std::iter::once(self.first).chain(self.more) {
            if state.finish().is_some_and(|tag| candidates.have(&tag)) {
                matched = Some(key);
            }
        }
        matched
    }
}

enum Body {
    Empty,
    /// The first chunk as it came, without a copy.
    One(Bytes),
    Many(BytesMut),
}

impl<'r> StreamingVerifier<'r> {
    fn new(verifier: &'r Arc<Verifier>, now: Timestamp, max_body_size: usize) -> Self {
        Self {
            verifier,
            now,
            max_body_size,
            check: HeaderCheck::default(),
            macs: Macs::default(),
            body: Body::Empty,
            is_poisoned: false,
        }
    }

    /// Begins a MAC under each key with what is signed before the body.
    fn begin_macs(&mut self) {
        let mut keys = self.verifier.valid_hmacs(self.now);
        if let (Credential::Hmacs(_), Some((first, key))) = (&self.check.credential, keys.next()) {
            self.macs.first = (first, key.begin());
            self.macs.more = keys.map(|(index, key)| (index, key.begin())).collect();
            self.macs.update(self.check.signed_prefix.bytes());
        }
    }

    /// Takes the next piece of the body.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::BodyTooLarge`] once the pieces together pass the cap.
    pub fn update(&mut self, chunk: impl Into<Bytes>) -> Result<(), Rejection> {
        let chunk = chunk.into();
        if chunk.is_empty() {
            return Ok(());
        }
        if chunk.len() > self.max_body_size - self.body.len() {
            self.is_poisoned = true;
            return Err(Rejection::new(RejectionKind::BodyTooLarge));
        }
        self.macs.update(&chunk);
        match &mut self.body {
            Body::Empty => self.body = Body::One(chunk),
            Body::One(first) => {
                let mut joined = BytesMut::with_capacity(first.len() + chunk.len());
                joined.extend_from_slice(first);
                joined.extend_from_slice(&chunk);
                self.body = Body::Many(joined);
            }
            Body::Many(joined) => joined.extend_from_slice(&chunk),
        }
        Ok(())
    }

    /// Compares the credential with what arrived: the only way to a [`Delivery`].
    ///
    /// # Errors
    ///
    /// - [`RejectionKind::SignatureMismatch`] if no valid key made any of the signatures.
    /// - [`RejectionKind::BodyAltered`] if the body is not proved, and not as long as announced.
    /// - [`RejectionKind::BodyTooLarge`] if a piece was rejected for that.
    /// - [`RejectionKind::StaleTimestamp`], [`RejectionKind::FutureTimestamp`] or
    ///   [`RejectionKind::MissingTimestamp`] where the signed time stands in the body.
    pub fn finalize(self) -> Result<Delivery, Rejection> {
        if self.is_poisoned {
            return Err(Rejection::new(RejectionKind::BodyTooLarge));
        }
        let Self { verifier, now, check, mut macs, body, .. } = self;
        let body = body.into_bytes();
        let key = match &check.credential {
            Credential::Verified(key) => (!check.is_altered(&body)).then_some(*key),
            Credential::Hmacs(candidates) => {
                if !check.signed_suffix.is_empty() {
                    macs.update(&check.signed_suffix);
                }
                macs.finish(candidates)
            }
            Credential::NeedsBody(signatures) => {
                return verifier.verify_buffered(&check, signatures, body, now);
            }
        };
        verifier.into_delivery(&check, key, body, None, now)
    }
}

impl fmt::Debug for StreamingVerifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamingVerifier")
            .field("sender", &self.verifier.scheme().sender())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(chunk) => chunk.len(),
            Self::Many(joined) => joined.len(),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Empty => Bytes::new(),
            Self::One(chunk) => chunk,
            Self::Many(joined) => joined.freeze(),
        }
    }
}
