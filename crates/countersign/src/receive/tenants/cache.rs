//! Bounded, with one asker a tenant at a time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_listener::{Event, EventListener};

use crate::time::Timestamp;

/// How many tenants' keys may be asked for at once: names in requests are anybody's.
const MAX_ASKED: usize = 64;

/// What is known of tenants by name.
pub(super) struct Cache<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    known: Bounded<T>,
    unknown: Bounded<()>,
    asked: HashMap<Box<str>, Ask>,
    /// How many askers there were: tells one from the next.
    asks: u64,
}

/// Somebody asking for a tenant.
struct Ask {
    number: u64,
    answered: Event,
}

/// What a cache says of a tenant.
pub(super) enum CacheEntry<'c, T: Clone> {
    Known(T),
    Unknown,
    /// Somebody asks for it; look again when this ends.
    Wait(EventListener),
    /// Nobody does: ask, and tell.
    Lookup(InFlightLookup<'c, T>),
    /// Too many are asked for already.
    LimitReached,
}

impl<T: Clone> Cache<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State {
            known: Bounded::new(capacity),
            unknown: Bounded::new(capacity),
            asked: HashMap::new(),
            asks: 0,
        };
        Self { state: Mutex::new(state) }
    }

    pub(super) fn look(&self, tenant: &str, now: Timestamp) -> CacheEntry<'_, T> {
        let mut state = self.lock();
        if let Some(value) = state.known.get(tenant, now) {
            return CacheEntry::Known(value);
        }
        if state.unknown.get(tenant, now).is_some() {
            return CacheEntry::Unknown;
        }
        if let Some(ask) = state.asked.get(tenant) {
            return CacheEntry::Wait(ask.answered.listen());
        }
        // Names that are nobody's shut out no tenant that was known before.
        if state.asked.len() >= MAX_ASKED && !state.known.entries.contains_key(tenant) {
            return CacheEntry::LimitReached;
        }
        state.asks += 1;
        let ask = state.asks;
        state.asked.insert(tenant.into(), Ask { number: ask, answered: Event::new() });
        CacheEntry::Lookup(InFlightLookup { cache: self, tenant: tenant.into(), number: ask })
    }

    /// Forgets what is known, and what an asker under way is about to tell: it may be out of date.
    pub(super) fn invalidate(&self, tenant: &str) {
        let mut state = self.lock();
        state.known.entries.remove(tenant);
        state.unknown.entries.remove(tenant);
        if let Some(ask) = state.asked.remove(tenant) {
            ask.answered.notify(usize::MAX);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to ask for one tenant's keys. It ends with being dropped, whatever came of it, and whoever
/// waits looks again.
pub(super) struct InFlightLookup<'c, T: Clone> {
    cache: &'c Cache<T>,
    tenant: Box<str>,
    number: u64,
}

impl<T: Clone> InFlightLookup<'_, T> {
    /// Keeps the answer; `false` if the tenant was forgotten meanwhile, and is to be asked for anew.
    #[must_use]
    pub(super) fn is_known(&mut self, value: T, until: Timestamp) -> bool {
        let mut state = self.cache.lock();
        let is_current = self.is_current(&state);
        if is_current {
            state.known.put(&self.tenant, value, until);
        }
        is_current
    }

    /// As [`is_known`](Self::is_known), where there is no such tenant.
    #[must_use]
    pub(super) fn is_unknown(&mut self, until: Timestamp) -> bool {
        let mut state = self.cache.lock();
        let is_current = self.is_current(&state);
        if is_current {
            state.unknown.put(&self.tenant, (), until);
        }
        is_current
    }

    fn is_current(&self, state: &State<T>) -> bool {
        state.asked.get(&self.tenant).is_some_and(|ask| ask.number == self.number)
    }
}

impl<T: Clone> Drop for InFlightLookup<'_, T> {
    fn drop(&mut self) {
        let mut state = self.cache.lock();
        if self.is_current(&state)
            && let Some(ask) = state.asked.remove(&self.tenant)
        {
            ask.answered.notify(usize::MAX);
        }
    }
}

/// As many entries as fit; the one that was put first goes first.
struct Bounded<T> {
    capacity: usize,
    entries: HashMap<Box<str>, Entry<T>>,
    /// By age. An entry that was put again stands here twice, and only its later place counts.
    order: VecDeque<(Box<str>, u64)>,
    puts: u64,
}

struct Entry<T> {
    value: T,
    until: Timestamp,
    put: u64,
}

impl<T: Clone> Bounded<T> {
    fn new(capacity: usize) -> Self {
        Self { capacity, entries: HashMap::new(), order: VecDeque::new(), puts: 0 }
    }

    fn get(&self, tenant: &str, now: Timestamp) -> Option<T> {
        let entry = self.entries.get(tenant)?;
        (now < entry.until).then(|| entry.value.clone())
    }

    fn put(&mut self, tenant: &str, value: T, until: Timestamp) {
        self.puts += 1;
        let put = self.puts;
        self.entries.insert(tenant.into(), Entry { value, until, put });
        self.order.push_back((tenant.into(), put));
        if self.order.len() > 2 * self.capacity {
            let entries = &self.entries;
            self.order
                .retain(|(name, put)| entries.get(name).is_some_and(|entry| entry.put == *put));
        }
        while self.entries.len() > self.capacity {
            let Some((oldest, put)) = self.order.pop_front() else { return };
            if self.entries.get(&*oldest).is_some_and(|entry| entry.put == put) {
                self.entries.remove(&*oldest);
            }
        }
    }
}
