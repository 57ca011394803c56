//! [Stripe](https://docs.stripe.com/webhooks/signature).

use super::spec::days;
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::TimestampFormat;

/// [Stripe](https://docs.stripe.com/webhooks/signature). The secret is the whole `whsec_…` text.
pub const STRIPE: SenderSpec =
    SenderSpec::new("stripe", "Stripe", "https://docs.stripe.com/webhooks/signature", scheme)
        // https://docs.stripe.com/webhooks#retries: for three days in live mode. How long Stripe waits for a
        // response is not published; the default of 10 s is an assumption.
        .with_automatic_retry_horizon(days(3))
        .with_retry_window(days(30));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("stripe-signature", Encoding::Hex).pairs("v1");
    Scheme::hmac_sha256(config.name(), signature)
        .timestamp_pair("t", TimestampFormat::Seconds)
        .signs([Part::Timestamp, ".".into(), Part::Body])
        .id_field("/id")
        .event_type_field("/type")
}
