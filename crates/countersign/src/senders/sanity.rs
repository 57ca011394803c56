//! [Sanity](https://www.sanity.io/docs/content-lake/webhooks).

use super::{Sender, Setup, time_and_body};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::TimeUnit;

/// [Sanity](https://www.sanity.io/docs/content-lake/webhooks). A projection may give two changes the same
/// body, so an event is known by its signed time as well.
pub const SANITY: Sender =
    Sender::new("sanity", "Sanity", "https://www.sanity.io/docs/content-lake/webhooks", scheme)
        .deadline(30)
        .repeats_for_days(1)
        .identity("its time and its body", time_and_body);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature =
        Signature::header("sanity-webhook-signature", Encoding::Base64UrlUnpadded).pairs("v1");
    Scheme::hmac_sha256(setup.name(), signature)
        .timestamp_pair("t", TimeUnit::Millis)
        .signs([Part::Timestamp, ".".into(), Part::Body])
        .event_type_header("sanity-operation")
}
