//! The deliveries that the service sends to itself.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use countersign::scheme::SigningRequest;
use countersign::time::{Clock, SystemClock};
use countersign::{Receiver, Secret};
use tower::ServiceExt;

use crate::senders::{
    AINEXLAYER_PATH, AINEXLAYER_SECRET, OMNIAI_PATH, OMNIAI_SECRET, ainexlayer, omniai,
};
use crate::{Result, Service};

/// The pause between two deliveries that go on while the console is looked at.
const PAUSE: Duration = Duration::from_secs(3);

impl Service {
    /// Delivers good, bad, slow and failing events, and duplicates.
    ///
    /// # Errors
    ///
    /// Those of a wrong setting.
    pub async fn deliver(&self) -> Result<()> {
        for number in 0..24 {
            self.omniai("lead.created", number).await?;
        }
        for number in 0..6 {
            self.omniai("document.received", number).await?;
            self.omniai("document.extracted", number).await?;
        }
        for number in 0..3 {
            // Sent again, although it was acknowledged.
            self.omniai("lead.created", number).await?;
        }
        for number in 0..12 {
            self.ainexlayer(number, r#"{"pages":3,"title":"Minutes"}"#, AINEXLAYER_SECRET).await?;
        }
        for number in 12..15 {
            self.ainexlayer(number, r#"{"pages":"three","title":"Minutes"}"#, AINEXLAYER_SECRET)
                .await?;
        }
        for number in 15..24 {
            self.ainexlayer(number, r#"{"pages":3}"#, "another secret, which is not ours").await?;
        }
        self.send(Request::get(OMNIAI_PATH).body(Body::empty())?).await;
        self.send(Request::post(OMNIAI_PATH).body(Body::from("{}"))?).await;
        Ok(())
    }

    /// Delivers an event every few seconds.
    pub async fn deliver_now_and_then(self) {
        for number in 100.. {
            tokio::time::sleep(PAUSE).await;
            if self.omniai("lead.updated", number).await.is_err() {
                return;
            }
        }
    }

    async fn omniai(&self, event: &str, number: u32) -> Result<StatusCode> {
        let body = format!(
            r#"{{"event":"{event}","workspaceId":"ws-1","leadId":"lead-{number}","documentId":"{event}-{number}","data":{{"amount":10420.50,"account":9007199254740993,"note":"file statement{bidi}fdp.exe <script>alert(1)</script>"}}}}"#,
            bidi = '\u{202e}'
        );
        self.signed(OMNIAI_PATH, &omniai()?, OMNIAI_SECRET, body).await
    }

    async fn ainexlayer(&self, number: u32, data: &str, secret: &str) -> Result<StatusCode> {
        let at = SystemClock.now().to_rfc3339();
        let body = format!(
            r#"{{"id":"evt-{number}","event":"document.processed","timestamp":"{at}","data":{data}}}"#
        );
        self.signed(AINEXLAYER_PATH, &ainexlayer()?, secret, body).await
    }

    async fn signed(
        &self,
        path: &str,
        receiver: &Receiver,
        secret: &str,
        body: String,
    ) -> Result<StatusCode> {
        let headers =
            SigningRequest::new(body.as_bytes()).sign(receiver.scheme(), &Secret::new(secret)?)?;
        let mut request = Request::post(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        Ok(self.send(request.body(Body::from(body))?).await)
    }

    async fn send(&self, request: Request<Body>) -> StatusCode {
        match self.app().oneshot(request).await {
            Ok(response) => response.status(),
            Err(never) => match never {},
        }
    }
}
