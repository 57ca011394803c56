//! Keys of many tenants: when they are resolved, how long they are cached, and how unknown tenants are
//! rejected.

#![allow(clippy::unwrap_used)]

mod dedup {
    pub(crate) mod poll;
}

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use countersign::scheme::SigningRequest;
use countersign::tenants::{
    KeyResolver, ResolveError, Tenant, TenantFrom, Tenants, TenantsBuilder,
};
use countersign::time::FixedClock;
use countersign::{
    Admission, ConfigErrorKind, Contract, Delivery, Headers, Keyring, Outcome, Receiver, Rejection,
    RejectionKind, Secret, Timestamp, senders,
};

use self::dedup::poll::block_on;

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);
const BODY: &[u8] = br#"{"id":"evt_1","type":"invoice.paid"}"#;
const PATH: &str = "/webhooks/stripe/";

/// Resolves tenants from a table, and counts the calls.
#[derive(Clone, Default)]
struct Table {
    secrets: Arc<Mutex<HashMap<String, String>>>,
    lookups: Arc<AtomicUsize>,
    /// The number of polls until a call returns.
    delay: usize,
    is_down: Arc<Mutex<bool>>,
}

impl Table {
    fn of(tenants: &[(&str, &str)]) -> Self {
        let table = Self::default();
        for (tenant, secret) in tenants {
            table.set(tenant, secret);
        }
        table
    }

    fn set(&self, tenant: &str, secret: &str) {
        self.secrets.lock().unwrap().insert(tenant.to_owned(), secret.to_owned());
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.secrets.lock().unwrap().get(name).map(|secret| Secret::new(secret.as_str()).unwrap())
    }

    fn lookups(&self) -> usize {
        self.lookups.load(SeqCst)
    }
}

impl KeyResolver for Table {
    async fn resolve(&self, tenant: &str) -> Result<Option<Tenant>, ResolveError> {
        self.lookups.fetch_add(1, SeqCst);
        // The table is read first, and the result is returned later.
        let secret = self.secret(tenant);
        let mut left = self.delay;
        poll_fn(|_| {
            left = left.saturating_sub(1);
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        if *self.is_down.lock().unwrap() {
            return Err(ResolveError::new("the database is down"));
        }
        // Names are compared without case, as in many databases.
        let name = tenant.to_lowercase();
        Ok(secret.or_else(|| self.secret(&name)).map(|secret| Tenant::new(name, secret)))
    }
}

fn builder(table: &Table) -> TenantsBuilder {
    let from = TenantFrom::PathPrefix(PATH.to_owned());
    Tenants::builder(from, table.clone(), |keys| senders::STRIPE.keys(keys))
}

fn tenants(table: &Table) -> Tenants {
    builder(table).build().unwrap()
}

/// A request to a path, signed with a secret.
struct Request {
    path: String,
    headers: Vec<(String, String)>,
}

impl Request {
    fn new(tenant: &str, secret: &str) -> Self {
        let scheme = senders::STRIPE.config().scheme().unwrap();
        let secret = Secret::new(secret).unwrap();
        let headers = SigningRequest::new(BODY).timestamp(NOW).sign(&scheme, &secret).unwrap();
        Self { path: format!("{PATH}{tenant}"), headers }
    }
}

impl Headers for Request {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.headers.each(visit);
    }

    fn path(&self) -> Option<&str> {
        Some(&self.path)
    }
}

async fn verify(tenants: &Tenants, request: &Request) -> Result<Delivery, Rejection> {
    tenants.receiver(request).await?.verify(request, BODY, NOW)
}

#[track_caller]
fn rejects(result: Result<Delivery, Rejection>, kind: RejectionKind) -> Rejection {
    let rejection = result.map(drop).unwrap_err();
    assert_eq!(rejection.kind(), kind);
    rejection
}

/// Polls once.
fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn each_tenant_is_verified_with_its_own_keys() {
    let tenants = tenants(&Table::of(&[("acme", "secret of acme"), ("beta", "secret of beta")]));
    for (tenant, secret) in [("acme", "secret of acme"), ("beta", "secret of beta")] {
        let delivery = block_on(verify(&tenants, &Request::new(tenant, secret))).unwrap();
        assert_eq!(delivery.tenant(), Some(tenant));
    }
    let signed_by_other = Request::new("acme", "secret of beta");
    rejects(block_on(verify(&tenants, &signed_by_other)), RejectionKind::SignatureMismatch);
}

#[test]
fn an_unknown_tenant_is_rejected_like_a_wrong_signature() {
    let tenants = tenants(&Table::of(&[("acme", "secret of acme")]));
    let wrong = block_on(verify(&tenants, &Request::new("acme", "a guess")));
    let unknown = block_on(verify(&tenants, &Request::new("nobody", "a guess")));
    let wrong = rejects(wrong, RejectionKind::SignatureMismatch);
    let unknown = rejects(unknown, RejectionKind::SignatureMismatch);
    assert_eq!(unknown.status(), wrong.status());
    // Only the operator's text differs.
    assert!(unknown.to_string().contains("no tenant"), "{unknown}");
}

#[test]
fn a_request_signed_with_the_dummy_key_is_rejected() {
    // The dummy key is not a secret: it is in the source.
    let dummy_key = "5f5e1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f";
    let tenants = tenants(&Table::default());
    let request = Request::new("nobody", dummy_key);
    let receiver = block_on(tenants.receiver(&request)).unwrap();
    rejects(receiver.verify(&request, BODY, NOW), RejectionKind::SignatureMismatch);
    let mut verifier = receiver.open(&request, NOW).unwrap();
    verifier.update(BODY).unwrap();
    rejects(verifier.finalize(), RejectionKind::SignatureMismatch);
}

#[test]
fn invalid_tenant_names_are_not_resolved() {
    let table = Table::of(&[("acme", "secret of acme")]);
    let tenants = tenants(&table);
    let long = "a".repeat(129);
    for name in ["", "acme/", "a/b", "%61cme", "acme\u{1f}x", "ac me", &long] {
        let request = Request::new(name, "secret of acme");
        rejects(block_on(verify(&tenants, &request)), RejectionKind::SignatureMismatch);
    }
    let mut elsewhere = Request::new("acme", "secret of acme");
    elsewhere.path = "/other/acme".to_owned();
    rejects(block_on(verify(&tenants, &elsewhere)), RejectionKind::SignatureMismatch);
    assert_eq!(table.lookups(), 0);
}

#[test]
fn a_header_can_name_the_tenant() {
    let table = Table::of(&[("acme", "secret of acme")]);
    let from = TenantFrom::Header("X-Key-Id".to_owned());
    let tenants = Tenants::builder(from, table, |keys| senders::STRIPE.keys(keys)).build().unwrap();
    let mut request = Request::new("", "secret of acme");
    let missing = rejects(block_on(verify(&tenants, &request)), RejectionKind::MissingHeader);
    assert_eq!(missing.location(), Some("x-key-id"));
    request.headers.push(("x-key-id".to_owned(), "acme".to_owned()));
    assert_eq!(block_on(verify(&tenants, &request)).unwrap().tenant(), Some("acme"));
    request.headers.push(("X-KEY-ID".to_owned(), "acme".to_owned()));
    rejects(block_on(verify(&tenants, &request)), RejectionKind::DuplicateHeader);
}

#[test]
fn concurrent_requests_resolve_once() {
    let table = Table { delay: 3, ..Table::of(&[("acme", "secret of acme")]) };
    let tenants = tenants(&table);
    let request = Request::new("acme", "secret of acme");
    let mut waiting: Vec<_> = (0..64).map(|_| Box::pin(verify(&tenants, &request))).collect();
    let mut results = Vec::new();
    while !waiting.is_empty() {
        waiting.retain_mut(|future| match poll(future.as_mut()) {
            Poll::Ready(result) => {
                results.push(result);
                false
            }
            Poll::Pending => true,
        });
    }
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 64);
    assert_eq!(table.lookups(), 1);
}

#[test]
fn a_waiting_request_resolves_if_the_resolving_one_is_dropped() {
    let table = Table { delay: 2, ..Table::of(&[("acme", "secret of acme")]) };
    let tenants = tenants(&table);
    let request = Request::new("acme", "secret of acme");
    let mut first = Box::pin(verify(&tenants, &request));
    let mut second = pin!(verify(&tenants, &request));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    drop(first);
    assert_eq!(block_on(second).unwrap().tenant(), Some("acme"));
    assert_eq!(table.lookups(), 2);
}

#[test]
fn known_and_unknown_tenants_are_cached_for_the_ttl() {
    let table = Table::of(&[("acme", "secret of acme")]);
    let clock = FixedClock::new(NOW);
    let tenants = builder(&table)
        .cache_ttl(Duration::from_secs(60))
        .cache_clock(clock.clone())
        .build()
        .unwrap();
    let known = Request::new("acme", "secret of acme");
    let unknown = Request::new("later", "secret of later");
    for _ in 0..3 {
        block_on(verify(&tenants, &known)).unwrap();
        rejects(block_on(verify(&tenants, &unknown)), RejectionKind::SignatureMismatch);
    }
    assert_eq!(table.lookups(), 2);
    table.set("later", "secret of later");
    clock.advance(Duration::from_secs(30));
    block_on(verify(&tenants, &unknown)).unwrap();
    block_on(verify(&tenants, &known)).unwrap();
    assert_eq!(table.lookups(), 3);
    table.set("acme", "its new secret");
    clock.advance(Duration::from_secs(30));
    rejects(block_on(verify(&tenants, &known)), RejectionKind::SignatureMismatch);
    assert_eq!(table.lookups(), 4);
}

#[test]
fn an_invalidated_tenant_is_resolved_again() {
    let table = Table::of(&[("acme", "secret of acme")]);
    let tenants = tenants(&table);
    let request = Request::new("acme", "secret of acme");
    block_on(verify(&tenants, &request)).unwrap();
    table.set("acme", "its new secret");
    tenants.invalidate("acme");
    rejects(block_on(verify(&tenants, &request)), RejectionKind::SignatureMismatch);
}

#[test]
fn a_lookup_from_before_an_invalidation_is_not_cached() {
    let table = Table { delay: 2, ..Table::of(&[("acme", "the old secret")]) };
    let tenants = tenants(&table);
    let request = Request::new("acme", "the old secret");
    let mut in_flight = pin!(verify(&tenants, &request));
    assert!(poll(in_flight.as_mut()).is_pending());
    table.set("acme", "the new secret");
    tenants.invalidate("acme");
    rejects(block_on(in_flight), RejectionKind::SignatureMismatch);
    rejects(block_on(verify(&tenants, &request)), RejectionKind::SignatureMismatch);
    block_on(verify(&tenants, &Request::new("acme", "the new secret"))).unwrap();
}

#[test]
fn all_names_of_a_tenant_share_its_events() {
    let tenants = tenants(&Table::of(&[("acme", "one secret")]));
    let runs = ["acme", "Acme", "ACME"].map(|name| {
        let request = Request::new(name, "one secret");
        let receiver = block_on(tenants.receiver(&request)).unwrap();
        let delivery = receiver.verify(&request, BODY, NOW).unwrap();
        assert_eq!(delivery.tenant(), Some("acme"));
        match block_on(receiver.claim(&delivery)).unwrap() {
            Admission::Proceed(claim) => block_on(claim.commit()).is_ok(),
            Admission::Respond(_) => false,
        }
    });
    assert_eq!(runs, [true, false, false]);
}

#[test]
fn a_known_tenant_is_resolved_even_at_the_lookup_limit() {
    let table = Table { delay: 2, ..Table::of(&[("acme", "secret of acme")]) };
    let clock = FixedClock::new(NOW);
    let tenants = builder(&table).cache_clock(clock.clone()).build().unwrap();
    let request = Request::new("acme", "secret of acme");
    block_on(verify(&tenants, &request)).unwrap();
    clock.advance(Duration::from_secs(3600));
    let junk: Vec<_> = (0..64).map(|at| Request::new(&format!("name{at}"), "a guess")).collect();
    let mut waiting: Vec<_> =
        junk.iter().map(|request| Box::pin(verify(&tenants, request))).collect();
    assert!(waiting.iter_mut().all(|future| poll(future.as_mut()).is_pending()));
    block_on(verify(&tenants, &request)).unwrap();
}

#[test]
fn a_delivery_is_claimed_only_by_its_own_tenants_receiver() {
    let tenants = tenants(&Table::of(&[("acme", "one secret"), ("beta", "one secret")]));
    let receiver =
        |tenant: &str| block_on(tenants.receiver(&Request::new(tenant, "one secret"))).unwrap();
    let request = Request::new("acme", "one secret");
    let delivery = receiver("acme").verify(&request, BODY, NOW).unwrap();
    let error = block_on(receiver("beta").claim(&delivery)).map(drop).unwrap_err();
    assert!(error.to_string().contains("tenant"), "{error}");
}

#[test]
fn configure_takes_only_the_settings_of_another_senders_builder() {
    let other = Receiver::builder(senders::GITHUB.keys(Secret::new("a key").unwrap()).unwrap());
    let tenants = builder(&Table::default()).configure(|_| other.endpoint("orders"));
    let receiver = block_on(tenants.build().unwrap().receiver(&Request::new("acme", "a secret")));
    let receiver = receiver.unwrap();
    assert_eq!((receiver.scheme().sender(), receiver.endpoint()), ("stripe", "orders"));
}

#[test]
fn every_wrong_setting_is_named_at_once() {
    let tenants = builder(&Table::default())
        .cache_capacity(0)
        .configure(|receiver| receiver.lease(Duration::ZERO).retention(Duration::ZERO))
        .build();
    let error = tenants.map(drop).unwrap_err();
    let kinds: Vec<_> = error.kinds().collect();
    let expected = [
        ConfigErrorKind::OutOfRange,
        ConfigErrorKind::RetentionTooShort,
        ConfigErrorKind::OutOfRange,
    ];
    assert_eq!(kinds, expected, "{error}");
    for setting in ["`cache_capacity`", "`retention`", "`lease`"] {
        assert!(error.to_string().contains(setting), "{error}");
    }
}

#[test]
fn the_cache_is_bounded_and_unknown_tenants_evict_no_known_one() {
    let names = ["a", "b", "c", "d"];
    let table = Table::of(&names.map(|name| (name, "a secret of theirs")));
    let tenants = builder(&table).cache_capacity(3).build().unwrap();
    let resolve =
        |name: &str| block_on(verify(&tenants, &Request::new(name, "a secret of theirs")));
    for name in ["a", "b", "c"] {
        resolve(name).unwrap();
    }
    for at in 0..100 {
        rejects(resolve(&format!("unknown{at}")), RejectionKind::SignatureMismatch);
    }
    let before = table.lookups();
    for name in ["a", "b", "c"] {
        resolve(name).unwrap();
    }
    assert_eq!(table.lookups(), before);
    resolve("d").unwrap();
    resolve("a").unwrap();
    assert_eq!(table.lookups(), before + 2);
}

#[test]
fn unavailable_keys_are_503_and_resolved_again() {
    let table = Table::of(&[("acme", "secret of acme")]);
    *table.is_down.lock().unwrap() = true;
    let tenants = tenants(&table);
    let request = Request::new("acme", "secret of acme");
    let rejection = rejects(block_on(verify(&tenants, &request)), RejectionKind::KeysUnavailable);
    assert_eq!(rejection.status(), 503);
    assert!(rejection.to_string().contains("the database is down"), "{rejection}");
    *table.is_down.lock().unwrap() = false;
    block_on(verify(&tenants, &request)).unwrap();
}

#[test]
fn keys_in_another_form_than_the_senders_are_503() {
    let table = Table::of(&[("acme", "not base64!")]);
    let from = TenantFrom::PathPrefix(PATH.to_owned());
    let tenants = Tenants::builder(from, table, |keys| senders::SVIX.keys(keys)).build().unwrap();
    let request = Request::new("acme", "not base64!");
    rejects(block_on(verify(&tenants, &request)), RejectionKind::KeysUnavailable);
}

#[test]
fn concurrent_lookups_are_limited() {
    let table = Table { delay: 1000, ..Table::default() };
    let tenants = tenants(&table);
    let requests: Vec<_> =
        (0..65).map(|at| Request::new(&format!("name{at}"), "a guess")).collect();
    let mut waiting: Vec<_> =
        requests.iter().map(|request| Box::pin(verify(&tenants, request))).collect();
    let results: Vec<_> = waiting.iter_mut().map(|future| poll(future.as_mut())).collect();
    assert_eq!(results.iter().filter(|result| result.is_pending()).count(), 64);
    let Some(Poll::Ready(last)) = results.into_iter().next_back() else { panic!("it waits") };
    rejects(last, RejectionKind::KeysUnavailable);
}

#[test]
fn one_event_of_two_tenants_is_two_events() {
    let tenants = tenants(&Table::of(&[("acme", "one secret"), ("beta", "one secret")]));
    let claim = |tenant: &str| {
        let request = Request::new(tenant, "one secret");
        let receiver: Arc<Receiver> = block_on(tenants.receiver(&request)).unwrap();
        let delivery = receiver.verify(&request, BODY, NOW).unwrap();
        block_on(receiver.claim(&delivery)).unwrap()
    };
    let Admission::Proceed(first) = claim("acme") else { panic!("it is new") };
    block_on(first.commit()).unwrap();
    assert!(matches!(claim("beta"), Admission::Proceed(_)));
    assert!(matches!(claim("acme"), Admission::Respond(Outcome::Duplicate { same_body: true })));
}

#[test]
fn handled_events_outlive_a_tenants_cache_entry() {
    let tenants = tenants(&Table::of(&[("acme", "one secret")]));
    let request = Request::new("acme", "one secret");
    for expected in [true, false] {
        let receiver = block_on(tenants.receiver(&request)).unwrap();
        let delivery = receiver.verify(&request, BODY, NOW).unwrap();
        let admission = block_on(receiver.claim(&delivery)).unwrap();
        assert_eq!(matches!(admission, Admission::Proceed(_)), expected);
        if let Admission::Proceed(claim) = admission {
            block_on(claim.commit()).unwrap();
        }
        tenants.invalidate("acme");
    }
}

#[test]
fn every_sender_can_have_tenants() {
    for sender in senders::ALL {
        let from = TenantFrom::PathPrefix(PATH.to_owned());
        let made =
            Tenants::builder(from, Table::default(), |keys| sender.example_config().keys(keys))
                .build();
        assert!(made.is_ok(), "{}: {made:?}", sender.name());
    }
}

#[test]
fn an_invalid_tenant_source_is_rejected_at_startup() {
    let make = |from| {
        let made = Tenants::builder(from, Table::default(), |keys| senders::STRIPE.keys(keys));
        made.build().map(drop).unwrap_err().kind()
    };
    let path = |path: &str| make(TenantFrom::PathPrefix(path.to_owned()));
    assert_eq!(path("webhooks/"), ConfigErrorKind::MissingSetting);
    assert_eq!(path("/webhooks"), ConfigErrorKind::MissingSetting);
    assert_eq!(make(TenantFrom::Header("x y".to_owned())), ConfigErrorKind::InvalidHeaderName);
    let zero = builder(&Table::default()).cache_capacity(0).build().map(drop).unwrap_err();
    assert_eq!(zero.kind(), ConfigErrorKind::OutOfRange);
    let zero = builder(&Table::default()).cache_ttl(Duration::ZERO).build().map(drop).unwrap_err();
    assert_eq!(zero.kind(), ConfigErrorKind::OutOfRange);
}

const JWK: &str =
    r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

#[test]
fn a_key_set_verifies_what_its_private_key_signed() {
    // RFC 8037 appendix A.1 and A.2.
    let set = format!(r#"{{"keys":[{{"kty":"RSA","n":"","e":""}},{JWK}]}}"#);
    let sender = senders::STANDARD_WEBHOOKS_V1A.keys(Keyring::from_jwks(&set).unwrap()).unwrap();
    let receiver = Receiver::new(sender);
    let seed = Secret::new("whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=").unwrap();
    let headers = SigningRequest::new(BODY)
        .id("msg_1")
        .timestamp(NOW)
        .sign(receiver.scheme(), &seed)
        .unwrap();
    assert_eq!(receiver.verify(&headers, BODY, NOW).unwrap().key_name(), "a");
}

#[track_caller]
fn rejects_key_set(set: &str, kind: ConfigErrorKind) {
    assert_eq!(Keyring::from_jwks(set).map(drop).unwrap_err().kind(), kind, "{set}");
}

#[test]
fn a_key_set_without_a_usable_key_is_rejected() {
    rejects_key_set("{}", ConfigErrorKind::InvalidSecret);
    rejects_key_set("not JSON", ConfigErrorKind::InvalidSecret);
    rejects_key_set(r#"{"keys":[]}"#, ConfigErrorKind::InvalidKeyring);
    rejects_key_set(
        r#"{"keys":[{"kty":"EC","crv":"P-256","x":"","y":""}]}"#,
        ConfigErrorKind::InvalidKeyring,
    );
    rejects_key_set(&format!(r#"{{"keys":[{JWK},{JWK}]}}"#), ConfigErrorKind::InvalidKeyring);
    let for_encryption = JWK.replace("\"kid\"", "\"use\":\"enc\",\"kid\"");
    rejects_key_set(&format!(r#"{{"keys":[{for_encryption}]}}"#), ConfigErrorKind::InvalidKeyring);
    for x in ["", "AAAA", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="] {
        let key = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#);
        rejects_key_set(&key, ConfigErrorKind::InvalidSecret);
    }
}

#[test]
fn a_key_without_a_name_is_named_by_its_position() {
    let set = format!(r#"{{"keys":[{}]}}"#, JWK.replace("\"kid\":\"a\",", ""));
    let ring = Keyring::from_jwks(&set).unwrap();
    assert!(format!("{ring:?}").contains("jwk-1"), "{ring:?}");
}

#[test]
fn settings_too_short_for_one_tenants_contract_are_503() {
    let table = Table::of(&[("acme", "secret of acme")]);
    let calls = AtomicUsize::new(0);
    let from = TenantFrom::PathPrefix(PATH.to_owned());
    // The first sender is made to check the configuration; that of the tenant retries for longer.
    let tenants = Tenants::builder(from, table, move |keys| {
        let days = if calls.fetch_add(1, SeqCst) == 0 { 1 } else { 30 };
        let window = Duration::from_secs(days * 24 * 60 * 60);
        let contract = Contract::builder().retry_window(window).build()?;
        Ok(senders::STRIPE.keys(keys)?.with_contract(contract))
    });
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    let tenants = tenants.configure(move |receiver| receiver.retention(week)).build().unwrap();
    let request = Request::new("acme", "secret of acme");
    let rejection = rejects(block_on(verify(&tenants, &request)), RejectionKind::KeysUnavailable);
    assert!(rejection.to_string().contains("`retention`"), "{rejection}");
}

#[test]
fn configurations_add_up() {
    let tenants = builder(&Table::default())
        .configure(|receiver| receiver.endpoint("orders"))
        .configure(|receiver| receiver.lease(Duration::from_secs(40)))
        .build()
        .unwrap();
    let receiver = block_on(tenants.receiver(&Request::new("nobody", "a guess"))).unwrap();
    assert_eq!(receiver.endpoint(), "orders");
    assert_eq!(receiver.timeouts().lease, Duration::from_secs(40));
}
