//! [Mux](https://www.mux.com/docs/core/verify-webhook-signatures).

use super::spec::secs;
use super::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};
use crate::time::TimestampFormat;

/// [Mux](https://www.mux.com/docs/core/verify-webhook-signatures).
pub const MUX: SenderSpec = SenderSpec::new(
    "mux",
    "Mux",
    "https://www.mux.com/docs/core/verify-webhook-signatures",
    scheme,
)
.with_response_deadline(secs(5));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("mux-signature", Encoding::Hex).pairs("v1");
    Scheme::hmac_sha256(config.name(), signature)
        .timestamp_pair("t", TimestampFormat::Seconds)
        .signs([Part::Timestamp, ".".into(), Part::Body])
        .id_field("/id")
        .event_type_field("/type")
}
