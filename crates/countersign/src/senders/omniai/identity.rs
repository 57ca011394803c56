//! The identity of an event, which has no id.

use std::sync::LazyLock;

use crate::event::Identity;
use crate::json::pointer::Pointer;
use crate::verify::Delivery;

/// The locations of the fields that identify events.
static IDENTIFYING_FIELDS: LazyLock<Option<[Pointer; 9]>> = LazyLock::new(|| {
    let pointers = [
        "/event",
        "/workspaceId",
        "/actionLog/id",
        "/actionLog/completedAt",
        "/document/id",
        "/documentId",
        "/status",
        "/parentActionId",
        "/data/leadId",
    ];
    let parsed: Vec<_> = pointers.iter().filter_map(|text| Pointer::parse(text).ok()).collect();
    parsed.try_into().ok()
});

/// Returns the identity of an event, or `None` if only the body as a whole identifies it.
pub(super) fn identity(delivery: &Delivery) -> Option<Identity> {
    let names = delivery.scalars(IDENTIFYING_FIELDS.as_ref()?.each_ref())?;
    let [event, workspace, action, completed_at, received, extracted, status, parent, lead] =
        &names;
    let event = event.as_deref()?;
    let named = |fields: &[&str]| {
        let both = [event, workspace.as_deref().unwrap_or_default()];
        Some(Identity::fields(both.into_iter().chain(fields.iter().copied())))
    };
    match event {
        // Two runs of one action differ in the time of completion.
        "action_log.completed" | "action_log.failed" => {
            named(&[action.as_deref()?, completed_at.as_deref()?])
        }
        // Not the body's digest: `signedUrl` may be signed again for each retry.
        "document.received" => named(&[received.as_deref()?]),
        "document.extracted" => {
            let status = status.as_deref()?.to_ascii_lowercase();
            named(&[extracted.as_deref()?, &status, parent.as_deref()?])
        }
        "lead.created" | "lead.completed" => named(&[lead.as_deref()?]),
        _ => None,
    }
}
