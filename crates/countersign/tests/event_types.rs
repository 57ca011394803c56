//! The event's type as a part of its identity, for senders that name the event in an unsigned header.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use countersign::ainexlayer::{AiNexLayer, FieldLocation};
use countersign::dedup::Identity;
use countersign::scheme::{
    Encoding, Part, Scheme, SchemeBuilder, SignatureLocation, SigningRequest,
};
use countersign::senders::{Sender, SenderSpec};
use countersign::{
    Admission, ConfigErrorKind, Contract, Custom, Delivery, MemoryStore, Outcome, Receiver, Secret,
    Timestamp, senders,
};
use proptest::prelude::*;

use common::receive;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const BODY: &[u8] = br#"{"id":820982911946154508}"#;

fn secret() -> Secret {
    Secret::new("a secret of at least 24 bytes").unwrap()
}

/// The delivery of `BODY` with these headers beside the signed ones.
fn delivery(sender: &dyn Sender, extra: &[(&str, &str)]) -> Delivery {
    let request = SigningRequest::new(BODY).timestamp(NOW).headers(extra);
    let mut headers = request.sign(sender.verifier().scheme(), &secret()).unwrap();
    for (name, value) in extra {
        if headers.iter().all(|(signed, _)| signed != name) {
            let values = extra.iter().filter(|(other, _)| other == name).count();
            headers.extend((0..values).map(|_| ((*name).to_owned(), (*value).to_owned())));
        }
    }
    receive(sender, &headers, BODY, NOW).unwrap()
}

fn identity(sender: &dyn Sender, extra: &[(&str, &str)]) -> Identity {
    sender.identity(&delivery(sender, extra))
}

fn custom(change: impl FnOnce(SchemeBuilder) -> SchemeBuilder) -> Custom {
    let scheme =
        Scheme::hmac_sha256("acme", SignatureLocation::header("x-signature", Encoding::Hex))
            .event_type_header("x-event");
    Custom::new(change(scheme).build().unwrap(), secret()).unwrap()
}

/// A sender, the header that names its events, and two of its names.
fn named_in_a_header() -> Vec<(Box<dyn Sender>, &'static str, [&'static str; 2])> {
    let known = |sender: SenderSpec| Box::new(sender.keys(secret()).unwrap()) as Box<dyn Sender>;
    let ainexlayer = AiNexLayer::builder(secret())
        .signature_header("x-signature")
        .encoding(Encoding::Hex)
        .prefix("")
        .event_type(FieldLocation::header("x-event"))
        .event_id(FieldLocation::Absent)
        .time(FieldLocation::Absent)
        .build()
        .unwrap();
    vec![
        (known(senders::SHOPIFY), "x-shopify-topic", ["orders/create", "orders/updated"]),
        (known(senders::SHOPIFY_EVENTS), "shopify-topic", ["Product", "InventoryItem"]),
        (known(senders::GITHUB), "x-github-event", ["star", "workflow_dispatch"]),
        (known(senders::GITLAB), "x-gitlab-event", ["Push Hook", "Tag Push Hook"]),
        (known(senders::WOOCOMMERCE), "x-wc-webhook-topic", ["order.updated", "order.created"]),
        (known(senders::SANITY), "sanity-operation", ["create", "update"]),
        (Box::new(ainexlayer), "x-event", ["document.uploaded", "document.deleted"]),
        (Box::new(custom(|scheme| scheme)), "x-event", ["repo:push", "order.updated"]),
    ]
}

#[test]
fn the_senders_of_the_catalogue_that_name_events_in_a_header_are_these() {
    let names: Vec<_> = senders::ALL
        .iter()
        .filter(|sender| sender.example_config().scheme().unwrap().identifies_by_event_type())
        .map(|sender| sender.name())
        .collect();
    assert_eq!(names, ["github", "gitlab", "sanity", "shopify", "shopify-events", "woocommerce"]);
}

#[tokio::test]
async fn two_types_with_one_body_are_two_events_and_an_exact_repeat_is_a_duplicate() {
    for (sender, header, names) in named_in_a_header() {
        let deliveries = names.map(|name| delivery(&*sender, &[(header, name)]));
        let name = deliveries[0].sender().to_owned();
        let receiver = Receiver::new(Boxed(sender));
        for delivery in &deliveries {
            match receiver.claim(delivery).await.unwrap() {
                Admission::Proceed(claim) => drop(claim.commit().await.unwrap()),
                Admission::Respond(outcome) => panic!("{name}: {outcome:?}"),
            }
        }
        for delivery in &deliveries {
            match receiver.claim(delivery).await.unwrap() {
                Admission::Respond(outcome) => {
                    assert_eq!(outcome, Outcome::Duplicate { same_body: true }, "{name}");
                }
                Admission::Proceed(claim) => panic!("{name}: {claim:?}"),
            }
        }
    }
}

/// A sender behind a pointer.
struct Boxed(Box<dyn Sender>);

impl Sender for Boxed {
    fn verifier(&self) -> &std::sync::Arc<countersign::senders::Verifier> {
        self.0.verifier()
    }

    fn contract(&self) -> &Contract {
        self.0.contract()
    }

    fn identity(&self, delivery: &Delivery) -> Identity {
        self.0.identity(delivery)
    }
}

#[test]
fn a_type_is_part_of_the_identity_and_as_short_lived_as_the_digest() {
    for (sender, header, names) in named_in_a_header() {
        let without = identity(&*sender, &[]);
        let with = identity(&*sender, &[(header, names[0])]);
        assert_ne!(with, without);
        assert_eq!(with, without.clone().with_event_type(names[0]));
        assert_eq!(with.is_short_lived(), without.is_short_lived());
    }
}

#[test]
fn a_value_outside_the_syntax_counts_as_no_type() {
    let too_long = "a".repeat(129);
    let made_up = ["", " ", "a,b", "a;b", "<b>", "a\"b", "a  b", "commande/créée", &too_long];
    for (sender, header, _) in named_in_a_header() {
        let without = identity(&*sender, &[]);
        for value in made_up {
            assert_eq!(identity(&*sender, &[(header, value)]), without, "{header}: {value}");
        }
    }
    let beyond = [
        (senders::SHOPIFY, "x-shopify-topic", "orders create"),
        (senders::SHOPIFY, "x-shopify-topic", "orders.create"),
        (senders::WOOCOMMERCE, "x-wc-webhook-topic", "order updated"),
        (senders::GITHUB, "x-github-event", "push1"),
        (senders::GITHUB, "x-github-event", "push/x"),
        (senders::SANITY, "sanity-operation", "create_"),
        (senders::GITLAB, "x-gitlab-event", "Push-Hook"),
    ];
    for (sender, header, value) in beyond {
        let sender = sender.keys(secret()).unwrap();
        assert_eq!(identity(&sender, &[(header, value)]), identity(&sender, &[]), "{value}");
    }
}

#[test]
fn the_delivery_keeps_a_type_that_does_not_count_as_received() {
    let shopify = senders::SHOPIFY.config().with_event_types(["app/uninstalled"]);
    let shopify = shopify.keys(secret()).unwrap();
    for value in ["Orders, Create", "Orders/Create"] {
        let made_up = delivery(&shopify, &[("x-shopify-topic", value)]);
        assert_eq!(made_up.event_type().as_deref(), Some(value));
    }
}

/// Otherwise a captured request could reach no handler under the key of a genuine event.
#[test]
fn the_delivery_has_a_type_that_counts_as_it_is_in_the_key() {
    for (sender, header, names) in named_in_a_header() {
        let key = |value: &str| identity(&*sender, &[(header, value)]);
        for value in [names[0].to_uppercase(), format!(" {}\t", names[0])] {
            if key(&value) != key(names[0]) {
                continue;
            }
            let received = delivery(&*sender, &[(header, &value)]);
            assert_eq!(received.event_type().as_deref(), Some(names[0]), "{header}: {value}");
        }
    }
}

#[test]
fn a_repeated_header_counts_as_no_type() {
    for (sender, header, names) in named_in_a_header() {
        let repeated = identity(&*sender, &[(header, names[0]), (header, names[0])]);
        assert_eq!(repeated, identity(&*sender, &[]), "{header}");
    }
}

#[test]
fn neither_case_nor_white_space_makes_another_event() {
    let values = ["Orders/Create", "ORDERS/CREATE", " orders/create", "orders/create  "];
    let shopify = senders::SHOPIFY.keys(secret()).unwrap();
    let expected = identity(&shopify, &[("x-shopify-topic", "orders/create")]);
    for value in values {
        assert_eq!(identity(&shopify, &[("x-shopify-topic", value)]), expected, "{value:?}");
    }
    let github = senders::GITHUB.keys(secret()).unwrap();
    let expected = identity(&github, &[("x-github-event", "push")]);
    assert_eq!(identity(&github, &[("x-github-event", " Push ")]), expected);
}

#[test]
fn only_declared_types_count() {
    let shopify = senders::SHOPIFY.config().with_event_types(["orders/create", "orders/updated"]);
    let scheme = |scheme: SchemeBuilder| scheme.event_types(["orders/create", "orders/updated"]);
    let senders: [(Box<dyn Sender>, &str); 2] = [
        (Box::new(shopify.keys(secret()).unwrap()), "x-shopify-topic"),
        (Box::new(custom(scheme)), "x-event"),
    ];
    for (sender, header) in &senders {
        let of = |name| identity(&**sender, &[(header, name)]);
        let digest = Identity::body(BODY);
        assert_eq!(of("orders/create"), digest.clone().with_event_type("orders/create"));
        assert_eq!(of("orders/updated"), digest.clone().with_event_type("orders/updated"));
        for undeclared in ["orders/delete", "orders/creat", "orders/create1", "x"] {
            assert_eq!(of(undeclared), digest, "{undeclared}");
        }
    }
}

#[test]
fn an_empty_list_leaves_the_type_out() {
    let github = senders::GITHUB.config().with_event_types([""; 0]).keys(secret()).unwrap();
    assert_eq!(identity(&github, &[("x-github-event", "push")]), Identity::body(BODY));
}

#[test]
fn a_list_that_cannot_match_is_rejected() {
    let shopify = |name: &'static str| senders::SHOPIFY.config().with_event_types([name]);
    for name in ["ORDERS_CREATE", "Orders/Create", "orders.create", ""] {
        let error = shopify(name).keys(secret()).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme, "{name}");
    }
    let error = shopify("ORDERS_CREATE").scheme().unwrap_err().to_string();
    assert!(error.starts_with("`ORDERS_CREATE` is not an event type of this sender"), "{error}");
    // Stripe's type is a field of the signed body.
    let stripe = senders::STRIPE.config().with_event_types(["invoice.paid"]);
    assert_eq!(stripe.keys(secret()).unwrap_err().kind(), ConfigErrorKind::InvalidScheme);
}

#[test]
fn a_signed_id_identifies_an_event_without_its_type() {
    let with_id = custom(|scheme| scheme.id_field("/id"));
    let expected = Identity::id("820982911946154508");
    assert_eq!(identity(&with_id, &[("x-event", "push")]), expected);
    assert!(!with_id.verifier().scheme().identifies_by_event_type());
}

#[test]
fn every_signed_type_counts() {
    let parts = || [Part::Header("x-event".into()), Part::Literal(".".into()), Part::Body];
    let signed = custom(|scheme| scheme.signs(parts()).event_type_syntax("a-z"));
    for name in ["push", "Push, again", "a  b"] {
        let expected = Identity::body(BODY).with_event_type(name);
        assert_eq!(identity(&signed, &[("x-event", name)]), expected, "{name}");
    }
    let scheme = Scheme::hmac_sha256("a", SignatureLocation::header("x-sig", Encoding::Hex));
    let scheme = scheme.event_type_header("x-event").signs(parts()).event_types(["push"]);
    assert_eq!(scheme.build().unwrap_err().kind(), ConfigErrorKind::InvalidScheme);
}

#[tokio::test]
async fn a_digest_with_a_type_is_retained_for_the_digest_retention() {
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    let contract = Contract::builder().digest_retention(day).build().unwrap();
    let acme = custom(|scheme| scheme).with_contract(contract);
    let delivery = delivery(&acme, &[("x-event", "push")]);
    let receiver = Receiver::builder(acme).dedup(MemoryStore::default()).build().unwrap();
    let Admission::Proceed(claim) = receiver.claim(&delivery).await.unwrap() else {
        panic!("a new event is granted")
    };
    assert_eq!(claim.claim_token().unwrap().retention(), day);
}

proptest! {
    /// Whatever a client puts in the header, one captured body has at most one identity for each declared
    /// type, and one without a type.
    #[test]
    fn declared_types_bound_the_replays_of_a_body(values in prop::collection::vec(
        prop_oneof!["[ -~]{0,40}", "[ ]?(orders|ORDERS)/(create|updated|x)[ ]?"], 1..40,
    )) {
        let declared = ["orders/create", "orders/updated"];
        let shopify = senders::SHOPIFY.config().with_event_types(declared).keys(secret()).unwrap();
        let identities: BTreeSet<_> = values
            .iter()
            .map(|value| format!("{:?}", identity(&shopify, &[("x-shopify-topic", value)])))
            .collect();
        prop_assert!(identities.len() <= declared.len() + 1, "{values:?}");
    }

    /// Two plain types are one event exactly if they are equal.
    #[test]
    fn plain_types_are_distinct(left in "[A-Za-z0-9_./:#-]{1,128}", right in "[A-Za-z0-9_./:#-]{1,128}") {
        let acme = custom(|scheme| scheme);
        let [of_left, of_right] = [&left, &right].map(|name| identity(&acme, &[("x-event", name)]));
        prop_assert_eq!(of_left == of_right, left == right);
        prop_assert_ne!(of_left, Identity::body(BODY));
    }
}
