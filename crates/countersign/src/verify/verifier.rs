//! A scheme with the keys to check it.

use std::fmt;
use std::sync::Arc;

use crate::crypto::encoding::hex;
use crate::crypto::mac::{HmacKey, Tag};
use crate::error::{ConfigError, ConfigErrorKind, Rejection, RejectionKind};
use crate::headers::{HeaderValues, Headers, IndexedHeader};
use crate::keys::{Keyring, Window};
use crate::scheme::{Algorithm, CompiledSignature, Scheme};
use crate::time::Timestamp;
use crate::verify::key::VerificationKey;
use crate::verify::signature_header::whole;

/// Below this many bytes a key is warned of: the least that Standard Webhooks advises.
const ADVISED_KEY_BYTES: usize = 24;

/// A scheme with the keys to check it.
pub struct Verifier {
    scheme: Scheme,
    keys: Arc<[NamedKey]>,
    /// Whose keys they are, where there are many tenants.
    tenant: Option<Arc<str>>,
    /// Whether it rejects all, after the usual work.
    is_dummy: bool,
    /// The same keys under the sender's other family of headers.
    other: Option<Arc<Self>>,
}

struct NamedKey {
    name: Arc<str>,
    is_weak: bool,
    window: Window,
    check: VerificationKey,
}

impl Verifier {
    /// Readies the keys of `keys` for `scheme`.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::InvalidSecret`] or [`ConfigErrorKind::EmptySecret`] if a secret does not
    /// have the form that the scheme needs, and [`ConfigErrorKind::InvalidScheme`] if the scheme
    /// takes no key.
    pub fn new(scheme: Scheme, keys: impl Into<Keyring>) -> Result<Arc<Self>, ConfigError> {
        let keys = keys.into();
        let mut checks = Vec::with_capacity(keys.keys().len());
        for key in keys.keys() {
            let bytes = scheme.key_bytes(&key.secret)?;
            checks.push(NamedKey {
                name: Arc::clone(&key.name),
                is_weak: scheme.has_secret_key() && bytes.len() < ADVISED_KEY_BYTES,
                window: key.window,
                check: VerificationKey::new(&scheme, &key.name, &bytes)?,
            });
        }
        Ok(Arc::new(Self::with(scheme, checks.into())))
    }

    /// Takes every request; for [`Scheme::danger_unauthenticated`].
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::MissingSetting`] if the scheme does authenticate, so needs keys.
    pub fn danger_unauthenticated(scheme: Scheme) -> Result<Arc<Self>, ConfigError> {
        if scheme.algorithm != Algorithm::Unauthenticated {
            return Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                "this scheme authenticates: give it a secret through `Verifier::new`",
            ));
        }
        Ok(Arc::new(Self::with(scheme, Arc::new([]))))
    }

    const fn with(scheme: Scheme, keys: Arc<[NamedKey]>) -> Self {
        Self { scheme, keys, tenant: None, is_dummy: false, other: None }
    }

    /// The same, and takes a request with none of its own headers by `scheme`, which differs in their
    /// names alone.
    pub(crate) fn with_alternate_headers(&self, scheme: Scheme) -> Self {
        let other = Self::with(scheme, Arc::clone(&self.keys));
        Self { other: Some(Arc::new(other)), ..self.with_same_keys() }
    }

    /// The same keys, known as those of `tenant`.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Self {
        let other = self.other.as_ref().map(|other| Arc::new(other.of_tenant(tenant)));
        Self { tenant: Some(tenant.into()), other, ..self.with_same_keys() }
    }

    /// The same, and rejects all, as for a tenant that there is not.
    pub(crate) fn as_dummy(&self) -> Self {
        let other = self.other.as_ref().map(|other| Arc::new(other.as_dummy()));
        Self { is_dummy: true, other, ..self.with_same_keys() }
    }

    fn with_same_keys(&self) -> Self {
        Self::with(self.scheme.clone(), Arc::clone(&self.keys))
    }

    /// This, or its other family where the credential stands under the names of that.
    pub(crate) fn select_header_family<H: Headers + ?Sized>(
        self: &Arc<Self>,
        headers: &H,
    ) -> &Arc<Self> {
        let has_credential = |scheme: &Scheme| {
            let mut values = HeaderValues::default();
            scheme.names.read(headers, &mut values);
            scheme.signature.as_ref().is_some_and(|at| at.header.is_in(&values))
        };
        match &self.other {
            Some(other) if !has_credential(&self.scheme) && has_credential(&other.scheme) => other,
            _ => self,
        }
    }

    pub(crate) const fn is_dummy(&self) -> bool {
        self.is_dummy
    }

    pub(crate) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// How the sender signs.
    #[must_use]
    pub const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    pub(crate) fn weak_keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter(|key| key.is_weak).map(|key| &*key.name)
    }

    pub(crate) fn key_name(&self, key: usize) -> &str {
        self.keys.get(key).map_or("none", |key| &*key.name)
    }

    /// The HMAC of `text` under the key of this number, in hexadecimal.
    pub(crate) fn hmac_hex(&self, key: usize, text: &[u8]) -> Option<String> {
        match &self.keys.get(key)?.check {
            VerificationKey::Hmac(key) => Some(hex(&key.tag([text, b"", b""]).to_bytes())),
            VerificationKey::Token(_) | VerificationKey::Whole(_) | VerificationKey::Public(_) => {
                None
            }
        }
    }

    /// Rejects if no key is valid at `now`.
    pub(crate) fn some_valid_key(&self, now: Timestamp) -> Result<(), Rejection> {
        match self.valid_keys(now).next() {
            Some(_) => Ok(()),
            None => Err(Rejection::new(RejectionKind::UnknownKey)),
        }
    }

    /// Compares digests, so that neither length nor content shows in the time it takes.
    pub(crate) fn match_token(
        &self,
        at: &CompiledSignature,
        name: &IndexedHeader,
        value: &[u8],
        now: Timestamp,
    ) -> Result<usize, Rejection> {
        let token = Tag::of_token(whole(at, name, value)?);
        let mut any_valid = false;
        let mut matched = None;
        for (index, check) in self.valid_keys(now) {
            any_valid = true;
            if let VerificationKey::Token(own) = check
                && own.matches(&token)
            {
                matched = Some(index);
            }
        }
        if !any_valid {
            return Err(Rejection::new(RejectionKind::UnknownKey));
        }
        matched.ok_or_else(|| name.reject(RejectionKind::SignatureMismatch))
    }

    pub(crate) fn valid_hmacs(&self, now: Timestamp) -> impl Iterator<Item = (usize, &HmacKey)> {
        self.valid_keys(now).filter_map(|(index, check)| match check {
            VerificationKey::Hmac(key) => Some((index, key)),
            VerificationKey::Token(_) | VerificationKey::Whole(_) | VerificationKey::Public(_) => {
                None
            }
        })
    }

    pub(crate) fn valid_keys(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = (usize, &VerificationKey)> {
        let keys = self.keys.iter().enumerate();
        keys.filter(move |(_, key)| key.window.contains(now))
            .map(|(index, key)| (index, &key.check))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.keys.iter().map(|key| &key.name).collect();
        f.debug_struct("Verifier").field("scheme", &self.scheme).field("keys", &names).finish()
    }
}
