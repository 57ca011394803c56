//! [Auth0](https://auth0.com/docs/customize/log-streams/custom-log-streams).

use super::{Sender, Setup};
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [Auth0 log streams](https://auth0.com/docs/customize/log-streams/custom-log-streams): the whole value of
/// `Authorization`, with `Bearer ` where that was set.
pub const AUTH0: Sender = Sender::new(
    "auth0",
    "Auth0",
    "https://auth0.com/docs/customize/log-streams/custom-log-streams",
    scheme,
)
.deadline(10)
.body_cap(4 * 1024 * 1024);

fn scheme(setup: &Setup) -> SchemeBuilder {
    Scheme::static_token(setup.name(), Signature::token(setup.header_or("authorization")))
}
