//! Handshakes that bring the secret of later deliveries.

use countersign::RejectionKind as Kind;
use serde_json::json;

use super::{answered, empty, event, hmac, rejected, unsigned, without_setting};
use crate::case::{Case, Expected, Holds, Step};
use crate::request::Request;
use crate::sender::Sender;

const SECRET: &str = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = asana();
    cases.extend(notion());
    cases
}

/// A receiver without keys, with a callback for the secret.
fn taking_secrets(case: Case) -> Case {
    without_setting(case).config(|config| (config.on_secret, config.handshake_only) = (true, true))
}

/// The response to a delivery before the secret is configured.
fn retry_later() -> Expected {
    Expected { retry_after: Some(1..=60), ..Expected::rejected(503, Kind::KeysUnavailable) }
}

fn asana() -> Vec<Case> {
    let sender = Sender::Known("asana");
    let asking = |secret: &str| unsigned("{}").with("x-hook-secret", secret);
    let echo = || empty().echoes("x-hook-secret", SECRET);
    let again = Expected::rejected(403, Kind::HandshakeRejected);
    let handshake = |name: &str| answered(name, sender, asking(SECRET), echo()).hands_over(SECRET);
    vec![
        taking_secrets(handshake("Asana handshake")),
        taking_secrets(handshake("Asana handshake, then another secret"))
            .then(Step::Send(asking("another"), again.clone()))
            .then(Step::Send(asking(SECRET), again)),
        taking_secrets(rejected(
            "Asana handshake with non-ASCII text",
            sender,
            asking("\u{e9}"),
            403,
            Kind::HandshakeRejected,
        )),
        taking_secrets(answered(
            "a delivery before the secret is configured",
            sender,
            Request::good(),
            retry_later(),
        )),
        rejected(
            "Asana handshake without a callback",
            sender,
            asking(SECRET),
            401,
            Kind::MissingHeader,
        ),
        handshake("Asana handshake beside keys")
            .config(|config| config.on_secret = true)
            .then(Step::Send(Request::good(), Expected::handled()))
            .ends(1, Holds::Duplicate),
        event(
            "a signed Asana delivery with the header of a handshake",
            sender,
            Request::good().body("{}").with("x-hook-secret", SECRET),
        )
        .config(|config| config.on_secret = true),
    ]
}

fn notion() -> Vec<Case> {
    let sender = Sender::Known("notion");
    let token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
    let signed_with = |key: &str, body: String| {
        let tag: String = hmac(key, &body).iter().map(|byte| format!("{byte:02x}")).collect();
        unsigned(body).with("x-notion-signature", format!("sha256={tag}"))
    };
    let body = |token: &str| json!({ "verification_token": token }).to_string();
    let asking = |token: &str| signed_with(token, body(token));
    let again = Expected::rejected(403, Kind::HandshakeRejected);
    let handshake = |name: &str| answered(name, sender, asking(token), empty()).hands_over(token);
    vec![
        taking_secrets(handshake("Notion handshake")),
        taking_secrets(handshake("Notion handshake, then another token"))
            .then(Step::Send(asking("secret_2"), again.clone())),
        taking_secrets(answered(
            "Notion handshake under another key",
            sender,
            signed_with("another key", body(token)),
            retry_later(),
        )),
        taking_secrets(rejected(
            "Notion handshake without a signature",
            sender,
            unsigned(body(token)),
            401,
            Kind::MissingHeader,
        )),
        handshake("Notion handshake beside keys").config(|config| config.on_secret = true),
        answered("Notion handshake without a callback", sender, asking(token), again),
        rejected(
            "a Notion delivery under another key",
            sender,
            signed_with("another key", "{}".to_owned()),
            401,
            Kind::SignatureMismatch,
        ),
        event("a Notion delivery that holds a token", sender, Request::good().body(body("other")))
            .config(|config| config.on_secret = true),
    ]
}
