//! [Okta](https://developer.okta.com/docs/concepts/event-hooks/).

use super::{Sender, Setup, ids_of_list};
use crate::challenge::Challenge;
use crate::scheme::{Scheme, SchemeBuilder, Signature};

/// [Okta event hooks](https://developer.okta.com/docs/concepts/event-hooks/): a static secret in
/// `Authorization`, or the [header](Setup::header) that was chosen. The one-time `GET` is answered.
pub const OKTA: Sender =
    Sender::new("okta", "Okta", "https://developer.okta.com/docs/concepts/event-hooks/", scheme)
        .deadline(3)
        .repeats_for_days(1)
        .identity("the ids in its body", |delivery| {
            ids_of_list(delivery, "/data/events", &["/uuid"])
        })
        .challenge(Challenge::Header {
            name: "x-okta-verification-challenge",
            field: "verification",
        });

fn scheme(setup: &Setup) -> SchemeBuilder {
    Scheme::static_token(setup.name(), Signature::token(setup.header_or("authorization")))
        .event_type_field("/eventType")
}
