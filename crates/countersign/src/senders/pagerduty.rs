//! [PagerDuty](https://docs.pagerduty.com/developer/verifying-webhook-signatures).

use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [PagerDuty](https://docs.pagerduty.com/developer/verifying-webhook-signatures) v3.
pub const PAGERDUTY: SenderSpec = SenderSpec::new(
    "pagerduty",
    "PagerDuty",
    "https://docs.pagerduty.com/developer/verifying-webhook-signatures",
    scheme,
)
.with_response_deadline(secs(5))
.with_retry_window(days(1));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-pagerduty-signature", Encoding::Hex).pairs("v1");
    Scheme::hmac_sha256(config.name(), signature)
        .id_field("/event/id")
        .event_type_field("/event/event_type")
}
