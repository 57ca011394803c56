//! What a test provides so that the suite can run.

use std::future::Future;
use std::time::Duration;

use crate::dedup::DedupStore;

/// Opens the store under test and controls its time.
pub trait StoreUnderTest: Sync {
    /// The type of the store.
    type Store: DedupStore;

    /// Opens one more handle to **the same** store, as another process would.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;

    /// Returns once `duration` has passed by the store's own clock: advance the clock if it is under
    /// your control, else sleep.
    fn advance(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// The lease whose expiry the suite waits for, some dozens of times: short, but longer than a
    /// call of the store takes. 100 ms by default.
    fn short_lease(&self) -> Duration {
        Duration::from_millis(100)
    }

    /// Starts `work` concurrently with other work. By default all work shares one task; spawn it on
    /// your runtime, or in a thread, to call the store in parallel.
    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        work
    }
}

/// A store that can become unreachable, for
/// [`outages_lose_no_event`](super::outages_lose_no_event) and
/// [`cut_connections_lose_no_event`](super::cut_connections_lose_no_event).
pub trait FaultInjection: StoreUnderTest {
    /// Waits for `duration` of real time without blocking the thread: your runtime's sleep.
    fn wait(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// The longest time that a call may take, like a receiver's
    /// [`store_timeout`](crate::ReceiverBuilder::store_timeout). 2 s by default.
    fn store_timeout(&self) -> Duration {
        Duration::from_secs(2)
    }
}

/// What happened while a store was unreachable again and again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct OutageReport {
    /// The number of events that were handled during outages, or whose calls were cut. Zero if the
    /// store's connections do not go through the [`NetworkLink`](super::NetworkLink).
    pub events: usize,
    /// The number of calls that failed or timed out. A store that retries by itself may have none,
    /// although connections were lost.
    pub failed: usize,
}
