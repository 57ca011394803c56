//! The events to deliver.

use countersign::time::{Clock, SystemClock};

use super::client::Event;
use crate::args::SendArgs;
use crate::error::CliError;
use crate::signing::Signer;

/// The events of one run.
pub(super) struct Events {
    body: Vec<u8>,
    times: u64,
    /// The share of events that is delivered twice.
    duplicate_share: f64,
    /// A part of every id, so that ids of two runs differ.
    run: u64,
}

impl Events {
    pub(super) fn new(body: Vec<u8>, args: &SendArgs) -> Self {
        Self {
            body,
            times: args.times,
            duplicate_share: args.duplicate_share,
            run: SystemClock.now().as_millis(),
        }
    }

    /// Rejects events that cannot be signed, and several events that their receiver would take for one.
    pub(super) fn check(&self, signer: &Signer) -> Result<(), CliError> {
        let body = String::from_utf8_lossy(&self.body);
        let differs = ["{{id}}", "{{number}}"].iter().any(|mark| body.contains(mark));
        // An event that cannot be signed is reported before anything is sent.
        let first = self.event(1);
        signer.sign(&first.body, &first.id, SystemClock.now())?;
        if self.times < 2 || differs || signer.identifies_events_by_header() {
            return Ok(());
        }
        Err(CliError::at(
            "the body",
            "is the same for all events, so that they count as one: put `{{id}}` or `{{number}}` into it",
        ))
    }

    /// Returns every event, each followed by its duplicate if it has one.
    pub(super) fn all(&self) -> impl Iterator<Item = Event> {
        (1..=self.times).flat_map(|number| {
            let event = self.event(number);
            let duplicate =
                self.is_duplicated(number).then(|| Event { is_duplicate: true, ..event.clone() });
            [Some(event), duplicate].into_iter().flatten()
        })
    }

    /// Returns the event of this number, counted from 1.
    fn event(&self, number: u64) -> Event {
        let id = format!("evt_{}_{number}", self.run);
        let placeholders = [
            ("{{id}}", id.clone()),
            ("{{number}}", number.to_string()),
            ("{{now}}", SystemClock.now().as_secs().to_string()),
        ];
        let body = placeholders.iter().fold(self.body.clone(), |body, (placeholder, text)| {
            replaced(&body, placeholder, text)
        });
        Event { id, body, is_duplicate: false }
    }

    /// Returns whether the event of this number is delivered twice.
    fn is_duplicated(&self, number: u64) -> bool {
        let whole = |number: u64| (number as f64 * self.duplicate_share).floor();
        whole(number) > whole(number - 1)
    }
}

/// Replaces every `placeholder` in the bytes by `text`.
fn replaced(body: &[u8], placeholder: &str, text: &str) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(placeholder.as_bytes()) {
            Some(next) => {
                replaced.extend_from_slice(text.as_bytes());
                rest = next;
            }
            None => {
                replaced.push(*first);
                rest = after;
            }
        }
    }
    replaced
}
