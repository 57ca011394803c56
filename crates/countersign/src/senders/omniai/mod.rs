//! OmniAI: document and lead automation.
//!
//! The vendor's public documentation settles, and this module follows: a `POST` with JSON; a configured
//! secret, sent in a header; only status 200 is success; a response within 5 s; a first retry after one
//! minute, and three in all. What it does not document is handled as follows:
//!
//! - **The header's name** has no default in [`OmniAi::new`]. Send yourself a test delivery and look
//!   which header holds the secret.
//! - The secret is sent verbatim: it authenticates the client, but protects neither the body nor the
//!   time. A client that sees one request can send others, so use HTTPS and keep the header out of logs.
//! - There is no event id. Fields such as `document.id` identify an event; an event without such fields
//!   (`lead.updated`, unknown events) is identified by the digest of its body, for 15 minutes.
//! - How long the sender retries is not documented; handled events are remembered for one day.

mod action_log;
mod checklist;
mod count;
mod document;
mod event;
mod event_name;
mod identity;
mod lead;
mod sender;
mod spec;

pub use self::action_log::{
    ActionLog, ActionLogCompleted, ActionLogFailed, ActionLogStatus, ActionLogType, Channel,
    Direction, Message, MessageDocument, Tool,
};
pub use self::checklist::{
    Address, ChecklistDocument, ChecklistItem, ChecklistItemStatus, ChecklistValue, RuleResult,
    ValidationResult,
};
pub use self::document::{
    DocumentExtracted, DocumentReceived, ExtractedItem, ExtractionResult, ExtractionStatus,
    ReceivedDocument, SignedUrl,
};
pub use self::event::{Event, UnknownEvent};
pub use self::lead::{Lead, LeadChanges, LeadCompleted, LeadCreated, LeadSource, LeadUpdated};
pub use self::sender::OmniAi;
pub use self::spec::OMNIAI;
