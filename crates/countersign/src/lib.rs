//! Receive webhooks correctly, the whole way from bytes to acknowledgement.

mod contract;
mod dedup;
mod delivery;
mod encoding;
mod error;
mod headers;
mod mac;
mod open_enum;
mod patch;
mod pointer;
mod provider;
mod raw_json;
mod receiver;
mod scheme;
mod secret;
#[cfg(feature = "sign")]
mod sign;
mod time;
mod verify;

pub use self::contract::{Contract, Success};
pub use self::dedup::memory::MemoryStore;
pub use self::dedup::{
    Claim, DedupStore, EventKey, Fence, Identity, Settled, StoreError, StoreErrorKind,
};
pub use self::delivery::{Delivery, FromDelivery};
pub use self::encoding::Encoding;
pub use self::error::{ConfigError, ConfigErrorKind, Refusal, RefusalKind};
pub use self::headers::{Found, Headers};
pub use self::patch::Patch;
pub use self::provider::{Custom, Provider, StandardWebhooks, ainexlayer, omniai};
pub use self::raw_json::RawJson;
pub use self::receiver::{Admission, Claimed, Deadlines, Outcome, Receiver};
pub use self::scheme::{Part, Scheme, SchemeBuilder, Signature};
pub use self::secret::{Key, Keyring, Secret};
#[cfg(feature = "sign")]
pub use self::sign::Unsigned;
pub use self::time::{
    Clock, FixedClock, MonotonicClock, SystemClock, TimeUnit, Timestamp, Tolerance,
};
pub use self::verify::{Intake, Verifier};
