//! How senders ask whether an endpoint is ready: answered at once, with no handler and no claim.

use countersign::RejectionKind as Kind;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::case::{Answer, Case, Holds, Step};
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

fn handshake_answered(name: &str, sender: &'static str, request: Request, answer: Answer) -> Case {
    Case::new(name, [Step::Send(request, answer)]).from(Sender::Known(sender))
}

fn rejected(name: &str, sender: &'static str, request: Request, status: u16, kind: Kind) -> Case {
    Case::rejected(name, request, status, kind).from(Sender::Known(sender))
}

fn no_method(name: &str, sender: &'static str, request: Request) -> Case {
    rejected(name, sender, request, 405, Kind::MethodNotAllowed)
}

/// A signed body that is no handshake, or none that is answered: it is for the handler.
fn event(name: &str, sender: &'static str, body: &str) -> Case {
    let handled = Case::handled(name, Request::good().body(body)).from(Sender::Known(sender));
    handled.ends(1, Holds::Claimable)
}

fn slack() -> Vec<Case> {
    let asking = |challenge: &str| {
        json!({"token": "t", "challenge": challenge, "type": "url_verification"}).to_string()
    };
    let body = || Request::good().body(asking("3eZbrw1aB10FEMAGAZd4FyFQ"));
    let echo = |text: &str| Answer::handshake_answered(200, TEXT, text);
    let markup = "<script>alert(1)</script>";
    vec![
        handshake_answered("Slack asks", "slack", body(), echo("3eZbrw1aB10FEMAGAZd4FyFQ")),
        handshake_answered(
            "Slack asks in pieces",
            "slack",
            body().cut([1, 7, 30]),
            echo("3eZbrw1aB10FEMAGAZd4FyFQ"),
        ),
        handshake_answered(
            "Slack asks for markup",
            "slack",
            Request::good().body(asking(markup)),
            echo(markup),
        ),
        Case::new(
            "Slack asks twice",
            [
                Step::Send(body(), echo("3eZbrw1aB10FEMAGAZd4FyFQ")),
                Step::Send(body(), echo("3eZbrw1aB10FEMAGAZd4FyFQ")),
            ],
        )
        .from(Sender::Known("slack")),
        rejected("Slack asks unsigned", "slack", body().unsigned(), 401, Kind::MissingHeader),
        rejected(
            "Slack asks under another body's signature",
            "slack",
            Request::good().tampered(asking("abc")),
            401,
            Kind::SignatureMismatch,
        ),
        rejected(
            "a stranger asks as Slack",
            "slack",
            body().by(By::Stranger),
            401,
            Kind::SignatureMismatch,
        ),
        rejected("Slack asked long ago", "slack", body().late(-301), 401, Kind::StaleTimestamp),
        no_method("GET is no handshake of Slack's", "slack", Request::asking("challenge=abc")),
        event("Slack asks with a challenge too long", "slack", &asking(&"a".repeat(1025))),
        event("Slack asks with a control character", "slack", &asking("a\u{1}")),
        event("Slack asks for nothing", "slack", &asking("")),
        event(
            "Slack asks two things",
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
    let answer = |key: &str| Answer::handshake_answered(200, JSON, &sealed(token, key));
    let new = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let old = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    vec![
        handshake_answered("Zoom asks", "zoom", body(), answer(new)),
        handshake_answered("Zoom asks by the old key", "zoom", body().by(By::Old), answer(old))
            .setup(|setup| setup.ring = Ring::OldAndNew),
        rejected("Zoom asks unsigned", "zoom", body().unsigned(), 401, Kind::MissingHeader),
        rejected(
            "Zoom asks under another body's signature",
            "zoom",
            Request::good().tampered(asking("abc")),
            401,
            Kind::SignatureMismatch,
        ),
        // What is sealed for it would be the signature of another request.
        event("Zoom asks to sign a request", "zoom", &asking("v0:1700000000:{}")),
        event("Zoom asks for white space", "zoom", &asking("a b")),
        event("Zoom asks for a number's like", "zoom", &asking("1.0")),
    ]
}

fn discord() -> Vec<Case> {
    let body = |kind: u8| format!(r#"{{"type":{kind},"id":"1"}}"#);
    let signed = |kind| Request::good().body(body(kind));
    let pong = Answer::handshake_answered(200, JSON, r#"{"type":1}"#);
    let no_content = Answer::handshake_answered(204, "", "");
    vec![
        handshake_answered("Discord interactions ask", "discord", signed(1), pong),
        event("a Discord interaction of type 0", "discord", &body(0)),
        event("a Discord interaction of type 2", "discord", &body(2)),
        handshake_answered("Discord events ask", "discord-events", signed(0), no_content),
        event("a Discord event of type 1", "discord-events", &body(1)),
        rejected(
            "Discord asks unsigned",
            "discord",
            signed(1).unsigned(),
            401,
            Kind::MissingHeader,
        ),
        rejected(
            "Discord asks under another body's signature",
            "discord",
            Request::good().tampered(body(1)),
            401,
            Kind::SignatureMismatch,
        ),
    ]
}

fn dropbox() -> Vec<Case> {
    let asking = Request::asking;
    let echo = |text: &str| Answer::handshake_answered(200, TEXT, text);
    let longest = "a".repeat(1024);
    let long = format!("challenge={longest}a");
    let unsigned = Request::good().unsigned().query("challenge=abc");
    let head = Request::asking("challenge=abc").method("HEAD");
    vec![
        handshake_answered(
            "Dropbox asks",
            "dropbox",
            asking("challenge=a%2Bb%3C+c"),
            echo("a+b< c"),
        ),
        handshake_answered(
            "Dropbox asks among others",
            "dropbox",
            asking("a=b&challenge=abc&c"),
            echo("abc"),
        ),
        handshake_answered(
            "Dropbox asks for 1024 bytes",
            "dropbox",
            asking(&long[..long.len() - 1]),
            echo(&longest),
        ),
        no_method("Dropbox asks for 1025 bytes", "dropbox", asking(&long)),
        no_method("Dropbox asks for a line end", "dropbox", asking("challenge=a%0D%0Ab")),
        no_method("Dropbox asks beyond ASCII", "dropbox", asking("challenge=%C3%A9")),
        no_method("Dropbox asks for half a byte", "dropbox", asking("challenge=a%2")),
        no_method("Dropbox asks two things", "dropbox", asking("challenge=a&challenge=b")),
        no_method("Dropbox asks for nothing", "dropbox", asking("challenge=")),
        no_method("Dropbox asks without a challenge", "dropbox", asking("a=b")),
        no_method("HEAD is no handshake of Dropbox's", "dropbox", head),
        rejected("a challenge by POST is none", "dropbox", unsigned, 401, Kind::MissingHeader),
    ]
}

fn meta() -> Vec<Case> {
    let query = |mode: &str, token: &str| {
        format!("hub.mode={mode}&hub.verify_token={token}&hub.challenge=1158201444")
    };
    let asking = |mode: &str, token: &str| Request::asking(&query(mode, token));
    let with_token = |case: Case| case.setup(|setup| setup.verify_token = Some("open sesame"));
    let right = Answer::handshake_answered(200, TEXT, "1158201444");
    let mismatch = |name: &str, token: &str| {
        rejected(name, "meta", asking("subscribe", token), 401, Kind::SignatureMismatch)
    };
    let mut cases = vec![
        handshake_answered("Meta asks", "meta", asking("subscribe", "open+sesame"), right),
        mismatch("Meta asks with a wrong token", "open"),
        mismatch("Meta asks with an empty token", ""),
        no_method("Meta asks to unsubscribe", "meta", asking("unsubscribe", "open+sesame")),
        no_method(
            "Meta asks without a token",
            "meta",
            Request::asking("hub.mode=subscribe&hub.challenge=1"),
        ),
        no_method(
            "Meta asks with two tokens",
            "meta",
            asking("subscribe", "open+sesame&hub.verify_token=x"),
        ),
    ];
    cases = cases.into_iter().map(with_token).collect();
    cases.push(no_method("Meta asks, and no token is set up", "meta", asking("subscribe", "x")));
    cases
}

fn okta() -> Vec<Case> {
    let asking = |value: &str| Request::asking("").with("x-okta-verification-challenge", value);
    let answer = |text: &str| {
        Answer::handshake_answered(200, JSON, &json!({"verification": text}).to_string())
    };
    let twice = asking("a").with("x-okta-verification-challenge", "a");
    vec![
        handshake_answered(
            "Okta asks",
            "okta",
            asking("4wsfBSbmwwuxtBCJ"),
            answer("4wsfBSbmwwuxtBCJ"),
        ),
        handshake_answered(
            "Okta asks for quotes",
            "okta",
            asking(r#"","a":"\"#),
            answer(r#"","a":"\"#),
        ),
        no_method("Okta asks two things", "okta", twice),
        no_method("Okta asks for 1025 bytes", "okta", asking(&"a".repeat(1025))),
        no_method("Okta asks for nothing", "okta", Request::asking("")),
    ]
}

fn intercom() -> Vec<Case> {
    let head = || Request::asking("").method("HEAD").framed(Framing::Nothing);
    vec![
        handshake_answered(
            "Intercom asks",
            "intercom",
            head(),
            Answer::handshake_answered(200, "", ""),
        ),
        no_method("GET is no handshake of Intercom's", "intercom", Request::asking("")),
        no_method("HEAD is no handshake of Slack's", "slack", head()),
    ]
}
