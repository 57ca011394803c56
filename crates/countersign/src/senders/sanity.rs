//! [Sanity](https://www.sanity.io/docs/content-lake/webhooks).

use super::{SenderConfig, SenderSpec, days, secs, time_and_body};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::TimestampFormat;

/// [Sanity](https://www.sanity.io/docs/content-lake/webhooks). A projection may give two changes the same
/// body, so an event is known by its signed time as well.
pub const SANITY: SenderSpec =
    SenderSpec::new("sanity", "Sanity", "https://www.sanity.io/docs/content-lake/webhooks", scheme)
        .with_response_deadline(secs(30))
        .with_retry_window(days(1))
        .with_identity("its time and its body", time_and_body);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("sanity-webhook-signature", Encoding::Base64UrlUnpadded)
            .pairs("v1");
    Scheme::hmac_sha256(config.name(), signature)
        .timestamp_pair("t", TimestampFormat::Millis)
        .signs([Part::Timestamp, ".".into(), Part::Body])
        .event_type_header("sanity-operation")
}
