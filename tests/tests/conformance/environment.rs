//! The environment of one case: a server, its store and clock, and the running requests.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use countersign::dedup::StoreError;
use countersign::scheme::SignedParts;
use countersign::time::FixedClock;
use countersign::{Admission, Delivery, Headers, MemoryStore, Outcome, Receiver};
use tokio::task::JoinHandle;

use crate::case::{Before, Case, Holds, Protocol};
use crate::client::{Connection, Outgoing};
use crate::driver::{Driver, EXCHANGE, Log, Script, Server, Site};
use crate::request::Request;
use crate::sender::{Config, NOW, Ring, Secrets};
use crate::store::Faulty;
use crate::tenants::{Resolver, receivers};

/// Longer than the default lease, and shorter than a store retains an expired claim.
pub(crate) const AFTER_LEASE: Duration = Duration::from_secs(61);

/// Longer than every retention.
const AFTER_RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The environment of one case.
pub(crate) struct Environment {
    protocol: Protocol,
    pub(crate) drops_disconnected: bool,
    /// The secrets that the callback of a handshake has received.
    pub(crate) secrets: Secrets,
    address: SocketAddr,
    pub(crate) server: Box<dyn Server>,
    pub(crate) script: Script,
    pub(crate) log: Log,
    pub(crate) store: Faulty,
    pub(crate) clock: FixedClock,
    /// Signs requests, and uses the store without its faults.
    direct: Receiver,
    /// The number of requests sent so far.
    sent: u32,
    /// Requests whose handler has started, without a response yet.
    pub(crate) begun: VecDeque<(Connection, u32)>,
    pub(crate) drain: Option<JoinHandle<()>>,
}

impl Environment {
    pub(crate) async fn set(case: &Case, driver: &dyn Driver) -> Self {
        // The store has a clock of its own, like a store on another machine.
        let clock = FixedClock::new(NOW);
        let sound = MemoryStore::with_clock(case.config.capacity, clock.clone()).unwrap();
        let store = Faulty::new(sound.clone(), case.faults.clone());
        let any_time = Config { ring: Ring::New, handshake_only: false, ..case.config.clone() };
        let secrets = Secrets::default();
        let receiver = case.sender.receiver(&case.config, &secrets);
        let receiver = receivers(case.config.tenants, receiver, {
            let (config, store) = (case.config.clone(), store.clone());
            move |receiver| {
                let receiver = config.with_durations(receiver);
                match config.dedup {
                    true => receiver.dedup(store),
                    false => receiver.danger_without_dedup(),
                }
            }
        });
        let direct = match case.config.tenants {
            Some(_) => Resolver::probe(|receiver| receiver.dedup(sound)).await,
            None => {
                let receiver = case.sender.receiver(&any_time, &Secrets::default());
                receiver.dedup(sound).build().unwrap()
            }
        };
        let (script, log) = (Script::new(&case.acts), Log::default());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let site = Site {
            receiver,
            clock: FixedClock::new(NOW),
            script: script.clone(),
            log: log.clone(),
            items: case.items.is_some(),
            consume_body: case.config.consume_body,
            others: case.config.others,
            by_get: case.config.method == Some("GET"),
            limit_in_front: case.config.limit_in_front,
        };
        let environment = Self {
            protocol: driver.protocol(),
            drops_disconnected: driver.drops_disconnected(),
            secrets,
            address,
            server: driver.serve(listener, site),
            script,
            log,
            store,
            clock,
            direct,
            sent: 0,
            begun: VecDeque::new(),
            drain: None,
        };
        environment.prepare(case.before).await;
        environment
    }

    async fn prepare(&self, before: Before) {
        let event = match before {
            Before::Nothing => return,
            Before::Full => 2,
            _ => 1,
        };
        let claim = self.claim(event).await.unwrap();
        let Admission::Proceed(claim) = claim else { panic!("{claim:?}") };
        if matches!(before, Before::Handled | Before::RetentionExpired) {
            claim.commit().await.unwrap();
        }
        match before {
            Before::LeaseExpired => self.clock.advance(AFTER_LEASE),
            Before::RetentionExpired => self.clock.advance(AFTER_RETENTION),
            _ => {}
        }
    }
}

/// The operations of the steps.
impl Environment {
    pub(crate) async fn open(&self) -> Connection {
        Connection::open(self.protocol, self.address).await
    }

    pub(crate) fn next(&mut self) -> u32 {
        self.sent += 1;
        self.sent
    }

    /// Sends `request`; returns its number in the log.
    pub(crate) async fn send(&mut self, connection: &mut Connection, request: &Request) -> u32 {
        let exchange = self.next();
        self.send_as(connection, &[(request, exchange)]).await;
        exchange
    }

    pub(crate) async fn send_as(&self, connection: &mut Connection, requests: &[(&Request, u32)]) {
        let requests: Vec<_> = requests
            .iter()
            .map(|(request, exchange)| (request.completed(&self.direct), exchange, request))
            .collect();
        let outgoing = requests.iter().map(|(request, exchange, unsigned)| {
            let mut headers = unsigned.headers(&self.direct);
            headers.push((EXCHANGE.into(), exchange.to_string().into_bytes()));
            Outgoing { request, headers }
        });
        connection.send(&outgoing.collect::<Vec<_>>()).await;
    }

    /// Claims `event` directly in the store, as a delivery of [`Request::of`] would.
    async fn claim(&self, event: u32) -> Result<Admission, StoreError> {
        self.direct.claim(&self.delivery(&Request::of_sender(event, &self.direct))).await
    }

    fn delivery(&self, request: &Request) -> Delivery {
        let signed = request.signed(&self.direct);
        let head = Head(&signed);
        let mut verifier = self.direct.open(&head, NOW).unwrap();
        verifier.update(signed.body.clone()).unwrap();
        verifier.finalize().unwrap()
    }

    pub(crate) async fn holds(&self) -> Holds {
        match self.claim(1).await {
            Ok(Admission::Proceed(claim)) => {
                claim.release().await.unwrap();
                Holds::Claimable
            }
            Ok(Admission::Respond(Outcome::Duplicate { .. })) => Holds::Duplicate,
            Ok(Admission::Respond(_)) => Holds::InProgress,
            Err(_) => Holds::Full,
        }
    }

    pub(crate) async fn drain(&mut self) {
        match self.drain.take() {
            Some(drain) => drain.await.unwrap(),
            None => self.server.drain().await,
        }
    }
}

/// The headers and the query of a signed request.
struct Head<'s>(&'s SignedParts);

impl Headers for Head<'_> {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.0.headers.each(visit);
    }

    fn query(&self) -> Option<&str> {
        Some(self.0.query.as_deref().unwrap_or_default())
    }
}
