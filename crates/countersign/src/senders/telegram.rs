//! [Telegram](https://core.telegram.org/bots/api#setwebhook).

use super::{Sender, Setup, fields};
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [Telegram bots](https://core.telegram.org/bots/api#setwebhook), with the `secret_token` given to
/// `setWebhook`.
pub const TELEGRAM: Sender =
    Sender::new("telegram", "Telegram", "https://core.telegram.org/bots/api#setwebhook", scheme)
        .deadline(10)
        .repeats_for_days(2)
        .identity("the ids in its body", |delivery| fields(delivery, &["/update_id"]));

fn scheme(setup: &Setup) -> SchemeBuilder {
    Scheme::static_token(setup.name(), Signature::token("x-telegram-bot-api-secret-token"))
}
