//! Hints from the shape of a request, for a request that no repair makes verify.

use countersign::senders::Challenge;
use countersign::{Rejection, RejectionKind};

use crate::explain::context::Context;
use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::{Candidate, GZIP_MAGIC, Question, Source};
use crate::explain::repairs::headers::names_coding;
use crate::explain::text::header_names::same;
use crate::explain::text::json;
use crate::sender::SenderChoice;

/// Returns what may be wrong, the likeliest first; the list is never empty.
pub(crate) fn hints(question: &Question<'_>, context: &Context<'_>) -> Vec<Finding> {
    let mut list = Vec::new();
    let candidate = context.candidates.first();
    list.extend(handshake_not_configured(question));
    list.extend(candidate.and_then(missing_headers));
    list.extend(candidate.and_then(|candidate| other_kind_of_secret(candidate, question)));
    list.extend(context.rejection.as_ref().and_then(malformed));
    list.extend(body_hints(question, candidate));
    list.extend(url_missing(question, context).or_else(|| configuration_rejected(context)));
    list.extend(unknown_sender(context));
    list.extend(candidate.and_then(|candidate| no_credential(candidate, question)));
    list.push(no_cause_found(question, context));
    // Some senders sort their keys, so this hint is the last.
    list.extend(sorted_keys(question, candidate));
    list
}

/// Returns the cause of a rejected handshake.
pub(crate) fn handshake(context: &Context<'_>) -> Vec<Finding> {
    let rejected = context.rejection.as_ref().map(|rejection| {
        if rejection.kind() == RejectionKind::HandshakeRejected {
            return Finding::proved(
                FindingKind::HandshakeNotConfigured,
                "The request is the sender's handshake, which no key has signed, and not an event.",
                "If you are setting up the webhook, configure the receiver with `answer_unsigned_handshakes`, or with `on_secret` where the handshake brings the secret: see `docs/handshakes.md`.",
            );
        }
        Finding::proved(
            FindingKind::HandshakeToken,
            "The request is the sender's handshake, and its token is not the configured one.",
            "Enter the same verify token in the sender's settings and in the configuration.",
        )
    });
    rejected.into_iter().collect()
}

fn handshake_not_configured(question: &Question<'_>) -> Option<Finding> {
    let Some(SenderChoice::Catalogue(sender)) = question.sender else { return None };
    let is_websub =
        sender.handshake() == Some(Challenge::WebSubVerify) && question.request.method == "GET";
    (is_websub && question.settings.verify_token.is_none()).then(|| {
        Finding::hint(
            FindingKind::HandshakeNotConfigured,
            "The request looks like the sender's handshake, which needs a configured token.",
            "Configure the verify token that you entered in the sender's settings, with `--verify-token-env` here.",
        )
    })
}

fn missing_headers(candidate: &Candidate) -> Option<Finding> {
    let is_missing = |name: &&String| candidate.head.first(name).is_none_or(str::is_empty);
    if matches!(candidate.source, Source::OmniAi | Source::AiNexLayer) {
        return None;
    }
    let names: Vec<_> = candidate.shape.expected.iter().filter(is_missing).collect();
    let first = names.first()?;
    let mut present = candidate.head.headers.iter().map(|(name, _)| name);
    let similar = present.find(|name| same(name, first)).map_or_else(String::new, |name| {
        format!(" Header {} has a similar name.", candidate.header_name(name))
    });
    let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Some(Finding::hint(
        FindingKind::HeaderMissing,
        format!(
            "The request lacks headers that `{}` sends: {listed}.{similar}",
            candidate.scheme.sender()
        ),
        "Check in the sender's settings that signing is on and a secret is set, and check that no proxy drops these headers.",
    ))
}

/// Returns the rejection of a malformed request as a hint.
fn malformed(rejection: &Rejection) -> Option<Finding> {
    let is_malformed = matches!(
        rejection.kind(),
        RejectionKind::MalformedHeader
            | RejectionKind::DuplicateHeader
            | RejectionKind::MixedHeaderFamilies
            | RejectionKind::NoCandidate
            | RejectionKind::UnexpectedHeaderValue
            | RejectionKind::MissingSignature
    );
    is_malformed.then(|| {
        Finding::hint(
            FindingKind::Rejected(rejection.kind()),
            format!("The request is malformed: {rejection}."),
            "Compare the request with the sender's documentation, and with a test delivery of the sender.",
        )
    })
}

fn body_hints(question: &Question<'_>, candidate: Option<&Candidate>) -> Vec<Finding> {
    let body = &question.request.body;
    let header = |name: &str| question.request.header(name);
    let announced = header("content-length").and_then(|text| text.parse::<usize>().ok());
    let is_encoded =
        header("content-encoding").is_some_and(|value| value.split(',').any(names_coding));
    let signs_body = signs_body(candidate);
    let mut list = Vec::new();
    if body.is_empty() {
        list.push(Finding::hint(
            FindingKind::BodyEmpty,
            "The body is empty, and senders do not sign empty bodies.",
            "Look for a layer that reads the body before countersign, or for a redirect that drops it; capture the raw request.",
        ));
    } else if is_encoded && !body.starts_with(GZIP_MAGIC) {
        list.push(Finding::hint(
            FindingKind::GzipDecoded,
            "`content-encoding` announces a compressed body, but the body is not compressed. If the sender compressed the body, the signature covers the compressed bytes.",
            "Pass the bytes to countersign as received: put its layer outside of decompression. The compressed bytes cannot be restored, so this is not proved.",
        ));
    } else if let Some(announced) =
        announced.filter(|announced| *announced != body.len() && signs_body)
    {
        let comparison = if announced > body.len() { "shorter" } else { "longer" };
        list.push(Finding::hint(
            FindingKind::BodyAltered,
            format!(
                "The body is {comparison} than `content-length`: {} bytes instead of {announced}.",
                body.len()
            ),
            "Capture the raw bytes: the body was changed after it was received, or the capture is truncated.",
        ));
    }
    let is_cut = |error: serde_json::Error| error.is_eof();
    if signs_body
        && body.starts_with(b"{")
        && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err_and(is_cut)
    {
        list.push(Finding::hint(
            FindingKind::BodyAltered,
            "The body is JSON that ends too early: the capture or the body is truncated.",
            "Capture the whole body, and check the size limits of layers and logs in front.",
        ));
    }
    if String::from_utf8_lossy(body).contains('\u{fffd}') && !body.starts_with(GZIP_MAGIC) {
        list.push(Finding::hint(
            FindingKind::CharsetChanged,
            "The body contains invalid UTF-8, or the replacement character U+FFFD: its text was decoded in the wrong charset.",
            "Pass on the body as bytes, not as text. Replaced characters cannot be restored, so this is not proved.",
        ));
    }
    if signs_body && json::is_document(body) && body.trim_ascii().contains(&b'\n') {
        list.push(Finding::hint(
            FindingKind::BodyReserialized,
            "The body is pretty-printed JSON, which senders seldom send: it may have been parsed and re-serialized.",
            "Pass the raw bytes to countersign: put its layer outside of every layer that parses JSON.",
        ));
    }
    list
}

/// Returns the hint that the secret is another credential of the sender.
fn other_kind_of_secret(candidate: &Candidate, question: &Question<'_>) -> Option<Finding> {
    const API_KEYS: [&[u8]; 6] =
        [b"sk_test_", b"sk_live_", b"pk_test_", b"pk_live_", b"rk_test_", b"rk_live_"];
    let secret = &candidate.secret;
    let what = if API_KEYS.iter().any(|start| secret.starts_with(start)) {
        "The configured secret begins as an API key does, and not as the secret of a webhook."
    } else if body_has_token(secret, &question.request.body) {
        "The configured secret is the value of the body's field `token`, which is not the key of the signature."
    } else {
        return None;
    };
    Some(Finding::hint(
        FindingKind::SecretOfOtherKind,
        what,
        "Configure the signing secret from the sender's settings for this endpoint.",
    ))
}

fn body_has_token(secret: &[u8], body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct WithToken {
        token: String,
    }
    let in_json = serde_json::from_slice::<WithToken>(body);
    in_json.is_ok_and(|body| body.token.as_bytes() == secret)
        || body
            .split(|byte| *byte == b'&')
            .any(|field| field.strip_prefix(b"token=") == Some(secret))
}

fn signs_body(candidate: Option<&Candidate>) -> bool {
    candidate.is_none_or(|candidate| candidate.scheme.signs_body())
}

fn url_missing(question: &Question<'_>, context: &Context<'_>) -> Option<Finding> {
    let sender = question.sender?;
    (sender.requires_public_url() && context.url.is_none()).then(|| {
        Finding::hint(
            FindingKind::UrlMissing,
            format!("`{}` signs the public URL, and none is configured.", sender.name()),
            "Configure the public URL exactly as in the sender's settings, with `--url` here.",
        )
    })
}

fn configuration_rejected(context: &Context<'_>) -> Option<Finding> {
    // A missing setting is searched for, and has a finding of its own.
    let error = context.config_error.as_ref().filter(|_| context.verdict != "missing_setting")?;
    Some(Finding::hint(
        FindingKind::ConfigurationRejected,
        format!("The configuration is rejected: {error}."),
        "Fix the setting that the message names, and run the command again.",
    ))
}

fn unknown_sender(context: &Context<'_>) -> Option<Finding> {
    let is_known = |candidate: &Candidate| matches!(candidate.source, Source::Known(_));
    (context.is_guessed && !context.candidates.iter().any(is_known)).then(|| {
        Finding::hint(
            FindingKind::SenderUnknown,
            "The request has no header in which a sender of the catalogue has its credential.",
            "Pass `--sender`, or describe the sender's scheme with `--scheme`. If the request should have a signature, check that no proxy drops its header.",
        )
    })
}

/// Returns the hint that no header has the credential of a sender that does not document its header.
fn no_credential(candidate: &Candidate, question: &Question<'_>) -> Option<Finding> {
    let what = match candidate.source {
        Source::OmniAi => {
            "No header contains the secret, neither unencoded nor in base64 or hexadecimal."
        }
        Source::AiNexLayer => {
            "No header contains a signature made with this secret, over the body or over common signed contents."
        }
        Source::Known(_) | Source::Own => return None,
    };
    let next = match question.settings.header {
        Some(_) => "Check the secret, and leave out `--header` to search all headers.",
        None => {
            "Check the secret: set it again in the sender's settings, send a test delivery, and capture it with all headers."
        }
    };
    Some(Finding::hint(FindingKind::HeaderNotFound, what, next))
}

fn no_cause_found(question: &Question<'_>, context: &Context<'_>) -> Finding {
    if context.url.is_some() && question.sender.is_some_and(SenderChoice::requires_public_url) {
        return Finding::hint(
            FindingKind::NoCauseFound,
            "No repair verifies. The sender signs the public URL: most likely the configured URL is not exactly the one in the sender's settings, the secret is wrong, or the body was changed.",
            "Compare the URL with the sender's settings: scheme, host, port, path, trailing slash and query. Then copy the secret again, and capture the raw bytes of a test delivery where they arrive.",
        );
    }
    let what = if context.candidates.first().is_some_and(|first| !first.scheme.signs_body()) {
        "No repair verifies: most likely the secret is wrong."
    } else {
        "No repair verifies: most likely the secret is wrong, or the body was changed in a way that cannot be undone."
    };
    Finding::hint(
        FindingKind::NoCauseFound,
        what,
        "Copy the secret from the sender again, have it send a test delivery, and capture the raw bytes where they arrive.",
    )
}

/// Returns the hint that re-serialization may have sorted the body's keys.
fn sorted_keys(question: &Question<'_>, candidate: Option<&Candidate>) -> Option<Finding> {
    (signs_body(candidate) && json::is_sorted(&question.request.body)).then(|| {
        Finding::hint(
            FindingKind::BodyReserialized,
            "The keys of every object in the body are in alphabetical order, which some libraries write and few senders do: the body may have been parsed and re-serialized.",
            "Pass the raw bytes to countersign: put its layer outside of every layer that parses JSON. The sender's order of keys is lost, so this is not proved.",
        )
    })
}
