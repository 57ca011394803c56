//! Sends deliveries to a server and compares the results with the expected ones.

use std::net::SocketAddr;
use std::sync::Arc;

use countersign::{Outcome, RejectionKind};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::Result;
use crate::backend::Backend;
use crate::client::{Response, send};
use crate::observer::Verdict;
use crate::request::{Sender, WebhookRequest};

/// A server, its backend, and what the observer sees.
pub(crate) struct Harness {
    pub(crate) address: SocketAddr,
    pub(crate) backend: Arc<Backend>,
    pub(crate) notes: mpsc::UnboundedReceiver<String>,
    pub(crate) verdicts: mpsc::UnboundedReceiver<Verdict>,
}

/// The expected result of a delivery. The handler runs for the first three.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Expected {
    Handled,
    Failed,
    Disconnected,
    Duplicate,
    InProgress,
    Rejected(RejectionKind),
}

/// One delivery and its result.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) sender: Sender,
    pub(crate) description: String,
    /// `None` if the sender did not wait for it.
    pub(crate) response: Option<Response>,
    /// The handler's note, or the reason why it did not run.
    pub(crate) note: std::result::Result<String, String>,
    pub(crate) expected: Expected,
    /// The difference from the expected result.
    pub(crate) problem: Option<String>,
}

/// A delivery whose handler waits until it is released.
pub(crate) struct Paused {
    request: WebhookRequest,
    sending: JoinHandle<Result<Response>>,
    release: oneshot::Sender<()>,
}

impl Harness {
    /// Sends `request` and waits for the response.
    pub(crate) async fn deliver(
        &mut self,
        request: WebhookRequest,
        status: u16,
        expected: Expected,
    ) -> Result<Row> {
        let response = send(self.address, request.clone()).await?;
        let verdict = self.verdict().await?;
        let note = self.notes.try_recv().ok();
        Ok(Row::new(request, Some(status), Some(response), &verdict, note, expected))
    }

    /// Sends `request` and makes its handler wait.
    pub(crate) async fn pause(&self, request: WebhookRequest) -> Result<Paused> {
        let (started, release) = self.backend.pause_next();
        let mut sending = tokio::spawn(send(self.address, request.clone()));
        tokio::select! {
            started = started => started?,
            _ = &mut sending => {
                return Err(format!("`{}` did not reach its handler", request.description).into());
            }
        }
        Ok(Paused { request, sending, release })
    }

    /// Releases the handler and waits for the response.
    pub(crate) async fn finish(&mut self, paused: Paused, status: u16) -> Result<Row> {
        drop(paused.release);
        let response = paused.sending.await??;
        let verdict = self.verdict().await?;
        let note = self.notes.try_recv().ok();
        Ok(Row::new(
            paused.request,
            Some(status),
            Some(response),
            &verdict,
            note,
            Expected::Handled,
        ))
    }

    /// Disconnects, and releases the handler once the server has noticed.
    pub(crate) async fn disconnect(&mut self, paused: Paused) -> Result<Row> {
        paused.sending.abort();
        let verdict = self.verdict().await?;
        drop(paused.release);
        let note = self.notes.recv().await;
        Ok(Row::new(paused.request, None, None, &verdict, note, Expected::Disconnected))
    }

    /// Sends `request` repeatedly while the event is in progress.
    pub(crate) async fn retry(
        &mut self,
        request: WebhookRequest,
        status: u16,
        expected: Expected,
    ) -> Result<Row> {
        loop {
            let row = self.deliver(request.clone(), status, expected).await?;
            if row.response.is_none_or(|response| response.status != 503) {
                return Ok(row);
            }
        }
    }

    async fn verdict(&mut self) -> Result<Verdict> {
        self.verdicts.recv().await.ok_or_else(|| "the server has stopped".into())
    }
}

impl Row {
    fn new(
        request: WebhookRequest,
        status: Option<u16>,
        response: Option<Response>,
        verdict: &Verdict,
        note: Option<String>,
        expected: Expected,
    ) -> Self {
        let should_run =
            matches!(expected, Expected::Handled | Expected::Failed | Expected::Disconnected);
        let is_right = response.map(|response| response.status) == status
            && note.is_some() == should_run
            && expected.is(verdict)
            && response
                .is_none_or(|response| response.retry_after.is_some() == (status == Some(503)));
        let problem = (!is_right).then(|| {
            let ran = if should_run { "a handler run" } else { "no handler run" };
            let status = status.map_or_else(|| "no response".into(), |status| status.to_string());
            format!("expected {status}, {expected:?} and {ran}; the server reports {verdict:?}")
        });
        let note = note.ok_or_else(|| reason(verdict));
        Self {
            sender: request.sender,
            description: request.description,
            response,
            note,
            expected,
            problem,
        }
    }
}

impl Expected {
    fn is(self, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Verified(Outcome::Handled) => self == Self::Handled,
            Verdict::Verified(Outcome::Failed) => self == Self::Failed,
            Verdict::Verified(Outcome::Duplicate { .. }) => self == Self::Duplicate,
            Verdict::Verified(Outcome::InProgress { .. }) => self == Self::InProgress,
            Verdict::Rejected(rejection) => self == Self::Rejected(rejection.kind()),
            Verdict::Disconnected => self == Self::Disconnected,
            Verdict::Verified(_) | Verdict::NotAWebhook => false,
        }
    }
}

/// The result in a few words: a rejection without its advice.
pub(crate) fn reason(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Verified(Outcome::Duplicate { .. }) => "already handled".into(),
        Verdict::Verified(Outcome::InProgress { .. }) => "another delivery is in progress".into(),
        Verdict::Verified(outcome) => outcome.as_str().into(),
        Verdict::Rejected(rejection) => {
            let text = rejection.to_string();
            text.split_once(": ").map_or(text.as_str(), |(first, _)| first).into()
        }
        Verdict::NotAWebhook => "not a webhook route".into(),
        Verdict::Disconnected => "the sender disconnected".into(),
    }
}
