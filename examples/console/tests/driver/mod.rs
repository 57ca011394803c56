//! Chromium, driven by `chromedriver`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A `chromedriver` on a free port, which ends with this value.
pub(crate) struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts `chromedriver`; `None` if it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().ok()?;
        let output = BufReader::new(process.stdout.take()?);
        let port = output.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        Some(Self { process, port: port.expect("chromedriver names its port") })
    }

    /// Opens a window.
    pub(crate) async fn client(&self) -> Client {
        let capabilities = json!({
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--hide-scrollbars", "--host-resolver-rules=MAP console.test 127.0.0.1", "--window-size=1280,1000",
            ] },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.as_object().expect("it is an object").clone());
        builder.connect(&format!("http://127.0.0.1:{}", self.port)).await.expect("a window")
    }

    /// Returns what the browser has logged.
    pub(crate) async fn log(&self, client: &Client) -> Vec<String> {
        let log = client.issue_cmd(Own("se/log", json!({ "type": "browser" }))).await;
        let entries = log.expect("the log is read");
        let entries = entries.as_array().into_iter().flatten();
        entries.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Gives the page another width, as that of a phone.
    pub(crate) async fn set_width(&self, client: &Client, width: Option<u32>) {
        let (command, parameters) = match width {
            Some(width) => (
                "Emulation.setDeviceMetricsOverride",
                json!({ "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": true }),
            ),
            None => ("Emulation.clearDeviceMetricsOverride", json!({})),
        };
        let body = json!({ "cmd": command, "params": parameters });
        client.issue_cmd(Own("goog/cdp/execute", body)).await.expect("the width is set");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A command of Chromium's own.
#[derive(Debug)]
struct Own(&'static str, Value);

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.1.to_string()))
    }
}
