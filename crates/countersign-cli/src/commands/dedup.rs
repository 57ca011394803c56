//! `dedup`: what an operator sees of a store, and may do in it.

use std::fmt::Display;
use std::time::Duration;

use countersign::{
    EventKey, Identity, InspectStore, RecordState, StoreError, StoreErrorKind, StoreStats,
};
use countersign_redis::RedisStore;
use countersign_sqlx::{PostgresStore, SqliteStore};
use serde_json::json;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use tokio::time::timeout;

use crate::args::{DedupCommand, EventArgs, StoreArgs};
use crate::failure::Failure;
use crate::output::{BAD, End, GOOD, HEAD, Output};
use crate::request;
use crate::sender::Who;

/// How long a database may take to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

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
    Record(EventKey, Option<countersign::Record>),
    Forgotten(EventKey, bool),
}

/// Which store, and where.
enum Place {
    Sqlite(String),
    Postgres { url: String, table: Option<String> },
    Redis { url: String, prefix: Option<String>, kind: RedisKind },
}

enum RedisKind {
    Single,
    Cluster,
    /// The master's name.
    Sentinel(String),
}

impl Place {
    fn read(args: &StoreArgs) -> Result<Self, Failure> {
        let given = args.store.clone().or_else(|| std::env::var(&args.store_env).ok());
        let place = given.filter(|place| !place.is_empty()).ok_or_else(|| {
            Failure::at(
                "the store",
                "is not named: give `--store`, or set the environment variable COUNTERSIGN_STORE \
                 or that of `--store-env`",
            )
        })?;
        let (table, prefix) = (args.table.clone(), args.key_prefix.clone());
        let place = match place.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Self::Postgres { url: place, table },
            Some(("redis" | "rediss" | "unix" | "redis+unix", _)) => {
                let kind = match &args.sentinel {
                    Some(master) => RedisKind::Sentinel(master.clone()),
                    None if args.cluster => RedisKind::Cluster,
                    None => RedisKind::Single,
                };
                Self::Redis { url: place, prefix, kind }
            }
            Some(("sqlite", path)) => Self::Sqlite(path.to_owned()),
            None => Self::Sqlite(place.strip_prefix("sqlite:").unwrap_or(&place).to_owned()),
            Some(_) => {
                return Err(Failure::at(
                    "the store",
                    "is of no kind that is known: give a SQLite file, or a URL that begins with \
                     postgres://, redis:// or rediss://",
                ));
            }
        };
        place.fits(args).map(|()| place)
    }

    /// No flag is passed over.
    fn fits(&self, args: &StoreArgs) -> Result<(), Failure> {
        let is_postgres = matches!(self, Self::Postgres { .. });
        let is_redis = matches!(self, Self::Redis { .. });
        let misfit =
            |flag, of| Err(Failure::at(flag, format!("is for a {of} store: leave it out")));
        match args {
            StoreArgs { table: Some(_), .. } if !is_postgres => misfit("`--table`", "PostgreSQL"),
            StoreArgs { key_prefix: Some(_), .. } if !is_redis => misfit("`--key-prefix`", "Redis"),
            StoreArgs { cluster: true, .. } if !is_redis => misfit("`--cluster`", "Redis"),
            StoreArgs { sentinel: Some(_), .. } if !is_redis => misfit("`--sentinel`", "Redis"),
            _ => Ok(()),
        }
    }

    async fn ask(&self, task: &Task) -> Result<Told, StoreError> {
        match self {
            Self::Sqlite(path) => task.ask(&SqliteStore::existing(path).await?).await,
            Self::Postgres { url, table } => {
                let store = PostgresStore::new(connect(url).await?);
                let store = match table {
                    Some(name) => store.table(name)?,
                    None => store,
                };
                task.ask(&store).await
            }
            Self::Redis { url, prefix, kind } => {
                // One that was installed before does as well.
                drop(rustls::crypto::ring::default_provider().install_default());
                let store = match kind {
                    RedisKind::Single => RedisStore::connect(url).await?,
                    RedisKind::Cluster => RedisStore::cluster(&[url]).await?,
                    RedisKind::Sentinel(master) => RedisStore::sentinel(&[url], master).await?,
                };
                let store = match prefix {
                    Some(prefix) => store.prefix(prefix),
                    None => store,
                };
                task.ask(&store).await
            }
        }
    }
}

/// A pool would try for half a minute, and then not say why it could not connect.
async fn connect(url: &str) -> Result<PgPool, StoreError> {
    let failed = |kind, why: &dyn Display| StoreError::new(kind, format!("PostgreSQL: {why}"));
    let options: PgConnectOptions =
        url.parse().map_err(|error: sqlx::Error| failed(StoreErrorKind::Unavailable, &error))?;
    let connecting = PgConnection::connect_with(&options);
    match timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(Ok(_)) => Ok(PgPoolOptions::new().max_connections(1).connect_lazy_with(options)),
        Ok(Err(error)) => Err(failed(StoreErrorKind::Unavailable, &error)),
        Err(_) => Err(failed(StoreErrorKind::Timeout, &"it does not answer")),
    }
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

/// Refuses what no event of a sender is known by; one that is not in the catalogue is somebody's own.
fn knows_by(sender: &str, is_id: bool) -> Result<(), Failure> {
    let by_key = |words: &str| {
        let mend = "take the event's key from the field `event` of a log";
        Err(Failure::at("the event", format!("`{sender}` makes it known by {words}: {mend}")))
    };
    let known = match Who::named(sender) {
        Some(Who::Known(known)) => known,
        Some(Who::OmniAi) => return by_key("some fields of its body"),
        _ => return Ok(()),
    };
    if let Some(words) = known.known_by() {
        return by_key(words);
    }
    match known.setup().scheme() {
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

fn tell(told: &Told, output: &mut Output) -> Result<End, Failure> {
    match told {
        Told::Stats(stats) => stats_told(stats, output).map(|()| End::Done),
        Told::Record(key, None) => absent(key, output),
        Told::Record(key, Some(record)) => {
            let fence = record.fence.as_u64();
            let (state, span, says) = match record.state {
                RecordState::InProgress { lease } if lease.is_zero() => {
                    ("overdue", lease, "its lease is over: the next delivery takes over".to_owned())
                }
                RecordState::InProgress { lease } => (
                    "in_progress",
                    lease,
                    format!("being handled, the lease runs for {}", about(lease)),
                ),
                RecordState::Done { kept } if kept.is_zero() => (
                    "expired",
                    kept,
                    "handled, and remembered no longer: its next delivery will be handled"
                        .to_owned(),
                ),
                RecordState::Done { kept } => {
                    ("done", kept, format!("handled, and remembered for {}", about(kept)))
                }
                _ => (
                    "other",
                    Duration::ZERO,
                    "in a state that this version does not know".to_owned(),
                ),
            };
            if output.is_json() {
                let left = span.as_secs_f64();
                output.json(&json!({ "event": key.to_string(), "state": state, "fence": fence, "left_s": left }))?;
            } else {
                output.styled(HEAD, "event", &key.to_string())?;
                output.field("state", &says)?;
                output.field("fence", &fence.to_string())?;
            }
            Ok(End::Done)
        }
        Told::Forgotten(key, false) => absent(key, output),
        Told::Forgotten(key, true) => {
            if output.is_json() {
                output.json(&json!({ "event": key.to_string(), "forgotten": true }))?;
            } else {
                output.styled(GOOD, "forgotten", &key.to_string())?;
                output.field("", "its next delivery will be handled")?;
            }
            Ok(End::Done)
        }
    }
}

fn absent(key: &EventKey, output: &mut Output) -> Result<End, Failure> {
    if output.is_json() {
        output.json(&json!({ "event": key.to_string(), "state": "absent" }))?;
    } else {
        output.styled(BAD, "absent", &key.to_string())?;
        output.field(
            "",
            "the store holds no such event; it may have expired, or have another endpoint's name",
        )?;
    }
    Ok(End::Refused)
}

fn stats_told(stats: &StoreStats, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&json!({
            "in_progress": stats.in_progress,
            "overdue": stats.overdue,
            "longest_overdue_s": stats.longest_overdue.as_secs_f64(),
            "done": stats.done,
            "expired": stats.expired,
            "bytes": stats.bytes,
        }));
    }
    output.field("handled", &format!("{} events, remembered", stats.done))?;
    output.field("in hand", &format!("{} events", stats.in_progress))?;
    let overdue = match stats.overdue {
        0 => "none".to_owned(),
        count => format!("{count} of those, for up to {}", about(stats.longest_overdue)),
    };
    output.field("overdue", &overdue)?;
    output.field("expired", &format!("{} to be cleared away", stats.expired))?;
    let size = stats
        .bytes
        .map_or_else(|| "the store cannot tell".to_owned(), |bytes| format!("{bytes} bytes"));
    output.field("size", &size)
}

/// A span in its two largest units.
fn about(span: Duration) -> String {
    let secs = span.as_secs();
    let (days, hours, mins) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60);
    match (days, hours, mins) {
        (0, 0, 0) => format!("{:.1} s", span.as_secs_f64()),
        (0, 0, _) => format!("{mins} min {} s", secs % 60),
        (0, ..) => format!("{hours} h {mins} min"),
        _ => format!("{days} d {hours} h"),
    }
}
