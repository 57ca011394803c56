//! [Okta](https://developer.okta.com/docs/concepts/event-hooks/).

use super::spec::{days, secs};
use super::{Challenge, SenderConfig, SenderSpec};
use crate::scheme::{Items, Scheme, SchemeBuilder, SignatureLocation};

/// [Okta event hooks](https://developer.okta.com/docs/concepts/event-hooks/).
///
/// Okta's page compares deliveries by the set's `/eventId`. The ids of the events in the set are the same in
/// a retry as well, so they identify it here.
///
/// The secret is sent verbatim in the `Authorization` header, or in the header of
/// [`with_header`](SenderConfig::with_header). The one-time `GET` gets a response.
/// Its bodies are [batches](https://github.com/countersign/countersign/blob/main/docs/batches.md).
pub const OKTA: SenderSpec = SenderSpec::new(
    "okta",
    "Okta",
    "https://developer.okta.com/docs/concepts/event-hooks/",
    scheme,
)
.with_response_deadline(secs(3))
.with_retry_window(days(1))
.with_items("the ids of its events", || {
    Items::at("/data/events/*").id(["/uuid"]).event_type("/eventType")
})
.with_handshake(Challenge::Header { name: "x-okta-verification-challenge", field: "verification" });

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::static_token(config.name(), SignatureLocation::token(config.header_or("authorization")))
        .event_type_field("/eventType")
}
