//! [Okta](https://developer.okta.com/docs/concepts/event-hooks/).

use super::{SenderConfig, SenderSpec, days, ids_of_list, secs};
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};
use crate::senders::Challenge;

/// [Okta event hooks](https://developer.okta.com/docs/concepts/event-hooks/): a static secret in
/// `Authorization`, or the [header](Setup::header) that was chosen. The one-time `GET` is answered.
pub const OKTA: SenderSpec = SenderSpec::new(
    "okta",
    "Okta",
    "https://developer.okta.com/docs/concepts/event-hooks/",
    scheme,
)
.with_response_deadline(secs(3))
.with_retry_window(days(1))
.with_identity("the ids in its body", |delivery| ids_of_list(delivery, "/data/events", &["/uuid"]))
.with_handshake(Challenge::Header { name: "x-okta-verification-challenge", field: "verification" });

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::static_token(config.name(), SignatureLocation::token(config.header_or("authorization")))
        .event_type_field("/eventType")
}
