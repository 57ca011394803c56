//! [PagerDuty](https://docs.pagerduty.com/developer/verifying-webhook-signatures).

use super::spec::{days, hours, secs};
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
// https://github.com/PagerDuty/developer-docs/blob/main/docs/webhooks/02-Behavior.md: up to 48 hours.
.with_automatic_retry_horizon(hours(48))
.with_retry_window(days(3));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-pagerduty-signature", Encoding::Hex).pairs("v1");
    Scheme::hmac_sha256(config.name(), signature)
        .id_field("/event/id")
        .event_type_field("/event/event_type")
}
