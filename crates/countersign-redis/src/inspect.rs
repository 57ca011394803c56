//! What an operator sees of the events.

use std::time::Duration;

use countersign::dedup::{EventKey, InspectStore, Record, StoreError, StoreStats};

use crate::error::{store_error, unexpected};
use crate::script::{COUNT, FORGET, GET};
use crate::store::{RedisStore, read};
use crate::topology::Primary;
use crate::value::{read_record, released_millis, unsettled_millis};

/// How many keys one call reads, so that it blocks the server for about a millisecond at most.
const PAGE: u64 = 500;

/// How many keys of a node are read; the counts of a larger node are extrapolated from these.
const SAMPLE: u64 = 1_000_000;

/// Shows an operator the events of the store.
///
/// [`stats`](InspectStore::stats) scans the keys of the server, or of every primary of a cluster, a few
/// hundred at a time. It reads at most a million keys of a node and extrapolates the rest. Events that
/// are added or removed meanwhile may or may not be counted. It reports no size in bytes.
///
/// Redis deletes expired keys by itself, so [`expired`](StoreStats::expired) counts released events, of
/// which only the fencing token is kept, for an hour.
impl InspectStore for RedisStore {
    async fn stats(&self) -> Result<StoreStats, StoreError> {
        let mut stats = StoreStats::default();
        let primaries = self.topology.primaries().await.map_err(|error| store_error(&error))?;
        for primary in primaries {
            let count = self.count(&primary).await?;
            stats.in_progress += count.extrapolate(count.in_progress);
            stats.lease_expired += count.extrapolate(count.lease_expired);
            stats.oldest_expired_lease =
                stats.oldest_expired_lease.max(Duration::from_millis(count.oldest_expired_lease));
            stats.handled += count.extrapolate(count.handled);
            stats.expired += count.extrapolate(count.released);
        }
        Ok(stats)
    }

    async fn get(&self, key: &EventKey) -> Result<Option<Record>, StoreError> {
        let value = GET.run(&self.topology, &self.key(key), None::<u8>).await;
        let Some((value, left)) = read::<Option<(String, i64)>>(value)? else { return Ok(None) };
        read_record(&value, left).map(Some).ok_or_else(unexpected)
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        read(FORGET.run(&self.topology, &self.key(key), released_millis()).await)
    }
}

impl RedisStore {
    async fn count(&self, primary: &Primary) -> Result<Count, StoreError> {
        let mut count = Count::default();
        let mut cursor = String::from("0");
        loop {
            let mut call = COUNT.by_source();
            call.arg(0).arg(&cursor).arg(&*self.prefix).arg(PAGE).arg(unsettled_millis());
            let page = self.topology.call_at(primary, &call).await;
            cursor = count.add(read(page)?);
            if cursor == "0" || count.read >= SAMPLE {
                return Ok(count);
            }
        }
    }
}

/// The counts of one node.
#[derive(Default)]
struct Count {
    read: u64,
    /// All keys of the node, of any application.
    keys: u64,
    in_progress: u64,
    lease_expired: u64,
    oldest_expired_lease: u64,
    handled: u64,
    released: u64,
}

/// The response of the script `count`.
type Page = (String, u64, u64, u64, u64, u64, u64, u64);

impl Count {
    /// Adds a page, and returns the cursor of the next one.
    fn add(&mut self, page: Page) -> String {
        let (
            cursor,
            read,
            in_progress,
            lease_expired,
            oldest_expired_lease,
            handled,
            released,
            keys,
        ) = page;
        self.read += read;
        self.keys = keys;
        self.in_progress += in_progress;
        self.lease_expired += lease_expired;
        self.oldest_expired_lease = self.oldest_expired_lease.max(oldest_expired_lease);
        self.handled += handled;
        self.released += released;
        cursor
    }

    /// Returns how many of the node's keys there are of a kind, of which `part` were read.
    fn extrapolate(&self, part: u64) -> u64 {
        if self.read < SAMPLE || self.keys <= self.read {
            return part;
        }
        let whole = u128::from(part) * u128::from(self.keys) / u128::from(self.read);
        u64::try_from(whole).unwrap_or(u64::MAX)
    }
}
