//! A file with a line for each step of the receivers, which outlives them.

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
    /// The event's key; empty for a step without an event.
    pub(crate) key: String,
    pub(crate) step: Step,
}

/// A step of a delivery, in their order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Step {
    /// The receiver accepts connections.
    Ready,
    Received,
    Claiming,
    /// `claimed_at` is when the claim was sent, in microseconds.
    Granted {
        fencing_token: u64,
        takeover: bool,
        claimed_at: u64,
    },
    InProgress,
    Duplicate,
    ClaimFailed,
    Started {
        id: String,
    },
    /// The handler's work is complete, and nothing is marked.
    Finished,
    /// The transaction was committed.
    Applied,
    Committed,
    Stale,
    CommitFailed,
    Releasing,
    Responded {
        status: u16,
    },
}

/// The journal to which a receiver appends.
pub(crate) struct Journal {
    file: File,
    receiver: u32,
}

impl Journal {
    pub(crate) fn append(path: &str, receiver: u32) -> Self {
        let file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        Self { file, receiver }
    }

    pub(crate) fn record(&self, key: &EventKey, step: Step) {
        self.write(key.to_string(), step);
    }

    pub(crate) fn record_ready(&self) {
        self.write(String::new(), Step::Ready);
    }

    /// Writes a line in one system call, so that the lines of several processes do not interleave. The
    /// leading line end separates it from a line that a kill truncated.
    fn write(&self, key: String, step: Step) {
        let line = Line { at: micros(), receiver: self.receiver, key, step };
        let line = format!("\n{}\n", serde_json::to_string(&line).unwrap());
        (&self.file).write_all(line.as_bytes()).unwrap();
    }
}

/// The lines written so far.
pub(crate) struct Reader {
    file: File,
    rest: Vec<u8>,
    pub(crate) lines: Vec<Line>,
    /// How many lines were truncated.
    pub(crate) truncated: usize,
}

impl Reader {
    pub(crate) fn open(path: &str) -> Self {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path).unwrap();
        Self { file, rest: Vec::new(), lines: Vec::new(), truncated: 0 }
    }

    /// Reads the lines that were written since the last call.
    pub(crate) fn read_new_lines(&mut self) {
        self.file.read_to_end(&mut self.rest).unwrap();
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in self.rest.drain(..whole).as_slice().split(|byte| *byte == b'\n') {
            match serde_json::from_slice(line) {
                Ok(line) => self.lines.push(line),
                Err(_) => self.truncated += usize::from(!line.is_empty()),
            }
        }
    }
}

pub(crate) fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap()
}
