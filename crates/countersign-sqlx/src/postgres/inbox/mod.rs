//! The inbox in PostgreSQL tables.

mod claims;
mod inspect;
mod prepared;
mod settlements;
mod statements;
mod tables;

use std::time::Duration;

use countersign::dedup::{ClaimOutcome, DedupStore, StoreError, StoreErrorKind, UpdateOutcome};
use countersign::inbox::{
    Backlog, ClaimedMessages, EndpointBacklog, EnqueueOutcome, InboxStore, MessageClaim,
    MessageRetention, MessageToken, NewMessage, SettleOutcome, Settlement,
};
use sqlx::postgres::{PgRow, Postgres};
use sqlx::{AssertSqlSafe, Executor, Row, query};

pub(super) use self::prepared::PostgresInbox;
use self::prepared::prepare;
use self::statements::{InboxStatements, mark_done};
use super::statements::Statement;
use super::{PostgresStore, TRIES, with_retries};
use crate::error::{TransactionError, TransactionErrorKind, store_error};
use crate::inbox_row::{DEAD, DISCARDED, DONE, from_id, from_millis, to_id};
use crate::row::{EventRow, duration, from_fencing_token, key_bytes, millis};
use crate::transaction::Transaction;

/// The version of the tables that this version of the crate reads and writes.
const SCHEMA: i32 = 1;

impl PostgresStore {
    /// Returns the statements of the inbox, once its tables are known to be of the version that they are for.
    async fn inbox(&self) -> Result<&InboxStatements, StoreError> {
        let PostgresInbox { statements, is_checked, .. } = &self.0.inbox;
        let check = || async {
            let version = prepare(&statements.version).fetch_one(&self.0.pool).await;
            let version = version.and_then(|row| row.try_get::<i32, _>("schema"));
            match version.map_err(|error| missing_tables(&error))? {
                SCHEMA => Ok(()),
                found => Err(StoreError::new(
                    StoreErrorKind::Unavailable,
                    format!(
                        "the inbox tables are of version {found}, this program supports version {SCHEMA}: upgrade the program"
                    ),
                )),
            }
        };
        is_checked.get_or_try_init(check).await?;
        Ok(statements)
    }

    /// Begins a transaction whose commit also marks a message of the inbox as done.
    pub(super) async fn begin_message(
        &self,
        token: MessageToken,
    ) -> Result<Transaction<Postgres>, TransactionError> {
        let (id, fence) = (from_id(token.id()), from_fencing_token(token.fencing_token()));
        let mut transaction = self.0.pool.begin().await?;
        let lock = prepare(&self.0.inbox.statements.lock_message).bind(id).bind(fence);
        if lock.fetch_optional(&mut *transaction).await?.is_none() {
            transaction.rollback().await?;
            return Err(TransactionError::new(TransactionErrorKind::StaleToken));
        }
        let mark = mark_done(&self.0.inbox.tables.inbox, id, fence);
        Ok(Transaction::new(transaction, Some(mark), None, None))
    }

    /// Stores the message, within a transaction that has its lane locked if it has one.
    async fn insert(&self, message: &NewMessage) -> Result<EnqueueOutcome, StoreError> {
        let Some(lane) = &message.lane else {
            return self.insert_in(message, || &self.0.pool).await;
        };
        let statements = self.inbox().await?;
        let in_lane = async {
            let mut transaction = self.0.pool.begin().await?;
            let lock = prepare(&statements.lock_lane).bind(lane_lock(lane));
            lock.execute(&mut *transaction).await?;
            let row = bound(&statements.enqueue, message).fetch_optional(&mut *transaction).await?;
            let row = match row.as_ref().map(enqueued).transpose()? {
                Some(Enqueued::Known(known)) if known.rejection(message.fingerprint).is_none() => {
                    let taken = bound(&statements.take_over, message);
                    let taken = taken.fetch_optional(&mut *transaction).await?;
                    taken.map(|row| row.try_get("id").map(Enqueued::New)).transpose()?
                }
                row => row,
            };
            transaction.commit().await?;
            Ok(row)
        };
        let enqueued = in_lane.await.map_err(|error: sqlx::Error| store_error(&error))?;
        Ok(match enqueued {
            Some(Enqueued::New(id)) => EnqueueOutcome::Stored(to_id(id)),
            Some(Enqueued::Known(known)) => known_outcome(&known, message),
            None => BUSY,
        })
    }

    async fn insert_in<'e, E>(
        &self,
        message: &NewMessage,
        executor: impl Fn() -> E,
    ) -> Result<EnqueueOutcome, StoreError>
    where
        E: Executor<'e, Database = Postgres>,
    {
        let statements = self.inbox().await?;
        for _ in 0..TRIES {
            let row =
                with_retries(|| bound(&statements.enqueue, message).fetch_optional(executor()));
            let row = row.await?.as_ref().map(enqueued).transpose();
            let known = match row.map_err(|error| store_error(&error))? {
                Some(Enqueued::New(id)) => return Ok(EnqueueOutcome::Stored(to_id(id))),
                Some(Enqueued::Known(known)) => known,
                // Another session inserted the event at the same time.
                None => continue,
            };
            if known.rejection(message.fingerprint).is_some() {
                return Ok(known_outcome(&known, message));
            }
            let taken =
                with_retries(|| bound(&statements.take_over, message).fetch_optional(executor()));
            if let Some(row) = taken.await? {
                let id = row.try_get("id").map_err(|error| store_error(&error))?;
                return Ok(EnqueueOutcome::Stored(to_id(id)));
            }
            // Another session was faster, or a handler's transaction outlives its lease.
            if let Some(known) = self.find(&message.key).await?
                && known.rejection(message.fingerprint).is_none()
            {
                return Ok(BUSY);
            }
        }
        Err(StoreError::new(
            StoreErrorKind::Unavailable,
            "too many simultaneous deliveries of one event",
        ))
    }
}

/// The outcome while another session has the event's row locked.
const BUSY: EnqueueOutcome = EnqueueOutcome::InProgress { retry_after: Duration::from_secs(1) };

impl InboxStore for PostgresStore {
    async fn enqueue(&self, message: &NewMessage) -> Result<EnqueueOutcome, StoreError> {
        let outcome = self.insert(message).await?;
        if let EnqueueOutcome::Stored(_) = outcome {
            self.spawn_sweep(&message.key);
        }
        Ok(outcome)
    }

    async fn claim_messages(&self, claim: &MessageClaim) -> Result<ClaimedMessages, StoreError> {
        let claimed = self.claim_of_endpoints(claim).await?;
        Ok(if let Some(store) = self.id() { claimed.in_store(store) } else { claimed })
    }

    async fn renew_messages(
        &self,
        tokens: &[MessageToken],
        lease: Duration,
    ) -> Result<Vec<UpdateOutcome>, StoreError> {
        self.renew_attempts(tokens, lease).await
    }

    async fn settle_messages(
        &self,
        settlements: &[Settlement],
    ) -> Result<Vec<SettleOutcome>, StoreError> {
        self.settle_attempts(settlements).await
    }

    async fn prune_messages(&self, keep: MessageRetention, limit: u32) -> Result<u64, StoreError> {
        let statements = self.inbox().await?;
        let mut pruned = 0;
        for (state, keep) in [(DONE, keep.done), (DEAD, keep.dead), (DISCARDED, keep.discarded)] {
            let left = i64::from(limit).saturating_sub(i64::try_from(pruned).unwrap_or(i64::MAX));
            let prune = || {
                let prune = prepare(&statements.prune).bind(state).bind(millis(keep)).bind(left);
                prune.execute(&self.0.pool)
            };
            pruned += with_retries(prune).await?.rows_affected();
        }
        Ok(pruned)
    }

    async fn set_paused(&self, endpoint: &str, is_paused: bool) -> Result<(), StoreError> {
        let statements = self.inbox().await?;
        let statement = if is_paused { &statements.pause } else { &statements.resume };
        with_retries(|| prepare(statement).bind(endpoint).execute(&self.0.pool)).await.map(drop)
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let rows = prepare(&self.inbox().await?.backlog).fetch_all(&self.0.pool).await;
        let endpoints = rows.and_then(|rows| rows.iter().map(endpoint_backlog).collect());
        endpoints.map(Backlog::new).map_err(|error| store_error(&error))
    }

    async fn durability_risk(&self) -> Result<Option<Box<str>>, StoreError> {
        let row = query("SHOW synchronous_commit").fetch_one(&self.0.pool).await;
        let setting = row.and_then(|row| row.try_get::<String, _>(0));
        let is_off = setting.map_err(|error| store_error(&error))? == "off";
        Ok(is_off.then(|| {
            "`synchronous_commit` of PostgreSQL is off: after a power cut, the events that were acknowledged last are lost; set it to `on`".into()
        }))
    }
}

/// The row that the statement `enqueue` returns.
enum Enqueued {
    /// The statement stored the message.
    New(i64),
    /// The event is known already.
    Known(EventRow),
}

fn enqueued(row: &PgRow) -> Result<Enqueued, sqlx::Error> {
    match row.try_get::<Option<i64>, _>("id")? {
        Some(id) => Ok(Enqueued::New(id)),
        None => EventRow::read(row).map(Enqueued::Known),
    }
}

/// Returns the outcome for a known event that is not stored again.
fn known_outcome(known: &EventRow, message: &NewMessage) -> EnqueueOutcome {
    match known.rejection(message.fingerprint) {
        Some(ClaimOutcome::Duplicate { same_body }) => EnqueueOutcome::Duplicate { same_body },
        Some(ClaimOutcome::InProgress { retry_after }) => {
            EnqueueOutcome::InProgress { retry_after }
        }
        _ => BUSY,
    }
}

fn bound<'m>(statement: &std::sync::Arc<str>, message: &'m NewMessage) -> Statement<'m> {
    query(AssertSqlSafe(statement.clone()))
        .bind(key_bytes(&message.key))
        .bind(message.fingerprint.cast_signed())
        .bind(millis(message.dedup_retention))
        .bind(message.lane)
        .bind(&*message.endpoint)
        .bind(message.tenant.as_deref())
        .bind(&*message.sender)
        .bind(message.event_id.as_deref())
        .bind(message.event_type.as_deref())
        .bind(from_millis(message.received.as_millis()))
        .bind(&*message.request)
        .bind(&*message.body)
}

/// Returns the number of the advisory lock of a lane.
fn lane_lock(lane: &[u8]) -> i64 {
    lane.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes))
}

fn missing_tables(error: &sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if code.as_deref() != Some("42P01") {
        return store_error(error);
    }
    StoreError::new(
        StoreErrorKind::Unavailable,
        "the tables of the inbox are missing: run `PostgresStore::migrate`, or apply `sql/postgres/2-inbox.sql`",
    )
}

fn endpoint_backlog(row: &PgRow) -> Result<EndpointBacklog, sqlx::Error> {
    let count = |name| row.try_get(name).map(|count: i64| count.unsigned_abs());
    let mut backlog = EndpointBacklog::new(row.try_get::<String, _>("endpoint")?);
    backlog.ready = count("ready")?;
    backlog.running = count("running")?;
    backlog.dead = count("dead")?;
    backlog.live_bytes = count("live_bytes")?;
    backlog.dead_bytes = count("dead_bytes")?;
    backlog.oldest_ready = duration(row.try_get("oldest_ms")?);
    backlog.is_paused = row.try_get("paused")?;
    Ok(backlog)
}
