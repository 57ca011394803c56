//! [Sanity](https://www.sanity.io/docs/content-lake/webhooks).

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::TimeUnit;

/// [Sanity](https://www.sanity.io/docs/content-lake/webhooks).
pub const SANITY: Sender =
    Sender::new("sanity", "Sanity", "https://www.sanity.io/docs/content-lake/webhooks", scheme)
        .deadline(30)
        .repeats_for_days(1);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature =
        Signature::header("sanity-webhook-signature", Encoding::Base64UrlUnpadded).pairs("v1");
    Scheme::hmac_sha256(setup.name(), signature)
        .timestamp_pair("t", TimeUnit::Millis)
        .signs([Part::Timestamp, ".".into(), Part::Body])
        .event_type_header("sanity-operation")
}
