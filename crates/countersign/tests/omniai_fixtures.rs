//! Properties of every fixture of OmniAI, and of each of its keys.
//!
//! `/tests/fixtures/README.md` describes the fixtures and how far they can be trusted.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;

use countersign::omniai::Event;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/omniai/");

/// The pointers of the keys without which an event is rejected.
const REQUIRED: [&str; 11] = [
    "/event",
    "/workspaceId",
    "/actionLog",
    "/actionLog/id",
    "/actionLog/leadId",
    "/document",
    "/document/id",
    "/document/leadId",
    "/documentId",
    "/data",
    "/data/leadId",
];

/// The pointers of raw JSON.
const RAW: [&str; 3] = ["/actionLog/input/", "/classification/", "/extractionResult/"];

fn text(name: &str) -> String {
    fs::read_to_string(format!("{FOLDER}{name}.json")).unwrap()
}

fn event(name: &str) -> Event {
    serde_json::from_str(&text(name)).unwrap()
}

fn fixtures() -> Vec<(String, Value)> {
    let fixtures: Vec<_> = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|file| Some(file.strip_suffix(".json")?.to_owned()))
        .map(|name| (name.clone(), serde_json::from_str(&text(&name)).unwrap()))
        .collect();
    assert!(fixtures.len() >= 15, "fixtures are missing");
    fixtures
}

/// Every fixture with the JSON pointer of each key in it.
fn keys() -> Vec<(String, Value, String)> {
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        if let Value::Object(fields) = value {
            for (key, value) in fields {
                found.push(format!("{at}/{key}"));
                walk(value, &format!("{at}/{key}"), found);
            }
        } else if let Value::Array(items) = value {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{at}/{index}"), found);
            }
        }
    }

    let mut keys = Vec::new();
    for (name, body) in fixtures() {
        let mut found = Vec::new();
        walk(&body, "", &mut found);
        keys.extend(found.into_iter().map(|at| (name.clone(), body.clone(), at)));
    }
    keys
}

/// The object that holds the key at a pointer, and the key.
fn holder<'a>(
    body: &'a mut Value,
    at: &'a str,
) -> (&'a mut serde_json::Map<String, Value>, &'a str) {
    let (holder, key) = at.rsplit_once('/').unwrap();
    let holder = body.pointer_mut(holder).and_then(Value::as_object_mut).unwrap();
    (holder, key)
}

fn is_required(name: &str, at: &str) -> bool {
    // The lead's id is beside the document's in one event.
    REQUIRED.contains(&at) || (name.starts_with("document.extracted") && at == "/leadId")
}

/// Decodes a body; the error has no position.
fn parse(body: &str) -> Result<Event, String> {
    let parsed: Result<Event, _> = serde_json::from_str(body);
    parsed.map_err(|error| error.to_string().split(" at line ").next().unwrap().to_owned())
}

/// Normalizes a value: without nulls, with times in one spelling.
fn normal(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, normal(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::String(text) => match OffsetDateTime::parse(&text, &Rfc3339) {
            Ok(time) => time.format(&Rfc3339).unwrap().into(),
            Err(_) => text.into(),
        },
        other => other,
    }
}

#[test]
fn every_fixture_is_the_event_that_its_file_is_named_after() {
    for (name, body) in fixtures() {
        let event = event(&name);
        assert!(name.starts_with(event.name()), "{name}");
        assert_eq!(body["event"], event.name());
        assert!(!matches!(event, Event::Unknown(_)), "{name}");
    }
}

#[test]
fn every_documented_key_survives() {
    for (name, mut body) in fixtures() {
        // The only value that is not serialized as it was sent.
        if name == "document.extracted.v3" {
            body["status"] = "completed".into();
        }
        let written = serde_json::to_value(event(&name)).unwrap();
        assert_eq!(normal(written), normal(body), "{name}");
    }
}

#[test]
fn an_event_survives_serializing_and_decoding() {
    for (name, body) in fixtures() {
        let event = event(&name);
        let written = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&written).unwrap(), event, "{name}");
        assert_eq!(serde_json::from_value::<Event>(body).unwrap().name(), event.name());
        assert_eq!(serde_json::from_reader::<_, Event>(text(&name).as_bytes()).unwrap(), event);
    }
}

#[test]
fn any_key_may_be_null_but_the_required_ones() {
    for (name, mut body, at) in keys() {
        if at == "/event" {
            continue;
        }
        *body.pointer_mut(&at).unwrap() = Value::Null;
        match parse(&body.to_string()) {
            Ok(_) => assert!(!is_required(&name, &at), "{name}: {at} may be null"),
            Err(why) => {
                assert!(is_required(&name, &at), "{name}: {at}: {why}");
                assert!(why.starts_with("invalid type: null, expected "), "{name}: {at}: {why}");
            }
        }
    }
}

#[test]
fn any_key_may_be_missing_but_the_required_ones() {
    for (name, mut body, at) in keys() {
        if at == "/event" {
            continue;
        }
        let (fields, key) = holder(&mut body, &at);
        fields.remove(key);
        match parse(&body.to_string()) {
            Ok(_) => assert!(!is_required(&name, &at), "{name}: {at} may be missing"),
            Err(why) => {
                assert!(is_required(&name, &at), "{name}: {at}: {why}");
                let key = at.rsplit('/').next().unwrap();
                assert_eq!(why, format!("missing field `{key}`"), "{name}: {at}");
            }
        }
    }
}

#[test]
fn unknown_fields_change_nothing() {
    for (name, mut body, at) in keys() {
        if RAW.iter().any(|raw| at.starts_with(raw)) {
            continue;
        }
        let without = parse(&body.to_string()).unwrap();
        let (fields, _) = holder(&mut body, &at);
        fields.insert("xNew".to_owned(), json!({"event": ["x", null]}));
        assert_eq!(parse(&body.to_string()), Ok(without), "{name}: {at}");
    }
}

#[test]
fn a_known_key_given_twice_is_rejected() {
    for (name, mut body, at) in keys() {
        // Kept verbatim: raw JSON, and an address that is ambiguous.
        if RAW.iter().any(|raw| at.starts_with(raw)) || at.contains("/value/") {
            continue;
        }
        let (fields, key) = holder(&mut body, &at);
        let twin = fields[key].clone();
        fields.insert("xTwin".to_owned(), twin);
        let body = body.to_string().replace("xTwin", at.rsplit('/').next().unwrap());
        let why = format!("duplicate field `{}`", at.rsplit('/').next().unwrap());
        assert_eq!(parse(&body), Err(why), "{name}: {at}");
    }
}
