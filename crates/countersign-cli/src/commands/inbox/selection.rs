//! Replaying and discarding messages.

use std::io::{IsTerminal, Write, stderr, stdin};
use std::time::Duration;

use countersign::inbox::{InspectInbox, MessageFilter, MessageId, MessageState};
use serde_json::json;

use super::filter::filter;
use super::print;
use crate::args::SelectionArgs;
use crate::commands::failed::Failed;
use crate::error::CliError;
use crate::output::{ExitStatus, GOOD, Output};

/// The most messages that are counted before the question.
const COUNTED: u64 = 10_000;

/// How many messages are listed at a time.
const PAGE: u32 = 500;

/// What is done with messages.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Replay,
    Discard,
}

impl Change {
    const fn verb(self) -> &'static str {
        match self {
            Self::Replay => "Replay",
            Self::Discard => "Discard",
        }
    }

    const fn past(self) -> &'static str {
        match self {
            Self::Replay => "replayed",
            Self::Discard => "discarded",
        }
    }

    /// Returns the states of messages that can be changed so.
    const fn states(self) -> &'static [MessageState] {
        match self {
            Self::Replay => &[MessageState::Done, MessageState::Dead, MessageState::Discarded],
            Self::Discard => &[MessageState::Ready, MessageState::Dead],
        }
    }

    /// Changes one message, which must be in this state if one is given; `false` if it is in another by now.
    async fn apply(
        self,
        id: MessageId,
        state: Option<MessageState>,
        store: &impl InspectInbox,
    ) -> Result<bool, Failed> {
        let mut one = MessageFilter::default();
        (one.id, one.state) = (Some(id), state);
        let changed = match self {
            Self::Replay => store.replay_messages(&one, 1).await?,
            Self::Discard => store.discard_messages(&one, 1).await?,
        };
        Ok(changed > 0)
    }
}

pub(super) async fn change(
    change: Change,
    args: &SelectionArgs,
    store: &impl InspectInbox,
    output: &mut Output,
) -> Result<ExitStatus, Failed> {
    match args.id {
        Some(id) => change_one(change, MessageId::new(id), store, output).await,
        None => change_all(change, args, store, output).await,
    }
}

async fn change_one(
    change: Change,
    id: MessageId,
    store: &impl InspectInbox,
    output: &mut Output,
) -> Result<ExitStatus, Failed> {
    if change.apply(id, None, store).await? {
        report(change, 1, 1, output)?;
        return Ok(ExitStatus::Success);
    }
    match store.message(id).await? {
        None => print::absent(id, output)?,
        Some(record) => print::unchanged(id, record.state, change.past(), output)?,
    }
    Ok(ExitStatus::Rejected)
}

async fn change_all(
    change: Change,
    args: &SelectionArgs,
    store: &impl InspectInbox,
    output: &mut Output,
) -> Result<ExitStatus, Failed> {
    let mut filter = filter(&args.filter)?;
    let state = *filter.state.get_or_insert(MessageState::Dead);
    if !change.states().contains(&state) {
        let text = format!("`{}`: such messages cannot be {}", state.as_str(), change.past());
        return Err(CliError::at("`--state`", text).into());
    }
    let count = store.count_messages(&filter, COUNTED).await?;
    if count > 0 && !args.yes && !confirm(change, count, state)? {
        return Ok(ExitStatus::Rejected);
    }
    // All ids first: a message that is replayed may match again once it has been handled.
    let ids = matching(&filter, store).await?;
    let mut changed = 0;
    for (index, id) in ids.iter().enumerate() {
        if let Some(rate) = args.rate
            && index > 0
        {
            tokio::time::sleep(Duration::from_secs(1) / rate).await;
        }
        changed += usize::from(change.apply(*id, Some(state), store).await?);
    }
    report(change, changed, ids.len(), output)?;
    Ok(ExitStatus::Success)
}

/// Returns the ids of all messages that match, the earliest first.
async fn matching(
    filter: &MessageFilter,
    store: &impl InspectInbox,
) -> Result<Vec<MessageId>, Failed> {
    let mut ids = Vec::new();
    loop {
        let page = store.messages(filter, ids.last().copied(), PAGE).await?;
        ids.extend(page.iter().map(|record| record.id));
        if page.is_empty() {
            ids.reverse();
            return Ok(ids);
        }
    }
}

/// Asks before many messages are changed.
fn confirm(change: Change, count: u64, state: MessageState) -> Result<bool, CliError> {
    let more = if count >= COUNTED { "+" } else { "" };
    let messages = if count == 1 { "message" } else { "messages" };
    let what = format!("{count}{more} {} {messages}", state.as_str());
    if !stdin().is_terminal() {
        return Err(CliError::at(
            what,
            format_args!("match: add `--yes` to have them {} without being asked", change.past()),
        ));
    }
    let mut answer = String::new();
    write!(stderr(), "{} {what}? [y/N] ", change.verb()).map_err(CliError::Output)?;
    stdin().read_line(&mut answer).map_err(CliError::Output)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn report(
    change: Change,
    changed: usize,
    matched: usize,
    output: &mut Output,
) -> Result<(), CliError> {
    if output.is_json() {
        return output.json(&json!({ change.past(): changed, "matched": matched }));
    }
    let text = match changed {
        1 if matched == 1 => "1 message".to_owned(),
        _ if changed == matched => format!("{changed} messages"),
        _ => format!("{changed} of {matched} messages; the others are in another state by now"),
    };
    output.styled(GOOD, change.past(), &text)
}
