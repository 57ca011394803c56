//! Bodies as senders write them: forms, and JSON with a byte order mark or half of a character.

use countersign::Outcome;

use crate::case::{Act, Case, Expected, Holds, Step};
use crate::request::Request;
use crate::sender::Sender;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const PARTS: &str = "multipart/form-data; boundary=aBc";

/// The note that every case delivers, as JSON.
const NOTE: &str = r#"{"id":"evt_1","text":"50 % + é","count":7,"tags":["a","b"]}"#;

/// The note, as the fields of a form.
const FIELDS: &str = "id=evt_1&text=50+%25+%2B+%C3%A9&count=7&tags=a&tags=b";

const TEXT: &str = "50 % + é";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = decoded();
    cases.extend(replayed());
    cases.extend(undecodable());
    cases
}

/// The note in the field of this name of a form.
fn form(name: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(name, NOTE).finish()
}

/// Parts of a form, each a name with what follows it in the header, and a content.
fn parts(parts: &[(&str, &str)]) -> String {
    let part = |(name, content): &(&str, &str)| {
        format!("--aBc\r\nContent-Disposition: form-data; name={name}\r\n\r\n{content}\r\n")
    };
    parts.iter().map(part).collect::<String>() + "--aBc--\r\n"
}

fn parts_of_note() -> String {
    parts(&[
        ("id", "evt_1"),
        ("text", TEXT),
        ("count", "7"),
        ("\"tags\"", "a"),
        ("tags", "b"),
        ("file; filename=\"a.png\"\r\nContent-Type: image/png", "text=x&count=1"),
    ])
}

fn request(content_type: &str, body: impl Into<Vec<u8>>) -> Request {
    Request::good().body(body).with("content-type", content_type)
}

/// A note that is decoded, and event 1 afterwards.
fn handled(name: &str, sender: Sender, request: Request, holds: Holds) -> Case {
    Case::new(name, [Step::Send(request, Expected::handled())])
        .from(sender)
        .acts([Act::Note(TEXT)])
        .ends(1, holds)
}

fn decoded() -> Vec<Case> {
    // These senders have no ids in their bodies, so event 1 is another one.
    let github =
        |name: &str, request| handled(name, Sender::Known("github"), request, Holds::Claimable);
    let slack =
        |name: &str, request| handled(name, Sender::Known("slack"), request, Holds::Claimable);
    let own = |name: &str, request| handled(name, Sender::Forms, request, Holds::Duplicate);
    let charset = "Application/X-WWW-Form-URLEncoded; charset=UTF-8";
    vec![
        github("GitHub sends JSON", request(JSON, NOTE)),
        github("GitHub sends JSON in a form", request(FORM, form("payload"))),
        github("GitHub sends JSON in a form with a charset", request(charset, form("payload"))),
        github("GitHub sends JSON under no content type", Request::good().body(NOTE)),
        github("GitHub sends JSON under a foreign content type", request("text/plain", NOTE)),
        slack("Slack sends an interaction", request(FORM, form("payload"))),
        slack("Slack sends a command", request(FORM, FIELDS)),
        handled(
            "Twilio sends fields",
            Sender::Known("twilio"),
            request(FORM, FIELDS),
            Holds::Claimable,
        ),
        own("a sender of its own sends JSON", request(JSON, NOTE)),
        own("a sender of its own sends JSON in a form", request(FORM, form("payload"))),
        own("a sender of its own sends fields", request(FORM, FIELDS)),
        own("a sender of its own sends parts and a file", request(PARTS, parts_of_note())),
        own("a sender of its own sends JSON in a part", request(PARTS, parts(&[("json", NOTE)]))),
        own("JSON after a byte order mark", request(JSON, format!("\u{feff}{NOTE}"))),
        own(
            "JSON after a byte order mark in a form",
            request(FORM, form("payload").replacen("payload=", "payload=%EF%BB%BF", 1)),
        ),
        own(
            "half of a character where the type does not read it",
            request(JSON, NOTE.replace("}", r#","other":["\ud83d"]}"#)),
        ),
        own("fields in pieces", request(FORM, FIELDS).cut([1, 1, 7, 20])),
    ]
}

/// The content type is not signed: under another one, a request is still the same event.
fn replayed() -> Vec<Case> {
    let case = |name: &str, content_type: &str, body: &str| {
        let first = Step::Send(request(content_type, body), Expected::handled());
        let again = [JSON, FORM, PARTS, "multipart/form-data; boundary=x", "text/plain"];
        let again = again.map(|other| Step::Send(request(other, body), Expected::duplicate()));
        let bare = Step::Send(Request::good().body(body), Expected::duplicate());
        Case::new(
            format!("{name}, replayed under other content types"),
            std::iter::once(first).chain(again).chain([bare]),
        )
        .from(Sender::Forms)
        .acts([Act::Note(TEXT)])
        .ends(1, Holds::Duplicate)
    };
    let known_by_its_id =
        [(JSON, NOTE.to_owned()), (FORM, FIELDS.to_owned()), (FORM, form("payload"))];
    vec![
        case("JSON", JSON, NOTE),
        case("JSON in a form", FORM, &form("payload")),
        case("fields", FORM, FIELDS),
        case("parts", PARTS, &parts_of_note()),
        Case::new(
            "one id in JSON, in a form and as a field",
            known_by_its_id.into_iter().enumerate().map(|(at, (content_type, body))| {
                let response = match at {
                    0 => Expected::handled(),
                    _ => Expected::own(200, Outcome::Duplicate { same_body: false }),
                };
                Step::Send(request(content_type, body), response)
            }),
        )
        .from(Sender::Forms)
        .acts([Act::Note(TEXT)])
        .ends(1, Holds::Duplicate),
    ]
}

fn undecodable() -> Vec<Case> {
    let case = |name: &str, sender, request| {
        Case::new(name, [Step::Send(request, Expected::undecodable())])
            .from(sender)
            .acts([Act::Note(TEXT)])
            .ends(1, Holds::Claimable)
    };
    let own = |name: &str, body: &str| case(name, Sender::Forms, request(FORM, body));
    let twice = form("payload") + "&" + &form("payload");
    vec![
        case("a form from a sender of JSON", Sender::StandardWebhooks, request(FORM, FIELDS)),
        case("a form of GitHub without a payload", Sender::Known("github"), request(FORM, FIELDS)),
        own("a form with two payloads", &twice),
        own("a form with a field that does not fit", "text=a&count=many"),
        own("a form with a malformed escape", "text=%"),
        own("a form that is not UTF-8", "text=%FF&count=7"),
        own("a form with too many fields", &"a&".repeat(10_001)),
        own("parts without an end", "--aBc\r\n\r\n"),
        case(
            "half of a character where the type reads it",
            Sender::Forms,
            request(JSON, r#"{"text":"\ud83d","count":7}"#),
        ),
    ]
}
