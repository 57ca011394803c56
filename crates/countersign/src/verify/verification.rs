//! The entry points: from a request to a [`Delivery`], or to the verifier of the body that follows.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::Rejection;
use crate::headers::{HeaderValues, Headers};
use crate::time::Timestamp;
use crate::verify::headers::HeaderCheck;
use crate::verify::{Delivery, StreamingVerifier, Verifier};

impl Verifier {
    /// Checks the headers, and returns the verifier of the body that follows.
    ///
    /// `now` is the time with which the signed time is compared; `max_body_size` is in bytes.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] whose [`location`](Rejection::location) names the header at fault.
    pub fn open<'r, H: Headers + ?Sized>(
        self: &'r Arc<Self>,
        headers: &'r H,
        now: Timestamp,
        max_body_size: usize,
    ) -> Result<StreamingVerifier<'r>, Rejection> {
        let mut values = HeaderValues::default();
        let verifier = self.read_headers(headers, &mut values);
        let mut streaming = StreamingVerifier::new(verifier, now, max_body_size);
        verifier.check_headers(headers, &values, now, max_body_size, &mut streaming.check)?;
        streaming.begin_mac();
        Ok(streaming)
    }

    /// Verifies a request whose body is complete.
    ///
    /// The result is that of [`open`](Self::open), [`update`](StreamingVerifier::update) and
    /// [`finalize`](StreamingVerifier::finalize), at less cost.
    ///
    /// # Errors
    ///
    /// A [`Rejection`], for the same reasons as those three.
    pub fn verify<H: Headers + ?Sized>(
        self: &Arc<Self>,
        headers: &H,
        body: impl Into<Bytes>,
        now: Timestamp,
        max_body_size: usize,
    ) -> Result<Delivery, Rejection> {
        let mut values = HeaderValues::default();
        let verifier = self.read_headers(headers, &mut values);
        let mut check = HeaderCheck::default();
        verifier.check_headers(headers, &values, now, max_body_size, &mut check)?;
        verifier.verify_body(&mut check, body.into(), now, max_body_size)
    }
}
