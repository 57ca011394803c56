//! A body that is sent as gzip, with the signature over its plain bytes (feature `gzip`).
//!
//! The body is decompressed as it arrives, so that nothing larger than the largest accepted body is ever
//! kept. A client that is not authenticated yet can make the receiver decompress a body of that size, and
//! no more. Exactly one gzip member is accepted, as [RFC 1952] describes it: another one after it, or any
//! other bytes, are rejected.
//!
//! [RFC 1952]: https://www.rfc-editor.org/rfc/rfc1952

#[cfg(not(feature = "gzip"))]
pub(crate) use self::off::GzipBody;
#[cfg(feature = "gzip")]
pub(crate) use self::on::GzipBody;

/// Returns the most bytes in which a sender compresses a body of `max_body_size`.
///
/// A body that cannot be compressed grows by five bytes for each block and by the header. Without this
/// bound, a client could send empty blocks without end.
pub(crate) const fn max_coded_size(max_body_size: usize) -> u64 {
    max_body_size as u64 + max_body_size as u64 / 1024 + 1024
}

#[cfg(feature = "gzip")]
mod on {
    use std::io::{self, Write};

    use flate2::write::GzDecoder;

    use super::max_coded_size;
    use crate::error::{Rejection, RejectionKind};

    /// The largest accepted ratio of the plain body to the compressed one.
    ///
    /// JSON is compressed to between a third and a thirtieth, and a list of equal objects to a hundredth and
    /// less. Deflate reaches a ratio of 1032 with a body of one repeated byte.
    const MAX_RATIO: u64 = 200;

    /// The plain size up to which the ratio does not count, in bytes: a short body of one long run is
    /// harmless.
    const RATIO_FLOOR: u64 = 64 * 1024;

    /// The number of compressed bytes after which the limits are computed again. Up to 1032 times as many plain
    /// bytes are buffered.
    ///
    /// The ratio within a piece counts only at the end of the body: how the network cuts a body must not
    /// decide whether it is accepted.
    const PIECE_BYTES: u64 = 1024;

    /// The decoder of a body that arrives in pieces.
    pub(crate) struct GzipBody {
        decoder: GzDecoder<Plain>,
        received: u64,
        max_body_size: usize,
    }

    impl GzipBody {
        /// Begins to decode a body; `None` if it is not sent as gzip.
        pub(crate) fn begin(is_gzip: bool, max_body_size: usize) -> Option<Box<Self>> {
            is_gzip.then(|| {
                let decoder = GzDecoder::new(Plain::default());
                Box::new(Self { decoder, received: 0, max_body_size })
            })
        }

        /// Decodes a piece of the body, and passes the plain bytes to `consume`.
        pub(crate) fn decode(
            &mut self,
            coded: &[u8],
            mut consume: impl FnMut(&[u8]),
        ) -> Result<(), Rejection> {
            let mut coded = coded;
            while !coded.is_empty() {
                let to_boundary = PIECE_BYTES - self.received % PIECE_BYTES;
                let length = coded.len().min(to_boundary as usize);
                let (mut rest, others) = coded.split_at(length);
                coded = others;
                self.received += length as u64;
                if self.received > max_coded_size(self.max_body_size) {
                    return Err(Rejection::new(RejectionKind::BodyTooLarge));
                }
                self.allow();
                while !rest.is_empty() {
                    match self.decoder.write(rest) {
                        Ok(0) => return Err(malformed("bytes follow the end of the gzip stream")),
                        Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                        Err(_) => return Err(self.failed("the gzip stream is corrupt")),
                    }
                }
                self.drain(&mut consume);
            }
            Ok(())
        }

        /// Checks that the body is complete and passes the last plain bytes to `consume`; returns the number
        /// of compressed bytes.
        pub(crate) fn finish(
            mut self: Box<Self>,
            mut consume: impl FnMut(&[u8]),
        ) -> Result<u64, Rejection> {
            self.allow();
            if self.decoder.try_finish().is_err() {
                return Err(self.failed("the gzip stream is incomplete, or its checksum differs"));
            }
            self.drain(&mut consume);
            if self.decoder.get_ref().consumed > plain_size_of(self.received) {
                return Err(expands_too_much());
            }
            Ok(self.received)
        }

        /// Raises the limit of the plain size to what the pieces that have begun may expand to.
        fn allow(&mut self) {
            let whole_pieces = self.received.next_multiple_of(PIECE_BYTES);
            let total = plain_size_of(whole_pieces).min(self.max_body_size as u64);
            let plain = self.decoder.get_mut();
            plain.allowed = plain.allowed.max(total);
        }

        fn drain(&mut self, consume: &mut impl FnMut(&[u8])) {
            let plain = self.decoder.get_mut();
            plain.consumed += plain.bytes.len() as u64;
            if !plain.bytes.is_empty() {
                consume(&plain.bytes);
            }
            plain.bytes.clear();
        }

        fn failed(&self, detail: &'static str) -> Rejection {
            if !self.decoder.get_ref().is_exceeded {
                return malformed(detail);
            }
            if self.decoder.get_ref().allowed < self.max_body_size as u64 {
                expands_too_much()
            } else {
                Rejection::new(RejectionKind::BodyTooLarge)
            }
        }
    }

    /// Returns the most plain bytes to which this many compressed bytes may expand.
    fn plain_size_of(coded: u64) -> u64 {
        coded.saturating_mul(MAX_RATIO).max(RATIO_FLOOR)
    }

    fn expands_too_much() -> Rejection {
        Rejection::new(RejectionKind::BodyTooLarge)
            .with_detail("it is a gzip stream that expands more than 200 times")
    }

    fn malformed(detail: &'static str) -> Rejection {
        Rejection::new(RejectionKind::MalformedEncoding).with_detail(detail)
    }

    /// The plain bytes that have not been consumed yet, up to a limit.
    #[derive(Default)]
    struct Plain {
        bytes: Vec<u8>,
        consumed: u64,
        /// The most plain bytes of the whole body.
        allowed: u64,
        is_exceeded: bool,
    }

    impl Write for Plain {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let total = self.consumed + (self.bytes.len() + bytes.len()) as u64;
            if total > self.allowed {
                self.is_exceeded = true;
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            self.bytes.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}

#[cfg(not(feature = "gzip"))]
mod off {
    use crate::error::Rejection;

    /// A decoder that cannot be created: without the feature no scheme accepts gzip.
    pub(crate) enum GzipBody {}

    impl GzipBody {
        pub(crate) const fn begin(_: bool, _: usize) -> Option<Box<Self>> {
            None
        }

        pub(crate) fn decode(&mut self, _: &[u8], _: impl FnMut(&[u8])) -> Result<(), Rejection> {
            match *self {}
        }

        #[expect(
            clippy::boxed_local,
            reason = "the signature is that of the type with the feature"
        )]
        pub(crate) fn finish(self: Box<Self>, _: impl FnMut(&[u8])) -> Result<u64, Rejection> {
            match *self {}
        }
    }
}
