//! Outcomes and states: their words and icons.

use countersign::inbox::{MessageRecord, MessageState};
use maud::{Markup, html};

use super::icon;

/// What became of a delivery, as it is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Shown {
    /// The class and the icon.
    pub(crate) class: &'static str,
    pub(crate) word: &'static str,
}

const fn shown(class: &'static str, word: &'static str) -> Shown {
    Shown { class, word }
}

/// Returns how the outcome of a request is shown.
pub(crate) fn of_outcome(outcome: &str) -> Shown {
    match outcome {
        "handled" => shown("handled", "Handled"),
        "ignored" => shown("handled", "Ignored"),
        "handshake_answered" => shown("handled", "Handshake"),
        "stored" => shown("queued", "Stored"),
        "duplicate" => shown("duplicate", "Duplicate"),
        "in_progress" => shown("running", "In progress"),
        "rejected" => shown("rejected", "Rejected"),
        "deadline_exceeded" => shown("retrying", "Late"),
        "commit_pending" => shown("running", "Committing"),
        "panicked" => shown("rejected", "Panicked"),
        "cancelled" => shown("rejected", "Cancelled"),
        "lease_lost" => shown("rejected", "Lease lost"),
        "store_full" => shown("rejected", "Store full"),
        "store_unavailable" => shown("rejected", "Store down"),
        "shutting_down" => shown("retrying", "Shutting down"),
        _ => shown("rejected", "Failed"),
    }
}

/// Returns how a message is shown.
pub(crate) fn of_message(record: &MessageRecord) -> Shown {
    match record.state {
        MessageState::Ready if record.attempts > 0 => shown("retrying", "Retrying"),
        MessageState::Ready => shown("queued", "Queued"),
        MessageState::Running => shown("running", "Running"),
        MessageState::Done => shown("handled", "Handled"),
        MessageState::Dead => shown("dead", "Dead"),
        _ => shown("discarded", "Discarded"),
    }
}

/// A badge.
pub(crate) fn badge(shown: Shown) -> Markup {
    badge_with(shown.class, shown.word)
}

pub(crate) fn badge_with(class: &str, word: &str) -> Markup {
    html! { span.(format!("b {class}")) { (icon(class)) (word) } }
}
