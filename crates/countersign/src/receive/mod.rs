//! Receiving: a receiver, or one for each tenant, and the steps from a request to its response.
//!
//! | step | file |
//! |---|---|
//! | headers, body, handshakes | `request.rs` |
//! | the keys of the request's tenant | `adapter_state.rs`, `tenants/` |
//! | claim, handler, commit or release | `task.rs`, `claim.rs`, `handler.rs`, `store_call.rs` |
//! | the response, and what remains of a delivery after it | `detachable.rs` |
//! | the same for each item of a batch | `items/` |
//! | the same by way of an inbox | `inbox/` |
//! | what the delivery log notes | `log/` |
//! | the outcome and the response | `outcome.rs`, `response.rs` |
//! | what an adapter uses of all this | `adapter.rs` |
//! | an event without a handler | `ignored_event.rs` |
//! | reports to the operator | `report.rs`, `trace.rs`, `recorder.rs`, `metrics.rs` |
//! | shutdown and health | `shutdown.rs`, `health.rs` |

pub mod adapter;
mod adapter_state;
mod admission;
mod builder;
mod claim;
mod detachable;
mod handler;
mod health;
mod ignored_event;
mod inbox;
mod items;
mod log;
#[cfg(feature = "metrics")]
pub mod metrics;
mod outcome;
mod receiver;
mod receiver_handshakes;
mod recorder;
mod report;
mod request;
mod response;
mod settings;
mod shutdown;
mod store_call;
mod task;
mod tenants;
mod timer;
mod trace;
mod unnamed;
mod unsigned;

pub use self::admission::Admission;
pub use self::builder::ReceiverBuilder;
pub use self::claim::Claim;
pub use self::health::{Health, HealthReport};
pub use self::ignored_event::IgnoredEvent;
pub use self::items::{ItemFailure, ItemFailureKind, ItemsError, ItemsOutcome};
pub use self::outcome::Outcome;
pub use self::receiver::Receiver;
pub use self::shutdown::Shutdown;
pub use self::tenants::{KeyResolver, ResolveError, Tenant, TenantFrom, Tenants, TenantsBuilder};
