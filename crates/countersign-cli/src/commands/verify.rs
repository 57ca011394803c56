//! `verify`: verifies a captured request and prints the verdict.

use countersign::{Delivery, Receiver, Rejection, Success, Timestamp};

use super::common::{duration_text, time};
use super::verdict::Verdict;
use crate::args::{VerificationArgs, VerifyArgs};
use crate::error::CliError;
use crate::output::{BAD, ExitStatus, GOOD, Output};
use crate::request::{self, Captured};
use crate::secrets;
use crate::sender::{SenderChoice, Settings};
use crate::verification::{Verification, verify};

pub(super) fn run(args: &VerifyArgs, output: &mut Output) -> Result<ExitStatus, CliError> {
    let VerificationArgs { request, sender, secrets, .. } = &args.verification;
    let who = SenderChoice::required(sender)?;
    let secrets = secrets::read(secrets, request::is_from_stdin(request))?;
    let keys = secrets::keyring(&secrets)?;
    let settings = Settings::of(&args.verification)?;
    let now = time(args.verification.now.as_deref())?;
    let (request, note) = request::read(request)?;
    let verification = verify(&who, &settings, keys, &request, now)?;
    let status = match &verification {
        Verification::Accepted(..) | Verification::Handshake(_) => ExitStatus::Success,
        Verification::Rejected(_) | Verification::HandshakeRejected(_) => ExitStatus::Rejected,
    };
    let verdict = Verdict::of(who.name(), &verification, &secrets);
    if output.is_json() {
        output.json(&Verdict { note, ..verdict })?;
        return Ok(status);
    }
    match verification {
        Verification::Accepted(receiver, delivery) => {
            print_accepted(&who, &receiver, &delivery, &verdict, &request, output)?;
        }
        Verification::Handshake(status) => {
            output.styled(GOOD, "ok", &format!("{}, handshake", who.display_name()))?;
            output.field("response", &handshake_response(status))?;
        }
        Verification::Rejected(rejection) | Verification::HandshakeRejected(rejection) => {
            print_rejected(&who, &rejection, output)?;
        }
    }
    if let Some(note) = note {
        output.field("note", &note)?;
    }
    Ok(status)
}

/// Describes the response to a handshake.
fn handshake_response(status: u16) -> String {
    format!("{status}, sent by the receiver itself")
}

fn print_accepted(
    who: &SenderChoice,
    receiver: &Receiver,
    delivery: &Delivery,
    verdict: &Verdict,
    captured: &Captured,
    output: &mut Output,
) -> Result<(), CliError> {
    let key = delivery.key_name();
    output.styled(GOOD, "ok", &format!("{}, key `{key}`", who.display_name()))?;
    if let Some(id) = &verdict.id {
        let is_signed = verdict.id_signed == Some(true);
        let signed = if is_signed { "signed" } else { "not signed: only for logs" };
        output.field("id", &format!("{id} ({signed})"))?;
    }
    if let Some(name) = &verdict.event_type {
        output.field("type", name)?;
    }
    if let Some(count) = verdict.items {
        let events = if count == 1 { "event" } else { "events" };
        output.field("batch", &format!("{count} {events}"))?;
    }
    if let Some(time) = delivery.timestamp() {
        output.field("time", &age(time, delivery.received(), receiver))?;
    }
    output.field("signs", &request::masked(&receiver.scheme().to_string()))?;
    output.field("response", &expected_response(receiver))?;
    if receiver.check_method(&captured.method).is_err() {
        let method = receiver.scheme().method();
        output.field(
            "note",
            &format!("the method is not {method}: a receiver accepts only {method}"),
        )?;
    } else if captured.method != "POST" && who.spec().is_some() {
        let note = format!(
            "the method is {0}: a receiver accepts it if it is configured with `with_method(\"{0}\")`",
            receiver.scheme().method()
        );
        output.field("note", &note)?;
    }
    if let Some(response) = receiver.signed_handshake_response(delivery) {
        output.field(
            "note",
            &format!(
                "the request is the sender's handshake; the response is {}",
                handshake_response(response.status())
            ),
        )?;
    }
    for name in receiver.weak_keys() {
        output.field("note", &format!("key `{name}` is short: use at least 24 random bytes"))?;
    }
    Ok(())
}

fn print_rejected(
    who: &SenderChoice,
    rejection: &Rejection,
    output: &mut Output,
) -> Result<(), CliError> {
    output.styled(
        BAD,
        "rejected",
        &format!("{}, {}", who.display_name(), rejection.kind().as_str()),
    )?;
    output.field("why", &rejection.to_string())?;
    output.field("response", &format!("{}, without the reason", rejection.status()))?;
    output.field("next", "run `countersign explain` with the same arguments to find the cause")
}

/// Formats the signed time and its distance from now, in whole seconds as senders sign it.
fn age(time: Timestamp, now: Timestamp, receiver: &Receiver) -> String {
    let (then, now) = (time.as_secs(), now.as_secs());
    let direction = if then > now { "ahead" } else { "ago" };
    let tolerance = receiver.scheme().tolerance().map_or_else(String::new, |tolerance| {
        let (past, future) = (duration_text(tolerance.past()), duration_text(tolerance.future()));
        format!(" (within {past} back, {future} ahead)")
    });
    format!("{then}, {} s {direction}{tolerance}", then.abs_diff(now))
}

/// Describes the response that the sender counts as success, and its deadline.
fn expected_response(receiver: &Receiver) -> String {
    let status = match receiver.contract().success() {
        Success::Exactly200 => "200",
        Success::Exactly204 => "204",
        _ => "any 2xx",
    };
    format!("{status} within {}", duration_text(receiver.timeouts().response))
}
