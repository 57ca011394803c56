//! What a person does: replay, discard, pause and resume.

use std::sync::Arc;
use std::time::Duration;

use countersign::dedup::StoreError;
use countersign::inbox::{MessageFilter, MessageId, MessageState};
use maud::{Markup, html};
use serde_json::json;

use super::context::Context;
use super::selection::{Selection, TYPED_ABOVE, Verb};
use crate::acts::{Act, Acts};
use crate::query::{Query, link};
use crate::reply::{Outcome, Reply};
use crate::source::InboxSource;
use crate::view::text;

/// Replays or discards what was confirmed.
pub(crate) async fn act(context: &Context<'_>, form: &Query) -> Outcome {
    let Some(inbox) = &context.console.inbox else { return Ok(Reply::NotFound) };
    let Some(verb) = Verb::of(form) else { return Ok(Reply::NotFound) };
    let confirmed = form.all("id").count();
    if confirmed == 0 {
        return Ok(Reply::Conflict("No message is selected: confirm the act on its own page."));
    }
    if confirmed > TYPED_ABOVE && form.number("typed") != u64::try_from(confirmed).ok() {
        return Ok(Reply::Conflict("The number that you typed is not that of the messages."));
    }
    let selection = Selection::find(inbox, form, verb).await?;
    let count = selection.messages.len();
    if count == 0 {
        return Ok(Reply::Conflict("None of them can be changed by now: look at the list again."));
    }
    let ids: Vec<(MessageId, MessageState)> =
        selection.messages.iter().map(|record| (record.id, record.state)).collect();
    let rate = form.number("rate").filter(|rate| *rate > 0);
    let task = Task {
        inbox: Arc::clone(inbox),
        acts: Arc::clone(&context.console.acts),
        who: context.access.name().to_owned(),
        endpoint: selection.endpoint().map(str::to_owned),
        verb,
    };
    let back = if form.get("from") == Some("delivery") && count == 1 {
        let id = ids.first().map_or(0, |(id, _)| id.as_u64());
        format!("delivery?message={id}")
    } else {
        link("dead", &[("notice", verb.past()), ("count", &count.to_string())])
    };
    match rate {
        Some(rate) if count > 1 => {
            task.note(format!("began to {} {count} messages, {rate} a second", verb.word()));
            tokio::spawn(async move { drop(task.run(&ids, Some(rate)).await) });
        }
        _ => task.run(&ids, None).await?,
    }
    Ok(Reply::SeeOther(back))
}

/// A change of several messages.
struct Task {
    inbox: Arc<dyn InboxSource>,
    acts: Arc<Acts>,
    who: String,
    endpoint: Option<String>,
    verb: Verb,
}

impl Task {
    /// Changes each message that is still in the state in which it was counted.
    async fn run(
        &self,
        ids: &[(MessageId, MessageState)],
        rate: Option<u64>,
    ) -> Result<(), StoreError> {
        let mut changed = 0;
        let mut failed = Ok(());
        for (index, (id, state)) in ids.iter().enumerate() {
            if let Some(rate) = rate
                && index > 0
            {
                tokio::time::sleep(Duration::from_secs(1) / u32::try_from(rate).unwrap_or(1)).await;
            }
            let mut one = MessageFilter::default();
            (one.id, one.state) = (Some(*id), Some(*state));
            let result = match self.verb {
                Verb::Replay => self.inbox.replay(&one, 1).await,
                Verb::Discard => self.inbox.discard(&one, 1).await,
            };
            match result {
                Ok(count) => changed += count,
                Err(error) => {
                    failed = Err(error);
                    break;
                }
            }
        }
        let of = if usize::try_from(changed).is_ok_and(|changed| changed == ids.len()) {
            String::new()
        } else {
            format!(" of {}", ids.len())
        };
        let messages = if ids.len() == 1 { "message" } else { "messages" };
        self.note(format!("{} {changed}{of} {messages}", self.verb.past()));
        failed
    }

    fn note(&self, what: String) {
        let at = countersign::time::Clock::now(&countersign::time::SystemClock);
        let (who, endpoint) = (self.who.clone(), self.endpoint.clone());
        self.acts.record(Act { at, who, what, endpoint });
    }
}

/// Pauses an endpoint, or lets it go on.
pub(crate) async fn set_paused(context: &Context<'_>, form: &Query, is_paused: bool) -> Outcome {
    let (Some(inbox), Some(endpoint)) = (&context.console.inbox, form.get("endpoint")) else {
        return Ok(Reply::NotFound);
    };
    inbox.pause(endpoint, is_paused).await?;
    let what = if is_paused { "paused the endpoint" } else { "resumed the endpoint" };
    context.record(what.to_owned(), Some(endpoint));
    Ok(Reply::SeeOther("endpoints".to_owned()))
}

/// All acts that this process remembers.
pub(crate) fn all_acts(context: &Context<'_>) -> Reply {
    let acts = context.console.acts.latest(usize::MAX);
    let content = html! {
        (context.head("Actions", "since this process began; all are in its log, too"))
        div.box { (act_rows(&acts)) }
    };
    let json = json!({ "acts": acts.iter().map(|act| json!({
        "at": act.at.to_rfc3339(), "who": act.who, "what": act.what, "endpoint": act.endpoint,
    })).collect::<Vec<_>>() });
    Reply::Page { title: "Actions".to_owned(), current: "", content, json }
}

pub(crate) fn act_rows(acts: &[Act]) -> Markup {
    html! {
        @if acts.is_empty() { p."pad soft" { "None since this process began." } } @else { table {
            thead.vh { tr { th scope="col" { "Action" } th scope="col" { "Time" } } }
            tbody { @for act in acts { tr {
                td."wrap grow" {
                    b { (text::visible(&act.who)) } " " (act.what)
                    @if let Some(endpoint) = &act.endpoint { ", " a href=(format!("endpoints#{endpoint}")) { (text::visible(endpoint)) } }
                }
                td."e num soft" { time datetime=(act.at.to_rfc3339()) title=(text::whole(act.at)) { (text::minute(act.at)) } }
            } } }
        } }
    }
}
