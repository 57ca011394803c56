//! A bounded cache of tenants, with one lookup for each tenant at a time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_listener::{Event, EventListener};

use crate::time::Timestamp;

/// The most lookups in flight: any unauthenticated request can name a tenant.
const MAX_LOOKUPS: usize = 64;

/// The known and the unknown tenants, by name, and the lookups in flight.
pub(super) struct Cache<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    known: Bounded<T>,
    unknown: Bounded<()>,
    lookups: HashMap<Box<str>, Lookup>,
    /// The number of lookups so far, which numbers each.
    count: u64,
}

/// A lookup in flight, as the cache sees it.
struct Lookup {
    number: u64,
    ended: Event,
}

/// The state of a tenant in the cache.
pub(super) enum CacheEntry<'c, T: Clone> {
    Known(T),
    Unknown,
    /// Another caller's lookup is in flight. Get the entry again when the listener completes.
    Wait(EventListener),
    /// No lookup is in flight. The caller looks the tenant up and stores the result.
    Lookup(InFlightLookup<'c, T>),
    /// [`MAX_LOOKUPS`] lookups are in flight.
    LimitReached,
}

impl<T: Clone> Cache<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State {
            known: Bounded::new(capacity),
            unknown: Bounded::new(capacity),
            lookups: HashMap::new(),
            count: 0,
        };
        Self { state: Mutex::new(state) }
    }

    pub(super) fn entry(&self, tenant: &str, now: Timestamp) -> CacheEntry<'_, T> {
        let mut state = self.lock();
        if let Some(value) = state.known.get(tenant, now) {
            return CacheEntry::Known(value);
        }
        if state.unknown.get(tenant, now).is_some() {
            return CacheEntry::Unknown;
        }
        if let Some(lookup) = state.lookups.get(tenant) {
            return CacheEntry::Wait(lookup.ended.listen());
        }
        // A tenant that was known is exempt from the limit: requests for invented names must not keep
        // its keys from being refreshed.
        if state.lookups.len() >= MAX_LOOKUPS && !state.known.entries.contains_key(tenant) {
            return CacheEntry::LimitReached;
        }
        state.count += 1;
        let number = state.count;
        state.lookups.insert(tenant.into(), Lookup { number, ended: Event::new() });
        CacheEntry::Lookup(InFlightLookup { cache: self, tenant: tenant.into(), number })
    }

    /// Removes a tenant, and discards the result of a lookup in flight, which may be out of date.
    pub(super) fn invalidate(&self, tenant: &str) {
        let mut state = self.lock();
        state.known.entries.remove(tenant);
        state.unknown.entries.remove(tenant);
        if let Some(lookup) = state.lookups.remove(tenant) {
            lookup.ended.notify(usize::MAX);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The exclusive right to look one tenant up.
///
/// Dropping it ends the lookup, also where the caller was cancelled, and wakes all waiting callers.
pub(super) struct InFlightLookup<'c, T: Clone> {
    cache: &'c Cache<T>,
    tenant: Box<str>,
    number: u64,
}

impl<T: Clone> InFlightLookup<'_, T> {
    /// Stores the tenant's value. Returns `false` if the tenant was invalidated meanwhile, and is to be
    /// looked up again.
    #[must_use]
    pub(super) fn store_known(&mut self, value: T, until: Timestamp) -> bool {
        let mut state = self.cache.lock();
        let is_current = self.is_current(&state);
        if is_current {
            state.known.insert(&self.tenant, value, until);
        }
        is_current
    }

    /// Stores that the tenant is unknown. Returns `false` under the same condition as
    /// [`store_known`](Self::store_known).
    #[must_use]
    pub(super) fn store_unknown(&mut self, until: Timestamp) -> bool {
        let mut state = self.cache.lock();
        let is_current = self.is_current(&state);
        if is_current {
            state.unknown.insert(&self.tenant, (), until);
        }
        is_current
    }

    fn is_current(&self, state: &State<T>) -> bool {
        state.lookups.get(&self.tenant).is_some_and(|lookup| lookup.number == self.number)
    }
}

impl<T: Clone> Drop for InFlightLookup<'_, T> {
    fn drop(&mut self) {
        let mut state = self.cache.lock();
        if self.is_current(&state)
            && let Some(lookup) = state.lookups.remove(&self.tenant)
        {
            lookup.ended.notify(usize::MAX);
        }
    }
}

/// A map of bounded size, which evicts the entry that was inserted first.
struct Bounded<T> {
    capacity: usize,
    entries: HashMap<Box<str>, Entry<T>>,
    /// The insertions by age. Only the latest insertion of a name counts.
    order: VecDeque<(Box<str>, u64)>,
    insertions: u64,
}

struct Entry<T> {
    value: T,
    until: Timestamp,
    insertion: u64,
}

impl<T: Clone> Bounded<T> {
    fn new(capacity: usize) -> Self {
        Self { capacity, entries: HashMap::new(), order: VecDeque::new(), insertions: 0 }
    }

    fn get(&self, tenant: &str, now: Timestamp) -> Option<T> {
        let entry = self.entries.get(tenant)?;
        (now < entry.until).then(|| entry.value.clone())
    }

    fn insert(&mut self, tenant: &str, value: T, until: Timestamp) {
        self.insertions += 1;
        let insertion = self.insertions;
        self.entries.insert(tenant.into(), Entry { value, until, insertion });
        self.order.push_back((tenant.into(), insertion));
        let Self { capacity, entries, order, .. } = self;
        let is_latest = |entries: &HashMap<Box<str>, Entry<T>>, name: &str, insertion| {
            entries.get(name).is_some_and(|entry| entry.insertion == insertion)
        };
        // Superseded insertions are dropped when they are half of the queue, which bounds it.
        if order.len() > 2 * *capacity {
            order.retain(|(name, insertion)| is_latest(entries, name, *insertion));
        }
        while entries.len() > *capacity {
            let Some((oldest, insertion)) = order.pop_front() else { return };
            if is_latest(entries, &oldest, insertion) {
                entries.remove(&*oldest);
            }
        }
    }
}
