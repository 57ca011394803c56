//! Keys of many tenants: who is asked for, how often, and what an unknown one is told.

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
    Admission, ConfigErrorKind, Delivery, Headers, Keyring, Outcome, Receiver, Rejection,
    RejectionKind, Secret, Timestamp, senders,
};

use self::dedup::poll::block_on;

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);
const BODY: &[u8] = br#"{"id":"evt_1","type":"invoice.paid"}"#;
const PATH: &str = "/webhooks/stripe/";

/// Knows tenants by a table, and counts how often it is asked.
#[derive(Clone, Default)]
struct Table {
    secrets: Arc<Mutex<HashMap<String, String>>>,
    asked: Arc<AtomicUsize>,
    /// How many polls an answer takes.
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

    fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }
}

impl KeyResolver for Table {
    async fn resolve(&self, tenant: &str) -> Result<Option<Tenant>, ResolveError> {
        self.asked.fetch_add(1, SeqCst);
        // Read at once, and told late.
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
        // Names differ in case, as in many a database.
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
fn rejected(answer: Result<Delivery, Rejection>, kind: RejectionKind) -> Rejection {
    let rejection = answer.map(drop).unwrap_err();
    assert_eq!(rejection.kind(), kind);
    rejection
}

/// Polls once, as a runtime that has other things to do.
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
    let crossed = Request::new("acme", "secret of beta");
    rejected(block_on(verify(&tenants, &crossed)), RejectionKind::SignatureMismatch);
}

#[test]
fn an_unknown_tenant_is_told_what_a_wrong_signature_is() {
    let tenants = tenants(&Table::of(&[("acme", "secret of acme")]));
    let wrong = block_on(verify(&tenants, &Request::new("acme", "a guess")));
    let unknown = block_on(verify(&tenants, &Request::new("nobody", "a guess")));
    let wrong = rejected(wrong, RejectionKind::SignatureMismatch);
    let unknown = rejected(unknown, RejectionKind::SignatureMismatch);
    assert_eq!(unknown.status(), wrong.status());
    // Only the operator is told.
    assert!(unknown.to_string().contains("no tenant"), "{unknown}");
}

#[test]
fn whoever_has_the_key_that_stands_for_none_is_rejected_all_the_same() {
    // It is no secret: it stands in the source.
    let stand_in = "5f5e1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f";
    let tenants = tenants(&Table::default());
    let request = Request::new("nobody", stand_in);
    let receiver = block_on(tenants.receiver(&request)).unwrap();
    rejected(receiver.verify(&request, BODY, NOW), RejectionKind::SignatureMismatch);
    let mut verifier = receiver.open(&request, NOW).unwrap();
    verifier.update(BODY).unwrap();
    rejected(verifier.finalize(), RejectionKind::SignatureMismatch);
}

#[test]
fn names_that_no_tenant_has_are_not_asked_for() {
    let table = Table::of(&[("acme", "secret of acme")]);
    let tenants = tenants(&table);
    let long = "a".repeat(129);
    for name in ["", "acme/", "a/b", "%61cme", "acme\u{1f}x", "ac me", &long] {
        let request = Request::new(name, "secret of acme");
        rejected(block_on(verify(&tenants, &request)), RejectionKind::SignatureMismatch);
    }
    let mut elsewhere = Request::new("acme", "secret of acme");
    elsewhere.path = "/other/acme".to_owned();
    rejected(block_on(verify(&tenants, &elsewhere)), RejectionKind::SignatureMismatch);
    assert_eq!(table.asked(), 0);
}

#[test]
fn a_header_names_the_tenant_too() {
    let table = Table::of(&[("acme", "secret of acme")]);
    let from = TenantFrom::Header("X-Key-Id".to_owned());
    let tenants = Tenants::builder(from, table, |keys| senders::STRIPE.keys(keys)).build().unwrap();
    let mut request = Request::new("", "secret of acme");
    let missing = rejected(block_on(verify(&tenants, &request)), RejectionKind::MissingHeader);
    assert_eq!(missing.location(), Some("x-key-id"));
    request.headers.push(("x-key-id".to_owned(), "acme".to_owned()));
    assert_eq!(block_on(verify(&tenants, &request)).unwrap().tenant(), Some("acme"));
    request.headers.push(("X-KEY-ID".to_owned(), "acme".to_owned()));
    rejected(block_on(verify(&tenants, &request)), RejectionKind::DuplicateHeader);
}

#[test]
fn many_at_once_ask_once() {
    let table = Table { delay: 3, ..Table::of(&[("acme", "secret of acme")]) };
    let tenants = tenants(&table);
    let request = Request::new("acme", "secret of acme");
    let mut waiting: Vec<_> = (0..64).map(|_| Box::pin(verify(&tenants, &request))).collect();
    let mut answers = Vec::new();
    while !waiting.is_empty() {
        waiting.retain_mut(|future| match poll(future.as_mut()) {
            Poll::Ready(answer) => {
                answers.push(answer);
                false
            }
            Poll::Pending => true,
        });
    }
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 64);
    assert_eq!(table.asked(), 1);
}

#[test]
fn who_waits_asks_itself_when_the_asker_is_gone() {
    let table = Table { delay: 2, ..Table::of(&[("acme", "secret of acme")]) };
    let tenants = tenants(&table);
    let request = Request::new("acme", "secret of acme");
    let mut first = Box::pin(verify(&tenants, &request));
    let mut second = pin!(verify(&tenants, &request));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    drop(first);
    assert_eq!(block_on(second).unwrap().tenant(), Some("acme"));
    assert_eq!(table.asked(), 2);
}

#[test]
fn both_answers_are_kept_for_their_time_and_no_longer() {
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
        rejected(block_on(verify(&tenants, &unknown)), RejectionKind::SignatureMismatch);
    }
    assert_eq!(table.asked(), 2);
    table.set("later", "secret of later");
    clock.advance(Duration::from_secs(30));
    block_on(verify(&tenants, &unknown)).unwrap();
    block_on(verify(&tenants, &known)).unwrap();
    assert_eq!(table.asked(), 3);
    table.set("acme", "its new secret");
    clock.advance(Duration::from_secs(30));
    rejected(block_on(verify(&tenants, &known)), RejectionKind::SignatureMismatch);
    assert_eq!(table.asked(), 4);
}

#[test]
fn a_tenant_that_is_forgotten_is_asked_for_anew() {
    let table = Table::of(&[("acme", "secret of acme")]);
    let tenants = tenants(&table);
    let request = Request::new("acme", "secret of acme");
    block_on(verify(&tenants, &request)).unwrap();
    table.set("acme", "its new secret");
    tenants.invalidate("acme");
    rejected(block_on(verify(&tenants, &request)), RejectionKind::SignatureMismatch);
}

#[test]
fn what_was_asked_before_a_tenant_was_forgotten_is_not_kept() {
    let table = Table { delay: 2, ..Table::of(&[("acme", "the old secret")]) };
    let tenants = tenants(&table);
    let request = Request::new("acme", "the old secret");
    let mut under_way = pin!(verify(&tenants, &request));
    assert!(poll(under_way.as_mut()).is_pending());
    table.set("acme", "the new secret");
    tenants.invalidate("acme");
    rejected(block_on(under_way), RejectionKind::SignatureMismatch);
    rejected(block_on(verify(&tenants, &request)), RejectionKind::SignatureMismatch);
    block_on(verify(&tenants, &Request::new("acme", "the new secret"))).unwrap();
}

#[test]
fn names_of_one_tenant_are_one_event() {
    let tenants = tenants(&Table::of(&[("acme", "one secret")]));
    let runs = ["acme", "Acme", "ACME"].map(|name| {
        let request = Request::new(name, "one secret");
        let receiver = block_on(tenants.receiver(&request)).unwrap();
        let delivery = receiver.verify(&request, BODY, NOW).unwrap();
        assert_eq!(delivery.tenant(), Some("acme"));
        match block_on(receiver.claim(&delivery)).unwrap() {
            Admission::Proceed(claimed) => block_on(claimed.commit()).is_ok(),
            Admission::Respond(_) => false,
        }
    });
    assert_eq!(runs, [true, false, false]);
}

#[test]
fn a_tenant_known_before_is_asked_for_however_crowded_it_is() {
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
fn a_delivery_is_claimed_by_its_own_tenant_only() {
    let tenants = tenants(&Table::of(&[("acme", "one secret"), ("beta", "one secret")]));
    let receiver =
        |tenant: &str| block_on(tenants.receiver(&Request::new(tenant, "one secret"))).unwrap();
    let request = Request::new("acme", "one secret");
    let delivery = receiver("acme").verify(&request, BODY, NOW).unwrap();
    let error = block_on(receiver("beta").claim(&delivery)).map(drop).unwrap_err();
    assert!(error.to_string().contains("tenant"), "{error}");
}

#[test]
fn a_builder_of_another_sender_gives_its_settings_only() {
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
fn as_many_are_kept_as_fit_and_unknown_ones_push_out_none() {
    let names = ["a", "b", "c", "d"];
    let table = Table::of(&names.map(|name| (name, "a secret of theirs")));
    let tenants = builder(&table).cache_capacity(3).build().unwrap();
    let ask = |name: &str| block_on(verify(&tenants, &Request::new(name, "a secret of theirs")));
    for name in ["a", "b", "c"] {
        ask(name).unwrap();
    }
    for at in 0..100 {
        rejected(ask(&format!("unknown{at}")), RejectionKind::SignatureMismatch);
    }
    let before = table.asked();
    for name in ["a", "b", "c"] {
        ask(name).unwrap();
    }
    assert_eq!(table.asked(), before);
    ask("d").unwrap();
    ask("a").unwrap();
    assert_eq!(table.asked(), before + 2);
}

#[test]
fn keys_that_cannot_be_had_are_503_and_asked_for_again() {
    let table = Table::of(&[("acme", "secret of acme")]);
    *table.is_down.lock().unwrap() = true;
    let tenants = tenants(&table);
    let request = Request::new("acme", "secret of acme");
    let rejection = rejected(block_on(verify(&tenants, &request)), RejectionKind::KeysUnavailable);
    assert_eq!(rejection.status(), 503);
    assert!(rejection.to_string().contains("the database is down"), "{rejection}");
    *table.is_down.lock().unwrap() = false;
    block_on(verify(&tenants, &request)).unwrap();
}

#[test]
fn keys_that_do_not_fit_the_sender_are_503() {
    let table = Table::of(&[("acme", "not base64!")]);
    let from = TenantFrom::PathPrefix(PATH.to_owned());
    let tenants = Tenants::builder(from, table, |keys| senders::SVIX.keys(keys)).build().unwrap();
    let request = Request::new("acme", "not base64!");
    rejected(block_on(verify(&tenants, &request)), RejectionKind::KeysUnavailable);
}

#[test]
fn not_too_many_are_asked_for_at_once() {
    let table = Table { delay: 1000, ..Table::default() };
    let tenants = tenants(&table);
    let requests: Vec<_> =
        (0..65).map(|at| Request::new(&format!("name{at}"), "a guess")).collect();
    let mut waiting: Vec<_> =
        requests.iter().map(|request| Box::pin(verify(&tenants, request))).collect();
    let answers: Vec<_> = waiting.iter_mut().map(|future| poll(future.as_mut())).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_pending()).count(), 64);
    let Some(Poll::Ready(last)) = answers.into_iter().next_back() else { panic!("it waits") };
    rejected(last, RejectionKind::KeysUnavailable);
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
fn what_was_handled_outlives_a_tenants_place_in_the_cache() {
    let tenants = tenants(&Table::of(&[("acme", "one secret")]));
    let request = Request::new("acme", "one secret");
    for expected in [true, false] {
        let receiver = block_on(tenants.receiver(&request)).unwrap();
        let delivery = receiver.verify(&request, BODY, NOW).unwrap();
        let admission = block_on(receiver.claim(&delivery)).unwrap();
        assert_eq!(matches!(admission, Admission::Proceed(_)), expected);
        if let Admission::Proceed(claimed) = admission {
            block_on(claimed.commit()).unwrap();
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
fn a_place_that_names_no_tenant_is_a_mistake_in_the_set_up() {
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
fn bad_set(set: &str, kind: ConfigErrorKind) {
    assert_eq!(Keyring::from_jwks(set).map(drop).unwrap_err().kind(), kind, "{set}");
}

#[test]
fn a_key_set_without_a_usable_key_is_rejected() {
    bad_set("{}", ConfigErrorKind::InvalidSecret);
    bad_set("not JSON", ConfigErrorKind::InvalidSecret);
    bad_set(r#"{"keys":[]}"#, ConfigErrorKind::InvalidKeyring);
    bad_set(
        r#"{"keys":[{"kty":"EC","crv":"P-256","x":"","y":""}]}"#,
        ConfigErrorKind::InvalidKeyring,
    );
    bad_set(&format!(r#"{{"keys":[{JWK},{JWK}]}}"#), ConfigErrorKind::InvalidKeyring);
    let for_encryption = JWK.replace("\"kid\"", "\"use\":\"enc\",\"kid\"");
    bad_set(&format!(r#"{{"keys":[{for_encryption}]}}"#), ConfigErrorKind::InvalidKeyring);
    for x in ["", "AAAA", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="] {
        let key = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#);
        bad_set(&key, ConfigErrorKind::InvalidSecret);
    }
}

#[test]
fn a_key_without_a_name_is_named_by_its_place() {
    let set = format!(r#"{{"keys":[{}]}}"#, JWK.replace("\"kid\":\"a\",", ""));
    let ring = Keyring::from_jwks(&set).unwrap();
    assert!(format!("{ring:?}").contains("jwk-1"), "{ring:?}");
}
