//! The key of the event that the arguments name.

use countersign::dedup::{EventKey, Identity};

use crate::args::EventArgs;
use crate::error::CliError;
use crate::request;
use crate::sender::SenderChoice;

/// Returns the key of the event that the arguments name.
pub(super) fn event_key(args: &EventArgs) -> Result<EventKey, CliError> {
    if let Some(text) = &args.key {
        return from_hex(text).map(EventKey::from_bytes).ok_or_else(|| {
            CliError::at(
                "the event's key",
                "is not 64 hexadecimal digits: copy it from the field `event` of a log",
            )
        });
    }
    let sender = args.sender.as_deref().unwrap_or_default();
    let identity = match (&args.id, &args.body_file) {
        (Some(id), _) => Identity::id(id),
        (None, Some(path)) => Identity::body(&request::read_any(path)?),
        (None, None) => {
            return Err(CliError::at("the event", "is not given: use `--id` or `--body-file`"));
        }
    };
    check_identity(sender, args.id.is_some())?;
    let endpoint = args.endpoint.as_deref().unwrap_or(sender);
    Ok(match &args.tenant {
        Some(tenant) => EventKey::of_tenant(endpoint, tenant, sender, &identity),
        None => EventKey::new(endpoint, sender, &identity),
    })
}

/// Rejects an id or a body by which a sender of the catalogue does not identify its events.
fn check_identity(sender: &str, is_id: bool) -> Result<(), CliError> {
    let needs_key = |words: &str| {
        let hint = "copy the event's key from the field `event` of a log";
        Err(CliError::at("the event", format!("`{sender}` identifies it by {words}: {hint}")))
    };
    let Some(SenderChoice::Catalogue(known)) = SenderChoice::named(sender) else { return Ok(()) };
    if let Some(words) = known.dedup_key_description() {
        return needs_key(words);
    }
    match known.config().scheme() {
        Ok(scheme) if scheme.signs_id() && !is_id => Err(CliError::at(
            "`--body-file`",
            format!("`{sender}` signs an id: use `--id` instead"),
        )),
        Ok(scheme) if !scheme.signs_id() && is_id => Err(CliError::at(
            "`--id`",
            format!("`{sender}` does not sign an id: use `--body-file` instead"),
        )),
        Ok(scheme) if !scheme.signs_id() && !scheme.signs_body() => needs_key("what it signs"),
        _ => Ok(()),
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<_>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let bytes: Vec<_> = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect();
    bytes.try_into().ok()
}
