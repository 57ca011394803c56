//! AINexLayer as an entry of the catalogue.

use crate::scheme::{Part, Scheme, SchemeBuilder};
use crate::senders::spec::{days, secs};
use crate::senders::{FieldLocation, SenderConfig, SenderSpec};
use crate::time::TimestampFormat;

/// AINexLayer. Use [`AiNexLayer::builder`](super::AiNexLayer::builder), which requires every setting that
/// the vendor does not document; see the [module](super).
pub const AINEXLAYER: SenderSpec = SenderSpec::new(
    "ainexlayer",
    "AINexLayer",
    // No public page of the vendor has a stable address.
    "",
    scheme,
)
.with_required_header("the header that changes when the body does")
.with_required_encoding("64 hexadecimal digits or 44 base64 characters")
.with_response_deadline(secs(30))
.with_response_margin(secs(5))
.with_retry_window(days(3))
.with_digest_dedup_window(secs(15 * 60));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let mut scheme = Scheme::hmac_sha256(config.name(), config.signature_location());
    scheme = match config.event_type() {
        FieldLocation::Header(name) => scheme.event_type_header(name),
        FieldLocation::Field(pointer) => scheme.event_type_field(pointer),
        FieldLocation::Absent => scheme,
    };
    scheme = match config.event_id() {
        FieldLocation::Header(name) => scheme.id_header(name),
        FieldLocation::Field(pointer) => scheme.id_field(pointer),
        FieldLocation::Absent => scheme,
    };
    scheme = match config.time() {
        FieldLocation::Header(name) => scheme
            .timestamp_header(name, TimestampFormat::Seconds)
            .signs([Part::Timestamp, Part::Literal(".".into()), Part::Body]),
        FieldLocation::Field(pointer) => scheme.timestamp_field(pointer, TimestampFormat::Seconds),
        FieldLocation::Absent => scheme,
    };
    match config.payload() {
        Some(pointer) => scheme.payload_field(pointer),
        None => scheme,
    }
}
