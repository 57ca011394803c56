//! Handshakes: responded to without a handler or a claim.

use countersign::{Outcome, RejectionKind as Kind};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::case::{Case, Expected, Holds, Step};
use crate::request::{Framing, Request};
use crate::sender::{By, Ring, Sender};

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(slack());
    cases.extend(zoom());
    cases.extend(discord());
    cases.extend(dropbox());
    cases.extend(meta());
    cases.extend(okta());
    cases.extend(intercom());
    cases
}

fn handshake_answered(
    name: &str,
    sender: &'static str,
    request: Request,
    response: Expected,
) -> Case {
    Case::new(name, [Step::Send(request, response)]).from(Sender::Known(sender))
}

fn rejected(name: &str, sender: &'static str, request: Request, status: u16, kind: Kind) -> Case {
    Case::rejected(name, request, status, kind).from(Sender::Known(sender))
}

fn no_method(name: &str, sender: &'static str, request: Request) -> Case {
    rejected(name, sender, request, 405, Kind::MethodNotAllowed)
}

/// A signed body that is not a valid handshake goes to the handler.
fn event(name: &str, sender: &'static str, body: &str) -> Case {
    let handled = Case::handled(name, Request::good().body(body)).from(Sender::Known(sender));
    handled.ends(1, Holds::Claimable)
}

fn slack() -> Vec<Case> {
    let asking = |challenge: &str| {
        json!({"token": "t", "challenge": challenge, "type": "url_verification"}).to_string()
    };
    let body = || Request::good().body(asking("3eZbrw1aB10FEMAGAZd4FyFQ"));
    let echo = |text: &str| Expected::handshake_answered(200, TEXT, text);
    let markup = "<script>alert(1)</script>";
    vec![
        handshake_answered("Slack handshake", "slack", body(), echo("3eZbrw1aB10FEMAGAZd4FyFQ")),
        handshake_answered(
            "Slack handshake in pieces",
            "slack",
            body().cut([1, 7, 30]),
            echo("3eZbrw1aB10FEMAGAZd4FyFQ"),
        ),
        handshake_answered(
            "Slack handshake with markup",
            "slack",
            Request::good().body(asking(markup)),
            echo(markup),
        ),
        Case::new(
            "Slack handshake, repeated",
            [
                Step::Send(body(), echo("3eZbrw1aB10FEMAGAZd4FyFQ")),
                Step::Send(body(), echo("3eZbrw1aB10FEMAGAZd4FyFQ")),
            ],
        )
        .from(Sender::Known("slack")),
        rejected("Slack handshake unsigned", "slack", body().unsigned(), 401, Kind::MissingHeader),
        rejected(
            "Slack handshake under another body's signature",
            "slack",
            Request::good().tampered(asking("abc")),
            401,
            Kind::SignatureMismatch,
        ),
        rejected(
            "a Slack handshake with an unknown key",
            "slack",
            body().by(By::Stranger),
            401,
            Kind::SignatureMismatch,
        ),
        rejected("a stale Slack handshake", "slack", body().late(-301), 401, Kind::StaleTimestamp),
        no_method("GET is not a handshake of Slack's", "slack", Request::get("challenge=abc")),
        event("Slack handshake with a challenge too long", "slack", &asking(&"a".repeat(1025))),
        event("Slack handshake with a control character", "slack", &asking("a\u{1}")),
        event("Slack handshake with an empty challenge", "slack", &asking("")),
        event(
            "Slack handshake with two challenges",
            "slack",
            r#"{"type":"url_verification","challenge":"a","challenge":"b"}"#,
        ),
        event(
            "an event that holds a challenge",
            "slack",
            r#"{"type":"event_callback","challenge":"a"}"#,
        ),
    ]
}

/// `token` with its HMAC under the key.
fn sealed(token: &str, key: &str) -> String {
    let mut mac: Hmac<Sha256> = Hmac::new_from_slice(key.as_bytes()).unwrap();
    mac.update(token.as_bytes());
    let tag: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"encryptedToken": tag, "plainToken": token}).to_string()
}

fn zoom() -> Vec<Case> {
    let asking = |token: &str| {
        json!({"event": "endpoint.url_validation", "payload": {"plainToken": token}}).to_string()
    };
    let token = "qgg8vlvZRS6UYooatFL8Aw";
    let body = || Request::good().body(asking(token));
    let response = |key: &str| Expected::handshake_answered(200, JSON, &sealed(token, key));
    let new = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let old = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    vec![
        handshake_answered("Zoom handshake", "zoom", body(), response(new)),
        handshake_answered(
            "Zoom handshake with the old key",
            "zoom",
            body().by(By::Old),
            response(old),
        )
        .config(|config| config.ring = Ring::OldAndNew),
        rejected("Zoom handshake unsigned", "zoom", body().unsigned(), 401, Kind::MissingHeader),
        rejected(
            "Zoom handshake under another body's signature",
            "zoom",
            Request::good().tampered(asking("abc")),
            401,
            Kind::SignatureMismatch,
        ),
        // The HMAC for this would be the signature of another request.
        event(
            "Zoom handshake with the signed text of a request",
            "zoom",
            &asking("v0:1700000000:{}"),
        ),
        event("Zoom handshake with white space", "zoom", &asking("a b")),
        event("Zoom handshake with a number-like token", "zoom", &asking("1.0")),
    ]
}

fn discord() -> Vec<Case> {
    let body = |kind: u8| format!(r#"{{"type":{kind},"id":"1"}}"#);
    let signed = |kind| Request::good().body(body(kind));
    let pong = Expected::handshake_answered(200, JSON, r#"{"type":1}"#);
    let no_content = Expected::handshake_answered(204, "", "");
    vec![
        handshake_answered("Discord interactions handshake", "discord", signed(1), pong),
        event("a Discord interaction of type 0", "discord", &body(0)),
        event("a Discord interaction of type 2", "discord", &body(2)),
        handshake_answered("Discord events handshake", "discord-events", signed(0), no_content),
        Case::new(
            "a Discord event of type 1",
            [
                Step::Send(signed(1), Expected::handlers(204, Outcome::Handled)),
                Step::Send(signed(1), Expected::own(204, Outcome::Duplicate { same_body: true })),
            ],
        )
        .ends(1, Holds::Claimable)
        .from(Sender::Known("discord-events")),
        rejected(
            "Discord handshake unsigned",
            "discord",
            signed(1).unsigned(),
            401,
            Kind::MissingHeader,
        ),
        rejected(
            "Discord handshake under another body's signature",
            "discord",
            Request::good().tampered(body(1)),
            401,
            Kind::SignatureMismatch,
        ),
    ]
}

fn dropbox() -> Vec<Case> {
    let asking = Request::get;
    let echo = |text: &str| Expected::handshake_answered(200, TEXT, text);
    let longest = "a".repeat(1024);
    let long = format!("challenge={longest}a");
    let unsigned = Request::good().unsigned().query("challenge=abc");
    let head = Request::get("challenge=abc").method("HEAD");
    vec![
        handshake_answered(
            "Dropbox handshake",
            "dropbox",
            asking("challenge=a%2Bb%3C+c"),
            echo("a+b< c"),
        ),
        handshake_answered(
            "Dropbox handshake among other parameters",
            "dropbox",
            asking("a=b&challenge=abc&c"),
            echo("abc"),
        ),
        handshake_answered(
            "Dropbox handshake with 1024 bytes",
            "dropbox",
            asking(&long[..long.len() - 1]),
            echo(&longest),
        ),
        no_method("Dropbox handshake with 1025 bytes", "dropbox", asking(&long)),
        no_method("Dropbox handshake with a line end", "dropbox", asking("challenge=a%0D%0Ab")),
        no_method("Dropbox handshake with non-ASCII text", "dropbox", asking("challenge=%C3%A9")),
        no_method("Dropbox handshake with half a byte", "dropbox", asking("challenge=a%2")),
        no_method(
            "Dropbox handshake with two challenges",
            "dropbox",
            asking("challenge=a&challenge=b"),
        ),
        no_method("Dropbox handshake with an empty challenge", "dropbox", asking("challenge=")),
        no_method("Dropbox handshake without a challenge", "dropbox", asking("a=b")),
        no_method("HEAD is not a handshake of Dropbox's", "dropbox", head),
        rejected(
            "a challenge by POST is not a handshake",
            "dropbox",
            unsigned,
            401,
            Kind::MissingHeader,
        ),
    ]
}

fn meta() -> Vec<Case> {
    let query = |mode: &str, token: &str| {
        format!("hub.mode={mode}&hub.verify_token={token}&hub.challenge=1158201444")
    };
    let asking = |mode: &str, token: &str| Request::get(&query(mode, token));
    let with_token = |case: Case| case.config(|config| config.verify_token = Some("open sesame"));
    let right = Expected::handshake_answered(200, TEXT, "1158201444");
    let mismatch = |name: &str, token: &str| {
        rejected(name, "meta", asking("subscribe", token), 401, Kind::SignatureMismatch)
    };
    let mut cases = vec![
        handshake_answered("Meta handshake", "meta", asking("subscribe", "open+sesame"), right),
        mismatch("Meta handshake with a wrong token", "open"),
        mismatch("Meta handshake with an empty token", ""),
        no_method("Meta handshake that unsubscribes", "meta", asking("unsubscribe", "open+sesame")),
        no_method(
            "Meta handshake without a token",
            "meta",
            Request::get("hub.mode=subscribe&hub.challenge=1"),
        ),
        no_method(
            "Meta handshake with two tokens",
            "meta",
            asking("subscribe", "open+sesame&hub.verify_token=x"),
        ),
    ];
    cases = cases.into_iter().map(with_token).collect();
    cases.push(no_method(
        "Meta handshake without a configured token",
        "meta",
        asking("subscribe", "x"),
    ));
    cases
}

fn okta() -> Vec<Case> {
    let asking = |value: &str| Request::get("").with("x-okta-verification-challenge", value);
    let response = |text: &str| {
        Expected::handshake_answered(200, JSON, &json!({"verification": text}).to_string())
    };
    let twice = asking("a").with("x-okta-verification-challenge", "a");
    vec![
        handshake_answered(
            "Okta handshake",
            "okta",
            asking("4wsfBSbmwwuxtBCJ"),
            response("4wsfBSbmwwuxtBCJ"),
        ),
        handshake_answered(
            "Okta handshake with quotes",
            "okta",
            asking(r#"","a":"\"#),
            response(r#"","a":"\"#),
        ),
        no_method("Okta handshake with two challenges", "okta", twice),
        no_method("Okta handshake with 1025 bytes", "okta", asking(&"a".repeat(1025))),
        no_method("Okta handshake with an empty challenge", "okta", Request::get("")),
    ]
}

fn intercom() -> Vec<Case> {
    let head = || Request::get("").method("HEAD").framed(Framing::Nothing);
    vec![
        handshake_answered(
            "Intercom handshake",
            "intercom",
            head(),
            Expected::handshake_answered(200, "", ""),
        ),
        no_method("GET is not a handshake of Intercom's", "intercom", Request::get("")),
        no_method("HEAD is not a handshake of Slack's", "slack", head()),
    ]
}
