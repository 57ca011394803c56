//! Every public type is `Send` and `Sync`, and types that hold a secret are not `Clone`.

use std::error::Error;
use std::fmt::Debug;

use countersign::adapter::Timeouts;
use countersign::dedup::{
    ClaimOutcome, ClaimToken, EventKey, FencingToken, Identity, Record, StoreError, StoreErrorKind,
    StoreStats, UpdateOutcome,
};
use countersign::scheme::{
    Encoding, Items, Part, Scheme, SchemeBuilder, SignatureLocation, SigningRequest,
    TimestampFormat, Tolerance,
};
use countersign::senders::Verifier;
use countersign::testing::{
    Report, SenderSimulator, SentKind, SignedRequest, Tampering, TestKeys, WebhookRequest,
};
use countersign::time::{FixedClock, MonotonicClock, SystemClock};
use countersign::{
    Admission, Claim, ConfigError, ConfigErrorKind, Contract, Custom, Delivery, Item, ItemFailure,
    ItemFailureKind, ItemsError, ItemsOutcome, Key, Keyring, MemoryStore, Outcome, Patch, RawJson,
    Receiver, Rejection, RejectionKind, Secret, StandardWebhooks, StreamingVerifier, Success,
    Timestamp, ainexlayer, omniai,
};

const fn shared<T: Send + Sync + Unpin + Debug>() {}
const fn error<T: Error + Send + Sync + Clone + 'static>() {}
const fn copied<T: Copy + Send + Sync + Unpin>() {}

/// Compiles only if the type does not implement the trait: otherwise the call is ambiguous.
macro_rules! assert_not {
    ($($type:ty: $trait:path),+ $(,)?) => {$(
        const _: fn() = || {
            trait Ambiguous<Which> {
                fn some() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Is;
            impl<T: ?Sized + $trait> Ambiguous<Is> for T {}
            let _ = <$type as Ambiguous<_>>::some;
        };
    )+};
}

assert_not!(
    Secret: Clone,
    Key: Clone,
    Keyring: Clone,
    Verifier: Clone,
    ainexlayer::Builder: Clone,
    StreamingVerifier<'static>: Clone,
    Claim: Clone,
    Secret: serde::Serialize,
    Secret: std::fmt::Display,
    Secret: PartialEq,
    Secret: AsRef<[u8]>,
    Secret: Default,
    Delivery: Default,
    Delivery: serde::de::DeserializeOwned,
);

#[test]
fn all_types_can_be_shared_between_threads() {
    shared::<Admission>();
    shared::<Claim>();
    shared::<Custom>();
    shared::<Delivery>();
    shared::<FixedClock>();
    shared::<Identity>();
    shared::<Item>();
    shared::<ItemFailure>();
    shared::<Items>();
    shared::<ItemsError>();
    shared::<StreamingVerifier<'static>>();
    shared::<Key>();
    shared::<Keyring>();
    shared::<MemoryStore>();
    shared::<MonotonicClock>();
    shared::<Part>();
    shared::<Patch<String>>();
    shared::<RawJson>();
    shared::<Receiver>();
    shared::<Scheme>();
    shared::<SchemeBuilder>();
    shared::<Secret>();
    shared::<SignatureLocation>();
    shared::<StandardWebhooks>();
    shared::<SystemClock>();
    shared::<SigningRequest<'static>>();
    shared::<Verifier>();
    shared::<SenderSimulator>();
    shared::<WebhookRequest>();
    shared::<Report>();
    shared::<SignedRequest>();
    shared::<TestKeys>();
    shared::<ainexlayer::AiNexLayer>();
    shared::<ainexlayer::FieldLocation>();
    shared::<ainexlayer::Builder>();
    shared::<ainexlayer::Event>();
    shared::<ainexlayer::EventType>();
    shared::<omniai::Event>();
    shared::<omniai::OmniAi>();
}

#[test]
fn errors_are_errors() {
    error::<ConfigError>();
    error::<Rejection>();
    error::<StoreError>();
}

#[test]
fn plain_values_are_copy() {
    copied::<ClaimOutcome>();
    copied::<ConfigErrorKind>();
    copied::<Contract>();
    copied::<Tampering>();
    copied::<Timeouts>();
    copied::<Encoding>();
    copied::<EventKey>();
    copied::<FencingToken>();
    copied::<ItemFailureKind>();
    copied::<ItemsOutcome>();
    copied::<Outcome>();
    copied::<Record>();
    copied::<RejectionKind>();
    copied::<SentKind>();
    copied::<UpdateOutcome>();
    copied::<StoreErrorKind>();
    copied::<StoreStats>();
    copied::<Success>();
    copied::<ClaimToken>();
    copied::<TimestampFormat>();
    copied::<Timestamp>();
    copied::<Tolerance>();
}
