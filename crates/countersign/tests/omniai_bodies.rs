//! Bodies of OmniAI beyond the fixtures: minimal, unusual and rejected ones.

#![allow(clippy::unwrap_used)]

use std::fmt::Debug;

use countersign::omniai::{Event, LeadCompleted, LeadCreated, UnknownEvent};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The error of decoding a body, without the position.
fn decode_error<T: DeserializeOwned + Debug>(body: &str) -> String {
    let why = serde_json::from_str::<T>(body).unwrap_err().to_string();
    why.split(" at line ").next().unwrap().to_owned()
}

fn unknown(body: &str) -> UnknownEvent {
    match serde_json::from_str(body).unwrap() {
        Event::Unknown(event) => event,
        known => panic!("{} is known", known.name()),
    }
}

#[test]
fn ids_are_enough() {
    for body in [
        r#"{"event":"action_log.completed","workspaceId":"w","actionLog":{"id":"a","leadId":"l"}}"#,
        r#"{"event":"action_log.failed","workspaceId":"w","actionLog":{"id":"a","leadId":"l"}}"#,
        r#"{"event":"document.received","workspaceId":"w","document":{"id":"d","leadId":"l"}}"#,
        r#"{"event":"document.extracted","workspaceId":"w","leadId":"l","documentId":"d"}"#,
        r#"{"event":"lead.created","data":{"leadId":"l"}}"#,
        r#"{"event":"lead.updated","data":{"leadId":"l"}}"#,
        r#"{"event":"lead.completed","data":{"leadId":"l"}}"#,
    ] {
        let event: Event = serde_json::from_str(body).unwrap();
        assert!(body.contains(&format!("\"{}\"", event.name())));
        // Serializing adds no field.
        assert_eq!(
            serde_json::to_value(&event).unwrap(),
            serde_json::from_str::<Value>(body).unwrap()
        );
    }
}

#[test]
fn a_payload_can_be_read_from_the_whole_body() {
    let created: LeadCreated =
        serde_json::from_str(r#"{"data":{"leadId":"l"},"event":"lead.created"}"#).unwrap();
    assert_eq!(created.data.lead_id, "l");
    assert_eq!(
        serde_json::to_string(&created).unwrap(),
        r#"{"event":"lead.created","data":{"leadId":"l"}}"#
    );
}

#[test]
fn a_payload_is_not_read_from_another_event() {
    assert_eq!(
        decode_error::<LeadCreated>(r#"{"event":"lead.completed","data":{"leadId":"l"}}"#),
        r#"invalid value: string "lead.completed", expected the event `lead.created`"#
    );
    assert_eq!(
        decode_error::<LeadCompleted>(r#"{"event":"Lead.Completed","data":{"leadId":"l"}}"#),
        r#"invalid value: string "Lead.Completed", expected the event `lead.completed`"#
    );
    assert_eq!(decode_error::<LeadCreated>(r#"{"data":{"leadId":"l"}}"#), "missing field `event`");
    assert_eq!(
        decode_error::<LeadCreated>(r#"{"event":1,"data":{"leadId":"l"}}"#),
        "invalid type: integer `1`, expected the event `lead.created`"
    );
}

#[test]
fn an_unknown_event_is_kept_byte_for_byte() {
    let body = r#"{ "b":1.0,"event":"lead.\u0061rchived", "b" : 123456789012345678901234567890 }"#;
    let event = unknown(&format!("\n {body}\n"));
    assert_eq!(event.name(), "lead.archived");
    assert_eq!(event.raw().get(), body);
    let event = Event::Unknown(event);
    assert_eq!(event.name(), "lead.archived");
    assert_eq!(serde_json::to_string(&event).unwrap(), body);
}

#[test]
fn an_unknown_event_can_be_decoded_as_a_users_type() {
    #[derive(serde::Deserialize)]
    struct Ping<'a> {
        nonce: &'a str,
    }

    let event = unknown(r#"{"event":"ping","nonce":"n"}"#);
    assert_eq!(event.parse::<Ping<'_>>().unwrap().nonce, "n");
    let why = event.parse::<LeadCreated>().unwrap_err().to_string();
    assert!(why.starts_with(r#"invalid value: string "ping", expected the event"#), "{why}");
}

#[test]
fn names_are_compared_exactly() {
    assert_eq!(unknown(r#"{"event":"LEAD.CREATED"}"#).name(), "LEAD.CREATED");
    assert_eq!(unknown(r#"{"event":""}"#).name(), "");
}

#[test]
fn a_body_that_names_no_event_is_unknown() {
    for body in ["{}", r#"{"Event":"lead.created"}"#, r#"{"event":null}"#, r#"{"test":true}"#] {
        let Event::Unknown(event) = serde_json::from_str(body).unwrap() else { panic!("{body}") };
        assert_eq!((event.name(), event.raw().get()), ("", body));
    }
}

#[test]
fn an_event_name_that_is_not_a_string_is_rejected() {
    assert_eq!(
        decode_error::<Event>(r#"{"event":["lead.created"]}"#),
        "invalid type: sequence, expected a string"
    );
    assert_eq!(
        decode_error::<Event>(r#"{"event":7}"#),
        "invalid type: integer `7`, expected a string"
    );
}

#[test]
fn a_body_that_is_not_an_object_is_rejected() {
    for (body, what) in [
        ("null", "null"),
        ("7", "integer `7`"),
        (r#""lead.created""#, r#"string "lead.created""#),
        (r#"["ping"]"#, "sequence"),
        (r#"["lead.created",{"leadId":"l"}]"#, "sequence"),
    ] {
        let why = format!("invalid type: {what}, expected an object with the name of an event");
        assert_eq!(decode_error::<Event>(body), why);
    }
}

#[test]
fn a_repeated_event_name_is_rejected() {
    for body in [
        r#"{"event":"lead.created","event":"lead.created","data":{"leadId":"l"}}"#,
        r#"{"event":"lead.created","data":{"leadId":"l"},"event":"ping"}"#,
        r#"{"event":"ping","event":"pong"}"#,
        r#"{"event":"ping","\u0065vent":"ping"}"#,
    ] {
        assert_eq!(decode_error::<Event>(body), "duplicate field `event`", "{body}");
    }
}

#[test]
fn an_error_has_its_position() {
    let body = "{\"event\":\"lead.created\",\n\"data\":{\"leadId\":5}}";
    let why = serde_json::from_str::<Event>(body).unwrap_err().to_string();
    assert_eq!(why, "invalid type: integer `5`, expected a string at line 2 column 18");
}

#[test]
fn an_invalid_time_is_rejected() {
    let body = r#"{"event":"document.received","workspaceId":"w",
        "document":{"id":"d","leadId":"l","createdAt":"yesterday"}}"#;
    assert_eq!(decode_error::<Event>(body), "the 'year' component could not be parsed");
}

#[test]
fn deep_nesting_is_allowed_in_raw_json() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let body = format!(
        r#"{{"event":"action_log.failed","workspaceId":"w",
            "actionLog":{{"id":"a","leadId":"l","input":{deep}}}}}"#
    );
    let Event::ActionLogFailed(failed) = serde_json::from_str(&body).unwrap() else {
        panic!("another event");
    };
    assert_eq!(failed.action_log.input.unwrap().get(), deep);
}

#[test]
fn raw_json_is_kept_byte_for_byte() {
    let input = r#"{ "n":1.10, "n": 12345678901234567890123 }"#;
    let body = format!(
        r#"{{"event":"action_log.failed","workspaceId":"w","actionLog":{{"id":"a","leadId":"l","input":{input}}}}}"#
    );
    let event: Event = serde_json::from_str(&body).unwrap();
    assert_eq!(serde_json::to_string(&event).unwrap(), body);
}
