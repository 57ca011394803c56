//! Hashes, MACs and the constant-time comparison: the only file that names their crates.

use std::fmt;

use arrayvec::ArrayVec;
use hmac::digest::FixedOutput;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// The length of an HMAC-SHA256 tag and of a SHA-256 digest.
pub(crate) const TAG_BYTES: usize = 32;

/// The block size of SHA-256, in bytes.
pub(crate) const BLOCK_BYTES: usize = 64;

/// The longest signature of any algorithm, in bytes: a P-256 signature in DER.
pub(crate) const MAX_SIGNATURE_BYTES: usize = 72;

/// A decoded signature of any algorithm.
pub(crate) type SignatureBytes = ArrayVec<u8, MAX_SIGNATURE_BYTES>;

// `finalize_fixed` returns bare bytes. The wrapper that `finalize` returns exists for constant-time
// comparison, which `Tag` does here.

/// An HMAC-SHA256 ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)) with its key set, before any data.
#[derive(Clone)]
pub(crate) struct HmacKey(Hmac<Sha256>);

impl HmacKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "HMAC takes a key of any length (RFC 2104 section 3)"
        )]
        Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    /// Returns the tag of the concatenated `parts`.
    #[inline]
    pub(crate) fn tag(&self, parts: [&[u8]; 3]) -> Tag {
        let mut mac = self.0.clone();
        parts.iter().filter(|part| !part.is_empty()).for_each(|part| mac.update(part));
        Tag(mac.finalize_fixed().into())
    }

    /// Starts a MAC over data that arrives in pieces.
    pub(crate) fn begin(&self) -> HmacState {
        HmacState(Some(self.0.clone()))
    }
}

/// A MAC over the data so far; empty by default, before a key has begun it.
#[derive(Default)]
pub(crate) struct HmacState(Option<Hmac<Sha256>>);

impl HmacState {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some(mac) = &mut self.0 {
            mac.update(bytes);
        }
    }

    /// Returns the tag, or `None` if no key has begun the MAC.
    pub(crate) fn finish(self) -> Option<Tag> {
        self.0.map(|mac| Tag(mac.finalize_fixed().into()))
    }
}

/// A key of an algorithm that runs over the whole message at once, once the body has arrived.
pub(crate) enum WholeMac {
    HmacSha256(HmacKey),
    HmacSha1(Box<Hmac<Sha1>>),
    HmacSha512(Box<Hmac<Sha512>>),
    /// SHA-256 over the key and then the message.
    ///
    /// This is not a MAC: an attacker who has one request can extend its message and signature.
    PrefixedSha256(Zeroizing<Vec<u8>>),
}

impl WholeMac {
    pub(crate) fn hmac_sha1(key: &[u8]) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "HMAC takes a key of any length (RFC 2104 section 3)"
        )]
        Self::HmacSha1(Box::new(Hmac::new_from_slice(key).expect("HMAC takes a key of any length")))
    }

    pub(crate) fn hmac_sha512(key: &[u8]) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "HMAC takes a key of any length (RFC 2104 section 3)"
        )]
        let key = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
        Self::HmacSha512(Box::new(key))
    }

    /// Returns the tag of the concatenated `message`.
    pub(crate) fn tag(&self, message: [&[u8]; 3]) -> SignatureBytes {
        fn finalize<M: Mac + FixedOutput + Clone>(key: &M, message: [&[u8]; 3]) -> SignatureBytes {
            let mut mac = key.clone();
            message.iter().for_each(|part| Mac::update(&mut mac, part));
            mac.finalize_fixed().iter().copied().collect()
        }
        match self {
            Self::HmacSha256(HmacKey(key)) => finalize(key, message),
            Self::HmacSha1(key) => finalize(&**key, message),
            Self::HmacSha512(key) => finalize(&**key, message),
            Self::PrefixedSha256(key) => {
                let mut hash = Sha256::new_with_prefix(&**key);
                message.iter().for_each(|part| hash.update(part));
                hash.finalize().iter().copied().collect()
            }
        }
    }

    /// Returns whether one of `signatures` is the message's tag.
    ///
    /// Every signature is compared, so the time does not show which one matches.
    pub(crate) fn verify_any(&self, message: [&[u8]; 3], signatures: &[SignatureBytes]) -> bool {
        let tag = self.tag(message);
        let found = signatures
            .iter()
            .fold(Choice::from(0), |found, signature| found | tag.as_slice().ct_eq(signature));
        found.into()
    }
}

/// A computed tag. It has no `==`: comparison is in constant time only.
pub(crate) struct Tag([u8; TAG_BYTES]);

impl Tag {
    /// Returns the digest of a static token, so that a comparison does not leak the token's length.
    pub(crate) fn of_token(token: &[u8]) -> Self {
        Self(sha256(token))
    }

    /// Returns whether any candidate is this tag.
    ///
    /// Every candidate is compared, so the time does not show which one matches.
    pub(crate) fn matches_any(
        &self,
        candidates: impl IntoIterator<Item = [u8; TAG_BYTES]>,
    ) -> bool {
        let mut found = Choice::from(0);
        for candidate in candidates {
            found |= equal(&self.0, &candidate);
        }
        found.into()
    }

    /// Returns the tag's bytes, for a handshake response that contains them.
    pub(crate) const fn to_bytes(&self) -> [u8; TAG_BYTES] {
        self.0
    }

    /// Returns whether `other` is the same tag, in constant time.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        equal(&self.0, &other.0).into()
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag([redacted])")
    }
}

/// Compares in constant time: collects all differing bits first and tests them once.
fn equal(left: &[u8; TAG_BYTES], right: &[u8; TAG_BYTES]) -> Choice {
    let (left, _) = left.as_chunks::<8>();
    let (right, _) = right.as_chunks::<8>();
    let differing = left.iter().zip(right).fold(0, |differing, (left, right)| {
        differing | (u64::from_ne_bytes(*left) ^ u64::from_ne_bytes(*right))
    });
    differing.ct_eq(&0)
}

/// Returns what distinguishes a key from others and reveals nothing of it: the HMAC-SHA256 of a fixed text
/// under the key.
pub(crate) fn key_fingerprint(key: &[u8]) -> [u8; TAG_BYTES] {
    HmacKey::new(key).tag([b"countersign key fingerprint v1", b"", b""]).to_bytes()
}

/// Returns the SHA-256 digest of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; TAG_BYTES] {
    Sha256::digest(bytes).into()
}

/// SHA-256 over a list of fields.
///
/// Each field is preceded by its length, so two different lists never hash the same bytes.
#[derive(Clone)]
pub(crate) struct FieldHash(Sha256);

impl FieldHash {
    pub(crate) fn new() -> Self {
        Self(Sha256::new())
    }

    #[must_use]
    pub(crate) fn field(mut self, bytes: &[u8]) -> Self {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    pub(crate) fn finish(self) -> [u8; TAG_BYTES] {
        self.0.finalize().into()
    }
}
