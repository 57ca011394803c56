//! `verify`: is this request the sender's own?

use std::time::Duration;

use countersign::{Delivery, Receiver, Rejection, Timestamp};
use serde::Serialize;

use super::time;
use crate::args::{JudgeArgs, VerifyArgs};
use crate::failure::Failure;
use crate::output::{BAD, End, GOOD, Output};
use crate::request::{self, Captured};
use crate::secrets::{self, Named};
use crate::sender::{SenderChoice, Settings};
use crate::verification::{Verification, verify};

/// Stands for what tells of a secret.
const HIDDEN: &str = "(not shown: it tells of a secret)";

/// What came of one request, for programs. Nothing in it is secret, and what the request says is
/// there only once it is verified.
#[derive(Debug, Default, Serialize)]
pub(super) struct Verdict {
    pub(super) verdict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sender: Option<String>,
    /// The name of the key that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_signed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event_type: Option<String>,
    /// The signed time, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timestamp: Option<u64>,
    /// The field of the input that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<&'static str>,
    /// The operator's sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// The status that answers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// The status that answers the sender's handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) handshake: Option<u16>,
    /// What is odd about the request as it was captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
}

impl Verdict {
    fn accepted(delivery: &Delivery) -> Self {
        let id = delivery.unverified_id().map(std::borrow::Cow::into_owned);
        Self {
            verdict: "ok".to_owned(),
            sender: Some(delivery.sender().to_owned()),
            key: Some(delivery.key_name().to_owned()),
            id_signed: id.is_some().then(|| delivery.signed_id().is_some()),
            id,
            event_type: delivery.event_type().map(std::borrow::Cow::into_owned),
            timestamp: delivery.timestamp().map(Timestamp::as_secs),
            ..Self::default()
        }
    }

    fn rejected(sender: &str, rejection: &Rejection) -> Self {
        Self {
            verdict: rejection.kind().as_str().to_owned(),
            sender: Some(sender.to_owned()),
            reason: Some(rejection.to_string()),
            status: Some(rejection.status()),
            ..Self::default()
        }
    }

    /// Nothing in it tells of a secret, as an id might that the sender made of one.
    pub(super) fn of(sender: &str, judged: &Verification, secrets: &[Named]) -> Self {
        let mut verdict = Self::judged(sender, judged);
        for text in [&mut verdict.id, &mut verdict.event_type] {
            let is_telling =
                |text: &&mut String| secrets.iter().any(|(_, secret)| secrets::tells(text, secret));
            if let Some(text) = text.as_mut().filter(is_telling) {
                HIDDEN.clone_into(text);
            }
        }
        verdict
    }

    fn judged(sender: &str, judged: &Verification) -> Self {
        match judged {
            Verification::Accepted(_, delivery) => Self::accepted(delivery),
            Verification::Handshake(status) => Self {
                verdict: "ok".to_owned(),
                sender: Some(sender.to_owned()),
                handshake: Some(*status),
                ..Self::default()
            },
            Verification::Rejected(rejection) | Verification::HandshakeRejected(rejection) => {
                Self::rejected(sender, rejection)
            }
        }
    }
}

pub(super) fn run(args: &VerifyArgs, output: &mut Output) -> Result<End, Failure> {
    let JudgeArgs { request, sender, secrets, .. } = &args.judge;
    let who = SenderChoice::required(sender)?;
    let secrets = secrets::read(secrets, request::is_from_stdin(request))?;
    let keys = secrets::keyring(&secrets)?;
    let settings = Settings::of(&args.judge)?;
    let now = time(args.judge.now.as_deref())?;
    let (request, note) = request::read(request)?;
    let judged = verify(&who, &settings, keys, &request, now)?;
    let end = match &judged {
        Verification::Accepted(..) | Verification::Handshake(_) => End::Done,
        Verification::Rejected(_) | Verification::HandshakeRejected(_) => End::Rejected,
    };
    let verdict = Verdict::of(who.name(), &judged, &secrets);
    if output.is_json() {
        output.json(&Verdict { note, ..verdict })?;
        return Ok(end);
    }
    match judged {
        Verification::Accepted(receiver, delivery) => {
            tell_acceptance(&who, &receiver, &delivery, &verdict, &request, output)?;
        }
        Verification::Handshake(status) => tell_handshake(&who, status, output)?,
        Verification::Rejected(rejection) | Verification::HandshakeRejected(rejection) => {
            tell_rejection(&who, &rejection, output)?;
        }
    }
    if let Some(note) = note {
        output.field("note", &note)?;
    }
    Ok(end)
}

/// A handshake is the sender's question, and no event.
fn tell_handshake(who: &SenderChoice, status: u16, output: &mut Output) -> Result<(), Failure> {
    output.styled(GOOD, "ok", &format!("{}, its handshake", who.display_name()))?;
    output.field("answer", &handshake_answer(status))
}

/// How a handshake is answered.
pub(super) fn handshake_answer(status: u16) -> String {
    format!("a receiver answers it by itself, with {status}")
}

fn tell_acceptance(
    who: &SenderChoice,
    receiver: &Receiver,
    delivery: &Delivery,
    verdict: &Verdict,
    captured: &Captured,
    output: &mut Output,
) -> Result<(), Failure> {
    let key = delivery.key_name();
    output.styled(GOOD, "ok", &format!("{}, key `{key}`", who.display_name()))?;
    if let Some(id) = &verdict.id {
        let signed =
            if verdict.id_signed == Some(true) { "signed" } else { "not signed: for logs alone" };
        output.field("id", &format!("{id} ({signed})"))?;
    }
    if let Some(name) = &verdict.event_type {
        output.field("type", name)?;
    }
    if let Some(time) = delivery.timestamp() {
        output.field("time", &age(time, delivery.received(), receiver))?;
    }
    output.field("signs", &request::masked(&receiver.scheme().to_string()))?;
    output.field("answer", &wanted_answer(receiver))?;
    if captured.method != "POST" {
        output.field("note", "the method is not POST: a receiver takes POST alone")?;
    }
    if let Some(reply) = receiver.signed_handshake_response(delivery) {
        output.field(
            "note",
            &format!("this is the sender's handshake: {}", handshake_answer(reply.status())),
        )?;
    }
    for name in receiver.weak_keys() {
        output.field("note", &format!("key `{name}` is short: have at least 24 random bytes"))?;
    }
    Ok(())
}

fn tell_rejection(
    who: &SenderChoice,
    rejection: &Rejection,
    output: &mut Output,
) -> Result<(), Failure> {
    output.styled(
        BAD,
        "rejected",
        &format!("{}, {}", who.display_name(), rejection.kind().as_str()),
    )?;
    output.field("why", &rejection.to_string())?;
    output.field("answer", &format!("{}, and nothing of why", rejection.status()))?;
    output
        .field("next", "run `countersign explain` with the same arguments: it looks for the cause")
}

/// The signed time, and how far it lies from now, in whole seconds as senders sign it.
fn age(time: Timestamp, now: Timestamp, receiver: &Receiver) -> String {
    let (then, now) = (time.as_secs(), now.as_secs());
    let side = if then > now { "ahead" } else { "ago" };
    let within = receiver.scheme().tolerance().map_or_else(String::new, |tolerance| {
        let (past, future) = (span_text(tolerance.past()), span_text(tolerance.future()));
        format!(" (within {past} back, {future} ahead)")
    });
    format!("{then}, {} s {side}{within}", then.abs_diff(now))
}

/// What the sender counts as success, and by when.
pub(super) fn wanted_answer(receiver: &Receiver) -> String {
    let is_200 = receiver.contract().success_status(204) == 200;
    let status = if is_200 { "200" } else { "any 2xx" };
    format!("{status} within {}", span_text(receiver.timeouts().response))
}

/// A span in its largest whole unit.
pub(super) fn span_text(span: Duration) -> String {
    let secs = span.as_secs();
    match secs {
        0 => format!("{} ms", span.as_millis()),
        _ if secs.is_multiple_of(86_400) => format!("{} d", secs / 86_400),
        _ if secs.is_multiple_of(3_600) => format!("{} h", secs / 3_600),
        _ if secs.is_multiple_of(60) => format!("{} min", secs / 60),
        _ => format!("{secs} s"),
    }
}
