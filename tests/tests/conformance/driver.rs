//! What an adapter brings to be judged: a server of its kind.

pub(crate) mod actix;
pub(crate) mod axum;
pub(crate) mod hyper;

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use countersign::adapter::ReceiverSource;
use countersign::time::FixedClock;
use countersign::{Outcome, RejectionKind};
use tokio::sync::{Semaphore, watch};

use crate::case::{Act, Protocol};

/// The path that a site is served at.
pub(crate) const PATH: &str = "/hook";

/// The header by which a request is found in the [`Log`].
pub(crate) const EXCHANGE: &str = "x-exchange";

/// A header that the handler's responses have, and no other.
pub(crate) const FROM_HANDLER: &str = "x-from-handler";

/// A server with one adapter in it.
pub(crate) trait Driver: Sync {
    fn name(&self) -> &'static str;

    fn protocol(&self) -> Protocol;

    /// Serves `site` at [`PATH`] on `listener`, which does not block, until the server is dropped.
    fn serve(&self, listener: TcpListener, site: Site) -> Box<dyn Server>;

    /// Why a case asks something of the adapter that its server does by itself.
    fn excuse(&self, _case: &str) -> Option<&'static str> {
        None
    }

    /// Whether the server gives up a request whose sender is gone.
    fn gives_up(&self) -> bool {
        true
    }
}

pub(crate) trait Server: Send + Sync {
    /// Claims nothing more from the first poll on; ends when the handlers in hand have.
    fn drain(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// What a driver is to serve.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) receiver: ReceiverSource,
    pub(crate) clock: FixedClock,
    pub(crate) script: Script,
    pub(crate) log: Log,
    /// Whether the adapter gets an empty body in place of each request's own.
    pub(crate) eaten_in_front: bool,
}

/// The handler: it does what the case says, one [`Act`] a run.
#[derive(Clone)]
pub(crate) struct Script {
    acts: Arc<Mutex<VecDeque<Act>>>,
    runs: Arc<watch::Sender<usize>>,
    gate: Arc<Semaphore>,
}

/// What a handler answers, with the header [`FROM_HANDLER`].
pub(crate) enum Reply {
    Status(u16),
    /// What the adapter answers where the body is no [`Strict`].
    Decode,
}

/// A type that no delivery fits.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Strict {
    #[expect(dead_code, reason = "its absence is what is tested")]
    missing: String,
}

impl Script {
    pub(crate) fn new(acts: &[Act]) -> Self {
        Self {
            acts: Arc::new(Mutex::new(acts.iter().copied().collect())),
            runs: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        }
    }

    /// One run of the handler.
    pub(crate) async fn run(&self) -> Reply {
        let act = self.acts.lock().unwrap().pop_front().unwrap_or(Act::Answer(200));
        self.runs.send_modify(|runs| *runs += 1);
        match act {
            Act::Answer(status) => Reply::Status(status),
            Act::Decode => Reply::Decode,
            // A panic without the hook's message, which would stand in the table.
            Act::Panic => std::panic::resume_unwind(Box::new("as the case wants it")),
            Act::Held(status) => {
                self.gate.acquire().await.unwrap().forget();
                Reply::Status(status)
            }
        }
    }

    pub(crate) fn runs(&self) -> usize {
        *self.runs.borrow()
    }

    /// Returns once it has run `times` times.
    pub(crate) async fn has_begun(&self, times: usize) {
        drop(self.runs.subscribe().wait_for(|runs| *runs >= times).await.unwrap());
    }

    pub(crate) fn let_through(&self, runs: usize) {
        self.gate.add_permits(runs);
    }
}

/// What the operator was told of a request: it stands in the response, and does not go over the wire.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) rejection: Option<RejectionKind>,
    pub(crate) outcome: Option<Outcome>,
    /// The server gave the request up before it was answered.
    pub(crate) given_up: bool,
}

/// The verdicts on a server's requests, by the number in their header [`EXCHANGE`].
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<watch::Sender<BTreeMap<u32, Verdict>>>);

impl Log {
    /// A request comes in, seen from outside of the adapter.
    pub(crate) fn begin(&self, exchange: Option<&str>) -> Entry {
        let exchange = exchange.and_then(|text| text.parse().ok());
        Entry {
            log: self.clone(),
            exchange,
            verdict: Verdict { given_up: true, ..Verdict::default() },
        }
    }

    /// The verdict on request `exchange`; it is there before the response is.
    pub(crate) fn found(&self, exchange: u32) -> Option<Verdict> {
        self.0.borrow().get(&exchange).copied()
    }

    /// The verdict on request `exchange`, as soon as there is one.
    pub(crate) async fn verdict(&self, exchange: u32) -> Verdict {
        let mut log = self.0.subscribe();
        let found = log.wait_for(|verdicts| verdicts.contains_key(&exchange)).await.unwrap();
        found[&exchange]
    }
}

/// A request under way.
pub(crate) struct Entry {
    log: Log,
    exchange: Option<u32>,
    verdict: Verdict,
}

impl Entry {
    /// Its response is there.
    pub(crate) fn end(mut self, rejection: Option<RejectionKind>, outcome: Option<Outcome>) {
        self.verdict = Verdict { rejection, outcome, given_up: false };
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
