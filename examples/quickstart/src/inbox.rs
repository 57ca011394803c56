//! The same service with an inbox: events are stored, acknowledged, and handled after that.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::Inbox;
use countersign::inbox::{
    InspectInbox, MessageFilter, MessageId, MessageRecord, MessageState, RetryPolicy,
};
use countersign_sqlx::SqliteStore;
use tokio::sync::mpsc;

use crate::Result;
use crate::backend::Backend;
use crate::client::send;
use crate::observer::Observer;
use crate::request::WebhookRequest;
use crate::scenario::lead;
use crate::server::{Framework, Server};

/// Two attempts with a short pause, for a demonstration: a service has more, with longer pauses.
pub(crate) fn retry() -> RetryPolicy {
    let pause = Duration::from_millis(100);
    RetryPolicy::exponential(pause, pause).max_attempts(2)
}

/// What became of one event.
pub(crate) struct Line {
    description: &'static str,
    /// The status, and how long the sender waited for it; `None` for a replay.
    response: Option<(u16, Duration)>,
    result: String,
    /// Whether it is as expected.
    is_expected: bool,
}

impl Line {
    pub(crate) const fn is_expected(&self) -> bool {
        self.is_expected
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mark = if self.is_expected { "✓" } else { "✗" };
        let response = match self.response {
            Some((status, waited)) => format!("{status} in {} ms", waited.as_millis()),
            None => "no request".to_owned(),
        };
        write!(f, "  {mark} {:<34} {response:<14} {}", self.description, self.result)
    }
}

/// A service with an inbox in a file.
struct Service {
    server: Server,
    store: SqliteStore,
    backend: Arc<Backend>,
    notes: mpsc::UnboundedReceiver<String>,
}

/// Sends events to the service in this framework, and returns what became of each.
pub(crate) async fn run(framework: Framework) -> Result<Vec<Line>> {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(folder.path().join("webhooks.db")).await?;
    let (backend, notes) = Backend::new();
    let (observer, _verdicts) = Observer::new();
    let inbox = Some(Inbox::new(store.clone()));
    let server = framework.start(backend.clone(), observer, inbox).await?;
    let mut service = Service { server, store, backend, notes };
    let lines = vec![
        service.slow().await?,
        service.failing().await?,
        service.dead().await?,
        service.replayed().await?,
    ];
    service.server.stop().await?;
    Ok(lines)
}

impl Service {
    /// The sender has its response while the handler still runs.
    async fn slow(&mut self) -> Result<Line> {
        let (started, release) = self.backend.pause_next();
        let response = self.deliver("lead-slow").await?;
        started.await?;
        drop(release);
        self.notes.recv().await;
        self.line("a slow handler", Some(response), MessageState::Done, "done").await
    }

    async fn failing(&mut self) -> Result<Line> {
        self.backend.fail_next();
        let response = self.deliver("lead-failing").await?;
        self.line("a handler that fails once", Some(response), MessageState::Done, "retry, done")
            .await
    }

    async fn dead(&mut self) -> Result<Line> {
        // The notes of the event before.
        while self.notes.try_recv().is_ok() {}
        self.backend.fail_next();
        let response = self.deliver("lead-dead").await?;
        self.notes.recv().await;
        self.backend.fail_next();
        let description = "a handler that fails each time";
        self.line(description, Some(response), MessageState::Dead, "retry, dead").await
    }

    async fn replayed(&mut self) -> Result<Line> {
        let mut dead = MessageFilter::default();
        dead.state = Some(MessageState::Dead);
        self.store.replay_messages(&dead, 1).await?;
        let description = "the same, replayed by an operator";
        self.line(description, None, MessageState::Done, "retry, dead, done").await
    }

    async fn deliver(&self, id: &str) -> Result<(u16, Duration)> {
        let request = WebhookRequest::omniai("", lead(id, r#""Ada""#))?;
        let sent = Instant::now();
        let response = send(self.server.address, request).await?;
        Ok((response.status, sent.elapsed()))
    }

    /// Waits until the latest message is in a state, and compares its attempts.
    async fn line(
        &self,
        description: &'static str,
        response: Option<(u16, Duration)>,
        state: MessageState,
        attempts: &str,
    ) -> Result<Line> {
        let id = loop {
            match self.latest().await? {
                Some(record) if record.state == state => break record.id,
                _ => tokio::task::yield_now().await,
            }
        };
        let result = self.attempts(id).await?;
        let is_acknowledged = response.is_none_or(|(status, _)| status == 200);
        let is_expected = is_acknowledged && result == attempts;
        Ok(Line { description, response, result: format!("attempts: {result}"), is_expected })
    }

    async fn latest(&self) -> Result<Option<MessageRecord>> {
        Ok(self.store.messages(&MessageFilter::default(), None, 1).await?.pop())
    }

    async fn attempts(&self, id: MessageId) -> Result<String> {
        let attempts = self.store.attempts(id).await?;
        Ok(attempts.iter().map(|attempt| &*attempt.outcome).collect::<Vec<_>>().join(", "))
    }
}
