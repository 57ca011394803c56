//! The contenders of other crates, each called through its public interface.
//!
//! A crate whose verifier has one secret is called for one secret after another, as its users would.

use std::hint::black_box;

use webhook_verify::{Provider, Secret, VerifyOptions, verify, verify_any};

use crate::{Contender, Request, Result, secret};

/// Creates the contender for `standardwebhooks`, the reference library.
///
/// # Errors
///
/// Never: the secrets are well formed.
pub fn standard_webhooks(keys: u8, request: &Request) -> Result<Contender<'_>> {
    let mut hooks = Vec::new();
    for number in 0..keys {
        hooks.push(standardwebhooks::Webhook::new(&secret(number))?);
    }
    Ok(Contender::new("standardwebhooks", move || {
        let accepts = |hook: &standardwebhooks::Webhook| {
            black_box(hook.verify(&request.body, &request.headers)).is_ok()
        };
        hooks.iter().any(accepts)
    }))
}

/// Creates the contender for `svix`, a sender's library for its receivers.
///
/// # Errors
///
/// Never: the secrets are well formed.
pub fn svix(keys: u8, request: &Request) -> Result<Contender<'_>> {
    let mut hooks = Vec::new();
    for number in 0..keys {
        hooks.push(svix::webhooks::Webhook::new(&secret(number))?);
    }
    Ok(Contender::new("svix", move || {
        let accepts = |hook: &svix::webhooks::Webhook| {
            black_box(hook.verify(&request.body, &request.headers)).is_ok()
        };
        hooks.iter().any(accepts)
    }))
}

/// Creates the contender for `webhook-verify`, whose one function decodes the secret in every call.
pub fn webhook_verify(keys: u8, request: &Request) -> Contender<'_> {
    let secrets: Vec<Secret> = (0..keys).map(|number| Secret::new(secret(number))).collect();
    Contender::new("webhook-verify", move || {
        let Request { headers, body, .. } = request;
        let sender = Provider::StandardWebhooks;
        let options = VerifyOptions::default();
        let outcome = match secrets.as_slice() {
            [secret] => verify(sender, headers, body, secret, options),
            secrets => verify_any(sender, headers, body, secrets, options),
        };
        black_box(outcome).is_ok()
    })
}
