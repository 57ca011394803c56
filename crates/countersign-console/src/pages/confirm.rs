//! The question before messages are replayed or discarded.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign::dedup::StoreError;
use countersign::inbox::{MessageFilter, MessageId, MessageRecord, MessageState};
use maud::html;
use serde_json::json;

use super::Context;
use super::acts::TYPED_ABOVE;
use super::dead::error_group;
use crate::query::Query;
use crate::respond::{Outcome, Reply};
use crate::source::InboxSource;
use crate::view::{icon, id, text};

/// How many messages one act changes at most.
const MOST: usize = 10_000;

/// How many messages are read at a time.
const PAGE: u32 = 500;

/// What is done with messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verb {
    Replay,
    Discard,
}

impl Verb {
    pub(crate) fn of(form: &Query) -> Option<Self> {
        match form.get("act") {
            Some("replay") => Some(Self::Replay),
            Some("discard") => Some(Self::Discard),
            _ => None,
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Discard => "discard",
        }
    }

    pub(crate) const fn past(self) -> &'static str {
        match self {
            Self::Replay => "replayed",
            Self::Discard => "discarded",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Replay => "Replay",
            Self::Discard => "Discard",
        }
    }

    const fn applies_to(self, state: MessageState) -> bool {
        match self {
            Self::Replay => {
                matches!(state, MessageState::Done | MessageState::Dead | MessageState::Discarded)
            }
            Self::Discard => matches!(state, MessageState::Ready | MessageState::Dead),
        }
    }
}

/// The messages that a form means: those with its ids, or the dead ones of a group.
pub(crate) struct Selection {
    pub(crate) messages: Vec<MessageRecord>,
}

impl Selection {
    /// Finds the messages that can be changed so at this moment.
    pub(crate) async fn find(
        context: &Context<'_>,
        inbox: &Arc<dyn InboxSource>,
        form: &Query,
        verb: Verb,
    ) -> Result<Self, StoreError> {
        let ids: BTreeSet<u64> = form.all("id").filter_map(|id| id.parse().ok()).collect();
        let mut messages = Vec::new();
        if ids.is_empty() {
            messages = dead_of_group(context, inbox, form).await?;
        }
        for id in ids.into_iter().take(MOST) {
            if let Some(message) = inbox.one(MessageId::new(id)).await?
                && verb.applies_to(message.state)
                && form.get("state").is_none_or(|state| state == message.state.as_str())
            {
                messages.push(message);
            }
        }
        Ok(Self { messages })
    }

    /// Returns the endpoint, if all have the same.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        let first = &self.messages.first()?.endpoint;
        self.messages.iter().all(|message| message.endpoint == *first).then_some(first)
    }
}

/// Reads the dead messages of an endpoint with one type and one error, the earliest last.
async fn dead_of_group(
    _: &Context<'_>,
    inbox: &Arc<dyn InboxSource>,
    form: &Query,
) -> Result<Vec<MessageRecord>, StoreError> {
    let Some(endpoint) = form.get("endpoint") else { return Ok(Vec::new()) };
    let mut filter = MessageFilter::default();
    filter.state = Some(MessageState::Dead);
    filter.endpoint = Some(endpoint.into());
    if let Some(event_type) = form.get("type") {
        filter = filter.with_event_type(event_type);
    }
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = inbox.list(&filter, before, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        before = Some(last.id);
        let group = form.get("error");
        found.extend(page.into_iter().filter(|record| {
            (form.get("type").is_some() || record.event_type.is_none() || group.is_none())
                && group.is_none_or(|group| error_group(record) == group)
        }));
        if found.len() >= MOST {
            found.truncate(MOST);
            return Ok(found);
        }
    }
}

pub(crate) async fn confirm(context: &Context<'_>, form: &Query) -> Outcome {
    let Some(inbox) = &context.console.inbox else { return Ok(Reply::NotFound) };
    let Some(verb) = Verb::of(form) else { return Ok(Reply::NotFound) };
    let selection = Selection::find(context, inbox, form, verb).await?;
    let messages = &selection.messages;
    let count = messages.len();
    if count == 0 {
        return Ok(Reply::Conflict("None of them can be changed by now: look at the list again."));
    }
    let what = if count == 1 { "message" } else { "messages" };
    let title = format!(
        "{} {} {what}?",
        verb.title(),
        text::number(u64::try_from(count).unwrap_or(u64::MAX))
    );
    let types: BTreeSet<&str> =
        messages.iter().filter_map(|message| message.event_type.as_deref()).collect();
    let errors: BTreeSet<&str> =
        messages.iter().filter_map(|message| message.error.as_deref()).collect();
    let received = |of: fn(std::slice::Iter<'_, MessageRecord>) -> Option<&MessageRecord>| {
        of(messages.iter()).map(|message| message.received)
    };
    let (latest, earliest) = (received(|mut all| all.next()), received(|all| all.last()));
    let is_typed = count > TYPED_ABOVE;
    let is_done = messages.iter().any(|message| message.state == MessageState::Done);
    let from = if form.all("id").count() == 1 && form.get("endpoint").is_none() {
        "delivery"
    } else {
        "dead"
    };
    let content = html! {
        div.narrow {
            nav aria-label="Breadcrumb" { ol.crumb {
                li { a href="dead" { "Dead letters" } }
                @if let Some(endpoint) = selection.endpoint() { li { (text::visible(endpoint)) } }
                li aria-current="page" { (verb.title()) }
            } }
            div.head { h1 { (title) } }
            div.box {
                div.pad { dl.dl {
                    dt { "Endpoint" } dd { (selection.endpoint().map_or_else(|| "several".to_owned(), text::visible)) }
                    dt { "Event type" } dd { @match (types.len(), types.first()) { (1, Some(name)) => code { (text::visible(name)) }, (0, _) => "not named", _ => "several" } }
                    @if let (1, Some(error)) = (errors.len(), errors.first()) { dt { "Error" } dd { (text::marked(error, false)) } }
                    @if let (Some(earliest), Some(latest)) = (earliest, latest) { dt { "Received" } dd { (text::time(earliest)) " to " (text::time(latest)) } }
                    dt { "Counted" } dd { (text::number(u64::try_from(count).unwrap_or(u64::MAX))) ", at " (text::time(context.now)) }
                } }
                details.pad { summary { "Show the first 5" } table {
                    thead { tr { th scope="col" { "Event id" } th scope="col" { "Received" } } }
                    tbody { @for message in messages.iter().take(5) { tr {
                        th scope="row" { @match &message.event_id { Some(event_id) => (id(event_id)), None => { "message " (message.id) } } }
                        td.soft { (text::ago(message.received, context.now)) }
                    } } }
                } }
            }
            section aria-labelledby="h-what" {
                h2.sub #h-what { "What happens" }
                ul.steps {
                    @match verb {
                        Verb::Replay => {
                            li { "Each goes back to the queue with its attempts reset to 0, and is marked as a replay." }
                            li { "The handler runs again for each: it must be safe to repeat." }
                            @if is_done { li { "Some were handled already: their handler runs a second time." } }
                        }
                        Verb::Discard => {
                            li { "None of them is handled. The sender does not send them again." }
                            li { "They are kept for a while, and can be replayed as long." }
                        }
                    }
                    li { "Those that change before their turn are left alone." }
                    li { "This is recorded with your name." }
                }
            }
            form.ask method="post" action="act" {
                input type="hidden" name="act" value=(verb.word());
                input type="hidden" name="from" value=(from);
                @for name in ["endpoint", "type", "error", "state"] { @if let Some(value) = form.get(name) { input type="hidden" name=(name) value=(value); } }
                @for value in form.all("id") { input type="hidden" name="id" value=(value); }
                @if verb == Verb::Replay && count > 1 {
                    fieldset { legend."name sub" { "How fast" } div.field {
                        label.check { input type="radio" name="rate" value="1"; "1 a second" }
                        label.check { input type="radio" name="rate" value="10" checked[count > TYPED_ABOVE]; "10 a second" }
                        label.check { input type="radio" name="rate" value="0" checked[count <= TYPED_ABOVE]; "At once" }
                    } }
                }
                @if is_typed {
                    label.field { "Type " (count) " to confirm, as there are more than " (TYPED_ABOVE)
                        input name="typed" inputmode="numeric" autocomplete="off" required pattern=(count); }
                }
                p.acts {
                    button.(if verb == Verb::Replay { "main" } else { "danger" }) type="submit" {
                        @if verb == Verb::Replay { (icon("replay")) } (verb.title()) " " (count) " " (what)
                    }
                    a."btn quiet" href="dead" { "Cancel" }
                }
            }
        }
    };
    let json = json!({ "act": verb.word(), "count": count });
    Ok(Reply::Page { title, current: "Dead", content, json })
}
