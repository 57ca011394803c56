//! Endpoints without a name: what separates their events, and when they are rejected.

#![allow(clippy::unwrap_used)]

mod common;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Identity, StoreError, UpdateOutcome,
};
use countersign::scheme::{Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign::senders::{ConfiguredSender, Sender};
use countersign::tenants::{KeyResolver, ResolveError, Tenant, TenantFrom, Tenants};
use countersign::{
    Admission, Claim, ConfigError, ConfigErrorKind, Custom, Delivery, Key, Keyring, MemoryStore,
    Outcome, Receiver, ReceiverBuilder, Secret, Timestamp, senders,
};

use std::time::Duration;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const BODY: &[u8] = br#"{"id":"evt_1"}"#;

/// The sender of the tests, which signs the id in the body.
fn sender(keys: impl Into<Keyring>) -> Custom {
    named_sender("acme", keys)
}

fn named_sender(name: &'static str, keys: impl Into<Keyring>) -> Custom {
    let scheme = Scheme::hmac_sha256(name, SignatureLocation::header("x-sig", Encoding::Hex));
    Custom::new(scheme.id_field("/id").build().unwrap(), keys).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn ring(keys: &[&'static str]) -> Keyring {
    Keyring::new(keys.iter().map(|text| Key::new(*text, secret(text)))).unwrap()
}

fn unnamed(keys: &[&'static str], store: &MemoryStore) -> ReceiverBuilder {
    Receiver::builder(sender(ring(keys))).dedup(store.clone())
}

/// The delivery of event 1, signed with this secret.
fn delivery(receiver: &Receiver, key: &str) -> Delivery {
    let request = SigningRequest::new(BODY).timestamp(NOW);
    let signed = request.request(receiver.scheme(), &secret(key)).unwrap();
    receiver.verify(&signed.headers, signed.body.to_vec(), NOW).unwrap()
}

async fn claim(receiver: &Receiver, key: &str) -> Admission {
    receiver.claim(&delivery(receiver, key)).await.unwrap()
}

#[track_caller]
fn granted(admission: Admission) -> Claim {
    match admission {
        Admission::Proceed(claim) => claim,
        Admission::Respond(outcome) => panic!("{outcome:?}"),
    }
}

async fn handles(receiver: &Receiver, key: &str) {
    granted(claim(receiver, key).await).commit().await.unwrap();
}

async fn is_duplicate(receiver: &Receiver, key: &str) -> bool {
    match claim(receiver, key).await {
        Admission::Respond(outcome) => outcome == Outcome::Duplicate { same_body: true },
        Admission::Proceed(_) => false,
    }
}

#[track_caller]
fn is_rejected(builder: ReceiverBuilder) {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::EndpointNotNamed, "{error}");
}

#[tokio::test]
async fn two_receivers_with_different_keys_have_different_events() {
    let store = MemoryStore::default();
    let [first, second] = ["one", "two"].map(|key| unnamed(&[key], &store).build().unwrap());
    handles(&first, "one").await;
    handles(&second, "two").await;
    assert!(is_duplicate(&first, "one").await);
    assert!(is_duplicate(&second, "two").await);
    assert_eq!(store.len(), 2);
}

#[test]
fn two_receivers_with_one_key_and_one_store_are_rejected() {
    let store = MemoryStore::default();
    let first = unnamed(&["one"], &store).build().unwrap();
    let error = unnamed(&["one"], &store).build().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::EndpointNotNamed);
    assert_eq!(
        error.to_string(),
        "the endpoint has no name, and another receiver of `acme` without one has the same key and the same store, so each would take the other's events for duplicates: name both with `endpoint`, or clone one receiver if it is one endpoint"
    );
    drop(first);
}

#[test]
fn one_key_in_common_is_enough_to_be_rejected() {
    let store = MemoryStore::default();
    let _first = unnamed(&["one", "two"], &store).build().unwrap();
    is_rejected(unnamed(&["three", "two"], &store));
    let _other = unnamed(&["three", "four"], &store).build().unwrap();
}

#[test]
fn a_receiver_that_was_dropped_does_not_count() {
    let store = MemoryStore::default();
    drop(unnamed(&["one"], &store).build().unwrap());
    let first = unnamed(&["one"], &store).build().unwrap();
    let clone = first.clone();
    drop(first);
    is_rejected(unnamed(&["one"], &store));
    drop(clone);
    drop(unnamed(&["one"], &store).build().unwrap());
}

#[test]
fn a_receiver_that_is_rejected_for_another_reason_does_not_count() {
    let store = MemoryStore::default();
    let invalid = unnamed(&["one"], &store).store_timeout(Duration::ZERO).build();
    assert_eq!(invalid.unwrap_err().kind(), ConfigErrorKind::OutOfRange);
    drop(unnamed(&["one"], &store).build().unwrap());
}

#[test]
fn every_wrong_setting_is_reported_with_the_missing_name() {
    let store = MemoryStore::default();
    let _first = unnamed(&["one"], &store).build().unwrap();
    let error = unnamed(&["one"], &store).store_timeout(Duration::ZERO).build().unwrap_err();
    let expected = [ConfigErrorKind::OutOfRange, ConfigErrorKind::EndpointNotNamed];
    assert!(error.kinds().eq(expected), "{error}");
}

#[test]
fn receivers_that_cannot_meet_are_accepted() {
    let store = MemoryStore::default();
    let _unnamed = unnamed(&["one"], &store).build().unwrap();
    let _another_store = unnamed(&["one"], &MemoryStore::default()).build().unwrap();
    let _named = unnamed(&["one"], &store).endpoint("acme").build().unwrap();
    let _named_alike = unnamed(&["one"], &store).endpoint("acme").build().unwrap();
    let other = named_sender("other", secret("one"));
    let _another_sender = Receiver::builder(other).dedup(store.clone()).build().unwrap();
    let without_store = || Receiver::builder(sender(secret("one")));
    let _own_stores = [Receiver::new(sender(secret("one"))), Receiver::new(sender(secret("one")))];
    let _own_stores = [without_store().build().unwrap(), without_store().build().unwrap()];
    let no_dedup = || without_store().danger_without_dedup().build().unwrap();
    let _no_dedup = [no_dedup(), no_dedup()];
}

/// A store without an id.
#[derive(Clone)]
struct Anonymous(MemoryStore);

impl DedupStore for Anonymous {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        self.0.claim(key, fingerprint, lease).await
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.renew(key, fencing_token, lease).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.commit(key, fencing_token, retention).await
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.release(key, fencing_token).await
    }
}

#[test]
fn a_store_without_an_id_is_the_same_for_clones_of_a_builder() {
    let store = Anonymous(MemoryStore::default());
    let builder = || Receiver::builder(sender(secret("one"))).dedup(store.clone());
    let (first, other) = (builder(), builder());
    let _first = first.clone().build().unwrap();
    is_rejected(first);
    let _other = other.build().unwrap();
}

#[test]
fn two_unauthenticated_receivers_are_rejected() {
    let store = MemoryStore::default();
    let builder = || {
        let scheme = Scheme::danger_unauthenticated("open").build().unwrap();
        let sender = Custom::danger_unauthenticated(scheme).unwrap();
        Receiver::builder(sender).dedup(store.clone())
    };
    let _first = builder().build().unwrap();
    is_rejected(builder());
    let _named = builder().endpoint("open").build().unwrap();
}

/// A receiver whose store others could share, though none does.
fn with_another_store(sender: impl Sender) -> Receiver {
    Receiver::builder(sender).dedup(MemoryStore::default()).build().unwrap()
}

fn twilio(url: &str) -> ConfiguredSender {
    senders::TWILIO.config().with_public_url(url).keys(secret("one")).unwrap()
}

#[test]
fn endpoints_with_different_public_paths_have_different_events() {
    let store = MemoryStore::default();
    let receiver = |url| Receiver::builder(twilio(url)).dedup(store.clone());
    let urls = [
        "https://example.com/sms",
        "https://example.com/voice",
        "https://example.com/voice?line=2",
        "https://example.com",
    ];
    let receivers = urls.map(|url| receiver(url).build().unwrap());
    let identity = Identity::id("1");
    let keys: Vec<_> =
        receivers.iter().map(|own| own.event_key(&identity, "default").unwrap()).collect();
    for (index, key) in keys.iter().enumerate() {
        assert!(!keys[..index].contains(key), "{}", urls[index]);
    }
    for (url, alike) in [("https://example.net/sms", 0), ("https://example.com/", 3)] {
        is_rejected(receiver(url));
        let unshared = with_another_store(twilio(url));
        assert_eq!(unshared.event_key(&identity, "default"), Some(keys[alike]), "{url}");
    }
}

#[tokio::test]
async fn a_named_endpoint_keeps_its_keys_across_rotations() {
    let store = MemoryStore::default();
    let named = |keys: &[&'static str]| unnamed(keys, &store).endpoint("orders").build().unwrap();
    let before = named(&["old"]);
    let claim = granted(claim(&before, "old").await);
    assert_eq!(*claim.key(), EventKey::new("orders", "acme", &Identity::id("evt_1")));
    claim.commit().await.unwrap();
    assert!(is_duplicate(&named(&["old", "new"]), "new").await);
    assert!(is_duplicate(&named(&["new"]), "new").await);
}

#[tokio::test]
async fn an_unnamed_endpoint_handles_a_retry_with_another_key_again() {
    let store = MemoryStore::default();
    let receiver = unnamed(&["old"], &store).build().unwrap();
    handles(&receiver, "old").await;
    drop(receiver);
    let receiver = unnamed(&["old", "new"], &store).build().unwrap();
    assert!(is_duplicate(&receiver, "old").await);
    assert!(!is_duplicate(&receiver, "new").await);
}

/// No other endpoint has its store.
#[tokio::test]
async fn an_unnamed_endpoint_with_a_store_of_its_own_keeps_its_keys_across_rotations() {
    let receiver = Receiver::new(sender(ring(&["old", "new"])));
    handles(&receiver, "old").await;
    assert!(is_duplicate(&receiver, "new").await);
}

#[tokio::test]
async fn the_key_of_an_event_can_be_computed_beforehand() {
    let store = MemoryStore::default();
    let receiver = unnamed(&["one", "two"], &store).build().unwrap();
    let identity = Identity::id("evt_1");
    for key in ["one", "two"] {
        let claim = granted(claim(&receiver, key).await);
        assert_eq!(receiver.event_key(&identity, key), Some(*claim.key()));
    }
    assert_eq!(receiver.event_key(&identity, "three"), None);
    let open = Scheme::danger_unauthenticated("open").id_field("/id").build().unwrap();
    let open = Receiver::new(Custom::danger_unauthenticated(open).unwrap());
    let delivery = open.verify(&[("x", "y")], BODY.to_vec(), NOW).unwrap();
    let claim = granted(open.claim(&delivery).await.unwrap());
    assert_eq!(open.event_key(&Identity::body(BODY), delivery.key_name()), Some(*claim.key()));
}

#[tokio::test]
async fn the_key_that_verified_a_delivery_counts_whichever_receiver_claims_it() {
    let store = MemoryStore::default();
    let [first, second] =
        [&["one"][..], &["two", "three"]].map(|keys| unnamed(keys, &store).build().unwrap());
    let delivery = delivery(&second, "three");
    let claim = granted(first.claim(&delivery).await.unwrap());
    assert_eq!(second.event_key(&Identity::id("evt_1"), "three"), Some(*claim.key()));
}

#[test]
fn the_label_of_an_unnamed_endpoint_is_its_sender() {
    let receiver = unnamed(&["one"], &MemoryStore::default()).build().unwrap();
    assert_eq!(receiver.endpoint(), "acme");
    assert_eq!(
        receiver.event_key(&Identity::id("1"), "one").map(|key| key.to_string().len()),
        Some(64)
    );
    let named_alike = unnamed(&["one"], &MemoryStore::default()).endpoint("acme").build().unwrap();
    let keys = [&receiver, &named_alike].map(|own| own.event_key(&Identity::id("1"), "one"));
    assert_ne!(keys[0], keys[1]);
}

/// A static token, an HMAC and a public key have fingerprints of their own kind.
#[test]
fn every_kind_of_key_separates_events() {
    let token = |text| {
        let scheme = Scheme::static_token("token", SignatureLocation::token("x-token"));
        with_another_store(Custom::new(scheme.build().unwrap(), secret(text)).unwrap())
    };
    let public = |text| with_another_store(senders::DISCORD.keys(secret(text)).unwrap());
    let sha1 = |text| {
        let scheme = Scheme::hmac_sha1("sha1", SignatureLocation::header("x-sig", Encoding::Hex));
        with_another_store(Custom::new(scheme.build().unwrap(), secret(text)).unwrap())
    };
    let pairs = [
        [token("one"), token("two")],
        [sha1("one"), sha1("two")],
        [
            public("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
            public("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
        ],
    ];
    for receivers in pairs {
        let keys = receivers.each_ref().map(|own| own.event_key(&Identity::id("1"), "default"));
        assert_ne!(keys[0], keys[1], "{:?}", receivers[0]);
    }
}

#[tokio::test]
async fn both_header_families_of_a_sender_are_one_endpoint() {
    let svix = || senders::SVIX.keys(secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
    let receiver = Receiver::builder(svix()).dedup(MemoryStore::default()).build().unwrap();
    let request = SigningRequest::new(BODY).id("msg_1").timestamp(NOW);
    let key = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let headers = request.sign(svix().verifier().scheme(), &key).unwrap();
    let renamed: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.replace("svix-", "webhook-"), value.clone()))
        .collect();
    let first = common::receive(&svix(), &headers, BODY, NOW).unwrap();
    granted(receiver.claim(&first).await.unwrap()).commit().await.unwrap();
    let second = common::receive(&svix(), &renamed, BODY, NOW).unwrap();
    let admission = receiver.claim(&second).await.unwrap();
    assert!(matches!(admission, Admission::Respond(Outcome::Duplicate { .. })), "{admission:?}");
}

/// A resolver whose tenants all have one key.
struct OneKey(&'static str);

impl KeyResolver for OneKey {
    async fn resolve(&self, name: &str) -> Result<Option<Tenant>, ResolveError> {
        Ok(Some(Tenant::new(name, secret(self.0))))
    }
}

#[tokio::test]
async fn a_tenants_keys_do_not_depend_on_the_secret_and_need_no_name() {
    let store = MemoryStore::default();
    let tenants = |key| {
        let store = store.clone();
        let from = TenantFrom::Header("x-tenant".to_owned());
        Tenants::builder(from, OneKey(key), |keys: Keyring| Ok(sender(keys)))
            .configure(|receiver| receiver.dedup(store))
            .build()
            .unwrap()
    };
    let before = tenants("old").receiver(&[("x-tenant", "a")]).await.unwrap();
    let after = tenants("new").receiver(&[("x-tenant", "a")]).await.unwrap();
    let expected = EventKey::of_tenant("acme", "a", "acme", &Identity::id("evt_1"));
    for receiver in [before, after] {
        assert_eq!(receiver.event_key(&Identity::id("evt_1"), "default"), Some(expected));
    }
}

/// The tenants of `sender` in `store`, with `name` as the name of their endpoint.
fn tenants(
    sender: &'static str,
    store: &MemoryStore,
    name: Option<&'static str>,
) -> Result<Tenants, ConfigError> {
    let store = store.clone();
    let from = TenantFrom::Header("x-tenant".to_owned());
    Tenants::builder(from, OneKey("one"), move |keys: Keyring| Ok(named_sender(sender, keys)))
        .configure(move |receiver| match name {
            Some(name) => receiver.dedup(store).endpoint(name),
            None => receiver.dedup(store),
        })
        .build()
}

#[test]
fn two_unnamed_endpoints_of_tenants_with_one_store_are_rejected() {
    let store = MemoryStore::default();
    let first = tenants("acme", &store, None).unwrap();
    let error = tenants("acme", &store, None).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::EndpointNotNamed);
    assert_eq!(
        error.to_string(),
        "the tenants' endpoint has no name, and other `Tenants` of `acme` without one have the same store, so each would take the other's events for duplicates: name both with `endpoint` in `configure`, or clone one `Tenants` if it is one endpoint"
    );
    let clone = first.clone();
    drop(first);
    assert_eq!(
        tenants("acme", &store, None).unwrap_err().kind(),
        ConfigErrorKind::EndpointNotNamed
    );
    drop(clone);
    let _again = tenants("acme", &store, None).unwrap();
}

#[test]
fn endpoints_of_tenants_that_cannot_meet_are_accepted() {
    let store = MemoryStore::default();
    let _unnamed = tenants("acme", &store, None).unwrap();
    let _named = tenants("acme", &store, Some("other")).unwrap();
    let _other_sender = tenants("other", &store, None).unwrap();
    let _other_store = tenants("acme", &MemoryStore::default(), None).unwrap();
    let _receiver = unnamed(&["one"], &store).build().unwrap();
}
