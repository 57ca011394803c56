//! A request as data: what is signed, what is changed afterwards, and how it is sent.

use std::time::Duration;

use countersign::Receiver;
use countersign::scheme::{SignedParts, SigningRequest};

use crate::sender::{By, NOW, Sender};

/// A delivery of an event: correctly signed, then edited.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    /// The query, with its `?`.
    pub(crate) query: String,
    pub(crate) event: u32,
    pub(crate) body: Vec<u8>,
    signed_body: Option<Vec<u8>>,
    key: By,
    /// The signed time, in seconds from now.
    late: i64,
    /// The signed id, if it is not made from the event's number.
    id: Option<&'static str>,
    /// The signed query, if the request has another.
    signed_query: Option<String>,
    /// Whether the body is sent with the signature that belongs into it.
    signed_in_body: bool,
    edits: Vec<Edit>,
    pub(crate) sending: Sending,
}

#[derive(Clone, Debug)]
enum Edit {
    /// Removes all headers that signing made.
    Bare,
    Without(&'static str),
    /// Adds a header; a name in braces is replaced with that header's signed value.
    With(&'static str, Vec<u8>),
    Capitalized,
}

/// How the body is sent.
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    pub(crate) framing: Framing,
    /// The lengths of the pieces before the last one.
    pub(crate) cuts: Vec<usize>,
    /// The pause before each piece.
    pub(crate) pace: Duration,
    pub(crate) end: End,
    /// Whether the body is sent only after `100 Continue`.
    pub(crate) on_demand: bool,
    /// Whether a chunked body ends with a trailer.
    pub(crate) trailer: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// `content-length` is correct.
    Length,
    /// `content-length` has this value.
    Announced(usize),
    Chunked,
    /// Neither a length nor a body.
    Nothing,
}

/// The end of a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Regular,
    /// No further data, and the connection stays open.
    Stall,
    /// The sender closes its side of the connection, and keeps reading.
    HalfClose,
    /// The sender disconnects.
    Abort,
}

impl Request {
    /// A valid delivery of event 1.
    pub(crate) fn good() -> Self {
        Self::of(1)
    }

    /// A valid delivery of another event.
    pub(crate) fn of(event: u32) -> Self {
        Self {
            method: "POST",
            query: String::new(),
            event,
            body: Sender::body(event),
            signed_body: None,
            key: By::New,
            late: 0,
            id: None,
            signed_query: None,
            signed_in_body: false,
            edits: Vec::new(),
            sending: Sending {
                framing: Framing::Length,
                cuts: Vec::new(),
                pace: Duration::ZERO,
                end: End::Regular,
                on_demand: false,
                trailer: false,
            },
        }
    }

    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// A `GET` with this query, without a signature.
    pub(crate) fn get(query: &str) -> Self {
        let mut request = Self::good().method("GET").framed(Framing::Nothing);
        request.query = format!("?{query}");
        request.unsigned()
    }

    /// A signed `GET` whose query is the event.
    pub(crate) fn query_event(query: &str) -> Self {
        Self::good().method("GET").framed(Framing::Nothing).query(query).body("")
    }

    /// A valid delivery of an event by the method of `receiver`'s sender.
    pub(crate) fn of_sender(event: u32, receiver: &Receiver) -> Self {
        match receiver.scheme().method() {
            "GET" => Self::query_event(&format!("event={event}")),
            _ => Self::of(event),
        }
    }

    /// Replaces the query and keeps the signature.
    pub(crate) fn tampered_query(mut self, query: &str) -> Self {
        self.signed_query = Some(self.query.clone());
        self.query(query)
    }

    pub(crate) fn id(mut self, id: &'static str) -> Self {
        self.id = Some(id);
        self
    }

    /// Sends the body with its signature, for a sender that signs in the body.
    pub(crate) fn signed_in_body(mut self) -> Self {
        self.signed_in_body = true;
        self
    }

    /// Removes all headers that signing made.
    pub(crate) fn unsigned(mut self) -> Self {
        self.edits.push(Edit::Bare);
        self
    }

    pub(crate) fn query(mut self, query: &str) -> Self {
        self.query = format!("?{query}");
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Replaces the body and keeps the signature.
    pub(crate) fn tampered(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.signed_body = Some(std::mem::replace(&mut self.body, body.into()));
        self
    }

    pub(crate) fn by(mut self, key: By) -> Self {
        self.key = key;
        self
    }

    pub(crate) fn late(mut self, seconds: i64) -> Self {
        self.late = seconds;
        self
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.edits.push(Edit::Without(name));
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.edits.push(Edit::With(name, value.as_ref().to_vec()));
        self
    }

    pub(crate) fn instead(self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).with(name, value)
    }

    /// Writes the header names in capitals.
    pub(crate) fn capitalized(mut self) -> Self {
        self.edits.push(Edit::Capitalized);
        self
    }

    pub(crate) fn framed(mut self, framing: Framing) -> Self {
        self.sending.framing = framing;
        self
    }

    pub(crate) fn cut(mut self, cuts: impl IntoIterator<Item = usize>) -> Self {
        self.sending.cuts = cuts.into_iter().collect();
        self
    }

    pub(crate) fn paced(mut self, pace: Duration) -> Self {
        self.sending.pace = pace;
        self
    }

    pub(crate) fn ends(mut self, end: End) -> Self {
        self.sending.end = end;
        self
    }

    pub(crate) fn on_demand(mut self) -> Self {
        self.sending.on_demand = true;
        self
    }

    pub(crate) fn trailed(mut self) -> Self {
        self.sending.trailer = true;
        self
    }

    /// The signed parts of the request, by `receiver`'s scheme.
    pub(crate) fn signed(&self, receiver: &Receiver) -> SignedParts {
        let late = Duration::from_secs(self.late.unsigned_abs());
        let time = if self.late < 0 { NOW.saturating_sub(late) } else { NOW.saturating_add(late) };
        let id = self.id.map_or_else(|| format!("msg_{}", self.event), ToOwned::to_owned);
        let query = self.signed_query.as_ref().unwrap_or(&self.query);
        let unsigned = SigningRequest::new(self.signed_body.as_ref().unwrap_or(&self.body))
            .id(&id)
            .timestamp(time);
        let unsigned = match receiver.scheme().method() {
            "GET" => unsigned.query(query.trim_start_matches('?')),
            _ => unsigned,
        };
        unsigned.request(receiver.scheme(), &self.key.signing(receiver.scheme())).unwrap()
    }

    /// The request as it is sent, with its signature in the body if it belongs there.
    pub(crate) fn completed(&self, receiver: &Receiver) -> Self {
        let mut request = self.clone();
        if self.signed_in_body {
            request.body = self.signed(receiver).body;
        }
        request
    }

    /// The headers, signed by `receiver`'s scheme and then edited.
    pub(crate) fn headers(&self, receiver: &Receiver) -> Vec<(String, Vec<u8>)> {
        let signed = self.signed(receiver).headers;
        let mut headers: Vec<_> =
            signed.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
        for edit in &self.edits {
            match edit {
                Edit::Bare => headers.clear(),
                Edit::Without(name) => headers.retain(|(own, _)| own != name),
                Edit::With(name, value) => headers.push(((*name).into(), filled(value, &signed))),
                Edit::Capitalized => {
                    headers.iter_mut().for_each(|(name, _)| name.make_ascii_uppercase());
                }
            }
        }
        headers
    }

    /// The body in the pieces that are sent.
    pub(crate) fn pieces(&self) -> Vec<&[u8]> {
        let mut rest = &*self.body;
        let mut pieces = Vec::new();
        for cut in &self.sending.cuts {
            let (piece, after) = rest.split_at(*cut);
            pieces.push(piece);
            rest = after;
        }
        // Of a body without a regular end, the rest after the cuts is never sent.
        if self.sending.end == End::Regular || self.sending.cuts.is_empty() {
            pieces.push(rest);
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }
}

fn filled(value: &[u8], signed: &[(String, String)]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(value) else { return value.to_vec() };
    let fill = |text: String, (name, right): &(String, String)| {
        text.replace(&format!("{{{name}}}"), right)
    };
    signed.iter().fold(text.to_owned(), fill).into_bytes()
}
