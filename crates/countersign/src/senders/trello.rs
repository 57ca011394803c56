//! [Trello](https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/).

use super::spec::days;
use super::{Challenge, SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::scheme::{Part, Scheme, SchemeBuilder, SignatureLocation};

/// [Trello](https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/), which signs with
/// HMAC-SHA1 only. The key is the application's secret, and the public URL must be exactly the `callbackURL`
/// of the webhook. The `HEAD` request that checks the endpoint gets a response.
///
/// The response deadline is not documented: the default applies.
pub const TRELLO: SenderSpec = SenderSpec::new(
    "trello",
    "Trello",
    "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
    scheme,
)
.with_required_public_url()
.with_retry_window(days(3))
.with_handshake(Challenge::Head);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    let signature = SignatureLocation::header("x-trello-webhook", Encoding::Base64);
    Scheme::hmac_sha1(config.name(), signature)
        .signs([Part::Body, Part::Literal(config.public_url())])
        .id_field("/action/id")
        .event_type_field("/action/type")
}
