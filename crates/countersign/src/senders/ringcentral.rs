//! [RingCentral](https://developers.ringcentral.com/guide/notifications/webhooks/receiving).

use super::identity::field;
use super::spec::secs;
use super::{Challenge, SenderConfig, SenderSpec};
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [RingCentral](https://developers.ringcentral.com/guide/notifications/webhooks/receiving), which sends the
/// `verificationToken` of the subscription in a header. The token protects neither the body nor the time.
///
/// RingCentral sends an empty `POST` when a subscription is created. With
/// [`answer_unsigned_handshakes`](SenderConfig::answer_unsigned_handshakes) it gets its response.
///
/// The page of 2025 names the header `Verification-Token`. For a subscription whose deliveries have the
/// token in another header, set that with [`with_header`](SenderConfig::with_header).
pub const RINGCENTRAL: SenderSpec = SenderSpec::new(
    "ringcentral",
    "RingCentral",
    "https://developers.ringcentral.com/guide/notifications/webhooks/receiving",
    scheme,
)
.with_response_deadline(secs(3))
.with_identity("the ids in its body", |delivery| field(delivery, "/uuid"))
.with_handshake(Challenge::RINGCENTRAL);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let token = SignatureLocation::token(config.header_or("verification-token"));
    Scheme::static_token(config.name(), token).event_type_field("/event")
}
