//! Rejected requests at an endpoint with many tenants.

use std::hint::black_box;

use countersign::tenants::{KeyResolver, ResolveError, Tenant, TenantFrom, Tenants};
use countersign::time::{Clock, FixedClock, SystemClock};
use countersign::{Rejection, RejectionKind, Secret, StandardWebhooks, Timestamp};

use crate::poll::at_once;
use crate::{Contender, Request, Result, secret};

/// The only tenant that exists.
pub const KNOWN: &str = "acme";

/// A name of the same length that no tenant has.
pub const UNKNOWN: &str = "emca";

struct OneTenant;

impl KeyResolver for OneTenant {
    async fn resolve(&self, tenant: &str) -> Result<Option<Tenant>, ResolveError> {
        if tenant != KNOWN {
            return Ok(None);
        }
        Ok(Some(Tenant::new(tenant, Secret::new(secret(0))?)))
    }
}

/// Creates an endpoint with one tenant, whose secret has number 0; cached results never expire.
///
/// # Errors
///
/// Never: the secret is valid.
pub fn tenants() -> Result<Tenants> {
    let from = TenantFrom::PathPrefix("/webhooks/".to_owned());
    let tenants = Tenants::builder(from, OneTenant, StandardWebhooks::new);
    Ok(tenants.cache_clock(FixedClock::new(Timestamp::from_millis(0))).build()?)
}

/// Creates the contender that rejects `request` for its signature, with the result for `tenant` cached.
///
/// # Errors
///
/// An error if the request is accepted or rejected for another reason.
pub fn rejected<'w>(
    tenants: &'w Tenants,
    tenant: &'w str,
    request: &'w Request,
) -> Result<Contender<'w>> {
    let mut head = http::Request::post(format!("/webhooks/{tenant}")).body(())?;
    head.headers_mut().clone_from(&request.headers);
    let now = SystemClock.now();
    let rejection = move || -> Option<Rejection> {
        let receiver = at_once(tenants.receiver(&head))?;
        receiver.and_then(|receiver| receiver.verify(&head, request.body.clone(), now)).err()
    };
    if rejection().is_none_or(|rejection| rejection.kind() != RejectionKind::SignatureMismatch) {
        return Err(format!("a request for `{tenant}` is not rejected for its signature").into());
    }
    let name = if tenant == KNOWN { "wrong signature, known tenant" } else { "unknown tenant" };
    Ok(Contender::new(name, move || black_box(rejection()).is_none()))
}
