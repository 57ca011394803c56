//! Connections that are cut after each byte, in either direction, of each operation.

use std::time::Duration;

use countersign::{Claim, DedupStore, Settled, StoreError, StoreErrorKind, Ticket};
use tokio::time::{Instant, sleep, timeout};

use crate::events::{HOUR, commit, event, granted, is_busy, is_handled};
use crate::proxy::{Cut, Proxy, Way};

/// How long a receiver gives its store unless set otherwise.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// A lease that is waited for.
const BRIEF: Duration = Duration::from_millis(8);

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug)]
enum Operation {
    Claim,
    Renew,
    Commit,
    Release,
}

/// A store behind a proxy, and the same without.
pub(crate) struct Trial<S> {
    pub(crate) proxied: S,
    pub(crate) direct: S,
    pub(crate) proxy: Proxy,
    /// Of so many places for a cut, one is tried.
    pub(crate) stride: usize,
    events: usize,
    cuts: usize,
    refused: usize,
}

impl<S: DedupStore> Trial<S> {
    pub(crate) fn new(proxied: S, direct: S, proxy: Proxy, stride: usize) -> Self {
        Self { proxied, direct, proxy, stride, events: 0, cuts: 0, refused: 0 }
    }

    /// Cuts wherever that can be, and finds each time that what was answered holds, and that the
    /// event is not out of reach.
    pub(crate) async fn run(mut self) -> (usize, usize) {
        for operation in [Operation::Claim, Operation::Renew, Operation::Commit, Operation::Release]
        {
            for (way, each) in [
                (Way::ToServer, false),
                (Way::ToServer, true),
                (Way::ToClient, false),
                (Way::ToClient, true),
            ] {
                let mut after = self.events % self.stride;
                while self.is_cut(operation, Cut { way, after, each }).await {
                    after += self.stride;
                }
            }
        }
        (self.cuts, self.refused)
    }

    /// Whether there was anything left to cut.
    async fn is_cut(&mut self, operation: Operation, cut: Cut) -> bool {
        self.events += 1;
        let how = format!("{operation:?}, {cut:?}");
        let refused = match operation {
            Operation::Claim => self.claim(cut, &how).await,
            Operation::Renew => self.renew(cut, &how).await,
            Operation::Commit => self.commit(cut, &how).await,
            Operation::Release => self.release(cut, &how).await,
        };
        let cuts = self.proxy.mend();
        self.cuts += cuts;
        self.refused += usize::from(refused);
        assert!(cuts > 0 || !refused, "{how}: it fails, though nothing was cut");
        self.comes_back(&how).await;
        cuts > 0
    }

    async fn claim(&self, cut: Cut, how: &str) -> bool {
        self.proxy.cut(cut);
        let claim = bounded(self.proxied.claim(&event(self.events), 0, BRIEF)).await;
        let is_refused = is_refused(&claim, how);
        if let Ok(claim) = claim {
            // A claim that is sent again finds its own: nobody works on it until its lease is over.
            let is_due = matches!(claim, Claim::Acquired { .. }) || is_busy(claim);
            assert!(is_due, "{how}: {claim:?}");
        }
        let ticket = self.granted_soon(how).await;
        self.is_committed(&ticket, how).await;
        is_refused
    }

    async fn renew(&self, cut: Cut, how: &str) -> bool {
        let ticket = granted(&self.direct, self.events, HOUR).await;
        self.proxy.cut(cut);
        let renewed = bounded(self.proxied.renew(ticket.key(), ticket.fence(), HOUR)).await;
        let is_refused = is_refused(&renewed, how);
        assert!(is_refused || renewed == Ok(Settled::Applied), "{how}: {renewed:?}");
        let claim = self.direct.claim(ticket.key(), 0, HOUR).await.unwrap();
        assert!(is_busy(claim), "{how}: {claim:?}");
        self.is_committed(&ticket, how).await;
        is_refused
    }

    async fn commit(&self, cut: Cut, how: &str) -> bool {
        let ticket = granted(&self.direct, self.events, HOUR).await;
        self.proxy.cut(cut);
        let committed = bounded(self.proxied.commit(ticket.key(), ticket.fence(), HOUR)).await;
        let is_refused = is_refused(&committed, how);
        assert!(is_refused || committed == Ok(Settled::Applied), "{how}: {committed:?}");
        let claim = self.direct.claim(ticket.key(), 0, HOUR).await.unwrap();
        assert!(is_handled(claim) || (is_refused && is_busy(claim)), "{how}: {claim:?}");
        self.is_committed(&ticket, how).await;
        is_refused
    }

    async fn release(&self, cut: Cut, how: &str) -> bool {
        let ticket = granted(&self.direct, self.events, HOUR).await;
        self.proxy.cut(cut);
        let released = bounded(self.proxied.release(ticket.key(), ticket.fence())).await;
        let is_refused = is_refused(&released, how);
        if is_refused {
            // It may have been released, and then this one is stale.
            self.direct.release(ticket.key(), ticket.fence()).await.unwrap();
        }
        let ticket = granted(&self.direct, self.events, HOUR).await;
        self.is_committed(&ticket, how).await;
        is_refused
    }

    /// By somebody else, once the lease of a claim whose answer was lost is over.
    async fn granted_soon(&self, how: &str) -> Ticket {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.direct.claim(&event(self.events), 0, HOUR).await.unwrap() {
                Claim::Acquired { fence, .. } => {
                    return Ticket::new(event(self.events), fence, HOUR);
                }
                claim => assert!(is_busy(claim) && Instant::now() < end, "{how}: {claim:?}"),
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    async fn is_committed(&self, ticket: &Ticket, how: &str) {
        assert_eq!(commit(&self.direct, ticket).await, Ok(Settled::Applied), "{how}");
        let claim = self.direct.claim(ticket.key(), 0, HOUR).await.unwrap();
        assert!(is_handled(claim), "{how}: {claim:?}");
    }

    /// The store behind the proxy finds its way again by itself.
    async fn comes_back(&self, how: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            match bounded(self.proxied.claim(&event(self.events), 0, HOUR)).await {
                Ok(claim) => return assert!(is_handled(claim), "{how}: {claim:?}"),
                Err(error) => assert!(Instant::now() < end, "{how}: {error}"),
            }
        }
    }
}

/// Within the time that a receiver gives its store.
async fn bounded<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = || Err(StoreError::new(StoreErrorKind::Timeout, "no answer within the time limit"));
    timeout(STORE_TIMEOUT, call).await.unwrap_or_else(|_| late())
}

fn is_refused<T>(answer: &Result<T, StoreError>, how: &str) -> bool {
    match answer {
        Ok(_) => false,
        Err(error) => {
            let is_due =
                [StoreErrorKind::Unavailable, StoreErrorKind::Timeout].contains(&error.kind());
            assert!(is_due, "{how}: {error}");
            true
        }
    }
}
