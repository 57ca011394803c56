use std::sync::LazyLock;

use countersign::Timestamp;
use countersign::dedup::Identity;
use countersign::omniai::OmniAi;
use countersign::senders::Sender;

use super::{infallible, naive, receive};

static SENDER: LazyLock<OmniAi> = LazyLock::new(|| infallible(OmniAi::danger_unauthenticated()));

/// Checks a body.
///
/// An event is identified by the fields that a naive reader finds, or by the whole body if there are
/// none.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn omniai_identity(data: &[u8]) {
    let headers: [(&str, &str); 0] = [];
    let delivery = infallible(receive(SENDER.verifier(), &headers, data, Timestamp::from_secs(0)));
    let identity = SENDER.identity(&delivery);
    let fields = fields(data);
    if identity.is_short_lived() {
        assert_eq!(identity, Identity::body(data), "named by its body");
    } else {
        let fields = fields.as_deref().unwrap_or_default();
        assert_eq!(identity, Identity::fields(fields.iter().map(String::as_str)), "{fields:?}");
    }
    assert_eq!(identity.is_short_lived(), fields.is_none(), "what has a name is known by it");
}

/// The fields that identify the event, if none is empty.
fn fields(body: &[u8]) -> Option<Vec<String>> {
    let text = |pointer: &str| naive::scalar(body, &naive::tokens(pointer)?);
    let event = text("/event")?;
    let own = match &*event {
        "action_log.completed" | "action_log.failed" => {
            vec![text("/actionLog/id")?, text("/actionLog/completedAt")?]
        }
        "document.received" => vec![text("/document/id")?],
        "document.extracted" => vec![
            text("/documentId")?,
            text("/status")?.to_ascii_lowercase(),
            text("/parentActionId")?,
        ],
        "lead.created" | "lead.completed" => vec![text("/data/leadId")?],
        _ => return None,
    };
    if own.iter().any(String::is_empty) {
        return None;
    }
    let workspace = text("/workspaceId").unwrap_or_default();
    Some([event, workspace].into_iter().chain(own).collect())
}
