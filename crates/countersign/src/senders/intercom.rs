//! [Intercom](https://developers.intercom.com/docs/webhooks/setting-up-webhooks).

use super::{Sender, Setup};
use crate::challenge::Challenge;
use crate::contract::Success;
use crate::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [Intercom](https://developers.intercom.com/docs/webhooks/setting-up-webhooks), which signs with
/// HMAC-SHA1 only. The `HEAD` by which it looks for the endpoint is answered.
pub const INTERCOM: Sender = Sender::new(
    "intercom",
    "Intercom",
    "https://developers.intercom.com/docs/webhooks/setting-up-webhooks",
    scheme,
)
.success(Success::Exactly200)
.deadline(5)
.repeats_for_days(3)
.challenge(Challenge::Head);

fn scheme(setup: &Setup) -> SchemeBuilder {
    let signature = Signature::header("x-hub-signature", Encoding::Hex).prefix("sha1=");
    Scheme::hmac_sha1(setup.name(), signature).id_field("/id").event_type_field("/topic")
}
