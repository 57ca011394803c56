//! A service that two senders deliver to: the file to read first.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use countersign_tower::ainexlayer::AiNexLayer;
use countersign_tower::omniai::OmniAi;
use countersign_tower::{
    ConfigError, Encoding, Patch, Receiver, Secret, Webhook, WebhookLayer, ainexlayer, omniai,
};
use serde::Deserialize;

use crate::desk::{Desk, Failed};

// A real service reads its secrets with `Secret::from_env` or `Secret::from_file`.
pub(crate) const OMNIAI_SECRET: &str = "demo-secret-of-omniai-never-use-it";
pub(crate) const AINEXLAYER_SECRET: &str = "demo-secret-of-ainexlayer-never-use-it";

/// OmniAI sends the secret along, in a header whose name it does not document.
pub(crate) fn omniai_receiver() -> Result<Receiver, ConfigError> {
    let secret = Secret::new(OMNIAI_SECRET)?;
    Ok(Receiver::new(OmniAi::new("x-webhook-secret", secret)?))
}

/// AINexLayer signs the body; how it writes the signature, and the body's shape, are assumed here.
pub(crate) fn ainexlayer_receiver() -> Result<Receiver, ConfigError> {
    let sender = AiNexLayer::builder(Secret::new(AINEXLAYER_SECRET)?)
        .signature_header("x-ainexlayer-signature")
        .encoding(Encoding::Hex)
        .prefix("sha256=")
        .assumed_envelope()
        .build()?;
    Ok(Receiver::new(sender))
}

pub(crate) fn app(omniai: WebhookLayer, ainexlayer: WebhookLayer, desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/webhooks/omniai", post(on_omniai).layer(omniai))
        .route("/webhooks/ainexlayer", post(on_ainexlayer).layer(ainexlayer))
        .with_state(desk)
}

/// OmniAI's events have documented payloads, so they come as an enum.
async fn on_omniai(
    State(desk): State<Arc<Desk>>,
    Webhook(event): Webhook<omniai::Event>,
) -> StatusCode {
    match desk.work(omniai_note(&event)).await {
        // OmniAI takes nothing but 200 for success; that is what it will be told.
        Ok(()) => StatusCode::NO_CONTENT,
        Err(Failed) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// AINexLayer documents no payload, so it is a type of one's own.
#[derive(Debug, Deserialize)]
struct Payload {
    workspace: String,
    name: String,
}

async fn on_ainexlayer(
    State(desk): State<Arc<Desk>>,
    Webhook(event): Webhook<ainexlayer::Event<Payload>>,
) -> StatusCode {
    match desk.work(ainexlayer_note(&event)).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(Failed) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn omniai_note(event: &omniai::Event) -> String {
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
            Patch::Null => "LeadUpdated · no phone number any more".into(),
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

fn ainexlayer_note(event: &ainexlayer::Event<Payload>) -> String {
    let Payload { workspace, name } = &event.payload;
    match &event.event_type {
        Some(known_or_not) => format!("{known_or_not:?} · {name} in {workspace}"),
        None => format!("no type · {name} in {workspace}"),
    }
}
