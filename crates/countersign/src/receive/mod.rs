//! What an adapter drives: a receiver, or one for each tenant, and the way of one delivery from its
//! claim to its response.

mod adapter_state;
mod admission;
mod builder;
mod claim;
#[cfg(feature = "metrics")]
pub mod metrics;
mod outcome;
mod receiver;
mod recorder;
mod settings;
mod shutdown;
mod task;
mod tenants;
mod trace;

pub use self::adapter_state::{AdapterState, ReceiverSource};
pub use self::admission::Admission;
pub use self::builder::ReceiverBuilder;
pub use self::claim::Claim;
pub use self::outcome::Outcome;
pub use self::receiver::Receiver;
pub use self::settings::Timeouts;
pub use self::shutdown::{InFlightGuard, Shutdown};
pub use self::task::{
    HandlerOutcome, HandlerTask, Timer, drive, in_current_span, reject_shutting_down,
    report_decode_failure, report_handshake, report_rejection,
};
pub use self::tenants::{KeyResolver, ResolveError, Tenant, TenantFrom, Tenants, TenantsBuilder};
