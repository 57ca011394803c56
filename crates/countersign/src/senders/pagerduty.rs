//! [PagerDuty](https://docs.pagerduty.com/developer/verifying-webhook-signatures).

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [PagerDuty](https://docs.pagerduty.com/developer/verifying-webhook-signatures) v3.
pub const PAGERDUTY: Sender = Sender::new(
    "pagerduty",
    "PagerDuty",
    "https://docs.pagerduty.com/developer/verifying-webhook-signatures",
    scheme,
)
.deadline(5)
.repeats_for_days(1);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("x-pagerduty-signature", Encoding::Hex).pairs("v1");
    Scheme::hmac_sha256(setup.name(), signature)
        .id_field("/event/id")
        .event_type_field("/event/event_type")
}
