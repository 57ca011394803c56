//! Where nothing verifies: what the request's shape suggests.

use countersign::senders::Challenge;
use countersign::{Rejection, RejectionKind};

use super::finding::Finding;
use super::head::GZIP;
use super::names::same;
use super::parts::{Parts, Source};
use super::question::Asked;
use super::{Question, json};
use crate::sender::SenderChoice;

/// What may be wrong, the likeliest first; never nothing.
pub(super) fn hints(question: &Question<'_>, asked: &Asked<'_>) -> Vec<Finding> {
    let mut list = Vec::new();
    let base = asked.bases.first();
    list.extend(handshake_unset(question));
    list.extend(base.and_then(missing));
    list.extend(asked.rejection.as_ref().and_then(form));
    list.extend(body(question, base));
    let setup = url_missing(question, asked).or_else(|| setup_rejected(asked));
    list.extend(setup);
    let is_known = |base: &Parts| matches!(base.source, Source::Known(_));
    if asked.is_guessed && !asked.bases.iter().any(is_known) {
        list.push(Finding::hint(
            "sender_unknown",
            "No header of the request is one in which a sender of the catalogue has its credential.",
            "Name the sender, or describe its scheme; if there should be a signature, check that no proxy drops its header.",
        ));
    }
    list.extend(base.and_then(|base| no_credential(base, question)));
    list.push(nothing(question, asked));
    // Some senders write them so, hence it goes last.
    list.extend(sorted(question, base));
    list
}

/// That the body's keys are in an order that parsing and serialising anew may have brought about.
fn sorted(question: &Question<'_>, base: Option<&Parts>) -> Option<Finding> {
    let signs_body = base.is_none_or(|base| base.scheme.signs_body());
    (signs_body && json::is_sorted(&question.request.body)).then(|| {
        Finding::hint(
            "body_reserialised",
            "The keys of every object in the body are in alphabetical order, as some libraries write them and few senders do: it may have been parsed and serialised anew.",
            "Hand countersign the raw bytes: put its layer outside of anything that parses JSON. The order in which the sender wrote the keys is lost, so this is not proved.",
        )
    })
}

/// What is wrong with the sender's handshake, if anything is.
pub(super) fn handshake(asked: &Asked<'_>) -> Vec<Finding> {
    let rejected = asked.rejection.as_ref().map(|_| {
        Finding::proved(
            "handshake_token",
            "It is the sender's handshake, and the token in it is not the one that is set up.",
            "Enter the same verify token in the sender's settings and in the set-up.",
        )
    });
    rejected.into_iter().collect()
}

/// That it is a handshake which cannot be answered.
fn handshake_unset(question: &Question<'_>) -> Option<Finding> {
    let Some(SenderChoice::Catalogue(sender)) = question.sender else { return None };
    let is_hub =
        sender.handshake() == Some(Challenge::WebSubVerify) && question.request.method == "GET";
    (is_hub && question.settings.verify_token.is_none()).then(|| {
        Finding::hint(
            "handshake_unset",
            "It looks like the sender's handshake, for which a token must be set up.",
            "Set up the verify token that you entered in the sender's settings; name where it is with `--verify-token-env` here.",
        )
    })
}

/// Headers that must be there and are not.
fn missing(base: &Parts) -> Option<Finding> {
    let is_missing = |name: &&String| base.head.first(name).is_none_or(str::is_empty);
    if matches!(base.source, Source::OmniAi | Source::AiNexLayer) {
        return None;
    }
    let names: Vec<_> = base.form.needed.iter().filter(is_missing).collect();
    let first = names.first()?;
    let near = base.head.headers.iter().map(|(name, _)| name).find(|name| same(name, first));
    let near = near.map_or_else(String::new, |name| {
        format!(" Header {} looks like it.", base.header_name(name))
    });
    let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Some(Finding::hint(
        "header_missing",
        format!(
            "The request lacks what a request of `{}` has: {listed}.{near}",
            base.scheme.sender()
        ),
        "Check in the sender's settings that it signs, that a secret is set there, and that no proxy drops these headers.",
    ))
}

/// What of the request has not the form that it must have, in the words of the rejection.
fn form(rejection: &Rejection) -> Option<Finding> {
    let is_of_form = matches!(
        rejection.kind(),
        RejectionKind::MalformedHeader
            | RejectionKind::DuplicateHeader
            | RejectionKind::MixedHeaderFamilies
            | RejectionKind::NoCandidate
            | RejectionKind::MissingSignature
    );
    is_of_form.then(|| {
        Finding::hint(
            rejection.kind().as_str(),
            format!("The request is rejected for its form: {rejection}."),
            "Compare it with the sender's documentation, and with what the sender sends in a test delivery.",
        )
    })
}

/// What the body's bytes tell.
fn body(question: &Question<'_>, base: Option<&Parts>) -> Vec<Finding> {
    let body = &question.request.body;
    let header = |name: &str| {
        let mut headers = question.request.headers.iter();
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    };
    let announced = header("content-length").and_then(|text| text.parse::<usize>().ok());
    let is_coded =
        header("content-encoding").is_some_and(|value| !value.eq_ignore_ascii_case("identity"));
    let signs_body = base.is_none_or(|base| base.scheme.signs_body());
    let mut list = Vec::new();
    if body.is_empty() {
        list.push(Finding::hint(
            "body_empty",
            "The body is empty, and senders do not sign empty ones.",
            "Look for a layer that reads the body before countersign does, or for a redirect that drops it; capture the raw request.",
        ));
    } else if is_coded && !body.starts_with(GZIP) {
        list.push(Finding::hint(
            "gzip_decoded",
            "`content-encoding` says that the body was compressed, and it is not: the signature covers the compressed bytes, if the sender compressed it.",
            "Hand countersign the bytes as received: put its layer outside of decompression. The compressed bytes cannot be made again, so this is not proved.",
        ));
    } else if let Some(announced) =
        announced.filter(|announced| *announced != body.len() && signs_body)
    {
        let what = if announced > body.len() { "shorter" } else { "longer" };
        list.push(Finding::hint(
            "body_altered",
            format!("The body is {what} than `content-length` says: {} bytes, not {announced}.", body.len()),
            "Capture the raw bytes: something changed the body after it was received, or the capture is cut.",
        ));
    }
    if String::from_utf8_lossy(body).contains('\u{fffd}') && !body.starts_with(GZIP) {
        list.push(Finding::hint(
            "charset_changed",
            "The body has bytes that are no UTF-8, or the mark that stands for such (U+FFFD): its text was decoded in the wrong charset.",
            "Hand on the body as bytes, never as text. What was replaced cannot be brought back, so this is not proved.",
        ));
    }
    if is_pretty(body) && signs_body {
        list.push(Finding::hint(
            "body_reserialised",
            "The body is pretty-printed JSON, which senders seldom send: it may have been parsed and serialised anew.",
            "Hand countersign the raw bytes: put its layer outside of anything that parses JSON.",
        ));
    }
    list
}

fn is_pretty(body: &[u8]) -> bool {
    json::is_document(body) && body.trim_ascii().contains(&b'\n')
}

fn url_missing(question: &Question<'_>, asked: &Asked<'_>) -> Option<Finding> {
    let sender = question.sender?;
    (sender.requires_public_url() && asked.url.is_none()).then(|| {
        Finding::hint(
            "url_missing",
            format!("`{}` signs the public URL, and none is configured.", sender.name()),
            "Give the URL to the letter as it stands in the sender's settings.",
        )
    })
}

fn setup_rejected(asked: &Asked<'_>) -> Option<Finding> {
    // What was not set up, and is searched for, is told of by itself.
    let error = asked.unusable.as_ref().filter(|_| asked.verdict != "missing_setting")?;
    Some(Finding::hint(
        "setup_rejected",
        format!("The set-up is rejected: {error}."),
        "Mend the setting that it names, and ask again.",
    ))
}

/// That no header holds what a sender without a documented header sends.
fn no_credential(base: &Parts, question: &Question<'_>) -> Option<Finding> {
    let (kind, what) = match base.source {
        Source::OmniAi => (
            "header_not_found",
            "No header holds the secret, neither as it is nor in base64 or hexadecimal.",
        ),
        Source::AiNexLayer => (
            "header_not_found",
            "No header holds a signature that this secret made, over the body or over what is usually signed with it.",
        ),
        Source::Known(_) | Source::Own => return None,
    };
    let next = match question.settings.header {
        Some(_) => "Check the secret, and leave the header open to have all of them searched.",
        None => {
            "Check the secret: set it anew at the sender, send a test delivery, and capture that with all its headers."
        }
    };
    Some(Finding::hint(kind, what, next))
}

fn nothing(question: &Question<'_>, asked: &Asked<'_>) -> Finding {
    if asked.url.is_some() && question.sender.is_some_and(SenderChoice::requires_public_url) {
        return Finding::hint(
            "no_cause_found",
            "Nothing that was tried verifies. The sender signs the public URL: most likely the configured one is not to the letter the one that the sender was given, or else the secret is another or the body was changed.",
            "Compare the URL with the sender's settings: scheme, host, port, path, slash at the end and query. Then copy the secret anew, and capture a test delivery's raw bytes right where they arrive.",
        );
    }
    let is_token = asked.bases.first().is_some_and(|base| !base.scheme.signs_body());
    let what = if is_token {
        "Nothing that was tried verifies: most likely the secret is another."
    } else {
        "Nothing that was tried verifies: most likely the secret is another, or the body was changed in a way that cannot be undone."
    };
    Finding::hint(
        "no_cause_found",
        what,
        "Copy the secret anew from the sender, have it send a test delivery, and capture the raw bytes right where they arrive.",
    )
}
