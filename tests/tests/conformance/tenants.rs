//! The key resolvers of the cases.

use countersign::adapter::ReceiverSource;
use countersign::tenants::{KeyResolver, ResolveError, Tenant, TenantFrom, Tenants};
use countersign::{Receiver, ReceiverBuilder, StandardWebhooks};

use crate::sender::By;

/// The header that names the tenant.
pub(crate) const TENANT: &str = "x-tenant";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Resolver {
    /// Every tenant has the new key.
    Knows,
    KnowsNone,
    IsDown,
    Hangs,
}

impl KeyResolver for Resolver {
    async fn resolve(&self, name: &str) -> Result<Option<Tenant>, ResolveError> {
        match self {
            Self::Knows => Ok(Some(Tenant::new(name, By::New.secret()))),
            Self::KnowsNone => Ok(None),
            Self::IsDown => Err(ResolveError::new("the table cannot be reached")),
            Self::Hangs => std::future::pending().await,
        }
    }
}

impl Resolver {
    /// One receiver for each tenant, with the settings of `receiver`.
    pub(crate) fn tenants(
        self,
        settings: impl FnOnce(ReceiverBuilder) -> ReceiverBuilder + Send + 'static,
    ) -> Tenants {
        let from = TenantFrom::Header(TENANT.to_owned());
        Tenants::builder(from, self, StandardWebhooks::new).configure(settings).build().unwrap()
    }

    /// A receiver of the cases' tenant.
    pub(crate) async fn probe(
        settings: impl FnOnce(ReceiverBuilder) -> ReceiverBuilder + Send + 'static,
    ) -> Receiver {
        let found = Self::Knows.tenants(settings).receiver(&[(TENANT, "acme")]).await;
        Receiver::clone(&found.unwrap())
    }
}

/// The receivers that a driver serves.
pub(crate) fn receivers(
    resolver: Option<Resolver>,
    receiver: ReceiverBuilder,
    settings: impl FnOnce(ReceiverBuilder) -> ReceiverBuilder + Send + 'static,
) -> ReceiverSource {
    match resolver {
        Some(resolver) => resolver.tenants(settings).into(),
        None => settings(receiver).build().unwrap().into(),
    }
}
