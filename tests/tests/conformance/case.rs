//! A case: what is sent, in which state of things, and what must come of it.

use std::ops::RangeInclusive;
use std::time::Duration;

use countersign::{Outcome, RejectionKind};

use crate::request::Request;
use crate::sender::{Sender, Setup};
use crate::store::{Fault, Op};

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) sender: Sender,
    pub(crate) setup: Setup,
    pub(crate) before: Before,
    /// What the store does wrong, once each.
    pub(crate) faults: Vec<(Op, Fault)>,
    /// What the handler does, one a run; then it answers 200.
    pub(crate) acts: Vec<Act>,
    pub(crate) steps: Vec<Step>,
    /// How often the handler is to run in all.
    pub(crate) runs: usize,
    /// What the store is to hold of event 1 in the end.
    pub(crate) holds: Holds,
    pub(crate) not_over: Option<(Protocol, &'static str)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// What the store knows of event 1 before the first step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Before {
    Nothing,
    InProgress,
    /// Handled, with the body of [`Request::good`].
    Done,
    /// In progress, and the lease has run out.
    LeaseRanOut,
    /// Handled, and the retention is over.
    Forgotten,
    /// Nothing, and another event takes the room.
    Full,
}

/// What a handler does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Act {
    Answer(u16),
    /// Answers what the adapter answers where the body does not fit the handler's type.
    Decode,
    Panic,
    /// Waits to be let through, then answers.
    Held(u16),
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// One delivery on a connection of its own.
    Send(Request, Answer),
    /// One delivery after the other on one connection.
    KeepAlive(Vec<(Request, Answer)>),
    /// All of them in one write.
    Pipeline(Vec<(Request, Answer)>),
    /// So many deliveries of one event at once: one is handled.
    Rush(Request, usize),
    /// Sends, and waits until the handler has begun.
    Begin(Request),
    /// The answer of what was begun first.
    Finish(Answer),
    /// The sender of what was begun first is gone, and the server has noticed.
    HangUp,
    /// Lets one more handler through.
    Release,
    /// Waits until the store has answered so many calls of this.
    Until(Op, usize),
    /// The store's and the adapter's clock goes on.
    Later(Duration),
    /// The service begins to shut down.
    Drain,
}

/// What must be answered, and what the operator must be told.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// `None` where nobody listens any more.
    pub(crate) status: Option<u16>,
    pub(crate) rejection: Option<RejectionKind>,
    pub(crate) outcome: Option<Outcome>,
    /// Whether the response is the handler's; else it is empty.
    pub(crate) from_handler: bool,
    pub(crate) retry_after: Option<RangeInclusive<u64>>,
    /// What a handshake is answered with: its type and its text.
    pub(crate) reply: Option<(&'static str, String)>,
    /// Whether `100 Continue` must come first; else it must not.
    pub(crate) asked: bool,
}

impl Answer {
    pub(crate) fn rejected(status: u16, kind: RejectionKind) -> Self {
        Self {
            status: Some(status),
            rejection: Some(kind),
            outcome: None,
            from_handler: false,
            retry_after: None,
            reply: None,
            asked: false,
        }
    }

    /// The adapter's own answer; 503 says when to come again.
    pub(crate) fn own(status: u16, outcome: Outcome) -> Self {
        Self {
            status: Some(status),
            rejection: None,
            outcome: Some(outcome),
            from_handler: false,
            retry_after: (status == 503).then_some(1..=60),
            reply: None,
            asked: false,
        }
    }

    pub(crate) fn handlers(status: u16, outcome: Outcome) -> Self {
        Self { from_handler: true, retry_after: None, ..Self::own(status, outcome) }
    }

    pub(crate) fn handled() -> Self {
        Self::handlers(200, Outcome::Handled)
    }

    /// The sender's handshake is answered; without text there is no type either.
    pub(crate) fn handshake_answered(status: u16, content_type: &'static str, text: &str) -> Self {
        let reply = (!text.is_empty()).then(|| (content_type, text.to_owned()));
        Self { reply, ..Self::own(status, Outcome::HandshakeAnswered) }
    }

    pub(crate) fn duplicate() -> Self {
        Self::own(200, Outcome::Duplicate { same_body: true })
    }

    pub(crate) fn in_progress() -> Self {
        Self::own(503, Outcome::InProgress { retry_after: Duration::ZERO })
    }

    /// The handler's type does not fit.
    pub(crate) fn undecodable() -> Self {
        Self { outcome: Some(Outcome::Failed), ..Self::rejected(422, RejectionKind::Undecodable) }
    }

    pub(crate) fn unheard(mut self) -> Self {
        self.status = None;
        self
    }

    pub(crate) fn asked(mut self) -> Self {
        self.asked = true;
        self
    }
}

/// What the store holds of an event, as its next delivery finds it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Holds {
    /// It would be handled.
    Claimable,
    InProgress,
    Duplicate,
    /// It is not asked: it has no room.
    NoRoom,
}

impl Case {
    /// A case that ends with nothing run and nothing held, until told otherwise.
    pub(crate) fn new(name: impl Into<String>, steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            name: name.into(),
            sender: Sender::StandardWebhooks,
            setup: Setup::default(),
            before: Before::Nothing,
            faults: Vec::new(),
            acts: Vec::new(),
            steps: steps.into_iter().collect(),
            runs: 0,
            holds: Holds::Claimable,
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
        Self::new(name, [Step::Send(request, Answer::rejected(status, kind))])
    }

    /// One request that is handled.
    pub(crate) fn handled(name: impl Into<String>, request: Request) -> Self {
        Self::new(name, [Step::Send(request, Answer::handled())]).ends(1, Holds::Duplicate)
    }

    pub(crate) fn from(mut self, sender: Sender) -> Self {
        self.sender = sender;
        self
    }

    pub(crate) fn setup(mut self, change: impl FnOnce(&mut Setup)) -> Self {
        change(&mut self.setup);
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

    pub(crate) fn not_over(mut self, protocol: Protocol, reason: &'static str) -> Self {
        self.not_over = Some((protocol, reason));
        self
    }

    /// Every answer that the case expects.
    pub(crate) fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.steps.iter().flat_map(|step| match step {
            Step::Send(_, answer) | Step::Finish(answer) => vec![answer],
            Step::KeepAlive(all) | Step::Pipeline(all) => {
                all.iter().map(|(_, answer)| answer).collect()
            }
            _ => Vec::new(),
        })
    }
}
