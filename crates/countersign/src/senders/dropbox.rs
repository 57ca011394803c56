//! [Dropbox](https://www.dropbox.com/developers/reference/webhooks).

use super::{Sender, Setup};
use crate::challenge::Challenge;
use crate::contract::Success;
use crate::encoding::Encoding;
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [Dropbox](https://www.dropbox.com/developers/reference/webhooks). A notification only says that there
/// is something new, and the next may be the same, so it is known for a second. The challenge of a
/// `GET` is echoed.
pub const DROPBOX: Sender = Sender::new(
    "dropbox",
    "Dropbox",
    "https://www.dropbox.com/developers/reference/webhooks",
    scheme,
)
.success(Success::Exactly200)
.deadline(10)
.repeats_for_days(1)
.known_by_digest_for_secs(1)
.challenge(Challenge::Query("challenge"));

fn scheme(setup: &Setup) -> SchemeBuilder {
    Scheme::hmac_sha256(setup.name(), Signature::header("x-dropbox-signature", Encoding::Hex))
}
