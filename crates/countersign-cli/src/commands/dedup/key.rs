//! The key of the event that the arguments name.

use std::path::Path;

use countersign::dedup::{EventKey, Identity};
use countersign::scheme::Scheme;

use crate::args::EventArgs;
use crate::commands::common::from_hex;
use crate::error::CliError;
use crate::sender::{SenderChoice, Settings};
use crate::{request, secrets};

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
    let identity = with_event_type(args, sender, identity)?;
    Ok(match (&args.endpoint, &args.tenant) {
        (endpoint, Some(tenant)) => {
            EventKey::of_tenant(endpoint.as_deref().unwrap_or(sender), tenant, sender, &identity)
        }
        (Some(endpoint), None) => EventKey::new(endpoint, sender, &identity),
        (None, None) => at_unnamed_endpoint(args, sender, &identity)?,
    })
}

/// Adds the event's type, where it is part of the sender's keys.
fn with_event_type(
    args: &EventArgs,
    sender: &str,
    identity: Identity,
) -> Result<Identity, CliError> {
    let scheme = SenderChoice::named(sender)
        .and_then(|known| known.spec().and_then(|spec| spec.example_config().scheme().ok()));
    let at = |hint: String| Err(CliError::at("`--event-type`", hint));
    match (&args.event_type, scheme.filter(Scheme::identifies_by_event_type)) {
        (None, None) => Ok(identity),
        (None, Some(_)) => at(format!(
            "is not given: `{sender}` names its events in a header, so the name is part of the event's key; \
             give the name as in the header, or copy the event's key from the field `event` of a log"
        )),
        (Some(name), _) if name.is_empty() => Ok(identity),
        (Some(name), Some(scheme)) => match scheme.identifying_event_type(name) {
            Some(name) => Ok(identity.with_event_type(&name)),
            None => {
                at(format!("is not an event type of `{sender}`: give the type as in its header"))
            }
        },
        // A sender of the application's own, of which only the name is known.
        (Some(name), None) if SenderChoice::named(sender).is_none() => {
            Ok(identity.with_event_type(name))
        }
        (Some(_), None) => at(format!("is not part of the keys of `{sender}`: leave it out")),
    }
}

/// Returns the key of an event at an endpoint without a name, which depends on the secret.
fn at_unnamed_endpoint(
    args: &EventArgs,
    sender: &str,
    identity: &Identity,
) -> Result<EventKey, CliError> {
    let is_stdin_taken = args.body_file.as_deref() == Some(Path::new("-"));
    let secrets = secrets::read(&args.secrets, is_stdin_taken)?;
    let name = match secrets.as_slice() {
        [(name, _)] => name,
        [] => {
            return Err(CliError::at(
                "`--endpoint`",
                "is not given: an event's key depends on the endpoint's name; if the endpoint has none, it depends \
                 on the secret that verified the event: use `--secret-env NAME` or `--secret-file PATH`",
            ));
        }
        _ => {
            return Err(CliError::at(
                "the secrets",
                "are several: give the one that verified the event, or the endpoint's name with `--endpoint`",
            ));
        }
    };
    let settings = Settings { url: args.url.clone(), ..Settings::default() };
    let receiver =
        SenderChoice::from_name(sender)?.receiver(&settings, secrets::keyring(&secrets)?)?;
    receiver.event_key(identity, name).ok_or_else(|| {
        CliError::at("the event", "has no key: copy it from the field `event` of a log")
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
