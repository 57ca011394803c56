//! The filter of messages.

use countersign::inbox::{MessageFilter, MessageState};

use crate::args::FilterArgs;
use crate::commands::filter_values::{key, time};
use crate::error::CliError;

pub(super) fn filter(args: &FilterArgs) -> Result<MessageFilter, CliError> {
    let text = |text: &Option<String>| text.as_deref().map(Into::into);
    let mut filter = MessageFilter::default();
    filter.endpoint = text(&args.endpoint);
    filter.tenant = text(&args.tenant);
    if let Some(event_type) = &args.event_type {
        filter = filter.with_event_type(event_type);
    }
    if let Some(id) = &args.event_id {
        filter = filter.with_event_id(id);
    }
    filter.key = args.key.as_deref().map(key).transpose()?;
    filter.state = args.state.as_deref().and_then(state);
    filter.received_from = args.since.as_deref().map(|text| time("--since", text)).transpose()?;
    filter.received_before = args.until.as_deref().map(|text| time("--until", text)).transpose()?;
    Ok(filter)
}

fn state(name: &str) -> Option<MessageState> {
    MessageState::ALL.into_iter().find(|state| state.as_str() == name)
}
