//! [Intercom](https://developers.intercom.com/docs/webhooks/setting-up-webhooks).

use super::spec::{days, secs};
use super::{Challenge, SenderConfig, SenderSpec};
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Intercom](https://developers.intercom.com/docs/webhooks/setting-up-webhooks), which signs with
/// HMAC-SHA1 only. The `HEAD` request that checks the endpoint gets a response.
pub const INTERCOM: SenderSpec = SenderSpec::new(
    "intercom",
    "Intercom",
    "https://developers.intercom.com/docs/webhooks/setting-up-webhooks",
    scheme,
)
.with_success(Success::Exactly200)
.with_response_deadline(secs(5))
.with_retry_window(days(3))
.with_handshake(Challenge::Head);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-hub-signature", Encoding::Hex).prefix("sha1=");
    Scheme::hmac_sha1(config.name(), signature).id_field("/id").event_type_field("/topic")
}
