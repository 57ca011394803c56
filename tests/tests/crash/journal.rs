//! What receivers did, line by line in one file: it outlives them.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use countersign::dedup::EventKey;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Line {
    /// In microseconds by this machine's clock, as the stores' own times are.
    pub(crate) at: u64,
    pub(crate) receiver: u32,
    /// Of the event; empty where it is about none.
    pub(crate) key: String,
    pub(crate) step: Step,
}

/// A step on a delivery's way, in the order in which they are taken.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Step {
    /// The receiver serves.
    Up,
    Received,
    Asked,
    /// `asked` is when the store was, in microseconds.
    Granted {
        fencing_token: u64,
        takeover: bool,
        asked: u64,
    },
    InProgress,
    Duplicate,
    Unclaimed,
    Started {
        id: String,
    },
    /// The handler's work is done, and nothing is marked.
    Finished,
    /// The transaction was committed.
    Applied,
    Committed,
    Stale,
    Uncommitted,
    Releasing,
    Answered {
        status: u16,
    },
}

/// Where a receiver writes.
pub(crate) struct Journal {
    file: File,
    receiver: u32,
}

impl Journal {
    pub(crate) fn append(path: &str, receiver: u32) -> Self {
        let file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        Self { file, receiver }
    }

    pub(crate) fn note(&self, key: &EventKey, step: Step) {
        self.write(key.to_string(), step);
    }

    pub(crate) fn is_up(&self) {
        self.write(String::new(), Step::Up);
    }

    /// In one call of the system, so that lines of several processes stay apart. The line end in
    /// front parts it from one that was cut off by a kill.
    fn write(&self, key: String, step: Step) {
        let line = Line { at: micros(), receiver: self.receiver, key, step };
        let line = format!("\n{}\n", serde_json::to_string(&line).unwrap());
        (&self.file).write_all(line.as_bytes()).unwrap();
    }
}

/// What has been written so far.
pub(crate) struct Reader {
    file: File,
    rest: Vec<u8>,
    pub(crate) lines: Vec<Line>,
    /// How many lines were cut off.
    pub(crate) torn: usize,
}

impl Reader {
    pub(crate) fn open(path: &str) -> Self {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path).unwrap();
        Self { file, rest: Vec::new(), lines: Vec::new(), torn: 0 }
    }

    /// Reads what came since the last time.
    pub(crate) fn catch_up(&mut self) {
        self.file.read_to_end(&mut self.rest).unwrap();
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in self.rest.drain(..whole).as_slice().split(|byte| *byte == b'\n') {
            match serde_json::from_slice(line) {
                Ok(line) => self.lines.push(line),
                Err(_) => self.torn += usize::from(!line.is_empty()),
            }
        }
    }
}

pub(crate) fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap()
}
