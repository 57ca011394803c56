//! The world of one case: a server, its store and clock, and the requests under way.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use countersign::dedup::StoreError;
use countersign::time::FixedClock;
use countersign::{Admission, Delivery, MemoryStore, Outcome, Receiver};
use tokio::task::JoinHandle;

use crate::case::{Before, Case, Holds, Protocol};
use crate::client::{Connection, Outgoing};
use crate::driver::{Driver, EXCHANGE, Log, Script, Server, Site};
use crate::request::Request;
use crate::sender::{NOW, Ring, Setup};
use crate::store::Faulty;
use crate::tenants::{Resolver, receivers};

/// Longer than every lease that is not set, and less than a store remembers a claim.
pub(crate) const LEASE_OVER: Duration = Duration::from_secs(61);

/// Longer than every retention.
const AGES: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A server, the case's world around it, and what is under way.
pub(crate) struct Stage {
    protocol: Protocol,
    pub(crate) gives_up: bool,
    address: SocketAddr,
    pub(crate) server: Box<dyn Server>,
    pub(crate) script: Script,
    pub(crate) log: Log,
    pub(crate) store: Faulty,
    pub(crate) clock: FixedClock,
    /// Signs, and asks the store past its faults.
    probe: Receiver,
    /// Requests sent so far.
    sent: u32,
    /// Requests whose handler has begun, and that have no answer yet.
    pub(crate) begun: VecDeque<(Connection, u32)>,
    pub(crate) drain: Option<JoinHandle<()>>,
}

impl Stage {
    pub(crate) async fn set(case: &Case, driver: &dyn Driver) -> Self {
        // The store's time is its own, as a store's on another machine is.
        let clock = FixedClock::new(NOW);
        let sound = MemoryStore::with_clock(case.setup.capacity, clock.clone()).unwrap();
        let store = Faulty::new(sound.clone(), case.faults.clone());
        let any_time = Setup { ring: Ring::New, ..case.setup.clone() };
        let receiver = case.sender.receiver(&case.setup);
        let receiver = receivers(case.setup.tenants, receiver, {
            let (setup, store) = (case.setup.clone(), store.clone());
            move |receiver| {
                let receiver = setup.spans(receiver);
                match setup.dedup {
                    true => receiver.dedup(store),
                    false => receiver.danger_without_dedup(),
                }
            }
        });
        let probe = match case.setup.tenants {
            Some(_) => Resolver::probe(|receiver| receiver.dedup(sound)).await,
            None => case.sender.receiver(&any_time).dedup(sound).build().unwrap(),
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
            eaten_in_front: case.setup.eaten_in_front,
        };
        let stage = Self {
            protocol: driver.protocol(),
            gives_up: driver.gives_up(),
            address,
            server: driver.serve(listener, site),
            script,
            log,
            store,
            clock,
            probe,
            sent: 0,
            begun: VecDeque::new(),
            drain: None,
        };
        stage.prepare(case.before).await;
        stage
    }

    async fn prepare(&self, before: Before) {
        let event = match before {
            Before::Nothing => return,
            Before::Full => 2,
            _ => 1,
        };
        let claim = self.claim(event).await.unwrap();
        let Admission::Proceed(claimed) = claim else { panic!("{claim:?}") };
        if matches!(before, Before::Done | Before::Forgotten) {
            claimed.commit().await.unwrap();
        }
        match before {
            Before::LeaseRanOut => self.clock.advance(LEASE_OVER),
            Before::Forgotten => self.clock.advance(AGES),
            _ => {}
        }
    }
}

/// What the steps are made of.
impl Stage {
    pub(crate) async fn open(&self) -> Connection {
        Connection::open(self.protocol, self.address).await
    }

    pub(crate) fn next(&mut self) -> u32 {
        self.sent += 1;
        self.sent
    }

    /// Sends `request`, and tells by which number it is found in the log.
    pub(crate) async fn send(&mut self, connection: &mut Connection, request: &Request) -> u32 {
        let exchange = self.next();
        self.send_as(connection, &[(request, exchange)]).await;
        exchange
    }

    pub(crate) async fn send_as(&self, connection: &mut Connection, requests: &[(&Request, u32)]) {
        let outgoing = requests.iter().map(|(request, exchange)| {
            let mut headers = request.headers(&self.probe);
            headers.push((EXCHANGE.into(), exchange.to_string().into_bytes()));
            Outgoing { request, headers }
        });
        connection.send(&outgoing.collect::<Vec<_>>()).await;
    }

    /// Claims `event` past the server, with what [`Request::good`] would carry.
    async fn claim(&self, event: u32) -> Result<Admission, StoreError> {
        self.probe.claim(&self.delivery(&Request::of(event))).await
    }

    fn delivery(&self, request: &Request) -> Delivery {
        let signed = request.signed(&self.probe);
        let mut verifier = self.probe.open(&signed.headers, NOW).unwrap();
        verifier.update(signed.body).unwrap();
        verifier.finalize().unwrap()
    }

    pub(crate) async fn holds(&self) -> Holds {
        match self.claim(1).await {
            Ok(Admission::Proceed(claimed)) => {
                claimed.release().await.unwrap();
                Holds::Claimable
            }
            Ok(Admission::Respond(Outcome::Duplicate { .. })) => Holds::Duplicate,
            Ok(Admission::Respond(_)) => Holds::InProgress,
            Err(_) => Holds::NoRoom,
        }
    }

    pub(crate) async fn drain(&mut self) {
        match self.drain.take() {
            Some(drain) => drain.await.unwrap(),
            None => self.server.drain().await,
        }
    }
}
