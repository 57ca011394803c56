//! [Telegram](https://core.telegram.org/bots/api#setwebhook).

use super::identity::field;
use super::spec::{days, secs};
use super::{SenderConfig, SenderSpec};
use crate::scheme::{Scheme, SchemeBuilder, SignatureLocation};

/// [Telegram bots](https://core.telegram.org/bots/api#setwebhook). The secret is the `secret_token` that
/// was passed to `setWebhook`.
pub const TELEGRAM: SenderSpec = SenderSpec::new(
    "telegram",
    "Telegram",
    "https://core.telegram.org/bots/api#setwebhook",
    scheme,
)
.with_response_deadline(secs(10))
.with_retry_window(days(2))
.with_identity("the ids in its body", |delivery| field(delivery, "/update_id"));

fn scheme(config: &SenderConfig) -> SchemeBuilder {
    Scheme::static_token(config.name(), SignatureLocation::token("x-telegram-bot-api-secret-token"))
}
