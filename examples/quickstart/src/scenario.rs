//! Every kind of delivery, with its expected result. Independent of the framework.

use std::time::Duration;

use countersign::RejectionKind::{
    BodyTooLarge, FutureTimestamp, MethodNotAllowed, MissingHeader, SignatureMismatch,
    StaleTimestamp, Undecodable, UnsupportedEncoding,
};
use countersign::Timestamp;
use countersign::time::{Clock, SystemClock};

use crate::Result;
use crate::harness::Expected::{Duplicate, Failed, Handled, InProgress, Rejected};
use crate::harness::{Harness, Row};
use crate::request::{Framing, WebhookRequest};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const MEBIBYTE: usize = 1024 * 1024;

const LEAD_CREATED: &str = include_str!("../deliveries/lead.created.json");
const DOCUMENT_RECEIVED: &str = include_str!("../deliveries/document.received.json");
pub(crate) const HANDBOOK: &str = r#"{"workspace":"research","name":"handbook.pdf"}"#;

const OMNIAI_EVENTS: [(&str, &str); 8] = [
    ("lead.created", LEAD_CREATED),
    ("lead.updated", include_str!("../deliveries/lead.updated.json")),
    ("document.received", DOCUMENT_RECEIVED),
    ("document.extracted", include_str!("../deliveries/document.extracted.json")),
    ("action_log.completed", include_str!("../deliveries/action_log.completed.json")),
    ("action_log.failed", include_str!("../deliveries/action_log.failed.json")),
    ("lead.completed", include_str!("../deliveries/lead.completed.json")),
    ("lead.archived, unknown", include_str!("../deliveries/lead.archived.json")),
];

/// Deliveries that demonstrate one property.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// Runs all sections, in this order.
pub(crate) async fn run(harness: &mut Harness) -> Result<Vec<Section>> {
    Ok(vec![
        Section {
            title: "Authentic events reach their handler, typed",
            rows: events(harness).await?,
        },
        Section { title: "The same event again", rows: again(harness).await? },
        Section { title: "Two concurrent deliveries of one event", rows: at_once(harness).await? },
        Section { title: "A sender that disconnects", rows: disconnect(harness).await? },
        Section { title: "A handler that fails once", rows: failing(harness).await? },
        Section { title: "A body that cannot be decoded", rows: undecodable(harness).await? },
        Section { title: "Rejected: signature or timestamp", rows: forged(harness).await? },
        Section { title: "Rejected: form of the request", rows: malformed(harness).await? },
    ])
}

async fn events(harness: &mut Harness) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (event, body) in OMNIAI_EVENTS {
        // OmniAI would treat the handler's 204 as a failure.
        rows.push(harness.deliver(WebhookRequest::omniai(event, body)?, 200, Handled).await?);
    }
    let member = r#"{"workspace":"research","name":"Ines Okafor"}"#;
    for request in [
        processed_at(SystemClock.now())?,
        WebhookRequest::ainexlayer("workspace.user.added", "evt-2", member)?,
        WebhookRequest::ainexlayer("workspace.archived", "evt-3", member)?
            .described("workspace.archived, unknown"),
    ] {
        rows.push(harness.deliver(request, 202, Handled).await?);
    }
    Ok(rows)
}

async fn again(harness: &mut Harness) -> Result<Vec<Row>> {
    let lead = WebhookRequest::omniai("lead.created", LEAD_CREATED)?;
    let resigned_url = DOCUMENT_RECEIVED.replace("sig=placeholder", "sig=another");
    let document = WebhookRequest::omniai("document.received, fresh URL", resigned_url)?;
    let later = SystemClock.now().saturating_add(MINUTE);
    let processed = processed_at(later)?.described("document.processed, new time");
    Ok(vec![
        harness.deliver(lead, 200, Duplicate).await?,
        harness.deliver(document, 200, Duplicate).await?,
        harness.deliver(processed, 200, Duplicate).await?,
    ])
}

async fn at_once(harness: &mut Harness) -> Result<Vec<Row>> {
    let request = WebhookRequest::omniai("lead.created", lead("lead-2", r#""Ada""#))?;
    let paused = harness.pause(request.clone().described("lead.created, slow to handle")).await?;
    let second =
        harness.deliver(request.clone().described("the same, meanwhile"), 503, InProgress).await?;
    let first = harness.finish(paused, 200).await?;
    let third = harness.deliver(request.described("the same, afterwards"), 200, Duplicate).await?;
    Ok(vec![first, second, third])
}

async fn disconnect(harness: &mut Harness) -> Result<Vec<Row>> {
    let request = WebhookRequest::ainexlayer("document.uploaded", "evt-4", HANDBOOK)?;
    let paused = harness.pause(request.clone().described("document.uploaded, aborted")).await?;
    let first = harness.disconnect(paused).await?;
    Ok(vec![first, harness.retry(request.described("its retry"), 200, Duplicate).await?])
}

async fn failing(harness: &mut Harness) -> Result<Vec<Row>> {
    let request = WebhookRequest::ainexlayer("chat.message", "evt-5", HANDBOOK)?;
    harness.backend.fail_next();
    Ok(vec![
        harness.deliver(request.clone(), 500, Failed).await?,
        harness.deliver(request.described("its retry"), 202, Handled).await?,
    ])
}

async fn undecodable(harness: &mut Harness) -> Result<Vec<Row>> {
    let wrong_type = WebhookRequest::omniai("lead.created, name is 42", lead("lead-3", "42"))?;
    let corrected =
        WebhookRequest::omniai("the same lead, corrected", lead("lead-3", r#""Tove""#))?;
    Ok(vec![
        harness.deliver(wrong_type, 422, Rejected(Undecodable)).await?,
        harness.deliver(corrected, 200, Handled).await?,
    ])
}

async fn forged(harness: &mut Harness) -> Result<Vec<Row>> {
    let now = SystemClock.now();
    let earlier = Timestamp::from_secs(now.as_secs().saturating_sub(HOUR.as_secs()));
    let later = now.saturating_add(HOUR);
    let signed_at = |at, id| WebhookRequest::ainexlayer_at(at, "document.deleted", id, HANDBOOK);
    let lead = WebhookRequest::omniai("", lead("lead-4", r#""Mallory""#))?;
    let signed = signed_at(now, "evt-6")?;
    let tampered = signed.clone().tampered()?;

    let mut rows = Vec::new();
    for (request, kind) in [
        (lead.clone().resigned("a guess")?.described("a guessed secret"), SignatureMismatch),
        (lead.without_header("x-webhook-secret").described("no secret"), MissingHeader),
        (tampered.described("tampered body"), SignatureMismatch),
        (signed.clone().resigned("a guess")?.described("signed with a guess"), SignatureMismatch),
        (signed.without_header("x-ainexlayer-signature").described("no signature"), MissingHeader),
        (signed_at(earlier, "evt-7")?.described("signed an hour ago"), StaleTimestamp),
        (signed_at(later, "evt-8")?.described("signed an hour ahead"), FutureTimestamp),
    ] {
        rows.push(harness.deliver(request, 401, Rejected(kind)).await?);
    }
    Ok(rows)
}

async fn malformed(harness: &mut Harness) -> Result<Vec<Row>> {
    let request = WebhookRequest::omniai("", lead("lead-5", r#""Noor""#))?;
    let get = request.clone().method("GET").with_body("");
    let gzip = request.clone().header("content-encoding", "gzip");
    let endless = request.clone().with_body(vec![b' '; MEBIBYTE + 1]).framing(Framing::Endless);
    let announced = request.framing(Framing::Withheld(2 * MEBIBYTE as u64));
    Ok(vec![
        harness.deliver(get.described("GET"), 405, Rejected(MethodNotAllowed)).await?,
        harness.deliver(gzip.described("gzip body"), 415, Rejected(UnsupportedEncoding)).await?,
        harness
            .deliver(announced.described("content-length of 2 MiB"), 413, Rejected(BodyTooLarge))
            .await?,
        harness
            .deliver(endless.described("chunks without end"), 413, Rejected(BodyTooLarge))
            .await?,
    ])
}

fn processed_at(at: Timestamp) -> Result<WebhookRequest> {
    WebhookRequest::ainexlayer_at(at, "document.processed", "evt-1", HANDBOOK)
}

/// A `lead.created` with this JSON value for a first name.
pub(crate) fn lead(id: &str, first_name: &str) -> String {
    format!(r#"{{"event":"lead.created","data":{{"leadId":"{id}","firstName":{first_name}}}}}"#)
}
