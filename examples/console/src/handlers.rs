//! The handlers: some succeed, some are slow, and some fail until they are fixed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use countersign_tower::{Delivery, Webhook};

/// What both handlers share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handlers {
    is_fixed: Arc<AtomicBool>,
}

impl Handlers {
    pub(crate) fn fix(&self) {
        self.is_fixed.store(true, Ordering::Relaxed);
    }
}

pub(crate) async fn on_omniai(
    State(handlers): State<Handlers>,
    Webhook(delivery): Webhook<Delivery>,
) -> StatusCode {
    match delivery.event_type().as_deref() {
        // The search index is down until the service is fixed.
        Some("document.extracted") if !handlers.is_fixed.load(Ordering::Relaxed) => {
            StatusCode::BAD_GATEWAY
        }
        Some("document.received") => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            StatusCode::OK
        }
        _ => StatusCode::OK,
    }
}

/// A document of AINexLayer, as this version of the service expects it.
#[derive(Debug, serde::Deserialize)]
struct Processed {
    #[serde(rename = "event")]
    _event: String,
    data: Document,
}

#[derive(Debug, serde::Deserialize)]
struct Document {
    pages: u32,
}

pub(crate) async fn on_ainexlayer(Webhook(delivery): Webhook<Delivery>) -> StatusCode {
    match delivery.event::<Processed>() {
        Ok(document) if document.data.pages > 0 => StatusCode::OK,
        // It would not fit next time either.
        _ => StatusCode::GONE,
    }
}
