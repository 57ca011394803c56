//! The question before messages are replayed or discarded.

use std::collections::BTreeSet;

use countersign::inbox::{MessageRecord, MessageState};
use maud::html;
use serde_json::json;

use super::context::Context;
use super::selection::{Selection, TYPED_ABOVE, Verb};
use crate::query::Query;
use crate::reply::{Outcome, Reply};
use crate::view::{icon, id, text};

pub(crate) async fn confirm(context: &Context<'_>, form: &Query) -> Outcome {
    let Some(inbox) = &context.console.inbox else { return Ok(Reply::NotFound) };
    let Some(verb) = Verb::of(form) else { return Ok(Reply::NotFound) };
    let selection = Selection::find(inbox, form, verb).await?;
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
                @if let Some(state) = form.get("state") { input type="hidden" name="state" value=(state); }
                // Those that are counted here, and none that matches later.
                @for message in messages { input type="hidden" name="id" value=(message.id); }
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
