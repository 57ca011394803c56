//! [Mux](https://www.mux.com/docs/core/verify-webhook-signatures).

use super::{Sender, Setup};
use crate::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, Signature};
use crate::time::TimeUnit;

/// [Mux](https://www.mux.com/docs/core/verify-webhook-signatures).
pub const MUX: Sender =
    Sender::new("mux", "Mux", "https://www.mux.com/docs/core/verify-webhook-signatures", scheme)
        .deadline(5);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("mux-signature", Encoding::Hex).pairs("v1");
    Scheme::hmac_sha256(setup.name(), signature)
        .timestamp_pair("t", TimeUnit::Seconds)
        .signs([Part::Timestamp, ".".into(), Part::Body])
        .id_field("/id")
        .event_type_field("/type")
}
