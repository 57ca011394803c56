//! Keys of many tenants at one endpoint: which are meant is read from the request, unverified, and
//! whoever signs with them has shown that it was right.

mod cache;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use self::cache::{Cache, Look};
use crate::challenge::Handshake;
use crate::contract::{Contract, positive};
use crate::dedup::Identity;
use crate::dedup::memory::MemoryStore;
use crate::delivery::Delivery;
use crate::error::{ConfigError, ConfigErrorKind, Rejection, RejectionKind};
use crate::headers::{HeaderIndex, HeaderValues, Headers, IndexedHeader};
use crate::provider::Provider;
use crate::receiver::Receiver;
use crate::secret::{Keyring, Secret};
use crate::time::{Clock, MonotonicClock};
use crate::verify::Verifier;

/// The longest name of a tenant in a request, in bytes.
const MAX_TENANT_BYTES: usize = 128;

/// For how long a tenant's keys are kept unless set otherwise.
const FRESH: Duration = Duration::from_secs(5 * 60);

/// For how long it is kept that there is no such tenant.
const FRESH_UNKNOWN: Duration = Duration::from_secs(30);

/// How many tenants are kept unless set otherwise, and how many names that are none.
const CAPACITY: usize = 10_000;

/// Finds the keys of a tenant: in a database, a vault, a fetched key set.
///
/// ```
/// use countersign::{KeyResolver, ResolveError, Secret, Tenant};
///
/// struct Table;
///
/// impl KeyResolver for Table {
///     async fn resolve(&self, name: &str) -> Result<Option<Tenant>, ResolveError> {
///         match name {
///             "acme" => Ok(Some(Tenant::new("acme", Secret::new("read from a table")?))),
///             _ => Ok(None),
///         }
///     }
/// }
/// ```
pub trait KeyResolver: Send + Sync + 'static {
    /// The tenant that `name` means, with its keys, or `None` if it means none.
    ///
    /// `name` is what an unverified request says: printable ASCII, up to 128 bytes. Where several
    /// names mean one tenant, such as the ids of its keys, give that tenant's own name with each: an
    /// event is known under it, whichever name it comes by.
    ///
    /// # Errors
    ///
    /// A [`ResolveError`] if that cannot be told now; the sender is answered 503.
    fn resolve(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<Tenant>, ResolveError>> + Send;
}

/// A tenant with its keys.
#[derive(Debug)]
pub struct Tenant {
    name: Box<str>,
    keys: Keyring,
}

impl Tenant {
    /// The tenant of this name, by which its events are known, and its keys.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>, keys: impl Into<Keyring>) -> Self {
        Self { name: name.into(), keys: keys.into() }
    }
}

/// Why a tenant's keys cannot be had now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResolveError(Box<str>);

impl ResolveError {
    /// For the operator; it holds no secret.
    #[must_use]
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ResolveError {}

/// Keys that are found but cannot be used.
impl From<ConfigError> for ResolveError {
    fn from(error: ConfigError) -> Self {
        Self::new(error.to_string())
    }
}

/// Where a request names its tenant, before anything of it is verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TenantFrom {
    /// A header's value, such as that of a key's id.
    Header(String),
    /// The path's last segment, after this beginning: `/webhooks/stripe/`.
    ///
    /// It is the path as the layer sees it: under axum's `nest`, without the nested part.
    PathAfter(String),
}

/// Receives what one sender delivers for many tenants, each with keys of its own.
///
/// An adapter takes it in the place of a [`Receiver`]. Events of two tenants never meet: the tenant is
/// part of every dedup key. An unknown tenant is answered as a wrong signature is, after the same work.
///
/// ```
/// use countersign::{KeyResolver, TenantFrom, Tenants, senders};
///
/// fn receive(keys: impl KeyResolver) -> Result<Tenants, countersign::ConfigError> {
///     let from = TenantFrom::PathAfter("/webhooks/stripe/".to_owned());
///     Tenants::new(from, keys, |keys| senders::STRIPE.keys(keys))
/// }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Tenants {
    place: Arc<Place>,
    resolve: Arc<dyn Resolve>,
    sender: Arc<MakeProvider>,
    /// What stands for a tenant that there is not.
    decoy: Arc<Receiver>,
    cache: Arc<Cache<Arc<Receiver>>>,
    clock: Arc<dyn Clock>,
    fresh: Duration,
}

type MakeProvider = dyn Fn(Keyring) -> Result<Arc<dyn Provider>, ConfigError> + Send + Sync;

enum Place {
    Header { names: HeaderIndex, name: IndexedHeader },
    PathAfter(String),
}

impl Tenants {
    /// Receives for the tenants that `keys` knows; `sender` makes the sender with a tenant's keys.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::InvalidHeaderName`] if `from` names no header,
    /// [`ConfigErrorKind::MissingSetting`] if its path does not begin and end with `/`, and whatever
    /// `sender` has against its settings.
    pub fn new<P: Provider>(
        from: TenantFrom,
        keys: impl KeyResolver,
        sender: impl Fn(Keyring) -> Result<P, ConfigError> + Send + Sync + 'static,
    ) -> Result<Self, ConfigError> {
        let sender: Arc<MakeProvider> = Arc::new(move |keys| {
            let provider = sender(keys)?;
            Ok(Arc::new(provider) as Arc<dyn Provider>)
        });
        let provider = decoy(&*sender)?;
        let store = Arc::new(MemoryStore::default());
        Ok(Self {
            place: Arc::new(Place::parse(from)?),
            resolve: Arc::new(keys),
            decoy: Arc::new(Receiver::with(provider, store)),
            sender,
            cache: Arc::new(Cache::new(CAPACITY)),
            clock: Arc::new(MonotonicClock::default()),
            fresh: FRESH,
        })
    }

    /// Sets up what a [`Receiver`] has: its store, endpoint and spans. One store serves all tenants.
    ///
    /// ```
    /// # use countersign::{ConfigError, MemoryStore, Tenants};
    /// # fn example(tenants: Tenants) -> Result<Tenants, ConfigError> {
    /// tenants.settings(|receiver| Ok(receiver.dedup(MemoryStore::default()).endpoint("stripe")))
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `set`.
    pub fn settings(
        mut self,
        set: impl FnOnce(Receiver) -> Result<Receiver, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let decoy = set(Receiver::clone(&self.decoy))?;
        if !decoy.is_dummy() {
            return Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                "`settings` made a receiver of its own: change the one it is given",
            ));
        }
        self.decoy = Arc::new(decoy);
        self.cache = Arc::new(Cache::new(self.cache.capacity()));
        Ok(self)
    }

    /// How many tenants' keys are kept, and how many names that are none; 10 000 each unless set.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if it is zero.
    pub fn cache_capacity(mut self, tenants: usize) -> Result<Self, ConfigError> {
        if tenants == 0 {
            return Err(ConfigError::new(
                ConfigErrorKind::OutOfRange,
                "`cache_capacity` is zero: give the number of tenants that are active at a time",
            ));
        }
        self.cache = Arc::new(Cache::new(tenants));
        Ok(self)
    }

    /// For how long a tenant's keys are kept before they are asked for again: five minutes unless set.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if it is zero.
    pub fn cache_for(mut self, span: Duration) -> Result<Self, ConfigError> {
        self.fresh = positive(span, "cache_for")?;
        Ok(self)
    }

    /// Measures how long keys are kept with `clock`.
    pub fn cache_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Asks for the keys of `tenant` anew when it is next heard of: after a key was revoked.
    pub fn forget(&self, tenant: &str) {
        self.cache.forget(tenant);
    }

    /// The receiver for the tenant that a request names.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::MissingHeader`] and the like if the request names none, and
    /// [`RejectionKind::KeysUnavailable`] if its keys cannot be had now.
    pub async fn receiver<H: Headers + ?Sized>(
        &self,
        head: &H,
    ) -> Result<Arc<Receiver>, Rejection> {
        match self.place.read(head)? {
            Some(tenant) => self.for_tenant(&tenant).await,
            None => Ok(Arc::clone(&self.decoy)),
        }
    }

    /// What receives for a tenant that there is not: for all but its keys like any tenant's.
    pub(crate) const fn decoy(&self) -> &Arc<Receiver> {
        &self.decoy
    }

    async fn for_tenant(&self, tenant: &str) -> Result<Arc<Receiver>, Rejection> {
        let unavailable =
            |why: String| Rejection::new(RejectionKind::KeysUnavailable).with_detail(why);
        loop {
            match self.cache.look(tenant, self.clock.now()) {
                Look::Known(receiver) => return Ok(receiver),
                Look::Unknown => return Ok(Arc::clone(&self.decoy)),
                // Whoever asks for the keys may be gone, and then the next one asks.
                Look::Wait(answered) => answered.await,
                Look::Crowded => return Err(unavailable("too many are asked for".to_owned())),
                Look::Ask(mut asked) => {
                    let found = self.resolve.resolve(tenant).await;
                    let found = found.map_err(|error| unavailable(error.to_string()))?;
                    let now = self.clock.now();
                    let Some(Tenant { name, keys }) = found else {
                        if asked.is_unknown(now.saturating_add(FRESH_UNKNOWN)) {
                            return Ok(Arc::clone(&self.decoy));
                        }
                        continue;
                    };
                    let provider = (self.sender)(keys)
                        .map_err(|error| unavailable(format!("those found do not fit: {error}")))?;
                    let provider = Tenanted::new(provider, |verifier| verifier.of_tenant(&name));
                    let receiver = Arc::new(self.decoy.for_tenant(Arc::new(provider), &name));
                    if asked.is_known(Arc::clone(&receiver), now.saturating_add(self.fresh)) {
                        return Ok(receiver);
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("endpoint", &self.decoy.endpoint_name())
            .field("fresh", &self.fresh)
            .finish_non_exhaustive()
    }
}

impl Place {
    fn parse(from: TenantFrom) -> Result<Self, ConfigError> {
        match from {
            TenantFrom::Header(name) => {
                let mut names = HeaderIndex::new();
                let name = names.add(&name)?;
                Ok(Self::Header { names, name })
            }
            TenantFrom::PathAfter(path) if path.starts_with('/') && path.ends_with('/') => {
                Ok(Self::PathAfter(path))
            }
            TenantFrom::PathAfter(path) => Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                format!(
                    "`{}` does not begin and end with `/`: give what comes before the tenant",
                    path.escape_debug()
                ),
            )),
        }
    }

    /// The tenant's name; `None` if it is none that a tenant could have.
    fn read<H: Headers + ?Sized>(&self, head: &H) -> Result<Option<String>, Rejection> {
        let name = match self {
            Self::Header { names, name } => {
                let mut values = HeaderValues::default();
                names.read(head, &mut values);
                String::from_utf8(name.required_value(&values)?.to_vec()).ok()
            }
            Self::PathAfter(before) => {
                let path = head.path().unwrap_or_default();
                // Percent signs included: what is written in two ways would be two tenants.
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
                let name = path.strip_prefix(before.as_str());
                name.filter(|name| name.bytes().all(is_plain)).map(str::to_owned)
            }
        };
        Ok(name.filter(|name| (1..=MAX_TENANT_BYTES).contains(&name.len())))
    }
}

/// A provider for one tenant.
struct Tenanted {
    provider: Arc<dyn Provider>,
    verifier: Arc<Verifier>,
}

impl Tenanted {
    fn new(provider: Arc<dyn Provider>, change: impl FnOnce(&Verifier) -> Verifier) -> Self {
        let verifier = Arc::new(change(provider.verifier()));
        Self { provider, verifier }
    }
}

impl Provider for Tenanted {
    fn verifier(&self) -> &Arc<Verifier> {
        &self.verifier
    }

    fn contract(&self) -> &Contract {
        self.provider.contract()
    }

    fn identity(&self, delivery: &Delivery) -> Identity {
        self.provider.identity(delivery)
    }

    fn handshake(&self) -> Option<&Handshake> {
        self.provider.handshake()
    }
}

/// A sender with a key that nobody's signature passes under: it rejects all, after the usual work.
fn decoy(sender: &MakeProvider) -> Result<Arc<dyn Provider>, ConfigError> {
    /// Hexadecimal and base64 at once; the public key of RFC 8032 section 7.1, test 1, in both forms;
    /// a P-256 key.
    const KEYS: [&str; 4] = [
        "5f5e1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f",
        "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==",
    ];
    let mut found = Err(ConfigError::new(ConfigErrorKind::MissingSetting, "no key fits"));
    for key in KEYS {
        found = sender(Secret::new(key)?.into());
        match &found {
            Err(error) if error.kind() == ConfigErrorKind::InvalidSecret => {}
            _ => break,
        }
    }
    found.map(|provider| Arc::new(Tenanted::new(provider, Verifier::as_dummy)) as Arc<dyn Provider>)
}

type Resolving<'r> =
    Pin<Box<dyn Future<Output = Result<Option<Tenant>, ResolveError>> + Send + 'r>>;

/// [`KeyResolver`] behind a pointer.
trait Resolve: Send + Sync {
    fn resolve<'r>(&'r self, tenant: &'r str) -> Resolving<'r>;
}

impl<R: KeyResolver> Resolve for R {
    fn resolve<'r>(&'r self, tenant: &'r str) -> Resolving<'r> {
        Box::pin(KeyResolver::resolve(self, tenant))
    }
}
