//! A case: an initial state, the requests, and the expected responses and final state.

use std::ops::RangeInclusive;
use std::time::Duration;

use countersign::{Outcome, RejectionKind};

use crate::driver::HANDLER;
use crate::request::Request;
use crate::sender::{Config, Sender};
use crate::store::{Fault, Op};

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) sender: Sender,
    pub(crate) config: Config,
    pub(crate) before: Before,
    /// The faults of the store; each happens once.
    pub(crate) faults: Vec<(Op, Fault)>,
    /// What the handler does, one action per run; afterwards it responds with 200.
    pub(crate) acts: Vec<Act>,
    pub(crate) steps: Vec<Step>,
    /// The items that the handler runs for, in order; `None` for a handler of whole deliveries.
    pub(crate) items: Option<Vec<String>>,
    /// The expected number of runs of the handler.
    pub(crate) runs: usize,
    /// The expected state of event 1 at the end.
    pub(crate) holds: Holds,
    /// The secrets of handshakes that the callback must receive.
    pub(crate) secrets: Vec<String>,
    pub(crate) not_over: Option<(Protocol, &'static str)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// The state of event 1 before the first step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Before {
    Nothing,
    InProgress,
    /// Handled, with the body of [`Request::good`].
    Handled,
    /// In progress, and the lease has expired.
    LeaseExpired,
    /// Handled, and the retention has expired.
    RetentionExpired,
    /// Absent, and another event fills the store.
    Full,
}

/// What a handler does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Act {
    Respond(u16),
    /// Responds as the adapter does if the body cannot be decoded.
    Decode,
    /// Decodes a [`Note`](crate::driver::Note): responds as the handler does if it has this text, and as the
    /// adapter does if there is none.
    Note(&'static str),
    Panic,
    /// Waits until it is released, then responds.
    Wait(u16),
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// One delivery on a connection of its own.
    Send(Request, Expected),
    /// Several deliveries, one after the other, on one connection.
    KeepAlive(Vec<(Request, Expected)>),
    /// Several deliveries in one write.
    Pipeline(Vec<(Request, Expected)>),
    /// This number of concurrent deliveries of one event, of which one is handled.
    Rush(Request, usize),
    /// Sends a delivery, and waits until the handler has started.
    Begin(Request),
    /// Receives the response to the delivery that was begun first.
    Finish(Expected),
    /// Disconnects the sender that was begun first, and waits until the server has noticed.
    Disconnect,
    /// Releases one handler.
    Release,
    /// Waits until the store has finished this number of calls.
    Until(Op, usize),
    /// Advances the store's clock.
    Later(Duration),
    /// Starts the shutdown of the service.
    Drain,
}

/// The expected response, and what the operator must see.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// `None` if the sender has disconnected.
    pub(crate) status: Option<u16>,
    pub(crate) rejection: Option<RejectionKind>,
    pub(crate) outcome: Option<Outcome>,
    /// Whether the response is the handler's; otherwise it is empty.
    pub(crate) from_handler: bool,
    /// The handler, where it is one of several.
    pub(crate) handler: &'static str,
    /// Whether the event is acknowledged because no handler is registered for it.
    pub(crate) ignored: bool,
    pub(crate) retry_after: Option<RangeInclusive<u64>>,
    /// The content type and the text of the response to a handshake.
    pub(crate) reply: Option<(&'static str, String)>,
    /// The headers that a handshake's response must have, and no others beside those of every response.
    pub(crate) echoed: Vec<(&'static str, String)>,
    /// Whether `100 Continue` must be sent first; otherwise it must not.
    pub(crate) continued: bool,
    /// The method that a rejection of another method names.
    pub(crate) allow: &'static str,
}

impl Expected {
    pub(crate) fn rejected(status: u16, kind: RejectionKind) -> Self {
        Self {
            status: Some(status),
            rejection: Some(kind),
            outcome: None,
            from_handler: false,
            handler: HANDLER,
            ignored: false,
            retry_after: None,
            reply: None,
            echoed: Vec::new(),
            continued: false,
            allow: "POST",
        }
    }

    /// The adapter's own response; a 503 has `Retry-After`.
    pub(crate) fn own(status: u16, outcome: Outcome) -> Self {
        Self {
            status: Some(status),
            rejection: None,
            outcome: Some(outcome),
            from_handler: false,
            handler: HANDLER,
            ignored: false,
            retry_after: (status == 503).then_some(1..=60),
            reply: None,
            echoed: Vec::new(),
            continued: false,
            allow: "POST",
        }
    }

    pub(crate) fn handlers(status: u16, outcome: Outcome) -> Self {
        Self { from_handler: true, retry_after: None, ..Self::own(status, outcome) }
    }

    pub(crate) fn handled() -> Self {
        Self::handlers(200, Outcome::Handled)
    }

    /// The response to a handshake; without text it has no content type.
    pub(crate) fn handshake_answered(status: u16, content_type: &'static str, text: &str) -> Self {
        let reply = (!text.is_empty()).then(|| (content_type, text.to_owned()));
        Self { reply, ..Self::own(status, Outcome::HandshakeAnswered) }
    }

    /// Adds a header that a handshake's response must have.
    pub(crate) fn echoes(mut self, name: &'static str, value: &str) -> Self {
        self.echoed.push((name, value.to_owned()));
        self
    }

    pub(crate) fn duplicate() -> Self {
        Self::own(200, Outcome::Duplicate { same_body: true })
    }

    pub(crate) fn in_progress() -> Self {
        Self::own(503, Outcome::InProgress { retry_after: Duration::ZERO })
    }

    /// The response if the handler's type cannot be decoded.
    pub(crate) fn undecodable() -> Self {
        Self { outcome: Some(Outcome::Failed), ..Self::rejected(422, RejectionKind::Undecodable) }
    }

    /// The response to an event that no handler is registered for.
    pub(crate) fn ignored() -> Self {
        Self { ignored: true, ..Self::own(200, Outcome::Handled) }
    }

    /// The response of the handler with this name.
    pub(crate) fn by(mut self, handler: &'static str) -> Self {
        self.handler = handler;
        self
    }

    pub(crate) fn disconnected(mut self) -> Self {
        self.status = None;
        self
    }

    pub(crate) fn allows(mut self, method: &'static str) -> Self {
        self.allow = method;
        self
    }

    pub(crate) fn continued(mut self) -> Self {
        self.continued = true;
        self
    }
}

/// The state of an event in the store, as its next delivery finds it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Holds {
    /// The event would be handled.
    Claimable,
    InProgress,
    Duplicate,
    /// The store is full.
    Full,
}

impl Case {
    /// A case after which the handler has not run and the event is claimable, by default.
    pub(crate) fn new(name: impl Into<String>, steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            name: name.into(),
            sender: Sender::StandardWebhooks,
            config: Config::default(),
            before: Before::Nothing,
            faults: Vec::new(),
            acts: Vec::new(),
            steps: steps.into_iter().collect(),
            items: None,
            runs: 0,
            holds: Holds::Claimable,
            secrets: Vec::new(),
            not_over: None,
        }
    }

    /// One request that is rejected.
    pub(crate) fn rejected(
        name: impl Into<String>,
        request: Request,
        status: u16,
        kind: RejectionKind,
    ) -> Self {
        Self::new(name, [Step::Send(request, Expected::rejected(status, kind))])
    }

    /// One request that is handled.
    pub(crate) fn handled(name: impl Into<String>, request: Request) -> Self {
        Self::new(name, [Step::Send(request, Expected::handled())]).ends(1, Holds::Duplicate)
    }

    pub(crate) fn from(mut self, sender: Sender) -> Self {
        self.sender = sender;
        self
    }

    /// Adds a step after the others.
    pub(crate) fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub(crate) fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    pub(crate) fn before(mut self, before: Before) -> Self {
        self.before = before;
        self
    }

    pub(crate) fn fault(mut self, op: Op, fault: Fault) -> Self {
        self.faults.push((op, fault));
        self
    }

    pub(crate) fn acts(mut self, acts: impl IntoIterator<Item = Act>) -> Self {
        self.acts = acts.into_iter().collect();
        self
    }

    pub(crate) fn ends(mut self, runs: usize, holds: Holds) -> Self {
        (self.runs, self.holds) = (runs, holds);
        self
    }

    /// Handles each item of a batch on its own: exactly `items`, in this order.
    pub(crate) fn items<I: AsRef<str>>(mut self, items: impl IntoIterator<Item = I>) -> Self {
        let items: Vec<_> = items.into_iter().map(|item| item.as_ref().to_owned()).collect();
        self.runs = items.len();
        self.items = Some(items);
        self
    }

    pub(crate) fn hands_over(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    pub(crate) fn not_over(mut self, protocol: Protocol, reason: &'static str) -> Self {
        self.not_over = Some((protocol, reason));
        self
    }

    /// Every response that the case expects.
    pub(crate) fn responses(&self) -> impl Iterator<Item = &Expected> {
        self.steps.iter().flat_map(|step| match step {
            Step::Send(_, response) | Step::Finish(response) => vec![response],
            Step::KeepAlive(all) | Step::Pipeline(all) => {
                all.iter().map(|(_, response)| response).collect()
            }
            _ => Vec::new(),
        })
    }
}
