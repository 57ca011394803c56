//! Handshakes at an endpoint of many tenants.

#![allow(clippy::unwrap_used)]

#[path = "dedup/poll.rs"]
mod poll;

use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign::adapter::{AdapterState, Response, Timer, verify};
use countersign::senders::{self, ConfiguredSender};
use countersign::tenants::{KeyResolver, ResolveError, Tenant, TenantFrom, Tenants};
use countersign::{ConfigError, Headers, Keyring, Outcome, RejectionKind, Secret};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use self::poll::block_on;

const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Only the tenant `acme` is known.
struct Resolver;

impl KeyResolver for Resolver {
    async fn resolve(&self, name: &str) -> Result<Option<Tenant>, ResolveError> {
        Ok((name == "acme").then(|| Tenant::new(name, Secret::new(SECRET).unwrap())))
    }
}

/// No timeout expires.
struct Never;

impl Timer for Never {
    type Instant = Duration;
    type Sleep = std::future::Pending<()>;

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep_until(&self, _: Duration) -> Self::Sleep {
        std::future::pending()
    }
}

struct Head {
    path: String,
    query: &'static str,
    headers: Vec<(&'static str, String)>,
}

impl Headers for Head {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.headers.each(visit);
    }

    fn path(&self) -> Option<&str> {
        Some(&self.path)
    }

    fn query(&self) -> Option<&str> {
        Some(self.query)
    }
}

fn head(tenant: &str) -> Head {
    Head { path: format!("/hooks/{tenant}"), query: "", headers: Vec::new() }
}

fn state(
    sender: impl Fn(Keyring) -> Result<ConfiguredSender, ConfigError> + Send + Sync + 'static,
) -> AdapterState {
    let from = TenantFrom::PathPrefix("/hooks/".to_owned());
    AdapterState::new(Tenants::builder(from, Resolver, sender).build().unwrap())
}

/// The response that is sent in place of the handler's.
#[track_caller]
fn response(state: &AdapterState, method: &str, head: &Head, body: &'static str) -> Response {
    let mut body = Some(Bytes::from_static(body.as_bytes()));
    let poll = |_: &mut Context<'_>| Poll::Ready(body.take().map(Ok::<_, Infallible>));
    let verified =
        block_on(verify(state, &mut state.begin_recording(), &Never, method, head, poll));
    verified.map(|_| ()).unwrap_err()
}

fn x() -> AdapterState {
    state(|keys| senders::X.keys(keys))
}

#[test]
fn xs_check_is_signed_with_the_key_of_its_tenant() {
    let check = Head { query: "crc_token=abc", ..head("acme") };
    let response = response(&x(), "GET", &check, "");
    let mut mac: Hmac<Sha256> = Hmac::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(b"abc");
    let tag = STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(response.body(), &format!(r#"{{"response_token":"sha256={tag}"}}"#));
    assert_eq!(response.outcome(), Some(Outcome::HandshakeAnswered));
}

#[test]
fn xs_check_of_an_unknown_tenant_is_rejected() {
    let check = Head { query: "crc_token=abc", ..head("unknown") };
    let response = response(&x(), "GET", &check, "");
    assert_eq!(response.rejection().unwrap().kind(), RejectionKind::MethodNotAllowed);
}

#[test]
fn an_unsigned_ping_needs_no_tenant() {
    let woocommerce =
        state(|keys| senders::WOOCOMMERCE.config().answer_unsigned_handshakes().keys(keys));
    for tenant in ["acme", "unknown"] {
        let response = response(&woocommerce, "POST", &head(tenant), "webhook_id=5");
        assert_eq!((response.status(), response.body().len()), (200, 0));
        assert_eq!(response.outcome(), Some(Outcome::HandshakeAnswered));
    }
    let response = response(&woocommerce, "POST", &head("acme"), "{}");
    assert_eq!(response.rejection().unwrap().kind(), RejectionKind::MissingHeader);
}

#[test]
fn no_tenant_takes_a_secret_from_a_request() {
    let asana = state(|keys| {
        senders::ASANA.config().on_secret(|_| panic!("a secret was handed over")).keys(keys)
    });
    for tenant in ["acme", "unknown"] {
        let headers = vec![("x-hook-secret", "abc".to_owned())];
        let response = response(&asana, "POST", &Head { headers, ..head(tenant) }, "");
        let rejection = response.rejection().unwrap();
        assert_eq!(rejection.kind(), RejectionKind::HandshakeRejected);
        assert!(rejection.to_string().contains("`Tenants`"), "{rejection}");
    }
}
