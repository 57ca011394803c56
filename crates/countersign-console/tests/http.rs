//! The console over HTTP, mounted in axum and in actix-web.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails"
)]
#![cfg(all(feature = "axum", feature = "actix"))]

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use countersign::dedup::{EventKey, Identity, StoreError, StoreErrorKind};
use countersign::inbox::{
    EndpointClaim, InboxStore, InspectInbox, MemoryInbox, MessageClaim, MessageFilter, MessageId,
    MessageState, NewMessage, Settled, Settlement,
};
use countersign::log::{
    CapturedRequest, InspectLog, LogBatch, LogEntry, LogFilter, LogId, LogRate, LogRecord,
    LogRetention, LogStore, MemoryLog,
};
use countersign::time::{Clock, SystemClock};
use countersign_console::{Access, Console};
use countersign_sqlx::SqliteStore;
use http::{HeaderMap, Method, Request, StatusCode};
use sqlx::query;
use sqlx::sqlite::SqlitePool;
use tower::ServiceExt;

const PAGES: [&str; 6] = ["overview", "deliveries", "dead", "rejected", "endpoints", "acts"];

/// A response, read whole.
struct Page {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }
}

/// A framework in which the console is mounted at `/console`.
#[derive(Clone, Copy)]
enum Framework {
    Axum,
    Actix,
}

const FRAMEWORKS: [Framework; 2] = [Framework::Axum, Framework::Actix];

impl Framework {
    async fn send(self, console: &Console, request: Request<Bytes>) -> Page {
        match self {
            Self::Axum => {
                let app: Router = Router::new().nest_service("/console", console.clone().axum());
                let response = app.oneshot(request.map(Body::from)).await.unwrap();
                let (parts, body) = response.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
                Page { status: parts.status, headers: parts.headers, body }
            }
            Self::Actix => {
                let app = actix_web::App::new().service(console.actix("/console"));
                let app = actix_web::test::init_service(app).await;
                let (parts, body) = request.into_parts();
                let mut own = actix_web::test::TestRequest::default()
                    .method(parts.method.as_str().parse().unwrap())
                    .uri(&parts.uri.to_string())
                    .set_payload(body);
                for (name, value) in &parts.headers {
                    own = own.append_header((name.as_str(), value.as_bytes()));
                }
                let response = actix_web::test::call_service(&app, own.to_request()).await;
                let status = StatusCode::from_u16(response.status().as_u16()).unwrap();
                let mut headers = HeaderMap::new();
                for (name, value) in response.headers() {
                    let name = http::HeaderName::try_from(name.as_str()).unwrap();
                    headers.append(name, value.as_bytes().try_into().unwrap());
                }
                let body = actix_web::test::read_body(response).await;
                Page { status, headers, body }
            }
        }
    }

    async fn get(self, console: &Console, path: &str) -> Page {
        let uri = format!("/console/{path}");
        self.send(console, Request::get(uri).body(Bytes::new()).unwrap()).await
    }

    async fn post(self, console: &Console, path: &str, form: &str) -> Page {
        self.send(console, posted(path, form, &[("sec-fetch-site", "same-origin")])).await
    }
}

fn posted(path: &str, form: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
    let mut request = Request::post(format!("/console/{path}"))
        .header("host", "hooks.example")
        .header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::from(form.to_owned())).unwrap()
}

fn key(id: &str) -> EventKey {
    EventKey::new("billing", "stripe", &Identity::id(id))
}

/// Stores a message, and makes it dead.
async fn kill(inbox: &MemoryInbox, id: &str, body: impl Into<Bytes>) -> MessageId {
    let mut message = NewMessage::new(key(id), "billing", body);
    (message.event_id, message.event_type) = (Some(id.into()), Some("invoice.paid".into()));
    message.received = SystemClock.now();
    message.request =
        r#"{"method":"POST","uri":"/","headers":[["user-agent","<b>Stripe</b>"]]}"#.into();
    inbox.enqueue(&message).await.unwrap();
    let claim = MessageClaim::new(
        vec![EndpointClaim::new("billing", 1, 12)],
        1,
        Duration::from_secs(60),
        "worker-1".into(),
    );
    let claimed = inbox.claim_messages(&claim).await.unwrap().messages.remove(0);
    let settlement = Settlement::new(claimed.token, Settled::Dead)
        .with_error("body does not fit: invalid type at data.items[2]");
    inbox.settle_messages(&[settlement]).await.unwrap();
    claimed.token.id()
}

async fn state(inbox: &MemoryInbox, id: MessageId) -> MessageState {
    inbox.message(id).await.unwrap().unwrap().state
}

fn operator(inbox: &MemoryInbox) -> Console {
    Console::new(|_| Access::operate("ops")).inbox(inbox.clone())
}

/// A console whose person is named by a header, with what they may do.
fn by_header(inbox: &MemoryInbox, log: &MemoryLog) -> Console {
    let access = |parts: &http::request::Parts| match parts
        .headers
        .get("x-access")
        .and_then(|value| value.to_str().ok())
    {
        Some("read") => Access::read("guest"),
        Some("payload") => Access::read_payload("support"),
        Some("operate") => Access::operate("ops"),
        _ => Access::Forbidden,
    };
    Console::new(access).inbox(inbox.clone()).log(log.clone())
}

#[actix_web::test]
async fn each_kind_of_access_sees_and_does_what_it_may() {
    let (inbox, log) = (MemoryInbox::danger_new(), MemoryLog::new());
    let id = kill(&inbox, "evt_1", r#"{"secret":"of the payload"}"#).await;
    let console = by_header(&inbox, &log);
    let delivery = format!("delivery?message={id}");
    let payload = format!("payload?message={id}");
    // The status of a page, of the payload, and of an act, and whether the page shows the payload.
    let expected = [
        ("", 403, 403, 403, false),
        ("read", 200, 403, 403, false),
        ("payload", 200, 200, 403, true),
        ("operate", 200, 200, 303, true),
    ];
    for framework in FRAMEWORKS {
        for (access, page, file, act, shows) in expected {
            let with = |mut request: Request<Bytes>| {
                request.headers_mut().insert("x-access", access.parse().unwrap());
                request
            };
            let get = async |path: &str| {
                let request = Request::get(format!("/console/{path}")).body(Bytes::new()).unwrap();
                framework.send(&console, with(request)).await
            };
            for path in PAGES.into_iter().chain(["style.css", &*delivery]) {
                assert_eq!(get(path).await.status, page, "{access} {path}");
            }
            let shown = get(&delivery).await.text();
            assert_eq!(shown.contains("of the payload"), shows, "{access}");
            assert_eq!(shown.contains("&lt;b&gt;Stripe&lt;/b&gt;"), shows, "{access}");
            assert_eq!(shown.contains("value=\"replay\""), access == "operate", "{access}");
            assert_eq!(get(&payload).await.status, file, "{access}");
            let json = get(&delivery.replace('?', ".json?")).await.text();
            assert_eq!(json.contains("Stripe"), shows, "{access}");
            let same = [("sec-fetch-site", "same-origin")];
            let pause = with(posted("pause", "endpoint=billing", &same));
            assert_eq!(framework.send(&console, pause).await.status, act, "{access}");
        }
    }
}

#[actix_web::test]
async fn only_the_console_s_own_pages_change_something() {
    let inbox = MemoryInbox::danger_new();
    let console = operator(&inbox);
    let cases: [(&[(&str, &str)], u16); 8] = [
        (&[("sec-fetch-site", "same-origin")], 303),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "none")], 403),
        (&[("origin", "http://hooks.example")], 303),
        (&[("origin", "http://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[], 403),
    ];
    for framework in FRAMEWORKS {
        for (headers, status) in cases {
            let page = framework.send(&console, posted("pause", "endpoint=x", headers)).await;
            assert_eq!(page.status, status, "{headers:?}");
        }
    }
}

#[actix_web::test]
async fn a_get_changes_nothing() {
    let inbox = MemoryInbox::danger_new();
    let id = kill(&inbox, "evt_1", "{}").await;
    let console = operator(&inbox);
    for framework in FRAMEWORKS {
        for path in ["act?act=replay&id=1", "pause?endpoint=billing", "confirm?act=discard&id=1"] {
            assert_eq!(framework.get(&console, path).await.status, 404, "{path}");
        }
    }
    assert_eq!(state(&inbox, id).await, MessageState::Dead);
    assert!(!inbox.backlog().await.unwrap().endpoints[0].is_paused);
}

#[actix_web::test]
async fn other_methods_are_not_allowed() {
    let console = operator(&MemoryInbox::danger_new());
    for framework in FRAMEWORKS {
        let request = Request::builder().method(Method::DELETE).uri("/console/dead");
        let page = framework.send(&console, request.body(Bytes::new()).unwrap()).await;
        assert_eq!(
            (page.status.as_u16(), &page.headers["allow"]),
            (405, &"GET, HEAD, POST".parse().unwrap())
        );
    }
}

#[actix_web::test]
async fn every_response_forbids_foreign_content() {
    let inbox = MemoryInbox::danger_new();
    let console = operator(&inbox).log(MemoryLog::new());
    for framework in FRAMEWORKS {
        for path in PAGES.into_iter().chain(["style.css", "console.js", "nowhere", "favicon.ico"]) {
            let page = framework.get(&console, path).await;
            let policy = page.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self';"));
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
            assert_eq!(page.headers["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(page.headers["referrer-policy"], "same-origin", "{path}");
            let text = page.text();
            if page.headers["content-type"].to_str().unwrap().starts_with("text/html") {
                assert_eq!(page.headers["cache-control"], "no-store", "{path}");
                for inline in ["<script>", " style=", "onclick", "javascript:", "<style"] {
                    assert!(!text.contains(inline), "{path}: {inline}");
                }
            }
        }
    }
}

#[actix_web::test]
async fn the_console_s_own_path_leads_to_the_overview() {
    let console = operator(&MemoryInbox::danger_new());
    for framework in FRAMEWORKS {
        let request = Request::get("/console").body(Bytes::new()).unwrap();
        let page = framework.send(&console, request).await;
        assert_eq!((page.status.as_u16(), page.location()), (303, "console/overview"));
        let page = framework.get(&console, "").await;
        assert_eq!((page.status.as_u16(), page.location()), (303, "overview"));
    }
}

#[actix_web::test]
async fn hostile_payloads_are_text() {
    let inbox = MemoryInbox::danger_new();
    let console = operator(&inbox);
    let body = "{\"a\":\"</pre><script>alert(1)</script>\",\"b\":9007199254740993,\"c\":1e400,\"d\":\"x\u{202e}y\u{0007}\",\"e\":0.10}";
    let id = kill(&inbox, "evt_<script>alert(2)</script>\u{202e}", body).await;
    for framework in FRAMEWORKS {
        let text = framework.get(&console, &format!("delivery?message={id}")).await.text();
        assert!(!text.contains("<script>alert"), "a script is in the page");
        let shown = text.split("<pre class=\"pretty\">").nth(1).unwrap();
        let shown = shown.split("</pre>").next().unwrap();
        assert!(!shown.contains('\u{202e}') && !shown.contains('\u{7}'), "{shown}");
        for part in
            ["9007199254740993", "1e400", "0.10", "U+202E", "U+0007", "&lt;/pre&gt;&lt;script&gt;"]
        {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
        let raw = framework.get(&console, &format!("payload?message={id}")).await;
        assert_eq!(raw.body, body);
        assert_eq!(raw.headers["content-type"], "application/octet-stream");
        assert!(raw.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
        let dead = framework.get(&console, "dead").await.text();
        assert!(!dead.contains("<script>alert") && dead.contains("U+202E"));
    }
}

#[actix_web::test]
async fn of_a_large_payload_a_part_is_shown() {
    let inbox = MemoryInbox::danger_new();
    let console = operator(&inbox);
    let id = kill(&inbox, "evt_1", vec![b'x'; 10 << 20]).await;
    for framework in FRAMEWORKS {
        let page = framework.get(&console, &format!("delivery?message={id}")).await;
        assert!(page.body.len() < 400_000, "{} bytes", page.body.len());
        assert!(page.text().contains("more: download them"));
        let file = framework.get(&console, &format!("payload?message={id}")).await;
        assert_eq!(file.body.len(), 10 << 20);
    }
}

/// A line of a request that was rejected, with texts that its sender has chosen.
fn rejected(id: &str) -> LogEntry {
    let mut entry = LogEntry::new(SystemClock.now(), "billing", "rejected");
    entry.sender = "stripe".into();
    entry.rejection = Some("signature_mismatch".into());
    entry.reason = Some("credential does not match: check the secret".into());
    entry.status = 401;
    entry.event_id = Some(id.into());
    entry.event_type = Some("<img src=x onerror=alert(1)>".into());
    entry.header_names = vec!["x-<script>".into()];
    entry.capture = Some(CapturedRequest::from_json(r#"{"body":"{}"}"#));
    entry
}

#[actix_web::test]
async fn a_rejection_is_found_with_its_reason() {
    let log = MemoryLog::new();
    let minute = countersign::Timestamp::from_secs(SystemClock.now().as_secs() / 60 * 60);
    let mut rate = LogRate::new("billing", minute, "rejected", 7);
    rate.rejection = "signature_mismatch".into();
    log.append_log(&LogBatch::new(vec![rejected("evt_1")], vec![rate])).await.unwrap();
    let console = Console::new(|_| Access::operate("ops")).log(log);
    for framework in FRAMEWORKS {
        let overview = framework.get(&console, "overview").await.text();
        assert!(overview.contains("All 7 deliveries to billing since"), "{overview}");
        let list = framework.get(&console, "rejected").await.text();
        assert!(list.contains("The secret of endpoint billing was probably changed"));
        assert!(list.contains("credential does not match") && !list.contains("<img"));
        let page = framework.get(&console, "delivery?line=1").await.text();
        for part in [
            "Credential does not match: check the secret.",
            "not verified",
            "x-&lt;script&gt;",
            "<b>401</b>",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        let file = framework.get(&console, "request?line=1").await;
        assert_eq!(file.text(), r#"{"body":"{}"}"#);
        let found = framework.get(&console, "deliveries.json?find=evt_1").await.json();
        assert_eq!(found["deliveries"][0]["rejection"], "signature_mismatch");
        let status = framework.get(&console, "deliveries.json?status=duplicate").await.json();
        assert_eq!(status["deliveries"], serde_json::json!([]));
    }
}

#[actix_web::test]
async fn pages_follow_one_another() {
    let log = MemoryLog::new();
    let lines = (0..120).map(|number| rejected(&format!("evt_{number}"))).collect();
    log.append_log(&LogBatch::new(lines, Vec::new())).await.unwrap();
    let console = Console::new(|_| Access::read("guest")).log(log);
    for framework in FRAMEWORKS {
        let (mut seen, mut before) = (Vec::new(), String::new());
        loop {
            let page = framework.get(&console, &format!("deliveries.json?limit=50{before}")).await;
            let page = page.json();
            let ids = page["deliveries"].as_array().unwrap().iter();
            seen.extend(ids.map(|row| row["event_id"].as_str().unwrap().to_owned()));
            let Some(next) = page["before"].as_u64() else { break };
            before = format!("&before={next}");
        }
        let expected: Vec<_> = (0..120).rev().map(|number| format!("evt_{number}")).collect();
        assert_eq!(seen, expected);
        let html = framework.get(&console, "deliveries").await.text();
        assert!(html.contains("rel=\"next\" href=\"deliveries?before=71\""), "{html}");
    }
}

#[actix_web::test]
async fn a_dead_message_is_replayed_after_a_question() {
    for framework in FRAMEWORKS {
        let inbox = MemoryInbox::danger_new();
        let id = kill(&inbox, "evt_1", "{}").await;
        let console = operator(&inbox);
        let form = format!("act=replay&state=dead&id={id}");
        let asked = framework.post(&console, "confirm", &form).await;
        assert!(asked.text().contains("Replay 1 message?"));
        assert_eq!(state(&inbox, id).await, MessageState::Dead);
        let done = framework.post(&console, "act", &format!("{form}&from=delivery")).await;
        assert_eq!(
            (done.status.as_u16(), done.location()),
            (303, &*format!("delivery?message={id}"))
        );
        assert_eq!(state(&inbox, id).await, MessageState::Ready);
        let acts = framework.get(&console, "acts.json").await.json();
        assert_eq!(
            (&acts["acts"][0]["who"], &acts["acts"][0]["what"]),
            (&"ops".into(), &"replayed 1 message".into())
        );
    }
}

#[actix_web::test]
async fn of_two_operators_one_replays() {
    for framework in FRAMEWORKS {
        let inbox = MemoryInbox::danger_new();
        let id = kill(&inbox, "evt_1", "{}").await;
        let console = operator(&inbox);
        let form = format!("act=replay&state=dead&id={id}");
        let first = framework.post(&console, "act", &form).await;
        let second = framework.post(&console, "act", &form).await;
        assert_eq!((first.status.as_u16(), second.status.as_u16()), (303, 409));
        assert_eq!(inbox.message(id).await.unwrap().unwrap().replays, 1);
    }
}

#[actix_web::test]
async fn a_group_of_more_than_a_hundred_needs_its_number_typed() {
    for framework in FRAMEWORKS {
        let inbox = MemoryInbox::danger_new();
        for number in 0..101 {
            kill(&inbox, &format!("evt_{number}"), "{}").await;
        }
        let console = operator(&inbox);
        let group = framework.get(&console, "dead.json").await.json()["groups"][0].clone();
        assert_eq!((&group["count"], &group["endpoint"]), (&101.into(), &"billing".into()));
        let form = format!(
            "act=discard&state=dead&endpoint=billing&type=invoice.paid&error={}",
            group["error"].as_str().unwrap().replace(' ', "+").replace('#', "%23")
        );
        let asked = framework.post(&console, "confirm", &form).await.text();
        assert!(asked.contains("Type 101 to confirm"), "{asked}");
        // One that dies after the question is not among those that were confirmed.
        kill(&inbox, "evt_late", "{}").await;
        let ids = asked.split("name=\"id\" value=\"").skip(1);
        let ids: Vec<&str> = ids.map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(ids.len(), 101);
        let form = format!("act=discard&state=dead&id={}", ids.join("&id="));
        for typed in ["", "&typed=100"] {
            let refused = framework.post(&console, "act", &format!("{form}{typed}")).await;
            assert_eq!(refused.status, 409, "{typed}");
        }
        assert_eq!(
            framework.post(&console, "act", "act=discard&endpoint=billing").await.status,
            409
        );
        let mut dead = MessageFilter::default();
        dead.state = Some(MessageState::Dead);
        assert_eq!(inbox.count_messages(&dead, 1000).await.unwrap(), 102);
        let done = framework.post(&console, "act", &format!("{form}&typed=101")).await;
        assert_eq!(
            (done.status.as_u16(), done.location()),
            (303, "dead?notice=discarded&count=101")
        );
        assert_eq!(inbox.count_messages(&dead, 1000).await.unwrap(), 1);
    }
}

#[actix_web::test]
async fn an_endpoint_is_paused_and_resumed() {
    for framework in FRAMEWORKS {
        let inbox = MemoryInbox::danger_new();
        kill(&inbox, "evt_1", "{}").await;
        let console = operator(&inbox);
        let paused = async || inbox.backlog().await.unwrap().endpoints[0].is_paused;
        framework.post(&console, "pause", "endpoint=billing").await;
        assert!(paused().await);
        assert!(framework.get(&console, "endpoints").await.text().contains("Resume"));
        framework.post(&console, "resume", "endpoint=billing").await;
        assert!(!paused().await);
    }
}

#[actix_web::test]
async fn every_page_is_there_as_json() {
    let (inbox, log) = (MemoryInbox::danger_new(), MemoryLog::new());
    kill(&inbox, "evt_1", "{}").await;
    let console = operator(&inbox).log(log);
    for framework in FRAMEWORKS {
        for path in PAGES {
            let page = framework.get(&console, &format!("{path}.json")).await;
            assert_eq!(page.headers["content-type"], "application/json", "{path}");
            let by_path = page.json();
            let request =
                Request::get(format!("/console/{path}")).header("accept", "application/json");
            let page = framework.send(&console, request.body(Bytes::new()).unwrap()).await;
            let keys = |json: &serde_json::Value| {
                json.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
            };
            assert_eq!(keys(&page.json()), keys(&by_path), "{path}");
        }
    }
}

#[actix_web::test]
async fn the_console_works_over_the_log_alone_and_over_the_inbox_alone() {
    let inbox = MemoryInbox::danger_new();
    let id = kill(&inbox, "evt_1", "{}").await;
    let log = MemoryLog::new();
    log.append_log(&LogBatch::new(vec![rejected("evt_1")], Vec::new())).await.unwrap();
    let over_log = Console::new(|_| Access::operate("ops")).log(log);
    for framework in FRAMEWORKS {
        for path in ["overview", "deliveries", "rejected", "endpoints", "delivery?line=1"] {
            assert_eq!(framework.get(&over_log, path).await.status, 200, "{path}");
        }
        assert_eq!(framework.get(&over_log, "dead").await.status, 404);
        let over_inbox = operator(&inbox);
        let delivery = format!("delivery?message={id}");
        for path in PAGES.into_iter().chain([&*delivery, "deliveries?outcome=dead"]) {
            assert_eq!(framework.get(&over_inbox, path).await.status, 200, "{path}");
        }
        assert_eq!(framework.get(&over_inbox, "delivery?message=99").await.status, 404);
    }
}

/// A log whose store cannot be reached.
struct Down;

fn down<T>() -> Result<T, StoreError> {
    Err(StoreError::new(StoreErrorKind::Unavailable, "connection refused"))
}

impl LogStore for Down {
    async fn append_log(&self, _: &LogBatch) -> Result<(), StoreError> {
        down()
    }

    async fn prune_log(&self, _: LogRetention, _: u32) -> Result<u64, StoreError> {
        down()
    }
}

impl InspectLog for Down {
    async fn log_records(
        &self,
        _: &LogFilter,
        _: Option<LogId>,
        _: u32,
    ) -> Result<Vec<LogRecord>, StoreError> {
        down()
    }

    async fn count_log(&self, _: &LogFilter, _: u64) -> Result<u64, StoreError> {
        down()
    }

    async fn log_rates(
        &self,
        _: Option<&str>,
        _: countersign::Timestamp,
        _: countersign::Timestamp,
    ) -> Result<Vec<LogRate>, StoreError> {
        down()
    }

    async fn log_capture(&self, _: LogId) -> Result<Option<CapturedRequest>, StoreError> {
        down()
    }
}

#[actix_web::test]
async fn a_store_that_is_down_is_an_alarm() {
    let console = Console::new(|_| Access::read("guest")).log(Down);
    for framework in FRAMEWORKS {
        let page = framework.get(&console, "deliveries").await;
        assert_eq!(page.status, 503);
        assert!(
            page.text().contains("role=\"alert\"") && page.text().contains("connection refused")
        );
        let page = framework.get(&console, "deliveries.json").await;
        assert_eq!(
            (page.status.as_u16(), &page.json()["error"]),
            (503, &"connection refused".into())
        );
    }
}

#[tokio::test]
async fn the_feed_sends_an_event_for_each_new_line() {
    use http_body_util::BodyExt;

    let log = MemoryLog::new();
    log.append_log(&LogBatch::new(vec![rejected("evt_1")], Vec::new())).await.unwrap();
    let console = Console::new(|_| Access::read("guest")).log(log.clone());
    let app: Router = Router::new().nest_service("/console", console.axum());
    let request = Request::get("/console/feed?after=1").body(Body::empty()).unwrap();
    let mut body = app.oneshot(request).await.unwrap().into_body();
    let mut next = async || {
        let frame = body.frame().await.unwrap().unwrap();
        String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
    };
    assert_eq!(next().await, ": \n\n");
    log.append_log(&LogBatch::new(vec![rejected("evt_2")], Vec::new())).await.unwrap();
    assert_eq!(next().await, ": \n\nevent: delivery\nid: 2\ndata: 2\n\n");
}

/// A page is found by an index, however long the log is.
#[actix_web::test]
async fn pages_follow_one_another_in_a_log_of_a_million_lines() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    query(
        "INSERT INTO countersign_log (at, endpoint, sender, outcome, rejection, status, event_id, verified,
             body_bytes, took_us, header_names, bytes)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000)
         SELECT unixepoch() * 1000 - 1000000 + n, 'billing', 'stripe',
             iif(n % 1000 = 0, 'rejected', 'handled'), iif(n % 1000 = 0, 'missing_header', NULL), 200,
             'evt_' || n, 1, 0, 0, '', 200
         FROM numbers",
    )
    .execute(&pool)
    .await
    .unwrap();
    let console = Console::new(|_| Access::read("guest")).log(store);
    for framework in FRAMEWORKS {
        let rows = async |query: &str| -> Vec<String> {
            let page = framework.get(&console, &format!("deliveries.json?limit=3&{query}")).await;
            assert_eq!(page.status, 200, "{query}");
            let page = page.json();
            let rows = page["deliveries"].as_array().unwrap().iter();
            rows.map(|row| row["event_id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(rows("").await, ["evt_1000000", "evt_999999", "evt_999998"]);
        assert_eq!(rows("before=500001").await, ["evt_500000", "evt_499999", "evt_499998"]);
        assert_eq!(rows("outcome=rejected").await, ["evt_1000000", "evt_999000", "evt_998000"]);
        assert_eq!(rows("outcome=rejected&before=2500").await, ["evt_2000", "evt_1000"]);
        assert_eq!(rows("find=evt_7").await, ["evt_7"]);
        assert_eq!(rows("outcome=duplicate").await, Vec::<String>::new());
    }
}
