//! The names of events, the identity of an event, its key in a store, and the tokens of a claim on it.

mod claim_token;
mod claimed;
mod event_key;
mod event_pattern;
mod fencing_token;
mod fingerprint;
mod identity;
mod message_token;
mod searchable;
mod store_id;

pub use self::claim_token::ClaimToken;
pub use self::claimed::Claimed;
pub use self::event_key::EventKey;
pub(crate) use self::event_key::{EventScope, tenant_scope};
pub use self::event_pattern::EventPattern;
pub use self::fencing_token::FencingToken;
pub(crate) use self::fingerprint::fingerprint;
pub use self::identity::Identity;
pub use self::message_token::{MessageId, MessageToken};
pub(crate) use self::searchable::{searchable, text_within};
pub use self::store_id::StoreId;
