//! [Auth0](https://auth0.com/docs/customize/log-streams/custom-log-streams).

use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Auth0 log streams](https://auth0.com/docs/customize/log-streams/custom-log-streams). The secret is the
/// whole value of the `Authorization` header, including `Bearer ` if the stream is configured with it.
pub const AUTH0: SenderSpec = SenderSpec::new(
    "auth0",
    "Auth0",
    "https://auth0.com/docs/customize/log-streams/custom-log-streams",
    scheme,
)
.with_response_deadline(secs(10))
// https://auth0.com/docs/customize/log-streams: an entry that fails is retried until it is delivered. A
// stream that fails for 7 days is paused, and sends its queue when it is resumed, so a retry may come later.
.with_automatic_retry_horizon(days(30))
.with_retry_window(days(30))
.with_max_body_size(4 * 1024 * 1024);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::static_token(config.name(), SignatureLocation::token(config.header_or("authorization")))
}
