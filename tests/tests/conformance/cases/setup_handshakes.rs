//! Handshakes that no signature covers: when a sender is told of the endpoint, or checks it later.

mod checks;
mod secrets;

use countersign::RejectionKind as Kind;
use countersign::senders::Challenge;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::case::{Case, Expected, Holds, Step};
use crate::request::{Framing, Request};
use crate::sender::Sender;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(woocommerce());
    cases.extend(graph());
    cases.extend(monday());
    cases.extend(event_grid());
    cases.extend(ringcentral());
    cases.extend(secrets::cases());
    cases.extend(checks::cases());
    cases
}

/// A request that no key has signed.
fn unsigned(body: impl Into<Vec<u8>>) -> Request {
    Request::good().unsigned().body(body)
}

fn empty() -> Expected {
    Expected::handshake_answered(200, "", "")
}

fn answered(name: &str, sender: Sender, request: Request, response: Expected) -> Case {
    let case = Case::new(name, [Step::Send(request, response)]).from(sender);
    case.config(|config| config.answers_unsigned = true)
}

fn rejected(name: &str, sender: Sender, request: Request, status: u16, kind: Kind) -> Case {
    answered(name, sender, request, Expected::rejected(status, kind))
}

/// The request goes to the handler.
fn event(name: &str, sender: Sender, request: Request) -> Case {
    answered(name, sender, request, Expected::handled()).ends(1, Holds::Claimable)
}

/// The settings do not allow a response.
fn without_setting(case: Case) -> Case {
    case.config(|config| config.answers_unsigned = false)
}

fn woocommerce() -> Vec<Case> {
    let sender = Sender::Known("woocommerce");
    let form = "application/x-www-form-urlencoded";
    let ping = || unsigned("webhook_id=5").with("content-type", form);
    let unverified =
        |name: &str, request| rejected(name, sender, request, 401, Kind::MissingHeader);
    let long = || format!("webhook_id={}", "5".repeat(16 * 1024));
    vec![
        answered("WooCommerce ping", sender, ping(), empty()),
        answered("WooCommerce ping in pieces", sender, ping().cut([1, 9]), empty()),
        answered("WooCommerce ping, chunked", sender, ping().framed(Framing::Chunked), empty()),
        answered("WooCommerce ping, repeated, and a delivery", sender, ping(), empty())
            .then(Step::KeepAlive(vec![
                (ping(), empty()),
                (Request::good(), Expected::handled()),
                (ping(), empty()),
            ]))
            .ends(1, Holds::Duplicate),
        without_setting(unverified("WooCommerce ping without the setting", ping())),
        unverified("WooCommerce ping with a second field", unsigned("webhook_id=5&a=b")),
        unverified("WooCommerce ping of text", unsigned("webhook_id=five")),
        unverified("an unsigned WooCommerce delivery", unsigned("{}")),
        unverified(
            "WooCommerce ping with the header of a delivery",
            ping().with("x-wc-webhook-topic", "order.created"),
        ),
        unverified("WooCommerce ping of more than 16 KiB", unsigned(long())),
        unverified(
            "WooCommerce ping of more than 16 KiB, chunked",
            unsigned(long()).framed(Framing::Chunked).cut([8000, 8000]),
        ),
        rejected(
            "WooCommerce ping with a wrong signature",
            sender,
            Request::good().tampered("webhook_id=5"),
            401,
            Kind::SignatureMismatch,
        ),
        event(
            "WooCommerce ping that is signed, so an event",
            sender,
            Request::good().body("webhook_id=5"),
        ),
    ]
}

fn graph() -> Vec<Case> {
    let sender = Sender::Unsigned(Challenge::MICROSOFT_GRAPH);
    let asking = |token: &str| unsigned("").query(&format!("tenant=7&validationToken={token}"));
    let echo = |text: &str| Expected::handshake_answered(200, TEXT, text);
    let unfit = |name: &str, token: &str| {
        rejected(name, sender, asking(token), 403, Kind::HandshakeRejected)
    };
    vec![
        answered(
            "Graph validation",
            sender,
            asking("Validation%3a+Testing+client+application%3Cscript%3E"),
            echo("Validation: Testing client application<script>"),
        ),
        answered(
            "Graph validation with neither a length nor a body",
            sender,
            asking("abc").framed(Framing::Nothing),
            echo("abc"),
        ),
        without_setting(unfit("Graph validation without the setting", "abc")),
        unfit("Graph validation with a line end", "a%0D%0ASet-Cookie:%20b"),
        unfit("Graph validation with non-ASCII text", "%C3%A9"),
        unfit("Graph validation of 1025 bytes", &"a".repeat(1025)),
        answered(
            "Graph validation of 1024 bytes",
            sender,
            asking(&"a".repeat(1024)),
            echo(&"a".repeat(1024)),
        ),
        event("a Graph notification", sender, asking("abc").body(r#"{"value":[]}"#)),
        rejected(
            "Graph validation by GET",
            sender,
            Request::get("validationToken=abc"),
            405,
            Kind::MethodNotAllowed,
        ),
    ]
}

fn monday() -> Vec<Case> {
    let sender = Sender::Unsigned(Challenge::MONDAY);
    let asking = |challenge: &str| unsigned(json!({ "challenge": challenge }).to_string());
    let echo = |challenge: &str| {
        let body = json!({ "challenge": challenge }).to_string();
        Expected::handshake_answered(200, JSON, &body)
    };
    let unfit =
        |name: &str, text: &str| rejected(name, sender, asking(text), 403, Kind::HandshakeRejected);
    let quoted = r#"","a":""#;
    vec![
        answered("monday.com challenge", sender, asking("3eZbrw1aBm2r"), echo("3eZbrw1aBm2r")),
        answered("monday.com challenge with quotes", sender, asking(quoted), echo(quoted)),
        without_setting(unfit("monday.com challenge without the setting", "a")),
        unfit("monday.com challenge with a line end", "a\r\nb"),
        event(
            "a monday.com event with a challenge in it",
            sender,
            unsigned(r#"{"challenge":"a","event":{}}"#),
        ),
        event("a monday.com event", sender, unsigned(r#"{"event":{"pulseId":1}}"#)),
    ]
}

fn event_grid() -> Vec<Case> {
    let sender = Sender::Unsigned(Challenge::EVENT_GRID);
    let validation = json!({
        "id": "1",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": { "validationCode": "512d38b6", "validationUrl": "https://a.example/" },
    });
    let request = |events: serde_json::Value| {
        unsigned(events.to_string()).with("aeg-event-type", "SubscriptionValidation")
    };
    let response = Expected::handshake_answered(200, JSON, r#"{"validationResponse":"512d38b6"}"#);
    let one = json!([validation]);
    vec![
        answered("Event Grid validation", sender, request(one.clone()), response),
        without_setting(rejected(
            "Event Grid validation without the setting",
            sender,
            request(one.clone()),
            403,
            Kind::HandshakeRejected,
        )),
        event(
            "Event Grid validation among other events",
            sender,
            request(json!([validation, { "id": "2" }])),
        ),
        event("Event Grid validation without its header", sender, unsigned(one.to_string())),
    ]
}

fn ringcentral() -> Vec<Case> {
    let sender = Sender::Known("ringcentral");
    let asking = |token: &str| unsigned("").with("validation-token", token);
    let echo = |token: &str| empty().echoes("validation-token", token);
    let unfit = |name: &str, token: &str| {
        rejected(name, sender, asking(token), 403, Kind::HandshakeRejected)
    };
    vec![
        answered("RingCentral validation", sender, asking("b3c9-42"), echo("b3c9-42")),
        without_setting(rejected(
            "RingCentral validation without the setting",
            sender,
            asking("b3c9-42"),
            401,
            Kind::MissingHeader,
        )),
        without_setting(answered(
            "RingCentral validation with the token of deliveries",
            sender,
            Request::good().body("").with("validation-token", "b3c9-42"),
            echo("b3c9-42"),
        )),
        event(
            "a RingCentral delivery that has the header of a validation",
            sender,
            Request::good().body(r#"{"uuid":"u"}"#).with("validation-token", "b3c9-42"),
        ),
        unfit("RingCentral validation with non-ASCII text", "\u{e9}"),
        unfit("RingCentral validation of 1025 bytes", &"a".repeat(1025)),
        rejected(
            "RingCentral validation with a body",
            sender,
            unsigned("{}").with("validation-token", "b3c9-42"),
            401,
            Kind::MissingHeader,
        ),
    ]
}

/// The HMAC-SHA256 of `text` under `key`.
fn hmac(key: &str, text: &str) -> Vec<u8> {
    let mut mac: Hmac<Sha256> = Hmac::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
