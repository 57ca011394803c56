//! The columns of a line of the delivery log, and the conditions of a filter.

use std::fmt::Write;
use std::time::Duration;

use countersign::Timestamp;
use countersign::inbox::MessageId;
use countersign::log::{LogEntry, LogFilter, LogId, LogRate, LogRecord};
use sqlx::{ColumnIndex, Decode, Row, Type};

use crate::inbox_row::{from_millis, to_id, to_key};
use crate::row::key_bytes;

/// The columns of a line, in the order of the parameters that insert it.
pub(crate) const COLUMNS: &str = "at, endpoint, tenant, sender, outcome, rejection, reason, status, key_name, key, \
     message, event_id, event_type, verified, body_bytes, took_us, header_names, bytes";

/// What a line counts for beside its texts, in bytes: its numbers, and its entries in the indexes.
const LINE_BYTES: usize = 200;

/// A value of a condition.
pub(crate) enum Value<'f> {
    Number(i64),
    Text(&'f str),
    Bytes(&'f [u8]),
}

/// The conditions of a filter as SQL, with the values of their parameters from `$1` on.
///
/// Only what is set becomes a condition, so that an index can be used.
pub(crate) struct Conditions<'f> {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value<'f>>,
}

impl<'f> Conditions<'f> {
    /// `time` is the SQL that makes a column's time of a number of milliseconds, in which `{}` is the number.
    pub(crate) fn new(filter: &'f LogFilter, before: Option<LogId>, time: &str) -> Self {
        let mut own = Self { sql: "true".to_owned(), values: Vec::new() };
        let texts = [
            ("endpoint", &filter.endpoint),
            ("tenant", &filter.tenant),
            ("outcome", &filter.outcome),
            ("rejection", &filter.rejection),
            ("event_type", &filter.event_type),
            ("event_id", &filter.event_id),
        ];
        for (column, text) in texts {
            if let Some(text) = text {
                own.add(&format!("{column} = {{}}"), Value::Text(text));
            }
        }
        let successes = ["handled", "stored"];
        if filter.outcome.as_deref().is_some_and(|outcome| !successes.contains(&outcome)) {
            // As the index has it.
            own.sql.push_str(" AND outcome NOT IN ('handled', 'stored')");
        }
        if let Some(key) = &filter.key {
            own.add("key = {}", Value::Bytes(key_bytes(key)));
        }
        for (condition, id) in [("id = {}", filter.id), ("id < {}", before)] {
            if let Some(id) = id {
                own.add(condition, Value::Number(from_log_id(id)));
            }
        }
        for (operator, at) in [(">=", filter.from), ("<", filter.before)] {
            if let Some(at) = at {
                let value = Value::Number(from_millis(at.as_millis()));
                own.add(&format!("at {operator} {time}"), value);
            }
        }
        own
    }

    fn add(&mut self, condition: &str, value: Value<'f>) {
        self.values.push(value);
        let parameter = format!("${}", self.values.len());
        // Writing to a string never fails.
        let _ = write!(self.sql, " AND {}", condition.replace("{}", &parameter));
    }

    /// Returns the next parameter, which is to be bound after the values.
    pub(crate) fn next_parameter(&self) -> usize {
        self.values.len() + 1
    }
}

pub(crate) fn from_log_id(id: LogId) -> i64 {
    i64::try_from(id.as_u64()).unwrap_or(i64::MAX)
}

pub(crate) fn from_message(id: MessageId) -> i64 {
    crate::inbox_row::from_id(id)
}

pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn header_names(entry: &LogEntry) -> String {
    text(&entry.header_names.join("\n")).into_owned()
}

/// Returns a text as a column can hold it: none of PostgreSQL's can hold the character of number zero.
pub(crate) fn text(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// Returns what a line counts for in the retention, in bytes.
pub(crate) fn line_bytes(entry: &LogEntry) -> i64 {
    let texts = [&entry.tenant, &entry.reason, &entry.key_name, &entry.event_id, &entry.event_type];
    let texts = texts.into_iter().flatten().map(|text| text.len()).sum::<usize>();
    let names = entry.header_names.iter().map(|name| name.len() + 1).sum::<usize>();
    let capture = entry.capture.as_ref().map_or(0, |capture| capture.as_json().len());
    let fixed = LINE_BYTES + entry.endpoint.len() + entry.sender.len();
    i64::try_from(fixed + texts + names + capture).unwrap_or(i64::MAX)
}

/// Reads a line with the columns `at_ms` and `has_capture` beside its own.
pub(crate) fn read_record<'r, R: Row>(row: &'r R) -> Result<LogRecord, sqlx::Error>
where
    &'static str: ColumnIndex<R>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    let number = |name| row.try_get::<i64, _>(name);
    let text = |name| row.try_get::<String, _>(name);
    let maybe = |name| row.try_get::<Option<String>, _>(name).map(|text| text.map(Into::into));
    let mut entry = LogEntry::new(time(number("at_ms")?), text("endpoint")?, text("outcome")?);
    entry.tenant = maybe("tenant")?;
    entry.sender = text("sender")?.into();
    entry.rejection = row.try_get::<Option<String>, _>("rejection")?.map(Into::into);
    entry.reason = maybe("reason")?;
    entry.status = u16::try_from(number("status")?).unwrap_or_default();
    entry.key_name = maybe("key_name")?;
    entry.key = row.try_get::<Option<Vec<u8>>, _>("key")?.map(|key| to_key(&key));
    entry.message = row.try_get::<Option<i64>, _>("message")?.map(to_id);
    entry.event_id = maybe("event_id")?;
    entry.event_type = maybe("event_type")?;
    entry.is_verified = row.try_get("verified")?;
    entry.body_bytes = number("body_bytes")?.unsigned_abs();
    entry.took = Duration::from_micros(number("took_us")?.unsigned_abs());
    entry.header_names = text("header_names")?.lines().map(Into::into).collect();
    let mut record = LogRecord::new(LogId::new(number("id")?.unsigned_abs()), entry);
    record.has_capture = row.try_get("has_capture")?;
    Ok(record)
}

/// Reads a count with the column `minute_ms` beside its own.
pub(crate) fn read_rate<'r, R: Row>(row: &'r R) -> Result<LogRate, sqlx::Error>
where
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    let text = |name| row.try_get::<String, _>(name);
    let minute = time(row.try_get("minute_ms")?);
    let count = row.try_get::<i64, _>("requests")?.unsigned_abs();
    let mut rate = LogRate::new(text("endpoint")?, minute, text("outcome")?, count);
    rate.rejection = text("rejection")?.into();
    rate.took = Duration::from_micros(row.try_get::<i64, _>("took_us")?.unsigned_abs());
    Ok(rate)
}

fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(millis).unwrap_or_default())
}
