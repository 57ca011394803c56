//! The senders: they deliver events until each is acknowledged.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use countersign_test_support::SplitMix64;
use countersign_test_support::webhook::{post, status};

/// How many senders deliver at a time.
const SENDERS: usize = 4;

/// The senders, and what they share.
pub(crate) struct Load {
    shared: Arc<Shared>,
    senders: Vec<JoinHandle<()>>,
}

struct Shared {
    /// The addresses of the services that run.
    services: Mutex<Vec<SocketAddr>>,
    acknowledged: Mutex<BTreeSet<String>>,
    next: AtomicUsize,
    is_ending: AtomicBool,
    random: SplitMix64,
}

impl Load {
    pub(crate) fn start(services: Vec<SocketAddr>, seed: u64) -> Self {
        let shared = Arc::new(Shared {
            services: Mutex::new(services),
            acknowledged: Mutex::default(),
            next: AtomicUsize::new(0),
            is_ending: AtomicBool::new(false),
            random: SplitMix64::new(seed),
        });
        let send = |shared: Arc<Shared>| move || shared.send();
        let senders = (0..SENDERS).map(|_| std::thread::spawn(send(Arc::clone(&shared))));
        Self { senders: senders.collect(), shared }
    }

    /// Sends to a service's new address from now on.
    pub(crate) fn replace(&self, index: usize, address: SocketAddr) {
        self.shared.services.lock().unwrap()[index] = address;
    }

    /// Ends the senders, each once its event is acknowledged, and returns the acknowledged events.
    pub(crate) fn end(self) -> BTreeSet<String> {
        self.shared.is_ending.store(true, Ordering::Relaxed);
        for sender in self.senders {
            sender.join().unwrap();
        }
        std::mem::take(&mut *self.shared.acknowledged.lock().unwrap())
    }
}

impl Shared {
    fn send(&self) {
        while !self.is_ending.load(Ordering::Relaxed) {
            let id = format!("evt_{}", self.next.fetch_add(1, Ordering::Relaxed));
            while !self.deliver(&id) {}
            // The sender repeats some events that it knows to be acknowledged.
            if self.random.below(8) == 0 {
                self.deliver(&id);
            }
            self.acknowledged.lock().unwrap().insert(id);
        }
    }

    /// Delivers an event once; returns whether it was acknowledged.
    fn deliver(&self, id: &str) -> bool {
        let address = {
            let services = self.services.lock().unwrap();
            services[usize::try_from(self.random.below(services.len() as u64)).unwrap()]
        };
        post(address, id).is_some_and(|response| status(&response) == 200)
    }
}
