//! [Auth0](https://auth0.com/docs/customize/log-streams/custom-log-streams).

use super::spec::secs;
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
.with_max_body_size(4 * 1024 * 1024);

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::static_token(config.name(), SignatureLocation::token(config.header_or("authorization")))
}
