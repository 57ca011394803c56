//! Drivers: each serves one adapter with one server.

pub(crate) mod actix;
pub(crate) mod axum;
pub(crate) mod hyper;
mod items;

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::future::Future;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use countersign::adapter::ReceiverSource;
use countersign::time::FixedClock;
use countersign::{Item, Outcome, RejectionKind};
use tokio::sync::{Semaphore, watch};

use crate::case::{Act, Protocol};
use crate::routes::Others;

/// The path of the webhook route.
pub(crate) const PATH: &str = "/hook";

/// The header that identifies a request in the [`Log`].
pub(crate) const EXCHANGE: &str = "x-exchange";

/// A header that only the handler's responses have, with the handler's name.
pub(crate) const FROM_HANDLER: &str = "x-from-handler";

/// The name of the handler where events are not routed.
pub(crate) const HANDLER: &str = "the only one";

/// Serves one adapter.
pub(crate) trait Driver: Sync {
    fn name(&self) -> &'static str;

    fn protocol(&self) -> Protocol;

    /// Serves `site` at [`PATH`] on `listener`, which does not block, until the server is dropped.
    fn serve(&self, listener: TcpListener, site: Site) -> Box<dyn Server>;

    /// The reason to skip a case: the server handles it without the adapter.
    fn skip_reason(&self, _case: &str) -> Option<&'static str> {
        None
    }

    /// Whether the server drops a request whose sender has disconnected.
    fn drops_disconnected(&self) -> bool {
        true
    }
}

pub(crate) trait Server: Send + Sync {
    /// Stops claiming events with the first poll; completes when the running handlers have finished.
    fn drain(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The configuration of a driver.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) receiver: ReceiverSource,
    pub(crate) clock: FixedClock,
    pub(crate) script: Script,
    pub(crate) log: Log,
    /// Routes events by name, if set.
    pub(crate) others: Option<Others>,
    /// Whether the handler handles each item of a delivery on its own.
    pub(crate) items: bool,
    /// Whether a middleware consumes the body, so that the adapter gets an empty one.
    pub(crate) consume_body: bool,
    /// The largest body that a middleware in front of the adapter lets through.
    pub(crate) limit_in_front: Option<usize>,
    /// Whether the route is for `GET`.
    pub(crate) by_get: bool,
}

/// The handler: performs one [`Act`] of the case per run.
#[derive(Clone)]
pub(crate) struct Script {
    acts: Arc<Mutex<VecDeque<Act>>>,
    runs: Arc<watch::Sender<usize>>,
    items: Arc<Mutex<Vec<String>>>,
    gate: Arc<Semaphore>,
}

/// The handler's response, which has the header [`FROM_HANDLER`].
pub(crate) enum Reply {
    Status(u16),
    /// The adapter's response to a body that is not a [`Strict`].
    Decode,
    /// The response to a [`Note`] with this text.
    Note(&'static str),
}

/// A type that no delivery can be decoded as.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Strict {
    #[expect(dead_code, reason = "its absence is what is tested")]
    missing: String,
}

/// A type that JSON and forms are decoded as.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Note {
    text: String,
    count: u8,
    #[serde(default)]
    tags: Vec<String>,
}

impl Note {
    /// Returns the status of a handler that expects a note with this text, two tags and the number 7.
    pub(crate) fn status(&self, text: &str) -> u16 {
        let is_expected = self.text == text && self.count == 7 && self.tags == ["a", "b"];
        if is_expected { 200 } else { 599 }
    }
}

impl Script {
    pub(crate) fn new(acts: &[Act]) -> Self {
        Self {
            acts: Arc::new(Mutex::new(acts.iter().copied().collect())),
            runs: Arc::default(),
            items: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        }
    }

    /// One run of the handler.
    pub(crate) async fn run(&self) -> Reply {
        let act = self.acts.lock().unwrap().pop_front().unwrap_or(Act::Respond(200));
        self.runs.send_modify(|runs| *runs += 1);
        match act {
            Act::Respond(status) => Reply::Status(status),
            Act::Decode => Reply::Decode,
            Act::Note(text) => Reply::Note(text),
            // A panic without the hook's message, which would be printed into the table.
            Act::Panic => std::panic::resume_unwind(Box::new("as the case requires")),
            Act::Wait(status) => {
                self.gate.acquire().await.unwrap().forget();
                Reply::Status(status)
            }
        }
    }

    /// One run of the handler for an item; fails unless the status is a success.
    pub(crate) async fn item(&self, item: &Item) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.items.lock().unwrap().push(item.json().to_owned());
        assert!(item.claim_token().is_some(), "the item is claimed");
        match self.run().await {
            Reply::Status(200..=299) => Ok(()),
            _ => Err("as the case requires".into()),
        }
    }

    /// The items that the handler ran for.
    pub(crate) fn items(&self) -> Vec<String> {
        self.items.lock().unwrap().clone()
    }

    pub(crate) fn runs(&self) -> usize {
        *self.runs.borrow()
    }

    /// Returns once the handler has started `times` times.
    pub(crate) async fn has_begun(&self, times: usize) {
        drop(self.runs.subscribe().wait_for(|runs| *runs >= times).await.unwrap());
    }

    pub(crate) fn release(&self, runs: usize) {
        self.gate.add_permits(runs);
    }
}

/// What the operator sees of a request: the extensions of the response, which are not sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) rejection: Option<RejectionKind>,
    pub(crate) outcome: Option<Outcome>,
    /// The response is marked as that to an ignored event.
    pub(crate) ignored: bool,
    /// The server dropped the request before the response.
    pub(crate) dropped: bool,
}

/// The verdicts on all requests, by the number in their header [`EXCHANGE`].
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<watch::Sender<BTreeMap<u32, Verdict>>>);

impl Log {
    /// Begins the entry of a request, outside of the adapter.
    pub(crate) fn begin(&self, exchange: Option<&str>) -> Entry {
        let exchange = exchange.and_then(|text| text.parse().ok());
        Entry {
            log: self.clone(),
            exchange,
            verdict: Verdict { dropped: true, ..Verdict::default() },
        }
    }

    /// The verdict on request `exchange`, which is recorded before the response is sent.
    pub(crate) fn found(&self, exchange: u32) -> Option<Verdict> {
        self.0.borrow().get(&exchange).copied()
    }

    /// Waits for the verdict on request `exchange`.
    pub(crate) async fn verdict(&self, exchange: u32) -> Verdict {
        let mut log = self.0.subscribe();
        let found = log.wait_for(|verdicts| verdicts.contains_key(&exchange)).await.unwrap();
        found[&exchange]
    }
}

/// A running request.
pub(crate) struct Entry {
    log: Log,
    exchange: Option<u32>,
    verdict: Verdict,
}

impl Entry {
    /// Records the verdict of the response.
    pub(crate) fn end(
        mut self,
        rejection: Option<RejectionKind>,
        outcome: Option<Outcome>,
        ignored: bool,
    ) {
        self.verdict = Verdict { rejection, outcome, ignored, dropped: false };
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange {
            self.log.0.send_modify(|verdicts| {
                verdicts.insert(exchange, self.verdict);
            });
        }
    }
}
