//! `verify`: is this request the sender's own?

use std::time::Duration;

use countersign::{ConfigErrorKind, Delivery, Receiver, Refusal, RefusalKind, Timestamp};
use serde::Serialize;
use serde_json::json;

use super::time;
use crate::args::VerifyArgs;
use crate::failure::Failure;
use crate::output::{BAD, End, GOOD, Output};
use crate::request::{self, Captured};
use crate::secrets;
use crate::sender::{Settings, Who};

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
}

impl Verdict {
    fn accepted(delivery: &Delivery) -> Self {
        let id = delivery.id_for_logs().map(std::borrow::Cow::into_owned);
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

    pub(super) fn refused(sender: &str, refusal: &Refusal) -> Self {
        Self {
            verdict: refusal.kind().as_str().to_owned(),
            sender: Some(sender.to_owned()),
            reason: Some(refusal.to_string()),
            status: Some(refusal.status()),
            ..Self::default()
        }
    }

    pub(super) fn of(sender: &str, result: &Result<Delivery, Refusal>) -> Self {
        match result {
            Ok(delivery) => Self::accepted(delivery),
            Err(refusal) => Self::refused(sender, refusal),
        }
    }
}

/// The name of a set-up's error, as those of refusals are written.
pub(super) fn setup_verdict(kind: ConfigErrorKind) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// The refusal of a method that no sender signs.
pub(super) const fn unknown_method() -> Refusal {
    Refusal::from_adapter(RefusalKind::MethodNotAllowed, "")
}

pub(super) fn run(args: &VerifyArgs, output: &mut Output) -> Result<End, Failure> {
    let who = Who::required(&args.sender)?;
    let keys = secrets::read(&args.secrets, request::is_from_stdin(&args.request))?;
    let keys = secrets::keyring(&keys)?;
    let request = request::read(&args.request)?;
    let now = time(args.now.as_deref())?;
    let mut settings = Settings::from_args(&args.sender);
    if settings.url.is_none() {
        settings.url = request.absolute_url().map(str::to_owned);
    }
    settings.verify_token = args.verify_token_env.as_deref().map(secrets::from_env).transpose()?;
    let Some(settings) = settings.with_method(&request.method) else {
        return tell_refusal(&who, &unknown_method(), output);
    };
    let receiver = who.receiver(&settings, keys)?;
    match receiver.greet(&request.method, &request) {
        Ok(Some(reply)) => return tell_handshake(&who, reply.status(), output),
        Err(refusal) if refusal.kind() != RefusalKind::MethodNotAllowed => {
            return tell_refusal(&who, &refusal, output);
        }
        // What has another method is verified all the same: others may have received it.
        Ok(None) | Err(_) => {}
    }
    match receiver.verify(&request, request.body.clone(), now) {
        Ok(delivery) => tell_acceptance(&who, &receiver, &delivery, &request, output),
        Err(refusal) => tell_refusal(&who, &refusal, output),
    }
}

/// A handshake is the sender's question, and no event.
fn tell_handshake(who: &Who, status: u16, output: &mut Output) -> Result<End, Failure> {
    if output.is_json() {
        output.json(&json!({ "verdict": "ok", "sender": who.name(), "handshake": status }))?;
        return Ok(End::Done);
    }
    output.styled(GOOD, "ok", &format!("{}, its handshake", who.title()))?;
    output.field("answer", &format!("a receiver answers it by itself, with {status}"))?;
    Ok(End::Done)
}

fn tell_acceptance(
    who: &Who,
    receiver: &Receiver,
    delivery: &Delivery,
    request: &Captured,
    output: &mut Output,
) -> Result<End, Failure> {
    let verdict = Verdict::accepted(delivery);
    if output.is_json() {
        output.json(&verdict)?;
        return Ok(End::Done);
    }
    let key = delivery.key_name();
    output.styled(GOOD, "ok", &format!("{}, key `{key}`", who.title()))?;
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
    output.field("signs", &receiver.scheme().to_string())?;
    output.field("answer", &wanted_answer(receiver))?;
    if request.method != "POST" {
        output.field("note", "the method is not POST: a receiver takes POST alone")?;
    }
    if let Some(reply) = receiver.handshake_reply(delivery) {
        output.field(
            "note",
            &format!(
                "this is the sender's handshake: a receiver answers it by itself, with {}",
                reply.status()
            ),
        )?;
    }
    for name in receiver.short_keys() {
        output.field("note", &format!("key `{name}` is short: have at least 24 random bytes"))?;
    }
    Ok(End::Done)
}

fn tell_refusal(who: &Who, refusal: &Refusal, output: &mut Output) -> Result<End, Failure> {
    if output.is_json() {
        output.json(&Verdict::refused(who.name(), refusal))?;
        return Ok(End::Refused);
    }
    output.styled(BAD, "refused", &format!("{}, {}", who.title(), refusal.kind().as_str()))?;
    output.field("why", &refusal.to_string())?;
    output.field("answer", &format!("{}, and nothing of why", refusal.status()))?;
    output.field(
        "next",
        "run `countersign explain` with the same arguments: it looks for the cause",
    )?;
    Ok(End::Refused)
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
    format!("{status} within {}", span_text(receiver.deadlines().answer))
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
