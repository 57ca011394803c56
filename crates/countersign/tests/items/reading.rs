//! What an item returns of the body.

use countersign::scheme::{BodyFormat, Encoding, Items, Scheme, SignatureLocation};
use countersign::{RawJson, RejectionKind, senders};
use proptest::prelude::*;
use serde::Deserialize;

use crate::support::{of, of_acme, of_scheme, only};

fn texts(delivery: &countersign::Delivery) -> Vec<String> {
    delivery.items().unwrap().iter().map(|item| item.json().to_owned()).collect()
}

#[test]
fn items_are_slices_of_the_body_as_sent() {
    let body = "[{\"n\": 18446744073709551617},\r\n{\"n\":1.50 }]\r\n";
    let delivery = of_acme(Items::at("/*"), body);
    assert_eq!(texts(&delivery), ["{\"n\": 18446744073709551617}", "{\"n\":1.50 }"]);
    let range = delivery.body().as_ptr_range();
    for item in delivery.items().unwrap() {
        assert!(range.contains(&item.json().as_ptr()), "a copy of {}", item.pointer());
    }
}

#[test]
fn a_number_is_decoded_as_sent() {
    #[derive(Deserialize)]
    struct Event {
        n: RawJson,
    }
    let delivery = of_acme(Items::at("/*"), r#"[{"n":18446744073709551617}]"#);
    let item = only(&delivery);
    assert_eq!(item.event::<Event>().unwrap().n.get(), "18446744073709551617");
    assert_eq!(item.event::<RawJson>().unwrap().get(), r#"{"n":18446744073709551617}"#);
}

#[test]
fn an_item_has_its_position_and_its_type() {
    let body = r#"{"events":[{"type":"message","webhookEventId":"a"},{"webhookEventId":"b"}]}"#;
    let items = of(senders::LINE, body).items().unwrap();
    let found: Vec<_> =
        items.iter().map(|item| (item.index(), item.pointer(), item.event_type())).collect();
    assert_eq!(found, [(0, "/events/0", Some("message")), (1, "/events/1", None)]);
}

#[test]
fn a_change_of_meta_has_its_entry() {
    #[derive(Debug, Deserialize, Eq, PartialEq)]
    struct Entry {
        id: String,
    }
    let body =
        r#"{"object":"page","entry":[{"id":"1","time":2,"changes":[{"field":"feed","value":3}]}]}"#;
    let item = only(&of(senders::META, body));
    assert_eq!(item.entry::<Entry>().unwrap(), Entry { id: "1".to_owned() });
    let parents: Vec<_> = item.parents().collect();
    assert_eq!(parents, [r#"{"id":"1","time":2,"changes":[{"field":"feed","value":3}]}"#]);
    assert_eq!(item.event_type(), Some("feed"));
}

#[test]
fn an_item_outside_of_a_list_has_no_entry() {
    let item = only(&of_acme(Items::at("/data"), r#"{"data":{"id":1}}"#));
    assert_eq!(item.entry::<RawJson>().unwrap_err().kind(), RejectionKind::Undecodable);
    assert_eq!(item.parents().count(), 0);
}

#[test]
fn every_update_of_meta_is_an_item() {
    let body = r#"{"object":"x","entry":[
        {"id":"1","changes":[
            {"field":"messages","value":{"metadata":{},"messages":[{"id":"wamid.1"},{"id":"wamid.2"}],"statuses":[{"id":"wamid.3","status":"read"}]}},
            {"field":"messages","value":{"messages":[],"errors":[{"code":1}]}},
            {"field":"account_update","value":{"event":"x"}}
        ]},
        {"id":"2","messaging":[{"message":{"mid":"m.1"}},{"read":{}}],"standby":[{"delivery":{}}]},
        {"id":"3","changed_fields":["photos"]},
        {"id":"4","changes":[]}
    ]}"#;
    let items = of(senders::META, body).items().unwrap();
    let found: Vec<_> = items.iter().map(countersign::Item::pointer).collect();
    assert_eq!(
        found,
        [
            "/entry/0/changes/0/value/messages/0",
            "/entry/0/changes/0/value/messages/1",
            "/entry/0/changes/0/value/statuses/0",
            "/entry/0/changes/1",
            "/entry/0/changes/2",
            "/entry/1/messaging/0",
            "/entry/1/messaging/1",
            "/entry/1/standby/0",
            "/entry/2",
            "/entry/3",
        ]
    );
}

#[test]
fn every_sender_of_batches_has_its_events() {
    let cases = [
        (senders::SENDGRID, r#"[{"event":"open"},{"event":"click"}]"#, "/0", "open"),
        (
            senders::HUBSPOT,
            r#"[{"subscriptionType":"contact.creation"},{}]"#,
            "/0",
            "contact.creation",
        ),
        (senders::LINE, r#"{"events":[{"type":"follow"},{}]}"#, "/events/0", "follow"),
        (senders::GOCARDLESS, r#"{"events":[{"action":"paid"},{}]}"#, "/events/0", "paid"),
        (senders::ASANA, r#"{"events":[{"action":"added"},{}]}"#, "/events/0", "added"),
        (
            senders::OKTA,
            r#"{"data":{"events":[{"eventType":"user.x"},{}]}}"#,
            "/data/events/0",
            "user.x",
        ),
    ];
    for (sender, body, pointer, event_type) in cases {
        let items = of(sender, body).items().unwrap();
        assert_eq!(items.len(), 2, "{}", sender.name());
        assert_eq!(items[0].pointer(), pointer, "{}", sender.name());
        assert_eq!(items[0].event_type(), Some(event_type), "{}", sender.name());
    }
}

#[test]
fn a_notification_of_adyen_is_one_item() {
    let body = r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"pspReference":"7914073381342284","merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1407325143704","amount":{"value":1130,"currency":"EUR"},"eventCode":"AUTHORISATION","success":"true","additionalData":{"hmacSignature":""}}}]}"#;
    let item = only(&of(senders::ADYEN, body));
    assert_eq!(item.pointer(), "/notificationItems/0/NotificationRequestItem");
    assert_eq!(item.event_type(), Some("AUTHORISATION"));
}

#[test]
fn an_empty_list_has_no_items() {
    for (sender, body) in [
        (senders::LINE, r#"{"destination":"U","events":[]}"#),
        (senders::META, r#"{"object":"page","entry":[]}"#),
        (senders::ASANA, r#"{"events":[]}"#),
        (senders::SENDGRID, "[]"),
    ] {
        assert_eq!(of(sender, body).items().unwrap().len(), 0, "{}", sender.name());
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert_eq!(texts(&of_acme(Items::at("/*"), "\u{feff}[1,2]")), ["1", "2"]);
}

#[test]
fn lone_surrogates_are_kept() {
    #[derive(Deserialize)]
    struct Event {
        id: String,
        text: RawJson,
    }
    let item = only(&of_acme(Items::at("/*"), r#"[{"id":"a","text":"\ud800"}]"#));
    let event: Event = item.event().unwrap();
    assert_eq!((&*event.id, event.text.get()), ("a", r#""\ud800""#));
}

#[test]
fn a_name_with_a_lone_surrogate_hides_no_item() {
    let bodies = [
        r#"{"\ud83d":1,"entry":[{"id":"1","changes":[7]}]}"#,
        r#"{"entry":[{"x\ude00":{"\ud83d":1},"id":"1","changes":[7]}]}"#,
    ];
    for body in bodies {
        let item = only(&of(senders::META, body));
        assert_eq!((item.pointer(), item.json()), ("/entry/0/changes/0", "7"), "{body}");
    }
}

#[test]
fn items_are_found_in_the_json_of_a_form() {
    let signature = SignatureLocation::header("x-signature", Encoding::Hex);
    let scheme = Scheme::hmac_sha256("acme", signature)
        .body_formats([BodyFormat::form_json("events")])
        .items(Items::at("/*").id(["/_id"]).event_type("/event"))
        .build()
        .unwrap();
    let delivery = of_scheme(
        scheme,
        "events=%5B%7B%22_id%22%3A%22a%22%7D%2C%7B%22event%22%3A%22open%22%7D%5D",
    );
    assert_eq!(texts(&delivery), [r#"{"_id":"a"}"#, r#"{"event":"open"}"#]);
    assert_eq!(delivery.items().unwrap()[1].event_type(), Some("open"));
}

#[test]
fn the_fields_of_a_form_hold_no_items() {
    let signature = SignatureLocation::header("x-signature", Encoding::Hex);
    let scheme = Scheme::hmac_sha256("acme", signature)
        .body_formats([BodyFormat::Form])
        .items(Items::at("/*"))
        .build()
        .unwrap();
    let rejection = of_scheme(scheme, "a=1&b=2").items().unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::Undecodable);
}

#[test]
fn without_items_the_whole_body_is_one() {
    let item = only(&of(senders::GITHUB, " {\"action\":\"opened\"}\n"));
    assert_eq!((item.pointer(), item.json()), ("", "{\"action\":\"opened\"}"));
}

#[test]
fn a_body_without_the_list_is_rejected_and_says_where_it_should_be() {
    let rejection = of(senders::LINE, r#"{"event":[]}"#).items().unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::Undecodable);
    assert_eq!(rejection.location(), Some("/events/*"));
    for body in ["not JSON", "", "[1", r#"{"events":[1],"events":[2]}"#] {
        let rejection = of(senders::LINE, body).items().unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::Undecodable, "{body}");
    }
}

#[test]
fn an_item_that_does_not_fit_is_undecodable_and_not_quoted() {
    let item = only(&of_acme(Items::at("/*"), r#"["a private text"]"#));
    let rejection = item.event::<u32>().unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::Undecodable);
    assert!(!rejection.to_string().contains("private"), "{rejection}");
}

proptest! {
    /// Whatever the body is, its items are slices of it that decode.
    #[test]
    fn any_body_has_items_or_is_rejected(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just(":"), Just("1"),
                Just("\"entry\":["), Just("{\"changes\":["), Just("\"value\":{"), Just("\"messages\":["),
                Just("\"id\":\"\\ud800\""), Just("null"), Just("]}"), Just("\u{feff}"),
            ],
            0..24,
        ),
    ) {
        let delivery = of(senders::META, &pieces.concat());
        for item in delivery.items().unwrap_or_default() {
            let range = delivery.body().as_ptr_range();
            prop_assert!(range.contains(&item.json().as_ptr()));
            let raw = item.event::<RawJson>().unwrap();
            prop_assert_eq!(raw.get(), item.json());
        }
    }
}
