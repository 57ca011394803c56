//! Requests whose form is loose or unusual, but means what the sender signed: codings that name no
//! coding, white space, separators within values, URLs of equal meaning, and signed `GET`s.

use countersign::RejectionKind as Kind;

use crate::case::{Act, Case, Expected, Holds, Step};
use crate::request::Request;
use crate::sender::Sender;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = codings();
    cases.extend(white_space());
    cases.extend(ids());
    cases.extend(fields());
    cases.extend(urls());
    cases.extend(query_events());
    cases
}

/// One request that is handled, of another event than event 1.
fn handled(name: impl Into<String>, request: Request) -> Case {
    Case::handled(name, request).ends(1, Holds::Claimable)
}

fn codings() -> Vec<Case> {
    let coded = |coding: &str| Request::good().with("content-encoding", coding);
    let plain = ["UTF-8", "utf8", "", "none", "text/plain", "identity, identity", "8bit"];
    let mut cases: Vec<_> = plain
        .into_iter()
        .map(|coding| {
            Case::handled(format!("content-encoding without a coding: {coding}"), coded(coding))
        })
        .collect();
    let coded_names = [
        "X-GZIP",
        "Gzip",
        "utf-8, br",
        "zstd;q=1.0",
        "compress",
        "x-compress",
        "dcb",
        "dcz",
        "exi",
        "aes128gcm",
        "pack200-gzip",
    ];
    cases.extend(coded_names.into_iter().map(|coding| {
        let name = format!("content-encoding with a coding: {coding}");
        Case::rejected(name, coded(coding), 415, Kind::UnsupportedEncoding)
    }));
    cases
}

fn white_space() -> Vec<Case> {
    let spaced = |name: &str, request| Case::handled(name, request).from(Sender::SpacedPairs);
    let good = Request::good;
    vec![
        spaced("white space after the separator of pairs", good()),
        spaced(
            "tabs and white space around pairs",
            good().instead("x-acme", "x=1\t,\t{x-acme}\t , x = 1 ,"),
        ),
        Case::rejected(
            "white space within a pair",
            good().instead("x-acme", "{x-acme} 0"),
            400,
            Kind::MalformedHeader,
        )
        .from(Sender::SpacedPairs),
        Case::handled("a body and the time of a pair", good()).from(Sender::BodyThenTime),
        Case::rejected(
            "white space that the scheme does not allow",
            good().instead("x-acme", "x=1, {x-acme}"),
            400,
            Kind::MalformedHeader,
        )
        .from(Sender::Pairs),
    ]
}

fn ids() -> Vec<Case> {
    let rejected =
        |name: &str, id| Case::rejected(name, Request::good().id(id), 400, Kind::MalformedHeader);
    vec![
        handled("an id with dots", Request::good().id("org.evt.1")).from(Sender::DotsInIds),
        rejected("an id that holds a time", "org.1700000000").from(Sender::DotsInIds),
        rejected("an id with dots, not allowed", "org.evt.1"),
        Case::handled("an id of a fixed length", Request::good()).from(Sender::FixedIds),
        rejected("an id of another length", "msg_12").from(Sender::FixedIds),
    ]
}

fn fields() -> Vec<Case> {
    let signed = |body: &str| Request::good().body(body).signed_in_body();
    let report = r#"{"file":"a:b:c.csv","id":"evt_2","type":"report"}"#;
    let payment = r#"{"file":"","id":"evt:2","type":"payment"}"#;
    let zeros = "00".repeat(32);
    let forged = format!(r#"{{"file":"a:b","id":"","type":"report","signature":"{zeros}"}}"#);
    vec![
        handled("a report whose file name holds separators", signed(report)).from(Sender::Reports),
        handled("a payment whose id holds separators", signed(payment)).from(Sender::Reports),
        Case::rejected(
            "a forged report whose file name holds separators",
            Request::good().tampered(forged),
            401,
            Kind::SignatureMismatch,
        )
        .from(Sender::Reports),
    ]
}

fn twilio(case: Case, url: &'static str) -> Case {
    case.from(Sender::Known("twilio")).config(|config| config.public_url = Some(url))
}

const URL: &str = "https://example.com/hook";
const WITH_QUERY: &str = "https://example.com/hook?b=4%2056&a=123";

fn urls() -> Vec<Case> {
    let form = || Request::good().body("Body=hello&From=%2B14158675309");
    let accepts = |name: &str, url, query: &str| {
        let request = if query.is_empty() { form() } else { form().query(query) };
        twilio(handled(name, request), url)
    };
    let rejects = |name: &str, url, query: &str| {
        twilio(Case::rejected(name, form().query(query), 401, Kind::SignatureMismatch), url)
    };
    vec![
        accepts("the configured query", WITH_QUERY, "b=4%2056&a=123"),
        accepts("the configured query in another order", WITH_QUERY, "a=123&b=4+56"),
        rejects("another query than the configured one", WITH_QUERY, "a=123&b=4+57"),
        rejects("more parameters than the configured ones", WITH_QUERY, "a=123&b=4+56&c=1"),
        rejects("a configured query that is missing", WITH_QUERY, ""),
        twilio(
            handled(
                "another host than the configured one",
                form().with("x-forwarded-host", "a.example"),
            ),
            URL,
        ),
        accepts("a public URL with credentials", "https://user:pass@example.com/hook", ""),
        accepts("a public URL in capitals", "https://EXAMPLE.COM:443/hook", ""),
        twilio(
            handled("a public URL with escapes", Request::good().body("[]")),
            "https://example.com/a%3Ab",
        )
        .from(Sender::Known("hubspot")),
    ]
}

fn query_events() -> Vec<Case> {
    let by_get = |case: Case, url| twilio(case, url).config(|config| config.method = Some("GET"));
    let event = "CallSid=CA1&From=%2B14158675309";
    let rejected = |name: &str, request| {
        by_get(Case::rejected(name, request, 401, Kind::SignatureMismatch), URL)
    };
    let other_method = |name: &str, request| {
        let response = Expected::rejected(405, Kind::MethodNotAllowed).allows("GET");
        by_get(Case::new(name, [Step::Send(request, response)]), URL)
    };
    vec![
        by_get(handled("a signed GET", Request::query_event(event)), URL),
        by_get(
            handled(
                "a signed GET whose query is decoded",
                Request::query_event("text=a+%2B+b&count=7&tags=a&tags=b"),
            ),
            URL,
        )
        .acts([Act::Note("a + b")]),
        by_get(
            Case::new(
                "a signed GET, repeated",
                [
                    Step::Send(Request::query_event("event=1"), Expected::handled()),
                    Step::Send(Request::query_event("event=1"), Expected::duplicate()),
                    Step::Send(Request::query_event("event=2"), Expected::handled()),
                ],
            )
            .ends(2, Holds::Duplicate),
            URL,
        ),
        by_get(
            handled(
                "a signed GET with the configured query among its parameters",
                Request::query_event(&format!("b=4%2056&a=123&{event}"))
                    .tampered_query(&format!("a=123&{event}&b=4+56")),
            ),
            WITH_QUERY,
        ),
        rejected(
            "a signed GET with another query",
            Request::query_event(event).tampered_query("CallSid=CA2&From=%2B14158675309"),
        ),
        rejected(
            "a signed GET with more parameters",
            Request::query_event(event).tampered_query(&format!("{event}&x=1")),
        ),
        by_get(
            Case::rejected(
                "an unsigned GET",
                Request::query_event(event).unsigned(),
                401,
                Kind::MissingHeader,
            ),
            URL,
        ),
        other_method("a POST where the sender delivers by GET", Request::good().body("")),
        other_method(
            "a HEAD where the sender delivers by GET",
            Request::query_event(event).method("HEAD"),
        ),
        twilio(
            Case::rejected(
                "a GET where Twilio delivers by POST",
                Request::query_event(event),
                405,
                Kind::MethodNotAllowed,
            ),
            URL,
        ),
    ]
}
