//! [GoCardless](https://developer.gocardless.com/api-reference/#webhooks-signing-webhooks).

use super::spec::secs;
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Items, Scheme, SchemeBuilder, SignatureLocation};

/// [GoCardless](https://developer.gocardless.com/api-reference/#webhooks-signing-webhooks). Its bodies
/// are [batches](https://github.com/countersign/countersign/blob/main/docs/batches.md).
///
/// The type of an item is its `action`; `resource_type` says of what.
pub const GOCARDLESS: SenderSpec = SenderSpec::new(
    "gocardless",
    "GoCardless",
    "https://developer.gocardless.com/api-reference/#webhooks-signing-webhooks",
    scheme,
)
.with_response_deadline(secs(10))
.with_items("the ids of its events", || Items::at("/events/*").id(["/id"]).event_type("/action"));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::hmac_sha256(
        config.name(),
        SignatureLocation::header("webhook-signature", Encoding::Hex),
    )
}
