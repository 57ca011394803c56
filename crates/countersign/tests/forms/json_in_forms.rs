//! Forms with a field that holds the event as JSON: GitHub and Slack.

use std::collections::HashMap;
use std::slice;

use countersign::scheme::BodyFormat;
use countersign::{RawJson, senders};
use serde::Deserialize;
use serde_json::json;

use crate::{FORM, decode, form, mismatch, receive, secret, sender};

#[derive(Debug, Deserialize, PartialEq)]
struct Ping {
    zen: String,
    hook_id: u64,
}

const PING: &str = r#"{"zen":"Keep it logically awesome.","hook_id":2,"extra":"é + & %"}"#;

fn ping() -> Ping {
    Ping { zen: "Keep it logically awesome.".into(), hook_id: 2 }
}

#[test]
fn github_sends_json_in_payload_or_as_the_body() {
    let github = senders::GITHUB.keys(secret()).unwrap();
    let body = form(&[("payload", PING)]);
    for content_type in [FORM, "Application/X-WWW-Form-URLEncoded; charset=utf-8"] {
        let delivery = receive(&github, content_type, &*body);
        assert_eq!(delivery.event::<Ping>().unwrap(), ping());
        assert_eq!(delivery.payload::<Ping>().unwrap(), ping());
        assert_eq!(delivery.event::<RawJson>().unwrap().get(), PING);
        assert_eq!(delivery.body(), body.as_bytes());
    }
    for content_type in ["application/json", "application/json; charset=utf-8", "", "text/plain"] {
        assert_eq!(receive(&github, content_type, PING).event::<Ping>().unwrap(), ping());
    }
}

#[test]
fn an_event_borrows_from_the_json_in_a_form() {
    #[derive(Deserialize)]
    struct Borrowed<'d> {
        zen: &'d str,
    }

    let github = senders::GITHUB.keys(secret()).unwrap();
    let delivery = receive(&github, FORM, form(&[("payload", PING)]));
    let event: Borrowed<'_> = delivery.event().unwrap();
    assert_eq!(event.zen, "Keep it logically awesome.");
    let again: Borrowed<'_> = delivery.event().unwrap();
    assert!(std::ptr::eq(event.zen, again.zen), "decoded once");
}

/// <https://docs.slack.dev/interactivity/handling-user-interaction#payloads>
#[test]
fn slack_sends_interactions_in_payload() {
    let slack = senders::SLACK.keys(secret()).unwrap();
    let payload = json!({
        "type": "block_actions",
        "user": { "id": "U2147483697" },
        "actions": [{ "action_id": "approve", "value": "a=1&b=2" }],
    });
    let delivery = receive(&slack, FORM, form(&[("payload", &payload.to_string())]));
    assert_eq!(delivery.event::<serde_json::Value>().unwrap(), payload);
    assert_eq!(delivery.signed_id(), None);
    assert_eq!(delivery.event_type().as_deref(), Some("block_actions"));
}

/// <https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling>
#[test]
fn slack_sends_commands_as_fields() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Command {
        command: String,
        text: String,
        user_id: String,
        is_enterprise_install: bool,
    }

    let slack = senders::SLACK.keys(secret()).unwrap();
    let text = r#"payload={"type":"block_actions"}"#;
    let body = form(&[
        ("token", "gIkuvaNzQIHg97ATvDxqgjtO"),
        ("command", "/weather"),
        ("text", text),
        ("user_id", "U2147483697"),
        ("is_enterprise_install", "false"),
    ]);
    let delivery = receive(&slack, FORM, body);
    assert_eq!(delivery.event_type().as_deref(), Some("/weather"));
    let command: Command = delivery.event().unwrap();
    assert_eq!(command.text, text, "a user's text is not the payload");
    assert_eq!((&*command.command, command.is_enterprise_install), ("/weather", false));
}

#[test]
fn slack_sends_events_as_json() {
    let slack = senders::SLACK.keys(secret()).unwrap();
    let body = json!({ "event_id": "Ev08MFMKH6", "type": "event_callback", "event": { "type": "app_mention" } }).to_string();
    let delivery = receive(&slack, "application/json", body);
    assert_eq!(delivery.signed_id().as_deref(), Some("Ev08MFMKH6"));
    assert_eq!(delivery.event_type().as_deref(), Some("app_mention"));
}

#[test]
fn ids_and_types_are_those_of_the_json() {
    let acme = sender([BodyFormat::form_json("payload")]);
    let payload = r#"{"id":"evt_1","type":"issue.opened"}"#;
    let body = form(&[("id", "another"), ("type", "another"), ("payload", payload)]);
    let delivery = receive(&acme, FORM, body);
    assert_eq!(delivery.signed_id().as_deref(), Some("evt_1"));
    assert_eq!(delivery.event_type().as_deref(), Some("issue.opened"));
}

#[test]
fn a_payload_pointer_leads_into_the_json() {
    use countersign::Custom;
    use countersign::scheme::{Encoding, Scheme, SignatureLocation};

    let scheme = Scheme::hmac_sha256("acme", SignatureLocation::header("x-acme", Encoding::Hex))
        .payload_field("/data")
        .body_formats([BodyFormat::form_json("payload")]);
    let acme = Custom::new(scheme.build().unwrap(), secret()).unwrap();
    let delivery = receive(&acme, FORM, form(&[("payload", r#"{"data":{"n":1}}"#)]));
    assert_eq!(delivery.payload::<HashMap<String, u8>>().unwrap(), [("n".to_owned(), 1)].into());
}

#[test]
fn the_field_must_be_there_once() {
    let json = BodyFormat::form_json("payload");
    let detail = |formats: &[BodyFormat], fields: &[(&str, &str)]| {
        mismatch::<HashMap<String, String>>(&receive(&sender(formats.to_vec()), FORM, form(fields)))
    };
    assert_eq!(
        detail(slice::from_ref(&json), &[("other", "{}")]),
        "the form has no field `payload`"
    );
    let twice = [("payload", "{}"), ("payload", "{}")];
    assert_eq!(
        detail(slice::from_ref(&json), &twice),
        "the form has more than one field `payload`"
    );
    let with_fields = [json.clone(), BodyFormat::Form];
    assert_eq!(detail(&with_fields, &twice), "the form has more than one field `payload`");
    let two_names = [json, BodyFormat::form_json("data")];
    let both = [("data", "{}"), ("payload", "{}")];
    let expected = "the form has more than one field `payload` or `data`";
    assert_eq!(detail(&two_names, &both), expected);
    let data: HashMap<String, u8> = decode(two_names, form(&[("data", r#"{"n":1}"#)]));
    assert_eq!(data["n"], 1);
}
