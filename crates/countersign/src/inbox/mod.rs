//! The inbox: store an event, acknowledge it, then handle it with retries.
//!
//! A sender that waits for the handler gives up at its deadline, and repeats an event only a few times. With
//! an inbox the event is stored first, and acknowledged once it is stored. A worker then runs the same
//! handler, and repeats it by a [`RetryPolicy`] until it succeeds or its attempts are exhausted.
//!
//! ```text
//! enqueue ─► Ready ──claim──► Running (fencing token, lease) ──done──► Done ──prune──►
//!             ▲ ▲               │ │ │ renew
//!    replay ──┘ └─ retry after ─┘ │ └─ lease expired: the next claim takes over, with a higher token
//! (Done, Dead, Discarded)         └─ attempts exhausted, or never to be retried ─► Dead ──discard─► Discarded
//! ```
//!
//! - **Ready**: the message waits for its time. **Running**: an attempt holds it until its lease expires.
//! - **Done**: it has been handled. **Dead**: its attempts are exhausted, or its handler has asked not to be
//!   retried; it stays until an operator replays or discards it. **Discarded**: an operator has given it up.
//! - An attempt is counted when it begins, so that a message that ends its process is dead in the end, too.
//! - Every settlement names the fencing token of its attempt; one that is not the current one changes
//!   nothing.
//! - Ready and running messages are never removed.
//!
//! The event is also marked as handled in the store's deduplication, in the same step that stores it: a
//! duplicate is acknowledged without being stored again.
//!
//! [The guide](https://github.com/countersign/countersign/blob/main/docs/inbox.md) says when to use an
//! inbox, what is lost when, and how to run workers.

mod backlog;
mod builder;
mod claim;
#[expect(clippy::module_inception, reason = "the type after which the folder is named")]
mod inbox;
mod inspect;
mod limits;
mod memory;
mod message;
mod retry;
mod settings;
mod settlement;
mod store;
mod worker;

pub use self::backlog::{Backlog, EndpointBacklog};
pub use self::builder::InboxBuilder;
pub use self::claim::{ClaimedMessage, ClaimedMessages, DeadMessage, EndpointClaim, MessageClaim};
pub use self::inbox::Inbox;
pub use self::inspect::{Attempt, InspectInbox, MessageFilter, MessageRecord};
pub use self::memory::MemoryInbox;
pub use self::message::{EnqueueOutcome, MessageState, NewMessage};
pub use self::retry::{Retry, RetryPolicy};
pub use self::settings::MessageRetention;
pub use self::settlement::{SettleOutcome, Settled, Settlement};
pub use self::store::InboxStore;
pub use self::worker::Worker;
pub(crate) use self::worker::WorkerSettings;
pub use crate::event::{MessageId, MessageToken};
