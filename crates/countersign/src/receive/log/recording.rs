//! What the log notes of a request.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::writer::StartWriter;
use crate::error::Rejection;
use crate::event::{MessageId, searchable};
use crate::headers::Headers;
use crate::log::{Capture, DeliveryLog, LogEntry};
use crate::receive::adapter_state::AdapterState;
use crate::receive::outcome::Outcome;
use crate::receive::receiver::Receiver;
use crate::scheme::{Algorithm, CompiledLocation};
use crate::verify::Delivery;

/// The most header names that are noted of a rejected request.
const MAX_HEADER_NAMES: usize = 64;

/// The largest body of a rejected request in which its id and its type are looked for, in bytes.
const MAX_READ_BYTES: usize = 64 << 10;

/// What the adapter's log notes of one request, from its arrival to its response.
///
/// [`AdapterState::begin_recording`] begins it, and [`verify`](crate::adapter::verify) ends it for a request that
/// it rejects. Without a log it does nothing. A recording that is dropped notes nothing.
#[must_use = "a recording that is dropped notes nothing"]
pub struct Recording(Option<Box<Noted>>);

struct Noted {
    log: DeliveryLog,
    start: StartWriter,
    started: Instant,
    entry: LogEntry,
}

impl Noted {
    fn push(mut self) {
        self.entry.took = self.started.elapsed();
        if self.log.push(self.entry) {
            (self.start)(self.log);
        }
    }
}

impl AdapterState {
    /// Begins to record a request, if the adapter has a log.
    pub fn begin_recording(&self) -> Recording {
        Recording(self.log().map(|(log, start)| {
            let endpoint = Arc::clone(self.default_receiver().shared_endpoint());
            let (log, start) = (log.clone(), Arc::clone(start));
            let entry = LogEntry::new(self.now(), endpoint, "");
            Box::new(Noted { log, start, started: Instant::now(), entry })
        }))
    }
}

impl Recording {
    /// Notes what is known of a verified delivery.
    pub fn verified(&mut self, receiver: &Receiver, delivery: &Delivery) {
        let Some(noted) = &mut self.0 else { return };
        let entry = &mut noted.entry;
        entry.is_verified = true;
        entry.endpoint = Arc::clone(receiver.shared_endpoint());
        entry.sender = receiver.scheme().sender.clone();
        entry.tenant = delivery.tenant().map(Into::into);
        entry.key_name = Some(delivery.key_name().into());
        entry.key = Some(receiver.key_in_shared_store(delivery));
        entry.event_id = delivery.unverified_id().map(|id| searchable(&id));
        entry.event_type = delivery.event_type().map(|name| searchable(&name));
        entry.body_bytes = u64::try_from(delivery.body().len()).unwrap_or(u64::MAX);
    }

    /// Notes the message in which the event was stored.
    pub(in crate::receive) fn stored(&mut self, message: MessageId) {
        if let Some(noted) = &mut self.0 {
            noted.entry.message = Some(message);
        }
    }

    /// Ends the recording with the outcome and the status that the sender gets; `None` if the service has
    /// failed without one.
    pub fn end(self, outcome: Outcome, status: Option<u16>) {
        self.end_as(outcome.as_str(), status);
    }

    /// Ends the recording of an event that was acknowledged without a handler.
    pub fn end_ignored(self, status: u16) {
        self.end_as("ignored", Some(status));
    }

    fn end_as(self, outcome: &'static str, status: Option<u16>) {
        if let Some(mut noted) = self.0 {
            noted.entry.outcome = Cow::Borrowed(outcome);
            noted.entry.status = status.unwrap_or(0);
            noted.push();
        }
    }

    /// Returns whether the log keeps rejected requests whole.
    pub(in crate::receive) fn keeps_rejected(&self) -> bool {
        self.0.as_ref().is_some_and(|noted| noted.log.captures())
    }

    /// Begins to keep the body of a request, in case that it is rejected; `None` without a log.
    pub(in crate::receive) fn capture(&self) -> Option<Capture> {
        self.0.is_some().then(Capture::default)
    }

    /// Ends the recording of a request that is rejected.
    pub(in crate::receive) fn reject<H: Headers + ?Sized>(
        &mut self,
        capture: Option<Capture>,
        receiver: &Receiver,
        method: &str,
        head: &H,
        rejection: &Rejection,
    ) {
        let Some(mut noted) = self.0.take() else { return };
        let entry = &mut noted.entry;
        let scheme = receiver.scheme();
        entry.endpoint = Arc::clone(receiver.shared_endpoint());
        entry.sender = scheme.sender.clone();
        entry.outcome = Cow::Borrowed("rejected");
        entry.rejection = Some(Cow::Borrowed(rejection.kind().as_str()));
        entry.reason = Some(rejection.to_string().into());
        entry.status = rejection.status();
        let capture = capture.unwrap_or_default();
        entry.body_bytes = u64::try_from(capture.bytes()).unwrap_or(u64::MAX);
        if let Some(body) = capture.body_within(MAX_READ_BYTES) {
            entry.event_id = in_body(&scheme.id, &body);
            entry.event_type = in_body(&scheme.event_type, &body);
        }
        let mut names = Vec::new();
        head.each(|name, value| {
            let is = |location: &Option<CompiledLocation>| {
                matches!(location, Some(CompiledLocation::Header(own)) if own.is(name))
            };
            let text = || std::str::from_utf8(value).ok().map(searchable);
            if is(&scheme.id) {
                entry.event_id = text();
            }
            if is(&scheme.event_type) {
                entry.event_type = text();
            }
            if names.len() < MAX_HEADER_NAMES {
                names.push(searchable(name));
            }
        });
        entry.header_names = names;
        if noted.log.captures() {
            let token = match scheme.algorithm {
                Algorithm::StaticToken => scheme.signature.as_ref(),
                _ => None,
            };
            let is_credential = |name: &str| token.is_some_and(|token| token.header.is(name));
            let captured = capture.finish(scheme.sender(), method, head, entry.at, is_credential);
            entry.capture = Some(captured);
        }
        noted.push();
    }

    /// Ends the recording of a handshake.
    pub(in crate::receive) fn handshake(&mut self, receiver: &Receiver, status: u16) {
        if let Some(mut noted) = self.0.take() {
            noted.entry.endpoint = Arc::clone(receiver.shared_endpoint());
            noted.entry.sender = receiver.scheme().sender.clone();
            Self(Some(noted)).end(Outcome::HandshakeAnswered, Some(status));
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = self.0.as_ref().map(|noted| &noted.entry);
        f.debug_tuple("Recording").field(&entry).finish()
    }
}

/// Returns the value of a field in a body that nothing has verified.
fn in_body(location: &Option<CompiledLocation>, body: &[u8]) -> Option<Box<str>> {
    match location {
        Some(CompiledLocation::Body(pointer)) => pointer.scalar(body).map(|text| searchable(&text)),
        _ => None,
    }
}
