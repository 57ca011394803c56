//! [Stripe](https://docs.stripe.com/webhooks/signature).

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::TimeUnit;

/// [Stripe](https://docs.stripe.com/webhooks/signature). The secret is the whole `whsec_…` text.
pub const STRIPE: Sender =
    Sender::new("stripe", "Stripe", "https://docs.stripe.com/webhooks/signature", scheme)
        .repeats_for_days(30);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("stripe-signature", Encoding::Hex).pairs("v1");
    Scheme::hmac_sha256(setup.name(), signature)
        .timestamp_pair("t", TimeUnit::Seconds)
        .signs([Part::Timestamp, ".".into(), Part::Body])
        .id_field("/id")
        .event_type_field("/type")
}
