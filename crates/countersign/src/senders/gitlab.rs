//! [GitLab](https://docs.gitlab.com/user/project/integrations/webhooks/).

use super::SenderSpec;
use super::spec::{days, secs};
use super::standard_webhooks::v1;
use crate::scheme::{Scheme, SignatureLocation};

/// [GitLab](https://docs.gitlab.com/user/project/integrations/webhooks/) with a secret token, which
/// protects neither the body nor the time. Prefer [`GITLAB_SIGNED`].
pub const GITLAB: SenderSpec = SenderSpec::new(
    "gitlab",
    "GitLab, secret token",
    "https://docs.gitlab.com/user/project/integrations/webhooks/",
    |config| {
        Scheme::static_token(config.name(), SignatureLocation::token("x-gitlab-token"))
            .id_header("idempotency-key")
            .event_type_header("x-gitlab-event")
            .event_type_syntax("A-Za-z0-9 ")
    },
)
.with_response_deadline(secs(10))
.with_retry_window(days(3))
.with_digest_dedup_window(secs(15 * 60))
.with_max_body_size(25 * 1024 * 1024);

/// [GitLab](https://docs.gitlab.com/user/project/integrations/webhooks/#signing-tokens) with a signing
/// token, by the scheme of Standard Webhooks.
pub const GITLAB_SIGNED: SenderSpec = SenderSpec::new(
    "gitlab-signed",
    "GitLab, signing token",
    "https://docs.gitlab.com/user/project/integrations/webhooks/#signing-tokens",
    |config| v1(config).event_type_header("x-gitlab-event"),
)
.with_response_deadline(secs(10))
.with_max_body_size(25 * 1024 * 1024);
