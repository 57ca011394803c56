//! What an operator is shown.

use std::time::Duration;

use countersign::dedup::{EventKey, InspectStore, Record, StoreError, StoreStats};

use crate::error::{store_error, unexpected};
use crate::nodes::Primary;
use crate::script::{COUNT, FORGET, GET};
use crate::store::{RedisStore, read};
use crate::value::{given_up_millis, read_record, unsettled_millis};

/// How many keys one call looks at, so that the server is held up for less than a millisecond or so.
const PAGE: u64 = 500;

/// How many keys of a node are looked at; what is beyond is reckoned from these.
const SAMPLE: u64 = 1_000_000;

/// Redis removes what expires by itself, so [`expired`](StoreStats::expired) is what was given up, of
/// which only the fencing token is kept, for an hour.
///
/// [`stats`](InspectStore::stats) walks over the keys of the server (of every primary of a cluster) a
/// few hundred at a time. It looks at no more than a million keys of a node and reckons the rest from
/// them; events that come or go meanwhile are counted or not. It tells no bytes.
impl InspectStore for RedisStore {
    async fn stats(&self) -> Result<StoreStats, StoreError> {
        let mut stats = StoreStats::default();
        let primaries = self.nodes.primaries().await.map_err(|error| store_error(&error))?;
        for primary in primaries {
            let count = self.count(&primary).await?;
            stats.in_progress += count.whole(count.in_progress);
            stats.lease_expired += count.whole(count.lease_expired);
            stats.oldest_expired_lease =
                stats.oldest_expired_lease.max(Duration::from_millis(count.oldest_expired_lease));
            stats.handled += count.whole(count.handled);
            stats.expired += count.whole(count.given_up);
        }
        Ok(stats)
    }

    async fn get(&self, key: &EventKey) -> Result<Option<Record>, StoreError> {
        let found = GET.run(&self.nodes, &self.key(key), None::<u8>).await;
        let Some((value, left)) = read::<Option<(String, i64)>>(found)? else { return Ok(None) };
        read_record(&value, left).map(Some).ok_or_else(unexpected)
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        read(FORGET.run(&self.nodes, &self.key(key), given_up_millis()).await)
    }
}

impl RedisStore {
    async fn count(&self, primary: &Primary) -> Result<Count, StoreError> {
        let mut count = Count::default();
        let mut cursor = String::from("0");
        loop {
            let mut call = COUNT.whole();
            call.arg(0).arg(&cursor).arg(&*self.prefix).arg(PAGE).arg(unsettled_millis());
            let page = self.nodes.call_at(primary, &call).await;
            cursor = count.add(read(page)?);
            if cursor == "0" || count.looked >= SAMPLE {
                return Ok(count);
            }
        }
    }
}

/// What was found on one node.
#[derive(Default)]
struct Count {
    looked: u64,
    /// Keys that the node has, ours or not.
    keys: u64,
    in_progress: u64,
    lease_expired: u64,
    oldest_expired_lease: u64,
    handled: u64,
    given_up: u64,
}

/// What the script `count` answers: the cursor, then the fields in its order.
type Page = (String, u64, u64, u64, u64, u64, u64, u64);

impl Count {
    /// Takes a page in, and gives the cursor of the next.
    fn add(&mut self, page: Page) -> String {
        let (
            cursor,
            looked,
            in_progress,
            lease_expired,
            oldest_expired_lease,
            handled,
            given_up,
            keys,
        ) = page;
        self.looked += looked;
        self.keys = keys;
        self.in_progress += in_progress;
        self.lease_expired += lease_expired;
        self.oldest_expired_lease = self.oldest_expired_lease.max(oldest_expired_lease);
        self.handled += handled;
        self.given_up += given_up;
        cursor
    }

    /// Of the node's keys, where `part` was among those that were looked at.
    fn whole(&self, part: u64) -> u64 {
        if self.looked < SAMPLE || self.keys <= self.looked {
            return part;
        }
        let whole = u128::from(part) * u128::from(self.keys) / u128::from(self.looked);
        u64::try_from(whole).unwrap_or(u64::MAX)
    }
}
