//! `dedup`: what an operator sees of a store, and may do in it.

mod place;
mod tell;

use countersign::dedup::{EventKey, Identity, InspectStore, StoreError, StoreStats};

use self::place::Place;
use self::tell::tell;
use crate::args::{DedupCommand, EventArgs};
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::request;
use crate::sender::SenderChoice;

pub(super) fn run(what: &DedupCommand, output: &mut Output) -> Result<End, Failure> {
    let (DedupCommand::Stats(store)
    | DedupCommand::Get(EventArgs { store, .. })
    | DedupCommand::Forget(EventArgs { store, .. })) = what;
    let task = match what {
        DedupCommand::Stats(_) => Task::Stats,
        DedupCommand::Get(event) => Task::Get(key(event)?),
        DedupCommand::Forget(event) => Task::Forget(key(event)?),
    };
    let place = Place::read(store)?;
    match super::runtime()?.block_on(place.ask(&task)) {
        Ok(answer) => tell(&answer, output),
        Err(error) => output.unreached(&error.to_string()),
    }
}

enum Task {
    Stats,
    Get(EventKey),
    Forget(EventKey),
}

/// What the store says.
enum Told {
    Stats(StoreStats),
    Record(EventKey, Option<countersign::dedup::Record>),
    Forgotten(EventKey, bool),
}

impl Task {
    async fn ask(&self, store: &impl InspectStore) -> Result<Told, StoreError> {
        Ok(match self {
            Self::Stats => Told::Stats(store.stats().await?),
            Self::Get(key) => Told::Record(*key, store.get(key).await?),
            Self::Forget(key) => Told::Forgotten(*key, store.forget(key).await?),
        })
    }
}

fn key(args: &EventArgs) -> Result<EventKey, Failure> {
    if let Some(text) = &args.key {
        return from_hex(text).map(EventKey::from_bytes).ok_or_else(|| {
            Failure::at(
                "the event's key",
                "is no 64 hexadecimal digits: take it from the field `event` of a log",
            )
        });
    }
    let sender = args.sender.as_deref().unwrap_or_default();
    let identity = match (&args.id, &args.body_file) {
        (Some(id), _) => Identity::id(id),
        (None, Some(path)) => Identity::body(&request::read_any(path)?),
        (None, None) => {
            return Err(Failure::at("the event", "is not named: give `--id` or `--body-file`"));
        }
    };
    knows_by(sender, args.id.is_some())?;
    let endpoint = args.endpoint.as_deref().unwrap_or(sender);
    Ok(match &args.tenant {
        Some(tenant) => EventKey::of_tenant(endpoint, tenant, sender, &identity),
        None => EventKey::new(endpoint, sender, &identity),
    })
}

/// Rejects what no event of a sender is known by; one that is not in the catalogue is somebody's own.
fn knows_by(sender: &str, is_id: bool) -> Result<(), Failure> {
    let by_key = |words: &str| {
        let mend = "take the event's key from the field `event` of a log";
        Err(Failure::at("the event", format!("`{sender}` makes it known by {words}: {mend}")))
    };
    let known = match SenderChoice::named(sender) {
        Some(SenderChoice::Catalogue(known)) => known,
        _ => return Ok(()),
    };
    if let Some(words) = known.dedup_key_description() {
        return by_key(words);
    }
    match known.config().scheme() {
        Ok(scheme) if scheme.signs_id() && !is_id => Err(Failure::at(
            "`--body-file`",
            format!("`{sender}` signs an id: give that, with `--id`"),
        )),
        Ok(scheme) if !scheme.signs_id() && is_id => Err(Failure::at(
            "`--id`",
            format!("`{sender}` signs no id: give the body, with `--body-file`"),
        )),
        Ok(scheme) if !scheme.signs_id() && !scheme.signs_body() => by_key("what it signs"),
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
