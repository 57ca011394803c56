use std::sync::LazyLock;

use countersign::omniai::{Event, OmniAi};
use countersign::{Identity, Provider, Timestamp};

use super::{gaps, naive, receive, sure};

static SENDER: LazyLock<OmniAi> = LazyLock::new(|| sure(OmniAi::danger_unauthenticated()));

/// The fields that name some event; in another event they may have any type.
const NAMING: [&str; 7] =
    ["actionLog", "data", "document", "documentId", "parentActionId", "status", "workspaceId"];

/// The input is a body.
///
/// What names an event is either the fields that a naive reader finds, or the whole body; and it is
/// the fields for a typed event with an id of its own, unless it has those of another event too.
///
/// # Panics
///
/// If that does not hold.
pub fn omniai_identity(data: &[u8]) {
    let headers: [(&str, &str); 0] = [];
    let delivery = sure(receive(SENDER.verifier(), &headers, data, Timestamp::from_secs(0)));
    if gaps::is_not_utf8(data) || gaps::is_array(data) {
        return;
    }
    let identity = SENDER.identity(&delivery);
    let fields = fields(data);
    if identity.is_brief() {
        assert_eq!(identity, Identity::body(data), "named by its body");
    } else {
        let fields = fields.as_deref().unwrap_or_default();
        assert_eq!(identity, Identity::fields(fields.iter().map(String::as_str)), "{fields:?}");
    }
    let own: &[&str] = match serde_json::from_slice::<Event>(data) {
        Ok(Event::LeadCreated(_) | Event::LeadCompleted(_)) => &["data"],
        Ok(Event::DocumentReceived(_)) => &["document", "workspaceId"],
        _ => return,
    };
    let foreign = |key: &String| NAMING.contains(&&**key) && !own.contains(&&**key);
    if fields.is_some() && !naive::keys(data).iter().any(foreign) {
        assert!(!identity.is_brief(), "a typed event is named by its id");
    }
}

/// The fields that name the event, none of them empty.
fn fields(body: &[u8]) -> Option<Vec<String>> {
    let text = |pointer: &str| -> Option<String> {
        serde_json::from_str(&naive::find(body, &naive::tokens(pointer)?)?).ok()
    };
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
