//! Checks of an endpoint by `GET`, `HEAD` and `OPTIONS`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::RejectionKind as Kind;
use countersign::senders::Challenge;
use serde_json::json;

use super::{JSON, answered, empty, hmac, rejected, unsigned};
use crate::case::{Case, Expected};
use crate::request::Request;
use crate::sender::Sender;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = origins();
    cases.extend(x());
    cases.extend(strava());
    cases.extend(by_head_and_header());
    cases
}

fn origins() -> Vec<Case> {
    let sender = Sender::Unsigned(Challenge::WebHookOrigin);
    let options = || Request::get("").method("OPTIONS");
    let asking = |origin: &str| options().with("webhook-request-origin", origin);
    let allowed =
        |origin: &str| empty().echoes("allow", "POST").echoes("webhook-allowed-origin", origin);
    let configured =
        |origin: &'static str, case: Case| case.config(|config| config.origin = Some(origin));
    let no_consent =
        |name: &str, request| rejected(name, sender, request, 405, Kind::MethodNotAllowed);
    let azure = "eventgrid.azure.net";
    vec![
        configured(azure, answered("an allowed origin", sender, asking(azure), allowed(azure))),
        configured(
            azure,
            answered(
                "an allowed origin with a rate",
                sender,
                asking(azure).with("webhook-request-rate", "120"),
                allowed(azure).echoes("webhook-allowed-rate", "*"),
            ),
        ),
        configured(
            "*",
            answered("any origin, if it is allowed", sender, asking("a.example"), allowed("*")),
        ),
        configured(azure, no_consent("another origin", asking("a.example"))),
        configured(
            azure,
            no_consent("a preflight of a browser", options().with("origin", "https://a.example")),
        ),
        no_consent("an origin where none is allowed", asking(azure)),
    ]
}

fn x() -> Vec<Case> {
    let sender = Sender::Known("x");
    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let token = "MWJiOTUzZDMtZWVmMi00NzNiLTk0ZDYtNzZmMTY4YzRkYTFl";
    let asking = |token: &str| Request::get(&format!("crc_token={token}&nonce=1"));
    let seal = |text: &str| format!("sha256={}", STANDARD.encode(hmac(key, text)));
    let body = json!({ "response_token": seal(token) }).to_string();
    let response = Expected::handshake_answered(200, JSON, &body);
    let unfit = |name: &str, token: &str| {
        rejected(name, sender, asking(token), 405, Kind::MethodNotAllowed)
    };
    vec![
        answered("X check", sender, asking(token), response),
        unfit("X check of a JSON object", "%7B%7D"),
        unfit("X check of 129 bytes", &"a".repeat(129)),
        rejected(
            "a delivery that X's check has signed",
            sender,
            unsigned(token).with("x-twitter-webhooks-signature", seal(token)),
            401,
            Kind::SignatureMismatch,
        ),
        Case::handled("a delivery of X", Request::good()).from(sender),
    ]
}

fn strava() -> Vec<Case> {
    let sender = Sender::Unsigned(Challenge::WebSubVerifyJson);
    let asking = |token: &str| {
        Request::get(&format!("hub.mode=subscribe&hub.challenge=15f7&hub.verify_token={token}"))
    };
    let response = Expected::handshake_answered(200, JSON, r#"{"hub.challenge":"15f7"}"#);
    let with_token = |case: Case| case.config(|config| config.verify_token = Some("open sesame"));
    vec![
        with_token(answered("Strava validation", sender, asking("open+sesame"), response)),
        with_token(rejected(
            "Strava validation with a wrong token",
            sender,
            asking("open"),
            401,
            Kind::SignatureMismatch,
        )),
    ]
}

fn by_head_and_header() -> Vec<Case> {
    let head = || Request::get("").method("HEAD");
    let adobe = Sender::Unsigned(Challenge::ADOBE_SIGN);
    let client = || Request::get("").with("x-adobesign-clientid", "CBJCHBCAABAAo");
    let echo = empty().echoes("x-adobesign-clientid", "CBJCHBCAABAAo");
    vec![
        answered("Trello check", Sender::Known("trello"), head(), empty()),
        answered("Adobe Sign check", adobe, client(), echo)
            .config(|config| config.verify_token = Some("CBJCHBCAABAAo")),
        rejected(
            "Adobe Sign check of another client",
            adobe,
            client(),
            401,
            Kind::SignatureMismatch,
        )
        .config(|config| config.verify_token = Some("another")),
    ]
}
