//! [`countersign`] in front of any [tower] service, with extractors for axum.
//!
//! [tower]: https://docs.rs/tower

mod answer;
mod body;
mod delivery;
#[cfg(feature = "axum")]
mod extract;
mod future;
mod layer;
mod run;
mod service;
mod trace;

pub use countersign;
pub use countersign::{
    Admission, Claim, Claimed, Clock, ConfigError, ConfigErrorKind, Contract, Custom, Deadlines,
    DedupStore, Encoding, EventKey, Fence, FixedClock, Found, FromDelivery, Headers, Identity,
    Intake, Key, Keyring, MemoryStore, MonotonicClock, Outcome, Part, Patch, Provider, RawJson,
    Receiver, Refusal, RefusalKind, Scheme, SchemeBuilder, Secret, Settled, Signature,
    StandardWebhooks, StoreError, StoreErrorKind, Success, SystemClock, TimeUnit, Timestamp,
    Tolerance, Verifier, ainexlayer, omniai,
};

pub use self::body::ResponseBody;
pub use self::delivery::Delivery;
#[cfg(feature = "axum")]
pub use self::extract::{Webhook, WebhookRejection};
pub use self::future::ResponseFuture;
pub use self::layer::{Shutdown, WebhookLayer};
pub use self::service::WebhookService;
