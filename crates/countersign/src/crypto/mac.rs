//! The only file that names the hash, the MAC and the constant-time compare.

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

/// How many bytes SHA-256 takes at once.
pub(crate) const BLOCK_BYTES: usize = 64;

/// The longest signature of any algorithm, in bytes: P-256's in DER.
pub(crate) const MAX_SIGNATURE_BYTES: usize = 72;

/// A signature as it was decoded, of whatever algorithm.
pub(crate) type SignatureBytes = ArrayVec<u8, MAX_SIGNATURE_BYTES>;

// A tag is taken by `finalize_fixed`, as bare bytes: the wrapper that `finalize` puts round them is
// there to compare them in constant time, which is what [`Tag`] is for.

/// A keyed HMAC-SHA256 ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)), ready to begin.
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

    /// The tag of `parts`, one after the other.
    #[inline]
    pub(crate) fn tag(&self, parts: [&[u8]; 3]) -> Tag {
        let mut mac = self.0.clone();
        parts.iter().filter(|part| !part.is_empty()).for_each(|part| mac.update(part));
        Tag(mac.finalize_fixed().into())
    }

    pub(crate) fn begin(&self) -> HmacState {
        HmacState(Some(self.0.clone()))
    }
}

/// A MAC under way; empty before it has begun.
#[derive(Default)]
pub(crate) struct HmacState(Option<Hmac<Sha256>>);

impl HmacState {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some(mac) = &mut self.0 {
            mac.update(bytes);
        }
    }

    /// What it comes to.
    pub(crate) fn finish(self) -> Option<Tag> {
        self.0.map(|mac| Tag(mac.finalize_fixed().into()))
    }
}

/// A key of one of the rarer algorithms, whose message is at hand as a whole.
pub(crate) enum WholeMac {
    HmacSha256(HmacKey),
    HmacSha1(Box<Hmac<Sha1>>),
    HmacSha512(Box<Hmac<Sha512>>),
    /// SHA-256 over the key and then the message, which is no MAC: whoever has one request can
    /// lengthen it.
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

    /// What the message's pieces, one after the other, come to under this key.
    pub(crate) fn tag(&self, message: [&[u8]; 3]) -> SignatureBytes {
        fn run<M: Mac + FixedOutput + Clone>(key: &M, message: [&[u8]; 3]) -> SignatureBytes {
            let mut mac = key.clone();
            message.iter().for_each(|piece| Mac::update(&mut mac, piece));
            mac.finalize_fixed().iter().copied().collect()
        }
        match self {
            Self::HmacSha256(HmacKey(key)) => run(key, message),
            Self::HmacSha1(key) => run(&**key, message),
            Self::HmacSha512(key) => run(&**key, message),
            Self::PrefixedSha256(key) => {
                let mut hash = Sha256::new_with_prefix(&**key);
                message.iter().for_each(|piece| hash.update(piece));
                hash.finalize().iter().copied().collect()
            }
        }
    }

    /// Whether one of `signatures` is the message's tag; all are looked at, whichever matches.
    pub(crate) fn verify_any(&self, message: [&[u8]; 3], signatures: &[SignatureBytes]) -> bool {
        let tag = self.tag(message);
        let found = signatures
            .iter()
            .fold(Choice::from(0), |found, signature| found | tag.as_slice().ct_eq(signature));
        found.into()
    }
}

/// What we computed. It has no `==`: it can only be asked whether a candidate matches.
pub(crate) struct Tag([u8; TAG_BYTES]);

impl Tag {
    /// The digest of a static secret, so that comparing it leaks no length.
    pub(crate) fn of_token(token: &[u8]) -> Self {
        Self(sha256(token))
    }

    /// Whether any candidate is this tag; all are looked at, whichever matches.
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

    /// The tag's bytes, for a sender that asks for one.
    pub(crate) const fn to_bytes(&self) -> [u8; TAG_BYTES] {
        self.0
    }

    /// Whether `other` is the same, in constant time.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        equal(&self.0, &other.0).into()
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag([redacted])")
    }
}

/// Compares in constant time: gathers every bit that differs before it asks whether there is one.
fn equal(left: &[u8; TAG_BYTES], right: &[u8; TAG_BYTES]) -> Choice {
    let (left, _) = left.as_chunks::<8>();
    let (right, _) = right.as_chunks::<8>();
    let differing = left.iter().zip(right).fold(0, |differing, (left, right)| {
        differing | (u64::from_ne_bytes(*left) ^ u64::from_ne_bytes(*right))
    });
    differing.ct_eq(&0)
}

/// SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; TAG_BYTES] {
    Sha256::digest(bytes).into()
}

/// SHA-256 over fields, each led by its length, so that no two lists of fields run together.
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
