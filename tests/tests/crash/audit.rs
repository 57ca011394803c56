//! Reads the store while receivers are killed and restarted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Receiver;

use crate::config::Mode;
use crate::journal::{Reader, Step};
use crate::receiver::key_of;
use crate::store::{Store, StoreLocation};

/// What the store held, over all reads.
pub(crate) struct Audit {
    location: StoreLocation,
    mode: Mode,
    pub(crate) journal: Reader,
    /// For each handled event, how many lines the journal had when it was first seen as handled. All later
    /// lines were written after that.
    pub(crate) handled: BTreeMap<String, usize>,
    /// Rows without a mark, and marks without a row.
    pub(crate) mismatches: Vec<String>,
    pub(crate) rows: BTreeMap<String, i64>,
    started: BTreeSet<String>,
    lines_read: usize,
}

impl Audit {
    pub(crate) fn new(location: StoreLocation, mode: Mode, journal: &str) -> Self {
        Self {
            location,
            mode,
            journal: Reader::open(journal),
            handled: BTreeMap::new(),
            mismatches: Vec::new(),
            rows: BTreeMap::new(),
            started: BTreeSet::new(),
            lines_read: 0,
        }
    }

    /// Reads the store after each kill, and returns when no more kills follow.
    pub(crate) fn follow(mut self, kills: &Receiver<()>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            while kills.recv().is_ok() {
                // One read is enough for kills in quick succession.
                while kills.try_recv().is_ok() {}
                self.read_store().await;
            }
        });
        self
    }

    /// Opens the store again, so that this process too may have to recover what a kill left behind.
    pub(crate) async fn read_store(&mut self) {
        let store = self.location.open().await;
        let rows = self.rows(&store).await;
        self.journal.read_new_lines();
        for line in self.journal.lines.get(self.lines_read..).unwrap() {
            if let Step::Started { id } = &line.step {
                self.started.insert(id.clone());
            }
        }
        self.lines_read = self.journal.lines.len();
        self.started.extend(rows.keys().cloned());
        let mut newly = Vec::new();
        for id in self.started.iter().filter(|id| !self.handled.contains_key(*id)) {
            match store.is_handled(&key_of(id)).await {
                Ok(true) => newly.push(id.clone()),
                // The row was read before the mark, so the mark should be there.
                Ok(false) if rows.contains_key(id) => {
                    self.mismatches.push(format!("{id} is applied and not marked"));
                }
                // A busy store is read again after the next kill.
                Ok(false) | Err(_) => {}
            }
        }
        self.journal.read_new_lines();
        let lines = self.journal.lines.len();
        self.handled.extend(newly.into_iter().map(|id| (id, lines)));
        if self.mode == Mode::Transaction {
            self.rows = self.rows(&store).await;
            let unapplied = self.handled.keys().filter(|id| !self.rows.contains_key(*id));
            self.mismatches.extend(unapplied.map(|id| format!("{id} is marked and not applied")));
        }
    }

    async fn rows(&self, store: &Store) -> BTreeMap<String, i64> {
        match self.mode {
            Mode::Lease => BTreeMap::new(),
            Mode::Transaction => store.rows().await.unwrap(),
        }
    }
}
