//! [GitLab](https://docs.gitlab.com/user/project/integrations/webhooks/).

use super::Sender;
use super::standard_webhooks::v1;
use crate::scheme::{Scheme, Signature};

/// [GitLab](https://docs.gitlab.com/user/project/integrations/webhooks/) with a secret token, which
/// proves neither body nor time. Prefer [`GITLAB_SIGNED`].
pub const GITLAB: Sender = Sender::new(
    "gitlab",
    "GitLab, secret token",
    "https://docs.gitlab.com/user/project/integrations/webhooks/",
    |setup| {
        Scheme::static_token(setup.name(), Signature::token("x-gitlab-token"))
            .id_header("idempotency-key")
            .event_type_header("x-gitlab-event")
    },
)
.deadline(10)
.repeats_for_days(3)
.known_by_digest_for_secs(15 * 60)
.body_cap(25 * 1024 * 1024);

/// [GitLab](https://docs.gitlab.com/user/project/integrations/webhooks/#signing-tokens) with a signing
/// token: Standard Webhooks.
pub const GITLAB_SIGNED: Sender = Sender::new(
    "gitlab-signed",
    "GitLab, signing token",
    "https://docs.gitlab.com/user/project/integrations/webhooks/#signing-tokens",
    |setup| v1(setup).event_type_header("x-gitlab-event"),
)
.deadline(10)
.body_cap(25 * 1024 * 1024);
