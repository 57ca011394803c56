//! The seeds of the committed corpora: the crates' fixtures, and handwritten edge cases.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use countersign::senders::{ALL, SenderSpec};

/// The folder of the corpora.
const CORPORA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus");

/// The folder of the fixtures.
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/countersign/tests/fixtures");

/// Returns the folder of a target's corpus.
#[must_use]
pub fn corpus(target: &str) -> PathBuf {
    Path::new(CORPORA).join(target)
}

/// Returns the folder that holds the corpora of all targets.
#[must_use]
pub fn corpora() -> &'static Path {
    Path::new(CORPORA)
}

/// Returns the initial inputs of a target, each with its file name.
///
/// # Errors
///
/// An error if the fixtures cannot be read.
pub fn seeds(target: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let (mut seeds, texts) = match target {
        "ainexlayer_envelope" => (fixtures("ainexlayer")?, ENVELOPES),
        "event_keys" => (Vec::new(), KEYS),
        "form_fields" => (Vec::new(), BODIES),
        "header_grammars" => (Vec::new(), HEADERS),
        "streaming_chunks" => (Vec::new(), STREAMS),
        "json_pointer" => (Vec::new(), POINTERS),
        "known_senders" => (known_senders(), KNOWN),
        "omniai_event" => (fixtures("omniai")?, EVENTS),
        "omniai_identity" => (fixtures("omniai")?, IDENTITIES),
        "secret_forms" => (Vec::new(), SECRETS),
        "signed_parts" => (Vec::new(), PARTS),
        "standard_webhooks" => (Vec::new(), STANDARD),
        "timestamp_text" => (Vec::new(), TIMES),
        "twilio_form" => (Vec::new(), FORMS),
        _ => (Vec::new(), &[][..]),
    };
    let named = |(at, text): (usize, &&str)| (format!("edge-{at:02}"), text.as_bytes().to_vec());
    seeds.extend(texts.iter().enumerate().map(named));
    Ok(seeds)
}

/// The bodies of a sender, by file name.
fn fixtures(sender: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut bodies = Vec::new();
    for entry in fs::read_dir(Path::new(FIXTURES).join(sender))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('_') {
            bodies.push((name, fs::read(entry.path())?));
        }
    }
    bodies.sort();
    Ok(bodies)
}

/// A correctly signed request of each sender of the catalogue.
fn known_senders() -> Vec<(String, Vec<u8>)> {
    let seed = |sender: &SenderSpec| {
        let names = SIGNED.iter().filter(|(name, _)| *name == sender.name());
        let headers: String = names.map(|(_, headers)| *headers).collect();
        let body = match sender.name() {
            "adyen" => {
                r#"{"notificationItems":[{"NotificationRequestItem":{"additionalData":{},"amount":{"value":1,"currency":"EUR"},"merchantReference":"a:b","success":"true"}}]}"#
            }
            "linear" => r#"{"webhookTimestamp":1700000000000}"#,
            "twilio" => "Body=a+%26+b&From=%2B1",
            _ => r#"{"id":"evt_1","type":"a"}"#,
        };
        (sender.name().to_owned(), format!("{}*\n\n{headers}\n{body}", sender.name()).into_bytes())
    };
    ALL.iter().map(seed).collect()
}

const ENVELOPES: &[&str] = &[
    "",
    "{}",
    r#"{"timestamp":1770811200}"#,
    r#"{"timestamp":"1770811200","data":null}"#,
    r#"{"timestamp":"2026-02-11t12:00:00.123456789+01:00","data":[1, 2]}"#,
    r#"{"timestamp":"2026-02-11 12:00:00Z","data":{}}"#,
    r#"{"timestamp":"2026-02-11T23:59:60Z","data":{}}"#,
    r#"{"timestamp":"2026-02-11T12:00:00-00:00","event":"DOCUMENT.UPLOADED","data":1}"#,
    r#"{"timestamp":1770811200,"timestamp":1770811201,"data":1}"#,
    r#"{"timestamp":1770811200.0,"data":1}"#,
    r#"{"timestamp":1770811200,"id":7,"event":"new.name","data":{"id":1,"id":2}}"#,
    r#"{"timestamp":1770811200,"id":"\u00e9","event":null,"data":"\ud83d\ude00"}"#,
    r#"{"timestamp":1770811200,"id":"","event":true,"data":1} x"#,
];

const KEYS: &[&str] = &[
    "",
    "endpoint\nsender\nid",
    "endpoint\nsender\na\nb\n\nendpoint\nsender\nab",
    "endpoints\nender\na\n\nendpoint\nsender\na",
    "e\n\n\n",
    "e\ns\n\n\ne\ns",
];

/// Control, id, time, signature, body; see `properties::header_grammars`.
const HEADERS: &[&str] = &[
    "0\nmsg_1\n@\nv1,*\n{}",
    "0\nmsg_1\n@\nv1,AAAA v1a,x v1,* v2,*\n{\"type\":\"a\"}",
    "0k\nmsg_1\n@\nv1,*\n",
    "0m\nmsg_1\n@\nv1,*\n",
    "0\nmsg.1\n@\nv1,*\n{}",
    "0\nmsg_1\n+@\nv1,*\n{}",
    "0\nmsg_1\n0@\nv1,*\n{}",
    "0\nmsg_1\n-9223372036854775808\nv1,*\n{}",
    "0\n~\n@\nv1,*\n{}",
    "0\nmsg_1\n@\nv1,*=\n{}",
    "0\nmsg_1\n@\nv1,*\tv1,*\n{}",
    "1\n~\n~\nt=@,v1=*\n{}",
    "1\n~\n~\nv1=*,t=@\n{}",
    "1\n~\n~\nt=@,v1=00,v0=*,v1=*\n{}",
    "1\n~\n~\nt=@,t=@,v1=*\n{}",
    "1\n~\n~\nt=@, v1=*\n{}",
    "1\n~\n~\nt=@,=,junk,,v1=*\n{}",
    "2\n~\n@\nv0=*\n{}",
    "2\n~\n@\nV0=*\n{}",
    "2\n~\n@\nv0= *\n{}",
    "3\nevt_1\n@\nsha256=*\n{\"event\":\"chat.message\"}",
    "3\nevt_1\n@\nsha256=**\n{}",
    "4\n~\n@\n*\n{}",
    "4\n~\n@\n*=\n{}",
];

const STANDARD: &[&str] = &[
    "0\nmsg_1\n@\nv1,*\n{}",
    "0\nmsg_1\n@\nv1,* v1,*\n{}",
    "0\nmsg_1\n@\nv1,AAAA v1,* v2,x\n{}",
    "0l\nmsg_1\n@\nv1,*\n{}",
    "0m\nmsg_1\n@\nv1,*\n{}",
    "0\nmsg_1\n1700000300\nv1,*\n{}",
    "0\nmsg_1\n1699999699\nv1,*\n{}",
    "0\nmsg.1\n@\nv1,*\n{}",
    "0\nmsg_1\n@.0\nv1,*\n{}",
    "0\nmsg_1\n @\nv1,*\n{}",
    "0\n \n@\nv1,*\n{}",
    "0\n~\n@\nv1,*\n{}",
    "0\nmsg_1\n~\nv1,*\n{}",
    "0\nmsg_1\n@\nv1,*,\n{}",
    "0\nmsg_1\n@\nv1 *\n{}",
    "0\nmsg_1\n@\nV1,*\n{}",
    "0\nmsg_1\n@\n v1,*  v1,*\n{}",
    "0\nmsg_1\n@\nv1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,*\n{}",
    "0\nmsg_1\n@\nv1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,* v1,*\n{}",
    "00\u{3}A\nmsg_1\n@\nv1,*\n{}",
    "00.B\nmsg_1\n@\nv1,*\n{}",
    "0\n\u{e9}\n@\nv1,*\n{}",
];

const STREAMS: &[&str] = &[
    "\n",
    "00000\n{\"a\":1}",
    "0000111\n{\"a\":1}",
    "0010123\n{\"a\":1}",
    "0/\n{\"a\":1}",
    "0/00111\n{\"a\":1}",
    "01011101\n{\"a\":1}",
    "1000205\n{\"a\":1}",
    "10112\nbody that is longer than announced",
    "1/1/2\nbody",
    "2000011\n{\"a\":1}",
    "2/10011\n{\"a\":1}",
    "0000@A\nlonger chunks of a longer body, sixteen and seventeen bytes of it by turns",
];

const POINTERS: &[&str] = &[
    "/id\n{\"id\":\"x\"}",
    "/data/id\n{\"data\":{\"id\":7},\"id\":1}",
    "/data/0/id\n{\"data\":[{\"id\":\"x\"}]}",
    "/a~1b/~0\n{\"a/b\":{\"~\":1.50}}",
    "/~01\n{\"~1\":\"x\"}",
    "/\n{\"\":\"x\"}",
    "\n\"x\"",
    "/~2\n{}",
    "/~~10\n{}",
    "/~~1~10\n{}",
    "id\n{}",
    "/01\n[1,2]",
    "/-\n[1,2]",
    "/18446744073709551616\n[1]",
    "/a\n{\"a\":1,\"\\u0061\":2}",
    "/a\n{\"a\":\"\"}",
    "/a\n{\"a\":\"\\ud800\"}",
    "/a\n{\"a\":1,\"b\":\"\\ud800\"}",
    "/a/b\n{\"a\":{\"b\":1},\"a\":2}",
    "/a/b\n{\"a\":1e400}",
    "/a\n {\"a\" : -0 } ",
    "/a\n{\"a\":1} 2",
    "/a\n[[[[{}]]]]",
    "/0\n[\"x\"",
    "/é\n{\"é\":\"é\"}",
];

const EVENTS: &[&str] = &[
    r#"{"event":"new.name","any":[1, 2 ,{"x":null}]}"#,
    r#" {"event":"\u006eew" } "#,
    r#"{"event":"lead.created","data":{"leadId":"l"},"other":1e400}"#,
    r#"{"event":"lead.created","event":"lead.created","data":{"leadId":"l"}}"#,
    r#"{"event":"lead.created","data":{"leadId":"l","leadId":"l"}}"#,
    r#"{"event":"LEAD.CREATED","data":{"leadId":"l"}}"#,
    r#"{"event":"lead.created","data":{"leadId":"l","source":"PORTAL"}}"#,
    r#"{"event":"lead.created","data":{"leadId":"l","checklistItems":[{"value":-0},{"value":1e400},{"value":18446744073709551616},{"value":{"city":"c","x":1}},{"value":{"x":1}},{"value":"\ud800"},{"value":null},{"value":[ ]}]}}"#,
    r#"{"event":"lead.updated","data":{"leadId":"l","email":null,"firstName":"f"}}"#,
    r#"{"event":"document.received","workspaceId":"w","occurredAt":"9999-12-31T23:59:60Z","document":{"id":"d","leadId":"l","size":4.8213e4,"createdAt":"0000-01-01T00:00:00+23:59"}}"#,
    r#"{"event":"document.received","workspaceId":"w","document":{"id":"d","leadId":"l","size":-1,"metadata":{ "a" : [ ] }}}"#,
    r#"{"event":"action_log.failed","workspaceId":"w","actionLog":["a","l"]}"#,
    r#"{"event":null}"#,
    r#"["lead.created",{"leadId":"l"}]"#,
    "[]",
    "",
];

const IDENTITIES: &[&str] = &[
    "",
    r#"{"event":"lead.created","data":{"leadId":"l"}}"#,
    r#"{"event":"lead.created","data":{"leadId":""},"workspaceId":"w"}"#,
    r#"{"event":"lead.created","data":{"leadId":"l","leadId":"m"}}"#,
    r#"{"event":"lead.created","data":{"leadId":"l"},"workspaceId":null}"#,
    r#"{"event":"document.extracted","workspaceId":"w","documentId":"d","status":"FAILED","parentActionId":"p"}"#,
    r#"{"event":"document.extracted","workspaceId":"w","documentId":"d","status":"failed"}"#,
    r#"{"event":"action_log.failed","workspaceId":"w","actionLog":{"id":"a","completedAt":"x"}}"#,
    r#"{"event":"new.name","data":{"leadId":"l"}}"#,
];

const SECRETS: &[&str] = &[
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLQ==",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLQ",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLQ=",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLR==",
    "whsec_whsec_AAAA",
    "whsec_",
    "whsec_=",
    "whsec_====",
    "whsec_A",
    "whsec_AA=A",
    "whsec_AAAA\n",
    "whsec_-_-_",
    "WHSEC_AAAA",
    " \t\r\n",
    "",
    "\u{b}",
];

/// Parts, id, header, time, body; see `properties::signed_parts`.
const PARTS: &[&str] = &[
    "i.t.b\nmsg_1\nx\n1700000000\n{\"a\":1.5}",
    "v0:t:b\nmsg_1\nx\n1700000000\n{}",
    "t.b\nmsg_1\nx\n0\n.",
    "i.h.t.b\na\nb\n1\nc.d",
    "i.i.b\na\nb\n1\na.c",
    "b\na\nb\n1\nc",
    "tb\na\nb\n1\nc",
    "t.b.b\na\nb\n1\nc",
    "t..b\na\nb\n1\n.c",
    "b.h\nx\nc\n1\na.b",
    "i::b\na\nx\n1\n:{}",
    "t0b\na\nx\n17\n00",
];

const TIMES: &[&str] = &[
    "",
    "0",
    "00",
    "1700000000",
    "01700000000",
    "999999999999999",
    "1000000000000000",
    "18446744073709551616",
    "-1",
    "+1",
    " 1",
    "1 ",
    "1_000",
    "1700000000.0",
    "1.7e9",
    "1700000000abc",
    "NaN",
    "٣",
    "１",
];

/// The headers that each sender of the catalogue signs with; see `properties::known_senders`.
const SIGNED: &[(&str, &str)] = &[
    ("adyen", ""),
    ("adyen-platform", "hmacsignature:*\n"),
    ("ainexlayer", "x-of-your-choice:*\n"),
    ("airtable", "x-airtable-content-mac:*\n"),
    ("asana", "x-hook-signature:*\n"),
    ("auth0", "authorization:*\n"),
    (
        "box",
        "box-delivery-timestamp:2023-11-14T22:13:20Z\nbox-signature-version:1\nbox-signature-algorithm:HmacSHA256\nbox-signature-primary:*\n",
    ),
    ("clerk", "svix-id:msg_1\nsvix-timestamp:@\nsvix-signature:*\n"),
    ("discord", "x-signature-timestamp:@\nx-signature-ed25519:*\n"),
    ("discord-events", "x-signature-timestamp:@\nx-signature-ed25519:*\n"),
    ("dropbox", "x-dropbox-signature:*\n"),
    ("github", "x-hub-signature-256:*\nx-github-delivery:1\n"),
    ("gitlab", "x-gitlab-token:*\n"),
    ("gitlab-signed", "webhook-id:msg_1\nwebhook-timestamp:@\nwebhook-signature:*\n"),
    ("gocardless", "webhook-signature:*\n"),
    ("hubspot", "x-hubspot-request-timestamp:@000\nx-hubspot-signature-v3:*\n"),
    ("hubspot-v1", "x-hubspot-signature-version:v1\nx-hubspot-signature:*\n"),
    ("hubspot-v2", "x-hubspot-signature-version:v2\nx-hubspot-signature:*\n"),
    ("intercom", "x-hub-signature:*\n"),
    ("line", "x-line-signature:*\n"),
    ("linear", "linear-signature:*\n"),
    ("meta", "x-hub-signature-256:*\n"),
    ("mux", "mux-signature:*\n"),
    ("notion", "x-notion-signature:*\n"),
    ("okta", "authorization:*\n"),
    ("omniai", "x-of-your-choice:*\n"),
    ("openai", "webhook-id:msg_1\nwebhook-timestamp:@\nwebhook-signature:*\n"),
    ("paddle", "paddle-signature:*\n"),
    ("pagerduty", "x-pagerduty-signature:*\n"),
    ("razorpay", "x-razorpay-signature:*\n"),
    ("resend", "svix-id:msg_1\nsvix-timestamp:@\nsvix-signature:*\n"),
    ("ringcentral", "verification-token:*\n"),
    ("sanity", "sanity-webhook-signature:*\n"),
    (
        "sendgrid",
        "x-twilio-email-event-webhook-timestamp:@\nx-twilio-email-event-webhook-signature:*\n",
    ),
    ("shopify", "x-shopify-hmac-sha256:*\n"),
    ("shopify-events", "shopify-hmac-sha256:*\n"),
    ("slack", "x-slack-request-timestamp:@\nx-slack-signature:*\n"),
    ("square", "x-square-hmacsha256-signature:*\n"),
    ("standard-webhooks", "webhook-id:msg_1\nwebhook-timestamp:@\nwebhook-signature:*\n"),
    ("standard-webhooks-v1a", "webhook-id:msg_1\nwebhook-timestamp:@\nwebhook-signature:*\n"),
    ("stripe", "stripe-signature:*\n"),
    ("svix", "svix-id:msg_1\nsvix-timestamp:@\nsvix-signature:*\n"),
    ("telegram", "x-telegram-bot-api-secret-token:*\n"),
    ("trello", "x-trello-webhook:*\n"),
    ("twilio", "x-twilio-signature:*\n"),
    ("typeform", "typeform-signature:*\n"),
    ("woocommerce", "x-wc-webhook-topic:order.created\nx-wc-webhook-signature:*\n"),
    ("x", "x-twitter-webhooks-signature:*\n"),
    (
        "zendesk",
        "x-zendesk-webhook-signature-timestamp:2023-11-14T22:13:20Z\nx-zendesk-webhook-signature:*\n",
    ),
    ("zoom", "x-zm-request-timestamp:@\nx-zm-signature:*\n"),
];

const KNOWN: &[&str] = &[
    "stripe\n\nstripe-signature:*,v1=00,v0=x\n\n{}",
    "stripe\n\nstripe-signature:t=@,t=@,*\n\n{}",
    "svix\n\nsvix-id:msg.1\nsvix-timestamp:@\nsvix-signature:*\n\n{}",
    "svix\n\nsvix-id:m\nsvix-timestamp:@\nsvix-signature:*\nwebhook-id:m\n\n{}",
    "slack\n\nx-slack-request-timestamp:+@\nx-slack-signature:*\n\n{}",
    "discord\n\nx-signature-timestamp:@0\nx-signature-ed25519:*\n\n{}",
    "box\n\nbox-delivery-timestamp:2023-11-14T22:13:20.1234Z\nbox-signature-version:1\nbox-signature-algorithm:HmacSHA256\nbox-signature-primary:x\nbox-signature-secondary:*\n\n{}",
    "twilio*\norder=1\nx-twilio-signature:*\n\n{\"a\":1}",
    "twilio\norder=1\nx-twilio-signature:*\n\na=1&a=1&b=%zz",
    "twilio\nxbodySHA256=00\nx-twilio-signature:*\n\n{}",
    "adyen*\n\n\n{\"notificationItems\":[{\"NotificationRequestItem\":{\"additionalData\":{}}},null]}",
    "github\n\nx-hub-signature-256:*\nx-hub-signature-256:*\n\n{}",
    "github\n\ncontent-length:2\nx-hub-signature-256:*\n\n{}",
    "linear\n\nlinear-signature:*\n\n{\"webhookTimestamp\":\"2023-11-14T22:13:20Z\"}",
];

const BODIES: &[&str] = &[
    "",
    "id=evt_1&type=a",
    "id=1&id=1&a=b",
    "i%64=%C3%A9+%2B&a",
    "a=%",
    "a=%FF",
    "a%C3=%A9",
    "&&=&",
    "a\u{fffd}=%EF%BF%BD",
    "payload=%7B%22id%22%3A%22evt_1%22%7D",
    "payload={}&payload={}",
    r#"{"id":"evt_1"}"#,
    "\u{feff} {\"id\":\"evt_1\"}",
    r#"{"\ud83d":1,"id":"\ud83d"}"#,
    "--b\r\ncontent-disposition: form-data; name=id\r\n\r\nevt_1\r\n--b--",
    "--b\r\ncontent-disposition: form-data; name=\"json\"\r\ncontent-type: application/json\r\n\r\n{\"id\":\"1\"}\r\n--b--\r\n",
    "--b \r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\\\"b\"; filename*=UTF-8''%E2%82%AC\r\nContent-Type: image/png\r\n\r\n\r\n--bb\r\n--b--",
    "--b\r\n\r\n\r\n--b\r\n",
    "--b--\r\n",
];

const FORMS: &[&str] = &[
    "",
    "a=b",
    "b=2&a=1&b=1&b=1",
    "a",
    "=",
    "&&=&",
    "a+b=c%20d",
    "%41=%42",
    "a=%",
    "a=%4",
    "a=%zz",
    "a=%C3%A9",
    "a=\u{e9}",
    "a=%FF",
    "a==b",
    "a=b;c=d",
    "+%2B= ",
    "a=1\n&a=0",
    "Body=x%26bodySHA256%3D00&From=%2B1",
];
