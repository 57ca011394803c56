//! Downloads: the payload of a message, and a captured request.

use countersign::inbox::MessageId;
use countersign::log::LogId;

use super::context::Context;
use crate::query::Query;
use crate::reply::{Outcome, Reply};

pub(crate) async fn payload(context: &Context<'_>, query: &Query) -> Outcome {
    if !context.access.may_read_payloads() {
        return Ok(Reply::Forbidden);
    }
    let (Some(inbox), Some(id)) = (&context.console.inbox, query.number("message")) else {
        return Ok(Reply::NotFound);
    };
    let Some(bytes) = inbox.body(MessageId::new(id)).await? else { return Ok(Reply::NotFound) };
    context.record(format!("downloaded the payload of message {id}"), None);
    Ok(Reply::Download { name: format!("message-{id}.bin"), bytes })
}

pub(crate) async fn captured(context: &Context<'_>, query: &Query) -> Outcome {
    if !context.access.may_read_payloads() {
        return Ok(Reply::Forbidden);
    }
    let (Some(log), Some(id)) = (&context.console.log, query.number("line")) else {
        return Ok(Reply::NotFound);
    };
    let Some(request) = log.capture(LogId::new(id)).await? else { return Ok(Reply::NotFound) };
    context.record(format!("downloaded the request of delivery {id}"), None);
    let bytes = request.as_json().to_owned().into();
    Ok(Reply::Download { name: format!("delivery-{id}.json"), bytes })
}
