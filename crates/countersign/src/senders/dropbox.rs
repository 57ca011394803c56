//! [Dropbox](https://www.dropbox.com/developers/reference/webhooks).

use super::spec::{days, secs};
use super::{Challenge, SenderConfig, SenderSpec};
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Dropbox](https://www.dropbox.com/developers/reference/webhooks).
///
/// A notification only says that something changed, and two genuine ones may be equal, so they are
/// deduplicated for one second only. The challenge of a `GET` is echoed.
pub const DROPBOX: SenderSpec = SenderSpec::new(
    "dropbox",
    "Dropbox",
    "https://www.dropbox.com/developers/reference/webhooks",
    scheme,
)
.with_success(Success::Exactly200)
.with_response_deadline(secs(10))
.with_retry_window(days(1))
.with_digest_dedup_window(secs(1))
.with_handshake(Challenge::Query("challenge"));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::hmac_sha256(
        config.name(),
        SignatureLocation::header("x-dropbox-signature", Encoding::Hex),
    )
}
