//! One sender's scheme and keys.

use std::fmt;
use std::sync::Arc;

use crate::crypto::mac::{FieldHash, TAG_BYTES, Tag};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::headers::{HeaderValues, Headers};
use crate::keys::Keyring;
use crate::scheme::{Algorithm, CompiledSignature, Scheme};
use crate::time::Timestamp;
use crate::verify::challenge::is_challenge;
use crate::verify::key_set::KeySet;

/// Verifies the requests of one sender, by its scheme and keys.
///
/// [`verify`](Self::verify) takes a request whose body is complete, [`open`](Self::open) one whose
/// body still arrives. Both check the headers first, and both read no clock: the time is an argument.
/// A [`Receiver`](crate::Receiver) has a verifier and passes it the sender's largest body.
///
/// Senders are described in [the guide](https://github.com/countersign/countersign/blob/main/docs/senders.md).
///
/// ```
/// use countersign::scheme::{Encoding, Scheme, SignatureLocation};
/// use countersign::senders::Verifier;
/// use countersign::{RejectionKind, Secret, Timestamp};
///
/// let signature = SignatureLocation::header("x-acme-signature", Encoding::Hex);
/// let scheme = Scheme::hmac_sha256("acme", signature).build()?;
/// let verifier = Verifier::new(scheme, Secret::new("a secret of at least 24 bytes")?)?;
///
/// let headers = [("x-acme-signature", "00".repeat(32))];
/// let rejection = verifier.verify(&headers, "{}", Timestamp::from_secs(0), 1024).unwrap_err();
/// assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
pub struct Verifier {
    /// Shared by the copies for tenants and endpoints.
    scheme: Arc<Scheme>,
    pub(super) keys: KeySet,
    /// One for each key; see [`unnamed_scope`](Self::unnamed_scope).
    unnamed_scopes: Vec<[u8; TAG_BYTES]>,
    /// The tenant whose keys these are, where one endpoint serves many.
    tenant: Option<Arc<str>>,
    /// The name of the endpoint, if a receiver has this verifier.
    endpoint: Option<Arc<str>>,
    /// Whether every request is rejected after the usual work.
    is_dummy: bool,
    /// Whether the same keys sign challenges, so that no body may be one.
    signs_challenges: bool,
    /// The verifier with the same keys for the sender's other header names.
    alternate: Option<Arc<Self>>,
}

impl Verifier {
    /// Creates a verifier for `scheme` with the keys of `keys`.
    ///
    /// # Errors
    ///
    /// - [`ConfigErrorKind::InvalidSecret`] or [`ConfigErrorKind::EmptySecret`] if a secret does not
    ///   have the form that the scheme needs.
    /// - [`ConfigErrorKind::InvalidScheme`] if the scheme is unauthenticated, so takes no key.
    pub fn new(scheme: Scheme, keys: impl Into<Keyring>) -> Result<Arc<Self>, ConfigError> {
        let keys = KeySet::new(&scheme, &keys.into())?;
        Ok(Arc::new(Self::with(scheme, keys)))
    }

    /// Creates a verifier that accepts every request, for [`Scheme::danger_unauthenticated`].
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::MissingSetting`] if the scheme does authenticate, so needs keys.
    pub fn danger_unauthenticated(scheme: Scheme) -> Result<Arc<Self>, ConfigError> {
        if scheme.algorithm != Algorithm::Unauthenticated {
            return Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                "this scheme authenticates requests: give it a secret through `Verifier::new`",
            ));
        }
        Ok(Arc::new(Self::with(scheme, KeySet::default())))
    }

    /// Returns the scheme by which the sender signs.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    fn with(scheme: Scheme, keys: KeySet) -> Self {
        let path = scheme.public_path.as_deref().unwrap_or_default();
        let scope = |fingerprint: &[u8]| {
            let hash = FieldHash::new().field(b"countersign unnamed endpoint v1");
            hash.field(fingerprint).field(path.as_bytes()).finish()
        };
        let mut unnamed_scopes: Vec<_> = keys.fingerprints().map(|key| scope(key)).collect();
        if unnamed_scopes.is_empty() {
            unnamed_scopes.push(scope(b""));
        }
        Self {
            scheme: Arc::new(scheme),
            keys,
            unnamed_scopes,
            tenant: None,
            endpoint: None,
            is_dummy: false,
            signs_challenges: false,
            alternate: None,
        }
    }

    /// Returns a copy that also accepts requests under the header names of `scheme`, which differs in
    /// nothing else.
    pub(crate) fn with_alternate_headers(&self, scheme: Scheme) -> Self {
        let alternate = Self::with(scheme, self.keys.clone());
        Self { alternate: Some(Arc::new(alternate)), ..self.copy() }
    }

    /// Returns a copy whose keys belong to `tenant`.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Self {
        let tenant: Arc<str> = tenant.into();
        self.changed(&|verifier| verifier.tenant = Some(Arc::clone(&tenant)))
    }

    /// Returns a copy that receives the requests to `endpoint`.
    pub(crate) fn at_endpoint(&self, endpoint: &Arc<str>) -> Self {
        self.changed(&|verifier| verifier.endpoint = Some(Arc::clone(endpoint)))
    }

    /// Returns a copy that rejects every request after the usual work, for an unknown tenant.
    pub(crate) fn as_dummy(&self) -> Self {
        self.changed(&|verifier| verifier.is_dummy = true)
    }

    /// Returns a copy whose keys also sign challenges, so that a body that may be one is rejected.
    pub(crate) fn with_signed_challenges(&self) -> Self {
        self.changed(&|verifier| verifier.signs_challenges = true)
    }

    /// Returns a copy with the same keys to which `change` is applied, also for the other header names.
    fn changed(&self, change: &dyn Fn(&mut Self)) -> Self {
        let alternate = self.alternate.as_ref().map(|other| Arc::new(other.changed(change)));
        let mut copy = Self { alternate, ..self.copy() };
        change(&mut copy);
        copy
    }

    fn copy(&self) -> Self {
        Self {
            scheme: Arc::clone(&self.scheme),
            keys: self.keys.clone(),
            unnamed_scopes: self.unnamed_scopes.clone(),
            tenant: self.tenant.clone(),
            endpoint: self.endpoint.clone(),
            is_dummy: self.is_dummy,
            signs_challenges: self.signs_challenges,
            alternate: self.alternate.clone(),
        }
    }

    /// Creates a verifier that rejects every request, for a sender whose secret is still to come.
    pub(crate) fn without_keys(scheme: Scheme) -> Arc<Self> {
        Arc::new(Self::with(scheme, KeySet::default()))
    }

    /// Reads the headers of the scheme, and returns the verifier that they are for: the alternate one if the
    /// credential is under its header names alone, else this one.
    #[inline]
    pub(super) fn read_headers<'r, H: Headers + ?Sized>(
        self: &'r Arc<Self>,
        headers: &'r H,
        values: &mut HeaderValues<'r>,
    ) -> &'r Arc<Self> {
        self.scheme.names.read(headers, values);
        let is_in = |scheme: &Scheme, values: &HeaderValues<'_>| {
            scheme.signature.as_ref().is_some_and(|at| at.header.is_in(values))
        };
        match &self.alternate {
            Some(other) if !is_in(&self.scheme, values) => {
                let mut others = HeaderValues::default();
                other.scheme.names.read(headers, &mut others);
                if !is_in(&other.scheme, &others) {
                    return self;
                }
                *values = others;
                other
            }
            _ => self,
        }
    }

    /// Returns whether a request has the header of a credential.
    pub(crate) fn has_credential(&self, headers: &(impl Headers + ?Sized)) -> bool {
        let mut values = HeaderValues::default();
        self.scheme.names.read(headers, &mut values);
        let is_in = |at: &CompiledSignature| {
            at.header.is_in(&values) || at.second.as_ref().is_some_and(|name| name.is_in(&values))
        };
        self.scheme.signature.as_ref().is_some_and(is_in)
            || self.alternate.as_ref().is_some_and(|other| other.has_credential(headers))
    }

    /// Returns whether `body` is rejected because the same keys sign it as a challenge, or could sign what
    /// is signed beside an empty body, such as a time in digits.
    ///
    /// A URL has a colon, so content with one is no challenge.
    pub(super) fn is_reserved(&self, body: &[u8]) -> bool {
        let is_beside_others = self.scheme.signed.len() > 1 && self.scheme.url.is_none();
        self.signs_challenges && (is_challenge(body) || body.is_empty() && is_beside_others)
    }

    /// Returns whether the keys belong to one of many tenants, or to none of them.
    pub(crate) const fn is_of_tenants(&self) -> bool {
        self.is_dummy || self.tenant.is_some()
    }

    /// Returns whether every request is rejected after the usual work.
    pub(super) const fn is_dummy(&self) -> bool {
        self.is_dummy
    }

    /// Returns the tenant whose keys these are.
    pub(crate) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Returns the name of the endpoint, if a receiver has this verifier.
    pub(crate) const fn endpoint(&self) -> Option<&Arc<str>> {
        self.endpoint.as_ref()
    }

    /// Returns the names of the keys that are shorter than advised.
    pub(crate) fn weak_keys(&self) -> impl Iterator<Item = &str> {
        self.keys.weak()
    }

    /// Returns what the dedup keys of an unnamed endpoint depend on, for deliveries that the key with the
    /// number `key` verified: the key, and the path of the public URL.
    pub(crate) fn unnamed_scope(&self, key: usize) -> [u8; TAG_BYTES] {
        self.unnamed_scopes.get(key).copied().unwrap_or_default()
    }

    /// Returns the [scopes](Self::unnamed_scope) of all keys; one scope for an unauthenticated scheme.
    pub(crate) fn unnamed_scopes(&self) -> &[[u8; TAG_BYTES]] {
        &self.unnamed_scopes
    }

    /// Returns the number of the key called `name`. An unauthenticated scheme has one key `none`.
    pub(crate) fn key_number(&self, name: &str) -> Option<usize> {
        (0..self.unnamed_scopes.len()).find(|key| self.keys.name(*key) == name)
    }

    /// Returns the HMAC of a challenge under the last key that is valid at `now`, or under the last key if
    /// the time is not known.
    ///
    /// `None` if the keys do not sign challenges, or belong to no tenant.
    pub(crate) fn hmac_of_challenge(&self, text: &[u8], now: Option<Timestamp>) -> Option<Tag> {
        let is_available = self.signs_challenges && !self.is_dummy;
        self.keys.last_hmac(now).filter(|_| is_available).map(|key| key.tag([text, b"", b""]))
    }

    /// Returns the HMAC of `text` under the key with the number `key`, in hexadecimal.
    pub(crate) fn hmac_hex(&self, key: usize, text: &[u8]) -> Option<String> {
        self.keys.hmac_hex(key, text)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("scheme", &self.scheme).field("keys", &self.keys).finish()
    }
}
