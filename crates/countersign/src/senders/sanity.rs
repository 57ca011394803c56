//! [Sanity](https://www.sanity.io/docs/content-lake/webhooks).

use super::identity::time_and_body;
use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::TimestampFormat;

/// [Sanity](https://www.sanity.io/docs/content-lake/webhooks).
///
/// A projection may give two changes the same body, so the signed time is part of an event's identity,
/// and the operation in the header `sanity-operation`.
pub const SANITY: SenderSpec =
    SenderSpec::new("sanity", "Sanity", "https://www.sanity.io/docs/content-lake/webhooks", scheme)
        .with_response_deadline(secs(30))
        .with_automatic_retry_horizon(secs(60))
        .with_retry_window(days(1))
        // https://www.sanity.io/docs/changelog/50ec6abf-fe0c-475b-ae72-314148860132
        .with_retry_schedule(&[secs(30), secs(30)])
        .with_identity("its time, its body and its operation", time_and_body);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature =
        SignatureLocation::header("sanity-webhook-signature", Encoding::Base64UrlUnpadded)
            .pairs("v1");
    Scheme::hmac_sha256(config.name(), signature)
        .timestamp_pair("t", TimestampFormat::Millis)
        .signs([Part::Timestamp, ".".into(), Part::Body])
        .event_type_header("sanity-operation")
        .event_type_syntax("a-z")
}
