//! Sends deliveries to a server and compares what came of each with what should have.

use std::net::SocketAddr;
use std::sync::Arc;

use countersign::{Outcome, RejectionKind};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::Result;
use crate::client::{Answer, send};
use crate::desk::Desk;
use crate::post::{Post, Sender};
use crate::witness::Verdict;

/// A server, and what can be seen of it from behind.
pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) desk: Arc<Desk>,
    pub(crate) notes: mpsc::UnboundedReceiver<String>,
    pub(crate) verdicts: mpsc::UnboundedReceiver<Verdict>,
}

/// What should come of a delivery. The handler is to run in the first three.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Expected {
    Handled,
    Failed,
    HungUp,
    Duplicate,
    InProgress,
    Rejected(RejectionKind),
}

/// One delivery, and what came of it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) sender: Sender,
    pub(crate) sent: String,
    /// `None` where the sender did not wait for it.
    pub(crate) answer: Option<Answer>,
    /// What the handler noted, or why it did not run.
    pub(crate) saw: std::result::Result<String, String>,
    pub(crate) expected: Expected,
    /// How it differs from what should have come of it.
    pub(crate) problem: Option<String>,
}

/// A delivery that is being handled, until it is released.
pub(crate) struct Held {
    post: Post,
    sending: JoinHandle<Result<Answer>>,
    release: oneshot::Sender<()>,
}

impl Stage {
    /// Sends `post` and waits for the answer.
    pub(crate) async fn deliver(
        &mut self,
        post: Post,
        status: u16,
        expected: Expected,
    ) -> Result<Row> {
        let answer = send(self.address, post.clone()).await?;
        let verdict = self.verdict().await?;
        let note = self.notes.try_recv().ok();
        Ok(Row::new(post, Some(status), Some(answer), &verdict, note, expected))
    }

    /// Sends `post` and lets its handler wait.
    pub(crate) async fn hold(&self, post: Post) -> Result<Held> {
        let (begun, release) = self.desk.hold_next();
        let mut sending = tokio::spawn(send(self.address, post.clone()));
        tokio::select! {
            begun = begun => begun?,
            _ = &mut sending => {
                return Err(format!("`{}` did not get to its handler", post.what).into());
            }
        }
        Ok(Held { post, sending, release })
    }

    /// Lets the handler go on and waits for the answer.
    pub(crate) async fn finish(&mut self, held: Held, status: u16) -> Result<Row> {
        drop(held.release);
        let answer = held.sending.await??;
        let verdict = self.verdict().await?;
        let note = self.notes.try_recv().ok();
        Ok(Row::new(held.post, Some(status), Some(answer), &verdict, note, Expected::Handled))
    }

    /// Hangs up, and lets the handler go on only when the server knows.
    pub(crate) async fn hang_up(&mut self, held: Held) -> Result<Row> {
        held.sending.abort();
        let verdict = self.verdict().await?;
        drop(held.release);
        let note = self.notes.recv().await;
        Ok(Row::new(held.post, None, None, &verdict, note, Expected::HungUp))
    }

    /// Sends `post` again and again while the event is still being handled.
    pub(crate) async fn retry(
        &mut self,
        post: Post,
        status: u16,
        expected: Expected,
    ) -> Result<Row> {
        loop {
            let row = self.deliver(post.clone(), status, expected).await?;
            if row.answer.is_none_or(|answer| answer.status != 503) {
                return Ok(row);
            }
        }
    }

    async fn verdict(&mut self) -> Result<Verdict> {
        self.verdicts.recv().await.ok_or_else(|| "the server is gone".into())
    }
}

impl Row {
    fn new(
        post: Post,
        status: Option<u16>,
        answer: Option<Answer>,
        verdict: &Verdict,
        note: Option<String>,
        expected: Expected,
    ) -> Self {
        let should_run =
            matches!(expected, Expected::Handled | Expected::Failed | Expected::HungUp);
        let is_right = answer.map(|answer| answer.status) == status
            && note.is_some() == should_run
            && expected.is(verdict)
            && answer.is_none_or(|answer| answer.retry_after.is_some() == (status == Some(503)));
        let problem = (!is_right).then(|| {
            let ran = if should_run { "the handler run" } else { "no handler run" };
            let status = status.map_or_else(|| "no answer".into(), |status| status.to_string());
            format!("expected {status}, {expected:?} and {ran}; the server says {verdict:?}")
        });
        let saw = note.ok_or_else(|| reason(verdict));
        Self { sender: post.sender, sent: post.what, answer, saw, expected, problem }
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
            Verdict::HungUp => self == Self::HungUp,
            Verdict::Verified(_) | Verdict::Elsewhere => false,
        }
    }
}

/// In a few words; a rejection's own text goes on to say what to do about it.
pub(crate) fn reason(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Verified(Outcome::Duplicate { .. }) => "handled before".into(),
        Verdict::Verified(Outcome::InProgress { .. }) => "another delivery of it is in hand".into(),
        Verdict::Verified(outcome) => outcome.as_str().into(),
        Verdict::Rejected(rejection) => {
            let text = rejection.to_string();
            text.split_once(": ").map_or(text.as_str(), |(first, _)| first).into()
        }
        Verdict::Elsewhere => "no webhook route".into(),
        Verdict::HungUp => "the sender hung up".into(),
    }
}
