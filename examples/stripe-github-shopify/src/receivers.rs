//! The senders: their secrets, and the store that remembers their events.

use countersign::{ConfigError, MemoryStore, Receiver, Secret, senders};

/// The topics that the Shopify app is subscribed to.
///
/// Shopify names the topic in a header and signs the body alone, so two events of different topics may have
/// one body. The topics that are declared here tell them apart, and bound under how many names a client
/// could present a request that it captured.
const SHOPIFY_TOPICS: [&str; 5] = [
    "orders/create",
    "orders/updated",
    "customers/data_request",
    "customers/redact",
    "shop/redact",
];

/// The secret of each sender.
#[derive(Debug)]
pub struct Secrets {
    /// The signing secret of the endpoint in Stripe's dashboard: `whsec_…`.
    pub stripe: Secret,
    /// The secret of the webhook in the settings of the GitHub repository.
    pub github: Secret,
    /// The client secret of the Shopify app.
    pub shopify: Secret,
}

impl Secrets {
    /// Reads the secrets from the environment.
    ///
    /// # Errors
    ///
    /// Fails if a variable is missing or empty.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            stripe: Secret::from_env("STRIPE_WEBHOOK_SECRET")?,
            github: Secret::from_env("GITHUB_WEBHOOK_SECRET")?,
            shopify: Secret::from_env("SHOPIFY_WEBHOOK_SECRET")?,
        })
    }
}

/// A receiver for each sender.
#[derive(Clone, Debug)]
pub struct Receivers {
    /// Names an event in the body's field `type`.
    pub stripe: Receiver,
    /// Names an event in the header `x-github-event`, and what happened in the body's field `action`.
    pub github: Receiver,
    /// Names an event in the header `x-shopify-topic`.
    pub shopify: Receiver,
}

impl Receivers {
    /// Creates the receivers, which share a store under the names of their endpoints.
    ///
    /// The memory store forgets the events when the process ends. Several processes share an
    /// `SqliteStore`, a `PostgresStore` or a `RedisStore`, see `docs/choosing-a-store.md`.
    ///
    /// # Errors
    ///
    /// Fails if a secret does not have its sender's form.
    pub fn new(secrets: Secrets) -> Result<Self, ConfigError> {
        let store = MemoryStore::default();
        let Secrets { stripe, github, shopify } = secrets;
        let shopify = senders::SHOPIFY.config().with_event_types(SHOPIFY_TOPICS).keys(shopify)?;
        let named = |sender, endpoint| {
            Receiver::builder(sender).endpoint(endpoint).dedup(store.clone()).build()
        };
        Ok(Self {
            stripe: named(senders::STRIPE.keys(stripe)?, "billing")?,
            github: named(senders::GITHUB.keys(github)?, "repositories")?,
            shopify: named(shopify, "shop")?,
        })
    }
}
