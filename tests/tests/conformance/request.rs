//! A request as data: what is signed, what of it is changed, and how it goes over the wire.

use std::time::Duration;

use countersign::Receiver;
use countersign::scheme::{SignedParts, SigningRequest};

use crate::sender::{By, NOW, Sender};

/// A rightly signed delivery of an event, and how it differs from that.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    /// What stands behind the path, with its `?`.
    pub(crate) query: String,
    pub(crate) event: u32,
    pub(crate) body: Vec<u8>,
    signed_body: Option<Vec<u8>>,
    key: By,
    /// The signed time in seconds from now.
    late: i64,
    edits: Vec<Edit>,
    pub(crate) sending: Sending,
}

#[derive(Clone, Debug)]
enum Edit {
    /// Without all headers that were signed.
    Bare,
    Without(&'static str),
    /// One more header; a name in braces stands for that header's right value.
    With(&'static str, Vec<u8>),
    Shouted,
}

/// How the body goes over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    pub(crate) framing: Framing,
    /// The lengths of the pieces before the last one.
    pub(crate) cuts: Vec<usize>,
    /// Waits before each piece.
    pub(crate) pace: Duration,
    pub(crate) end: End,
    /// Sends no body unless the server asks for it.
    pub(crate) on_demand: bool,
    /// Ends a chunked body with a header that comes too late.
    pub(crate) trailer: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// `content-length` is true.
    Length,
    /// `content-length` is this.
    Announced(usize),
    Chunked,
    /// There is neither length nor body.
    Nothing,
}

/// What follows the pieces of a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Regular,
    /// Nothing, and the connection stays open.
    Stall,
    /// The sender says that it sends no more, and listens.
    HalfClose,
    /// The sender is gone.
    Abort,
}

impl Request {
    /// A delivery that is as it should be.
    pub(crate) fn good() -> Self {
        Self::of(1)
    }

    /// The same for another event.
    pub(crate) fn of(event: u32) -> Self {
        Self {
            method: "POST",
            query: String::new(),
            event,
            body: Sender::body(event),
            signed_body: None,
            key: By::New,
            late: 0,
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

    /// A `GET` with this query, and nothing else.
    pub(crate) fn asking(query: &str) -> Self {
        let mut request = Self::good().method("GET").framed(Framing::Nothing);
        request.query = format!("?{query}");
        request.unsigned()
    }

    /// Without anything that a sender signs with.
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

    /// Carries `body` under the signature of another.
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

    /// Header names in capitals.
    pub(crate) fn shouted(mut self) -> Self {
        self.edits.push(Edit::Shouted);
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

    /// The whole request as its sender would send it, by `receiver`'s scheme.
    pub(crate) fn signed(&self, receiver: &Receiver) -> SignedParts {
        let late = Duration::from_secs(self.late.unsigned_abs());
        let time = if self.late < 0 { NOW.saturating_sub(late) } else { NOW.saturating_add(late) };
        SigningRequest::new(self.signed_body.as_ref().unwrap_or(&self.body))
            .id(&format!("msg_{}", self.event))
            .timestamp(time)
            .request(receiver.scheme(), &self.key.signing(receiver.scheme()))
            .unwrap()
    }

    /// The headers, signed by `receiver`'s scheme and then changed.
    pub(crate) fn headers(&self, receiver: &Receiver) -> Vec<(String, Vec<u8>)> {
        let signed = self.signed(receiver).headers;
        let mut headers: Vec<_> =
            signed.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
        for edit in &self.edits {
            match edit {
                Edit::Bare => headers.clear(),
                Edit::Without(name) => headers.retain(|(own, _)| own != name),
                Edit::With(name, value) => headers.push(((*name).into(), filled(value, &signed))),
                Edit::Shouted => {
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
        // Of a body that does not end, what stands after the cuts is what never comes.
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
