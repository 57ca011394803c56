//! Describes an event in a line of text. Shared by both frameworks.

use countersign::{Patch, ainexlayer, omniai};
use serde::Deserialize;

/// The fields of an AINexLayer payload that this service uses.
#[derive(Debug, Deserialize)]
pub(crate) struct Payload {
    workspace: String,
    name: String,
}

pub(crate) fn omniai_note(event: &omniai::Event) -> String {
    use omniai::Event;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    match event {
        Event::ActionLogCompleted(event) => {
            format!("ActionLogCompleted · {}", text(&event.action_log.summary))
        }
        Event::ActionLogFailed(event) => {
            format!("ActionLogFailed · {}", text(&event.action_log.error))
        }
        Event::DocumentReceived(event) => {
            let size = event.document.size.unwrap_or_default();
            format!("DocumentReceived · {}, {size} bytes", text(&event.document.filename))
        }
        Event::DocumentExtracted(event) => {
            format!("DocumentExtracted · {}", text(&event.document_type))
        }
        Event::LeadCreated(event) => format!("LeadCreated · {}", full_name(&event.data)),
        Event::LeadUpdated(event) => match &event.data.phone_number {
            Patch::Absent => "LeadUpdated · same phone number".into(),
            Patch::Null => "LeadUpdated · phone number removed".into(),
            Patch::Value(number) => format!("LeadUpdated · phone number {number}"),
        },
        Event::LeadCompleted(event) => {
            let items = event.data.checklist_items.as_ref().map_or(0, Vec::len);
            format!("LeadCompleted · {}, {items} checklist items", full_name(&event.data))
        }
        Event::Unknown(event) => {
            format!("Unknown · {}, {} bytes", event.name(), event.raw().get().len())
        }
        other => other.name().into(),
    }
}

fn full_name(lead: &omniai::Lead) -> String {
    let names = [&lead.first_name, &lead.last_name];
    names.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

pub(crate) fn ainexlayer_note(event: &ainexlayer::Event<Payload>) -> String {
    let Payload { workspace, name } = &event.payload;
    match &event.event_type {
        Some(known_or_not) => format!("{known_or_not:?} · {name} in {workspace}"),
        None => format!("no type · {name} in {workspace}"),
    }
}
