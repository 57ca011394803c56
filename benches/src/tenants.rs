//! Many tenants at one endpoint: requests that are rejected.

use std::hint::black_box;

use countersign::tenants::{KeyResolver, ResolveError, TenantFrom, Tenants};
use countersign::time::{Clock, FixedClock, SystemClock};
use countersign::{Rejection, RejectionKind, Secret, StandardWebhooks, Timestamp};

use crate::poll::at_once;
use crate::{Contender, Request, Result, secret};

/// The only tenant that there is.
pub const KNOWN: &str = "acme";

/// A name as long, of nobody.
pub const UNKNOWN: &str = "emca";

struct OneTenant;

impl KeyResolver for OneTenant {
    async fn resolve(
        &self,
        tenant: &str,
    ) -> Result<Option<countersign::tenants::Tenant>, ResolveError> {
        if tenant != KNOWN {
            return Ok(None);
        }
        Ok(Some(countersign::tenants::Tenant::new(tenant, Secret::new(secret(0))?)))
    }
}

/// An endpoint that knows one tenant, with the secret of number 0; what it once knew never ages.
///
/// # Errors
///
/// None: the sender takes its secret.
pub fn tenants() -> Result<Tenants> {
    let from = TenantFrom::PathPrefix("/webhooks/".to_owned());
    let tenants = Tenants::builder(from, OneTenant, StandardWebhooks::new);
    Ok(tenants.cache_clock(FixedClock::new(Timestamp::from_millis(0))).build()?)
}

/// `request` rejected for its signature, as one for `tenant`, whose keys have been asked for.
///
/// # Errors
///
/// One that says so if it is not rejected, or for another reason.
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
    Ok(Contender::new(tenant, move || black_box(rejection()).is_none()))
}
