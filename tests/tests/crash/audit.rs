//! What the store says while receivers live and die.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Receiver;

use crate::journal::{Reader, Step};
use crate::place::{Place, Store};
use crate::receiver::key_of;
use crate::setup::Mode;

/// What was found, over all looks.
pub(crate) struct Audit {
    place: Place,
    mode: Mode,
    pub(crate) journal: Reader,
    /// How many lines there were when the event was first seen as handled: all later ones were
    /// written after that.
    pub(crate) done: BTreeMap<String, usize>,
    /// Rows and marks that are without each other.
    pub(crate) apart: Vec<String>,
    pub(crate) rows: BTreeMap<String, i64>,
    begun: BTreeSet<String>,
    read: usize,
}

impl Audit {
    pub(crate) fn new(place: Place, mode: Mode, journal: &str) -> Self {
        Self {
            place,
            mode,
            journal: Reader::open(journal),
            done: BTreeMap::new(),
            apart: Vec::new(),
            rows: BTreeMap::new(),
            begun: BTreeSet::new(),
            read: 0,
        }
    }

    /// Looks after each kill that it is told of, and once more after the last.
    pub(crate) fn follow(mut self, kills: &Receiver<()>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            while kills.recv().is_ok() {
                // One look is enough for kills in quick succession.
                while kills.try_recv().is_ok() {}
                self.look().await;
            }
        });
        self
    }

    /// Opens the store anew, so that what a kill left behind is not tidied up by others alone.
    pub(crate) async fn look(&mut self) {
        let store = self.place.open().await;
        let rows = self.rows(&store).await;
        self.journal.catch_up();
        for line in self.journal.lines.get(self.read..).unwrap() {
            if let Step::Started { id } = &line.step {
                self.begun.insert(id.clone());
            }
        }
        self.read = self.journal.lines.len();
        self.begun.extend(rows.keys().cloned());
        let mut newly = Vec::new();
        for id in self.begun.iter().filter(|id| !self.done.contains_key(*id)) {
            match store.is_done(&key_of(id)).await {
                Ok(true) => newly.push(id.clone()),
                // The row was there before.
                Ok(false) if rows.contains_key(id) => {
                    self.apart.push(format!("{id} is applied, and not marked"));
                }
                // A busy store tells it the next time.
                Ok(false) | Err(_) => {}
            }
        }
        self.journal.catch_up();
        let lines = self.journal.lines.len();
        self.done.extend(newly.into_iter().map(|id| (id, lines)));
        if self.mode == Mode::Transaction {
            self.rows = self.rows(&store).await;
            let unapplied = self.done.keys().filter(|id| !self.rows.contains_key(*id));
            self.apart.extend(unapplied.map(|id| format!("{id} is marked, and not applied")));
        }
    }

    async fn rows(&self, store: &Store) -> BTreeMap<String, i64> {
        match self.mode {
            Mode::Lease => BTreeMap::new(),
            Mode::Transaction => store.rows().await.unwrap(),
        }
    }
}
