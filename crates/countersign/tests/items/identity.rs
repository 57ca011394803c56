//! When two items are the same event, whatever delivery they are in.

use countersign::dedup::Identity;
use countersign::scheme::{Encoding, Items, Scheme, SignatureLocation, SigningRequest};
use countersign::senders::{Sender, SenderSpec};
use countersign::{Custom, Delivery, senders};
use proptest::prelude::*;

use crate::support::{NOW, of, of_acme, only, secret};

fn identities(delivery: &Delivery) -> Vec<Identity> {
    delivery.items().unwrap().iter().map(|item| item.identity().clone()).collect()
}

/// A body of `sender` that holds one item.
fn body(sender: SenderSpec, item: &str) -> String {
    match sender.name() {
        "line" | "gocardless" | "asana" => format!(r#"{{"events":[{item}]}}"#),
        "okta" => format!(r#"{{"data":{{"events":[{item}]}}}}"#),
        "sendgrid" | "hubspot" => format!("[{item}]"),
        "meta" => format!(r#"{{"entry":[{{"id":"1","time":2,"changes":[{item}]}}]}}"#),
        name => panic!("no body for {name}"),
    }
}

fn of_item(sender: SenderSpec, item: &str) -> Identity {
    only(&of(sender, &body(sender, item))).identity().clone()
}

#[track_caller]
fn same(sender: SenderSpec, one: &str, other: &str) {
    assert_eq!(of_item(sender, one), of_item(sender, other), "{one} and {other}");
}

#[track_caller]
fn distinct(sender: SenderSpec, one: &str, other: &str) {
    assert_ne!(of_item(sender, one), of_item(sender, other), "{one} and {other}");
}

#[test]
fn an_item_is_the_same_beside_other_items_and_at_another_position() {
    let alone = r#"{"entry":[{"id":"1","time":2,"changes":[{"field":"feed","value":{"n":1}}]}]}"#;
    let among = r#"{"entry":[
        {"id":"0","time":2,"changes":[{"field":"feed","value":{"n":1}}]},
        {"id":"1","time":2,"changes":[{"field":"feed","value":{"n":2}},{"field":"feed","value":{"n":1}}]}
    ]}"#;
    let alone = identities(&of(senders::META, alone));
    let among = identities(&of(senders::META, among));
    assert_eq!(among.iter().position(|found| *found == alone[0]), Some(2));
}

#[test]
fn an_event_of_sendgrid_is_known_after_its_id_has_changed() {
    let event = r#"{"sg_event_id":"a","sg_message_id":"m","event":"open","timestamp":1}"#;
    same(senders::SENDGRID, event, &event.replace("\"a\"", "\"b\""));
    same(
        senders::SENDGRID,
        event,
        r#"{"event":"open","timestamp":1,"sg_event_id":"c","sg_message_id":"m"}"#,
    );
    assert_eq!(
        Identity::from(&of(senders::SENDGRID, &body(senders::SENDGRID, event))),
        Identity::from(&of(
            senders::SENDGRID,
            &body(senders::SENDGRID, &event.replace("\"a\"", "\"b\""))
        ))
    );
}

#[test]
fn a_retried_event_of_sendgrid_is_known_whatever_text_is_in_it() {
    for text in [r#""subject":"see you \ud83d""#, r#""\ud83d":1"#, r#""x":{"\ude00":"\ud83d"}"#] {
        let event = format!(r#"{{"sg_event_id":"a","event":"open",{text}}}"#);
        same(senders::SENDGRID, &event, &event.replace("\"a\"", "\"b\""));
        distinct(senders::SENDGRID, &event, &event.replace("open", "click"));
    }
}

#[test]
fn two_clicks_in_one_second_are_two_events_of_sendgrid() {
    let click = r#"{"sg_event_id":"a","sg_message_id":"m","event":"click","timestamp":1,"url":"https://example.com/a"}"#;
    distinct(senders::SENDGRID, click, &click.replace("com/a", "com/b"));
    distinct(senders::SENDGRID, click, &click.replace("\"timestamp\":1", "\"timestamp\":2"));
}

#[test]
fn an_event_of_hubspot_is_known_in_a_retry() {
    let event = r#"{"eventId":1,"subscriptionId":2,"portalId":3,"occurredAt":4,"attemptNumber":0}"#;
    same(senders::HUBSPOT, event, &event.replace("\"attemptNumber\":0", "\"attemptNumber\":1"));
    assert!(!of_item(senders::HUBSPOT, event).is_short_lived());
    let without_id = event.replace("\"eventId\":1,", "");
    same(
        senders::HUBSPOT,
        &without_id,
        &without_id.replace("\"attemptNumber\":0", "\"attemptNumber\":1"),
    );
}

#[test]
fn one_event_id_of_hubspot_is_several_events() {
    let event = r#"{"eventId":1,"subscriptionId":2,"portalId":3,"occurredAt":4,"objectId":5}"#;
    for field in
        ["eventId\":1", "subscriptionId\":2", "portalId\":3", "occurredAt\":4", "objectId\":5"]
    {
        distinct(senders::HUBSPOT, event, &event.replace(field, &format!("{field}9")));
    }
}

#[test]
fn events_of_hubspot_with_one_event_id_differ_in_what_they_are_about() {
    let event = |about: &str| {
        format!(r#"{{"eventId":1,"subscriptionId":2,"portalId":3,"occurredAt":4,{about}}}"#)
    };
    for (one, other) in [
        (r#""objectId":5,"propertyName":"a""#, r#""objectId":5,"propertyName":"b""#),
        (r#""fromObjectId":1,"toObjectId":2"#, r#""fromObjectId":2,"toObjectId":1"#),
        (r#""fromObjectId":1,"toObjectId":2"#, r#""fromObjectId":1,"toObjectId":3"#),
    ] {
        distinct(senders::HUBSPOT, &event(one), &event(other));
        let one = event(&format!(r#"{one},"attemptNumber":0"#));
        same(senders::HUBSPOT, &one, &one.replace("\"attemptNumber\":0", "\"attemptNumber\":1"));
    }
}

#[test]
fn an_event_of_asana_is_its_members() {
    let event = r#"{"action":"changed","created_at":"2026-01-01T00:00:00.000Z","resource":{"gid":"1"},"user":{"gid":"2"}}"#;
    same(senders::ASANA, event, &event.replace(',', ", "));
    for (field, other) in [("changed", "deleted"), ("00.000Z", "00.001Z"), ("\"1\"", "\"3\"")] {
        distinct(senders::ASANA, event, &event.replace(field, other));
    }
}

#[test]
fn a_redelivered_event_of_line_is_known() {
    let event = r#"{"webhookEventId":"01H","deliveryContext":{"isRedelivery":false}}"#;
    same(senders::LINE, event, &event.replace("false", "true"));
}

#[test]
fn ids_are_exact() {
    let senders =
        [(senders::LINE, "webhookEventId"), (senders::GOCARDLESS, "id"), (senders::OKTA, "uuid")];
    for (sender, field) in senders {
        let event = |id: &str| format!(r#"{{"{field}":{id},"n":1}}"#);
        distinct(sender, &event("18446744073709551617"), &event("18446744073709551618"));
        distinct(sender, &event("1"), &event("1.0"));
        same(sender, &event(r#""a""#), &event(r#""\u0061""#));
        same(sender, &event("7"), &format!(r#"{{"{field}":7,"n":2}}"#));
    }
}

#[test]
fn a_change_of_meta_is_its_entry_its_time_its_field_and_its_value() {
    let entry = |id: &str, time: u32, field: &str, value: &str| {
        let change = format!(r#"{{"field":"{field}","value":{value}}}"#);
        let body = format!(r#"{{"entry":[{{"id":"{id}","time":{time},"changes":[{change}]}}]}}"#);
        only(&of(senders::META, &body)).identity().clone()
    };
    let first = entry("1", 2, "feed", r#"{"a":1,"b":2}"#);
    assert_eq!(first, entry("1", 2, "feed", r#"{ "b":2, "a":1 }"#));
    for other in [
        entry("9", 2, "feed", r#"{"a":1,"b":2}"#),
        entry("1", 9, "feed", r#"{"a":1,"b":2}"#),
        entry("1", 2, "likes", r#"{"a":1,"b":2}"#),
        entry("1", 2, "feed", r#"{"a":1,"b":9}"#),
    ] {
        assert_ne!(first, other);
    }
}

/// The identity of one element of a list in the value of a change.
fn whatsapp(list: &str, item: &str) -> Identity {
    let body = format!(
        r#"{{"entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"{list}":[{item}]}}}}]}}]}}"#
    );
    only(&of(senders::META, &body)).identity().clone()
}

#[test]
fn a_message_of_whatsapp_is_its_id() {
    let found = whatsapp("messages", r#"{"id":"wamid.1","text":{"body":"a"}}"#);
    assert!(!found.is_short_lived());
    assert_eq!(found, whatsapp("messages", r#"{"text":{"body":"b"},"id":"wamid.1"}"#));
    assert_ne!(found, whatsapp("messages", r#"{"id":"wamid.2","text":{"body":"a"}}"#));
}

#[test]
fn a_status_of_whatsapp_is_the_message_and_the_status() {
    let found = whatsapp("statuses", r#"{"id":"wamid.1","status":"sent"}"#);
    assert_eq!(found, whatsapp("statuses", r#"{"id":"wamid.1","status":"sent","timestamp":"9"}"#));
    assert_ne!(found, whatsapp("statuses", r#"{"id":"wamid.1","status":"read"}"#));
    assert_ne!(found, whatsapp("messages", r#"{"id":"wamid.1","status":"sent"}"#));
}

#[test]
fn a_message_of_messenger_is_its_id_and_what_happens_to_it() {
    let message = |list: &str, page: &str, message: &str| {
        let body = format!(
            r#"{{"entry":[{{"id":"{page}","{list}":[{{"timestamp":1,"message":{message}}}]}}]}}"#
        );
        only(&of(senders::META, &body)).identity().clone()
    };
    let first = message("messaging", "1", r#"{"mid":"m.1","text":"a"}"#);
    assert!(!first.is_short_lived());
    assert_eq!(first, message("messaging", "1", r#"{"text":"a","mid":"m.1","seq":2}"#));
    for other in [
        message("messaging", "1", r#"{"mid":"m.2","text":"a"}"#),
        message("messaging", "1", r#"{"mid":"m.1","is_deleted":true}"#),
        message("messaging", "1", r#"{"mid":"m.1","text":"a","is_echo":true}"#),
        message("messaging", "2", r#"{"mid":"m.1","text":"a"}"#),
        message("standby", "1", r#"{"mid":"m.1","text":"a"}"#),
    ] {
        assert_ne!(first, other);
    }
}

#[test]
fn an_item_of_adyen_is_what_is_signed() {
    let notification = |reference: &str, reason: &str| {
        let body = format!(
            r#"{{"notificationItems":[{{"NotificationRequestItem":{{"pspReference":"{reference}","merchantAccountCode":"M","merchantReference":"R","amount":{{"value":1,"currency":"EUR"}},"eventCode":"AUTHORISATION","success":"true","reason":"{reason}","additionalData":{{"hmacSignature":""}}}}}}]}}"#
        );
        only(&of(senders::ADYEN, &body)).identity().clone()
    };
    assert_eq!(notification("1", "a"), notification("1", "b"));
    assert_ne!(notification("1", "a"), notification("2", "a"));
}

#[test]
fn an_item_without_its_id_is_its_members() {
    let items = || Items::at("/*").id(["/id"]);
    let of_one = |item: &str| only(&of_acme(items(), &format!("[{item}]"))).identity().clone();
    for id in ["null", "\"\"", "true", "{}", "[1]"] {
        let found = of_one(&format!(r#"{{"id":{id},"n":1}}"#));
        assert!(found.is_short_lived(), "{id}");
        assert_ne!(found, of_one(&format!(r#"{{"id":{id},"n":2}}"#)), "{id}");
    }
    let twice = of_one(r#"{"id":1,"id":2}"#);
    assert!(twice.is_short_lived(), "two parsers could read two ids");
    assert_ne!(twice, of_one(r#"{"id":2,"id":1}"#));
}

#[test]
fn an_item_without_its_id_is_its_members_and_the_name_of_the_event_in_a_header() {
    let signature = SignatureLocation::header("x-signature", Encoding::Hex);
    let scheme = Scheme::hmac_sha256("acme", signature)
        .event_type_header("x-event")
        .items(Items::at("/*").id(["/id"]))
        .build()
        .unwrap();
    let identity = |body: &[u8], event: &str| {
        let mut headers = SigningRequest::new(body).sign(&scheme, &secret()).unwrap();
        headers.push(("x-event".to_owned(), event.to_owned()));
        let sender = Custom::new(scheme.clone(), secret()).unwrap();
        let verifier = sender.verifier();
        let delivery = verifier.verify(&headers, body.to_vec(), NOW, 1 << 20).unwrap();
        only(&delivery).identity().clone()
    };
    assert_ne!(identity(b"[1]", "created"), identity(b"[1]", "updated"));
    assert_eq!(identity(b"[1]", "created"), identity(b"[ 1 ]", "created"));
    let with_id = br#"[{"id":"a"}]"#;
    assert_eq!(identity(with_id, "created"), identity(with_id, "updated"));
}

#[test]
fn the_first_complete_id_counts() {
    let items = || Items::at("/*").id(["/uuid"]).id(["/a", "/b"]);
    let of_one = |item: &str| only(&of_acme(items(), &format!("[{item}]"))).identity().clone();
    assert_eq!(of_one(r#"{"uuid":1,"a":2,"b":3}"#), of_one(r#"{"uuid":1}"#));
    assert_eq!(of_one(r#"{"a":2,"b":3}"#), of_one(r#"{"b":3,"a":2,"c":4}"#));
    assert_ne!(of_one(r#"{"uuid":1}"#), of_one(r#"{"a":1,"b":1}"#));
    assert!(of_one(r#"{"a":2}"#).is_short_lived());
}

#[test]
fn no_field_can_pass_for_another() {
    let items = || Items::at("/e/*/c/*").within(["/e/*/x", "/e/*/y"]).id(["/a", "/b"]);
    let of_one = |x: &str, y: &str, a: &str, b: &str| {
        let body = format!(r#"{{"e":[{{{x}{y}"c":[{{"a":"{a}","b":"{b}"}}]}}]}}"#);
        only(&of_acme(items(), &body)).identity().clone()
    };
    assert_ne!(of_one("", "", "1", "23"), of_one("", "", "12", "3"));
    assert_ne!(of_one(r#""x":"1","#, "", "a", "b"), of_one("", r#""y":"1","#, "a", "b"));
    assert_ne!(of_one(r#""x":"none","#, "", "a", "b"), of_one("", "", "a", "b"));
}

#[test]
fn a_delivery_is_its_items_in_any_order() {
    let identity = |body: &str| Identity::from(&of(senders::LINE, body));
    let [a, b] = [r#"{"webhookEventId":"a"}"#, r#"{"webhookEventId":"b"}"#];
    let both = identity(&format!(r#"{{"events":[{a},{b}]}}"#));
    assert!(!both.is_short_lived());
    assert_eq!(both, identity(&format!(r#"{{"destination":"x","events":[{b},{a}]}}"#)));
    assert_ne!(both, identity(&format!(r#"{{"events":[{a}]}}"#)));
    assert_ne!(both, identity(&format!(r#"{{"events":[{a},{b},{b}]}}"#)));
}

#[test]
fn a_delivery_without_items_is_its_body() {
    for text in [r#"{"events":[]}"#, "{}", "not JSON", r#"{"events":[1],"events":[1]}"#] {
        assert_eq!(
            Identity::from(&of(senders::LINE, text)),
            Identity::body(text.as_bytes()),
            "{text}"
        );
    }
}

#[test]
fn an_item_is_never_the_delivery_that_holds_it() {
    let delivery = of(senders::LINE, r#"{"events":[{"webhookEventId":"a"}]}"#);
    assert_ne!(*only(&delivery).identity(), Identity::from(&delivery));
}

proptest! {
    /// Two items have one identity exactly if they have one id, whatever is around them.
    #[test]
    fn an_item_is_its_id_alone(
        left in "[0-9a-z\"\\\\ ]{1,6}",
        right in "[0-9a-z\"\\\\ ]{1,6}",
        before in 0_usize..3,
        after in 0_usize..3,
    ) {
        let item = |id: &str, n: usize| {
            format!(r#"{{"n":{n},"id":{}}}"#, serde_json::to_string(id).unwrap())
        };
        let items = || Items::at("/*").id(["/id"]);
        let alone = only(&of_acme(items(), &format!("[{}]", item(&left, 0)))).identity().clone();
        let others = |count| (0..count).map(|n| item("other id", n)).collect::<Vec<_>>();
        let mut all = others(before);
        all.push(item(&right, 1));
        all.extend(others(after));
        let found = identities(&of_acme(items(), &format!("[{}]", all.join(","))));
        prop_assert_eq!(found[before] == alone, left == right);
    }
}
