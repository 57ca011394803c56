use countersign::omniai::{
    ActionLogCompleted, ActionLogFailed, DocumentExtracted, DocumentReceived, Event, LeadCompleted,
    LeadCreated, LeadUpdated,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{gaps, infallible};

/// Checks a body.
///
/// An event survives serializing and decoding, an unknown one byte for byte. Each event's own struct
/// accepts exactly the bodies of its variant.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn omniai_event(data: &[u8]) {
    let event = serde_json::from_slice::<Event>(data).ok();
    if let Some(event) = &event {
        let text = infallible(serde_json::to_string(event));
        let again: Event = infallible(serde_json::from_str(&text));
        assert_eq!(*event, again, "parse, write, parse");
        assert_eq!(infallible(serde_json::to_string(&again)), text, "write, parse, write");
        assert_eq!(again.name(), event.name());
        if let Event::Unknown(unknown) = event {
            let body = infallible(std::str::from_utf8(data)).trim_matches([' ', '\t', '\n', '\r']);
            assert_eq!(unknown.raw().get(), body, "an unknown event comes back whole");
            assert_eq!(text, body, "an unknown event is written back whole");
        }
    }
    if std::str::from_utf8(data).is_err() || gaps::is_array(data) {
        return;
    }
    let event = event.as_ref();
    agree::<ActionLogCompleted>(data, event, "action_log.completed");
    agree::<ActionLogFailed>(data, event, "action_log.failed");
    agree::<DocumentReceived>(data, event, "document.received");
    agree::<DocumentExtracted>(data, event, "document.extracted");
    agree::<LeadCreated>(data, event, "lead.created");
    agree::<LeadUpdated>(data, event, "lead.updated");
    agree::<LeadCompleted>(data, event, "lead.completed");
}

fn agree<P: DeserializeOwned + Serialize>(data: &[u8], event: Option<&Event>, name: &str) {
    let event = event.filter(|event| event.name() == name).map(|event| infallible(to_json(event)));
    let payload =
        serde_json::from_slice::<P>(data).ok().map(|payload| infallible(to_json(&payload)));
    assert_eq!(payload, event, "the struct and the variant of {name}");
}

fn to_json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value)
}
