//! [Okta](https://developer.okta.com/docs/concepts/event-hooks/).

use super::identity::ids_of_list;
use super::spec::{days, secs};
use super::{Challenge, SenderConfig, SenderSpec};
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Okta event hooks](https://developer.okta.com/docs/concepts/event-hooks/).
///
/// The secret is sent verbatim in the `Authorization` header, or in the header of
/// [`with_header`](SenderConfig::with_header). The one-time `GET` gets a response.
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
