//! The console in a browser: headless Chromium, driven by WebDriver.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod driver;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use console::Service;
use countersign_test_support::report_missing;
use driver::Driver;
use fantoccini::{Client, Locator};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// How long a page may take to show what is waited for.
const LIMIT: Duration = Duration::from_secs(30);

const PAGES: [&str; 5] = ["overview", "deliveries", "dead", "rejected", "endpoints"];

/// The example's service on a free port, with a browser.
struct Session {
    service: Service,
    address: SocketAddr,
    client: Client,
    driver: Driver,
    _dir: TempDir,
}

impl Session {
    /// Returns `None`, with a note, if there is no browser.
    async fn start() -> Option<Self> {
        let Some(driver) = Driver::start() else {
            report_missing("chromium with chromedriver");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let service = Service::open(&dir.path().join("webhooks.db")).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = service.app();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        drop(service.start_worker());
        service.deliver().await.unwrap();
        let client = driver.client().await;
        let session = Self { service, address, client, driver, _dir: dir };
        // Nine are dead in the end: six of OmniAI after two attempts, three of AINexLayer at once.
        session.until("dead", "9 in 2 groups").await;
        Some(session)
    }

    async fn open(&self, page: &str) {
        let url = format!("http://{}/console/{page}", self.address);
        self.client.goto(&url).await.unwrap();
    }

    /// Opens a page until it shows a text.
    async fn until(&self, page: &str, text: &str) {
        let started = Instant::now();
        loop {
            self.open(page).await;
            if self.text("main").await.contains(text) {
                return;
            }
            assert!(
                started.elapsed() < LIMIT,
                "{page} never shows {text}: {}",
                self.text("main").await
            );
        }
    }

    async fn text(&self, selector: &str) -> String {
        let wait = self.client.wait().at_most(LIMIT);
        wait.for_element(Locator::Css(selector)).await.unwrap().text().await.unwrap_or_default()
    }

    /// Waits until an element has a text: what a click leads to is loaded after it.
    async fn shows(&self, selector: &str, text: &str) {
        let started = Instant::now();
        loop {
            let found = self.text(selector).await;
            if found.contains(text) {
                return;
            }
            assert!(started.elapsed() < LIMIT, "{selector} never shows {text}: {found}");
        }
    }

    async fn click(&self, selector: &str) {
        let wait = self.client.wait().at_most(LIMIT);
        wait.for_element(Locator::Css(selector)).await.unwrap().click().await.unwrap();
    }

    async fn evaluate(&self, script: &str) -> serde_json::Value {
        self.client.execute(&format!("return {script}"), Vec::new()).await.unwrap()
    }

    /// Keeps a picture of the page beside what is built.
    async fn picture(&self, name: &str) {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("console");
        std::fs::create_dir_all(&dir).unwrap();
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(dir.join(format!("{name}.png")), picture).unwrap();
    }

    /// Ends the browser; it must have logged no error, such as a violation of the content policy.
    async fn end(self) {
        let errors = self.driver.log(&self.client).await;
        self.client.close().await.unwrap();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_delivery_is_offered_and_not_pushed() {
    let Some(session) = Session::start().await else { return };
    session.open("deliveries").await;
    let rows = session.evaluate("document.querySelectorAll('tbody tr').length").await;
    session.service.deliver().await.unwrap();
    let wait = session.client.wait().at_most(LIMIT);
    let link = wait.for_element(Locator::Css("p.new:not([hidden]) a")).await.unwrap();
    assert!(link.text().await.unwrap().starts_with("Show "), "{}", link.text().await.unwrap());
    assert_eq!(session.evaluate("document.querySelectorAll('tbody tr').length").await, rows);
    session.picture("live").await;
    link.click().await.unwrap();
    session.until("deliveries", "Duplicate").await;
    session.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_are_filtered_and_opened() {
    let Some(session) = Session::start().await else { return };
    session.open("deliveries").await;
    session.click("select[name=endpoint] option[value=ainexlayer]").await;
    session.click("form.filters button").await;
    session.shows("form.filters", "Clear").await;
    let endpoints = "[...document.querySelectorAll('tbody tr td:nth-of-type(2)')].map((cell) => cell.textContent)";
    let endpoints = session.evaluate(endpoints).await;
    let endpoints = endpoints.as_array().unwrap();
    assert!(
        endpoints.len() == 24 && endpoints.iter().all(|name| name == "ainexlayer"),
        "{endpoints:?}"
    );
    session.click("a.go").await;
    session.shows("main", "Credential does not match: check the secret").await;
    session.picture("rejected-delivery").await;
    session.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_is_replayed_and_seen_handled() {
    let Some(session) = Session::start().await else { return };
    session.service.fix();
    session.open("dead").await;
    session.click("section .up a").await;
    session.picture("delivery").await;
    let payload = session.text("pre.pretty").await;
    for shown in ["9007199254740993", "10420.50", "U+202E", "<script>alert(1)</script>"] {
        assert!(payload.contains(shown), "{shown} is not in {payload}");
    }
    session.click("button[value=replay]").await;
    session.shows("h1", "Replay 1 message?").await;
    session.click("form.ask button").await;
    let started = Instant::now();
    while session.text(".tell").await.lines().all(|line| !line.starts_with("Handled")) {
        assert!(started.elapsed() < LIMIT, "{}", session.text("main").await);
        session.client.refresh().await.unwrap();
    }
    session.until("overview", "replayed 1 message").await;
    session.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_discarded_after_a_question() {
    let Some(session) = Session::start().await else { return };
    session.open("dead").await;
    session.picture("dead").await;
    session.click("button[value=discard][form=f1]").await;
    session.shows("h1", "Discard 3 messages?").await;
    session.picture("confirm").await;
    session.click("form.ask button").await;
    session.shows("main", "3 messages are being discarded").await;
    session.shows("main", "6 in 1 group").await;
    session.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn selected_messages_are_replayed_together() {
    let Some(session) = Session::start().await else { return };
    session.service.fix();
    session.open("dead").await;
    let is_shown = "getComputedStyle(document.querySelector('.bulk')).display != 'none'";
    assert_eq!(session.evaluate(is_shown).await, false);
    for number in [1, 2] {
        session.click(&format!("tbody tr:nth-of-type({number}) input[type=checkbox]")).await;
    }
    assert_eq!(session.evaluate(is_shown).await, true);
    session.click(".bulk button[value=replay]").await;
    session.shows("h1", "Replay 2 messages?").await;
    session.click("form.ask button").await;
    session.until("dead", "7 in 2 groups").await;
    session.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_are_dark_or_light_and_fit_a_phone() {
    let Some(session) = Session::start().await else { return };
    let background = "getComputedStyle(document.body).backgroundColor";
    for page in PAGES {
        session.open(page).await;
        session.picture(&format!("{page}-light")).await;
        session.click("label:has(#theme-dark)").await;
        assert_eq!(session.evaluate(background).await, "rgb(19, 19, 19)", "{page}");
        session.client.refresh().await.unwrap();
        assert_eq!(session.evaluate(background).await, "rgb(19, 19, 19)", "{page}, read again");
        session.picture(&format!("{page}-dark")).await;
        session.click("label:has(#theme-light)").await;
        assert_eq!(session.evaluate(background).await, "rgb(250, 250, 248)", "{page}");
        session.driver.set_width(&session.client, Some(390)).await;
        let width = session.evaluate("document.documentElement.scrollWidth").await;
        assert!(width.as_u64().unwrap() <= 390, "{page} is {width} px wide");
        session.picture(&format!("{page}-phone")).await;
        session.driver.set_width(&session.client, None).await;
    }
    session.end().await;
}

/// A browser names the site of a request only over a connection that it trusts, which plain HTTP to another
/// machine is not: then the origin of a form counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_work_over_plain_http_to_another_machine() {
    let Some(session) = Session::start().await else { return };
    let url = format!("http://console.test:{}/console/endpoints", session.address.port());
    session.client.goto(&url).await.unwrap();
    assert_eq!(session.evaluate("window.isSecureContext").await, false);
    session.click("button[value=omniai]").await;
    session.shows("main", "of which 1 paused").await;
    session.end().await;
}
