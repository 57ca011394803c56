//! Every kind of delivery, each with what should come of it. Knows nothing of the server's make.

use std::time::Duration;

use countersign::RejectionKind::{
    BodyTooLarge, FutureTimestamp, MethodNotAllowed, MissingHeader, SignatureMismatch,
    StaleTimestamp, Undecodable, UnsupportedEncoding,
};
use countersign::Timestamp;
use countersign::time::{Clock, SystemClock};

use crate::Result;
use crate::post::{Framing, Post};
use crate::stage::Expected::{Duplicate, Failed, Handled, InProgress, Rejected};
use crate::stage::{Row, Stage};

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

/// Deliveries that show one thing.
pub(crate) struct Act {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// Plays every act, in this order.
pub(crate) async fn play(stage: &mut Stage) -> Result<Vec<Act>> {
    Ok(vec![
        Act { title: "Authentic events reach their handler, typed", rows: events(stage).await? },
        Act { title: "The same event again", rows: again(stage).await? },
        Act { title: "Two deliveries of one event at once", rows: at_once(stage).await? },
        Act { title: "A sender that does not wait for the answer", rows: hang_up(stage).await? },
        Act { title: "A handler that fails once", rows: failing(stage).await? },
        Act { title: "A body that does not fit the type", rows: unfit(stage).await? },
        Act { title: "Rejected on the signature or the time", rows: forged(stage).await? },
        Act { title: "Rejected on the request's form", rows: misshapen(stage).await? },
    ])
}

async fn events(stage: &mut Stage) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (event, body) in OMNIAI_EVENTS {
        // The handler's 204 would be a failure to OmniAI.
        rows.push(stage.deliver(Post::omniai(event, body)?, 200, Handled).await?);
    }
    let member = r#"{"workspace":"research","name":"Ines Okafor"}"#;
    for post in [
        processed_at(SystemClock.now())?,
        Post::ainexlayer("workspace.user.added", "evt-2", member)?,
        Post::ainexlayer("workspace.archived", "evt-3", member)?
            .called("workspace.archived, unknown"),
    ] {
        rows.push(stage.deliver(post, 202, Handled).await?);
    }
    Ok(rows)
}

async fn again(stage: &mut Stage) -> Result<Vec<Row>> {
    let lead = Post::omniai("lead.created", LEAD_CREATED)?;
    let resigned_url = DOCUMENT_RECEIVED.replace("sig=placeholder", "sig=another");
    let document = Post::omniai("document.received, fresh URL", resigned_url)?;
    let later = SystemClock.now().saturating_add(MINUTE);
    let processed = processed_at(later)?.called("document.processed, new time");
    Ok(vec![
        stage.deliver(lead, 200, Duplicate).await?,
        stage.deliver(document, 200, Duplicate).await?,
        stage.deliver(processed, 200, Duplicate).await?,
    ])
}

async fn at_once(stage: &mut Stage) -> Result<Vec<Row>> {
    let post = Post::omniai("lead.created", lead("lead-2", r#""Ada""#))?;
    let held = stage.hold(post.clone().called("lead.created, slow to handle")).await?;
    let second = stage.deliver(post.clone().called("the same meanwhile"), 503, InProgress).await?;
    let first = stage.finish(held, 200).await?;
    let third = stage.deliver(post.called("the same afterwards"), 200, Duplicate).await?;
    Ok(vec![first, second, third])
}

async fn hang_up(stage: &mut Stage) -> Result<Vec<Row>> {
    let post = Post::ainexlayer("document.uploaded", "evt-4", HANDBOOK)?;
    let held = stage.hold(post.clone().called("document.uploaded, hangs up")).await?;
    let first = stage.hang_up(held).await?;
    Ok(vec![first, stage.retry(post.called("its retry"), 200, Duplicate).await?])
}

async fn failing(stage: &mut Stage) -> Result<Vec<Row>> {
    let post = Post::ainexlayer("chat.message", "evt-5", HANDBOOK)?;
    stage.desk.fail_next();
    Ok(vec![
        stage.deliver(post.clone(), 500, Failed).await?,
        stage.deliver(post.called("its retry"), 202, Handled).await?,
    ])
}

async fn unfit(stage: &mut Stage) -> Result<Vec<Row>> {
    let unfit = Post::omniai("lead.created, its name is 42", lead("lead-3", "42"))?;
    let fit = Post::omniai("the same lead, corrected", lead("lead-3", r#""Tove""#))?;
    Ok(vec![
        stage.deliver(unfit, 422, Rejected(Undecodable)).await?,
        stage.deliver(fit, 200, Handled).await?,
    ])
}

async fn forged(stage: &mut Stage) -> Result<Vec<Row>> {
    let now = SystemClock.now();
    let earlier = Timestamp::from_secs(now.as_secs().saturating_sub(HOUR.as_secs()));
    let later = now.saturating_add(HOUR);
    let signed_at = |at, id| Post::ainexlayer_at(at, "document.deleted", id, HANDBOOK);
    let lead = Post::omniai("", lead("lead-4", r#""Mallory""#))?;
    let signed = signed_at(now, "evt-6")?;
    let tampered = signed.clone().tampered()?;

    let mut rows = Vec::new();
    for (post, kind) in [
        (lead.clone().resigned("a guess")?.called("a guessed secret"), SignatureMismatch),
        (lead.without_header("x-webhook-secret").called("no secret"), MissingHeader),
        (tampered.called("tampered body"), SignatureMismatch),
        (signed.clone().resigned("a guess")?.called("signed with a guess"), SignatureMismatch),
        (signed.without_header("x-ainexlayer-signature").called("no signature"), MissingHeader),
        (signed_at(earlier, "evt-7")?.called("signed an hour ago"), StaleTimestamp),
        (signed_at(later, "evt-8")?.called("signed an hour ahead"), FutureTimestamp),
    ] {
        rows.push(stage.deliver(post, 401, Rejected(kind)).await?);
    }
    Ok(rows)
}

async fn misshapen(stage: &mut Stage) -> Result<Vec<Row>> {
    let post = Post::omniai("", lead("lead-5", r#""Noor""#))?;
    let get = post.clone().method("GET").with_body("");
    let gzip = post.clone().header("content-encoding", "gzip");
    let endless = post.clone().with_body(vec![b' '; MEBIBYTE + 1]).framing(Framing::Endless);
    let announced = post.framing(Framing::Withheld(2 * MEBIBYTE as u64));
    Ok(vec![
        stage.deliver(get.called("GET"), 405, Rejected(MethodNotAllowed)).await?,
        stage.deliver(gzip.called("gzip body"), 415, Rejected(UnsupportedEncoding)).await?,
        stage.deliver(announced.called("2 MiB announced"), 413, Rejected(BodyTooLarge)).await?,
        stage.deliver(endless.called("chunks without end"), 413, Rejected(BodyTooLarge)).await?,
    ])
}

fn processed_at(at: Timestamp) -> Result<Post> {
    Post::ainexlayer_at(at, "document.processed", "evt-1", HANDBOOK)
}

/// A `lead.created` with this JSON value for a first name.
pub(crate) fn lead(id: &str, first_name: &str) -> String {
    format!(r#"{{"event":"lead.created","data":{{"leadId":"{id}","firstName":{first_name}}}}}"#)
}
