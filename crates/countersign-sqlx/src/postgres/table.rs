//! The table's name and shape.

use std::fmt;

use countersign::dedup::{StoreError, StoreErrorKind};
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, query, raw_sql};

/// The longest name that PostgreSQL keeps whole, with what is appended for the sequences.
const LONGEST: usize = 63 - "_fence".len();

/// A table, quoted, with its schema where one is given.
#[derive(Clone, Debug)]
pub(super) struct Table {
    schema: Option<Box<str>>,
    name: Box<str>,
}

impl Default for Table {
    fn default() -> Self {
        Self { schema: None, name: "countersign_events".into() }
    }
}

impl Table {
    pub(super) fn parse(name: &str) -> Result<Self, StoreError> {
        let (schema, table) = match name.split_once('.') {
            Some((schema, table)) => (Some(schema), table),
            None => (None, name),
        };
        let is_name = |name: &str| {
            let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            !name.is_empty() && name.len() <= LONGEST && name.bytes().all(is_letter)
        };
        if is_name(table) && schema.is_none_or(is_name) {
            return Ok(Self { schema: schema.map(Into::into), name: table.into() });
        }
        Err(StoreError::new(
            StoreErrorKind::Unavailable,
            format!(
                "`{name}` is no table's name: up to {LONGEST} letters, digits and `_`, \
                 or two such with a dot between"
            ),
        ))
    }

    /// The sequence that fencing tokens come from: they rise for all events together, so that rows can go.
    pub(super) fn sequence(&self) -> impl fmt::Display {
        self.qualified("_fence")
    }

    /// The sequence that counts the sweeps.
    pub(super) fn swept(&self) -> impl fmt::Display {
        self.qualified("_swept")
    }

    /// Makes the table with all that belongs to it; who comes at the same time waits.
    ///
    /// A table that is there is not touched, so that nobody's transaction is waited for.
    pub(super) async fn create(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let exists = query("SELECT 1 WHERE to_regclass($1) IS NOT NULL").bind(self.to_string());
        if exists.fetch_optional(pool).await?.is_some() {
            return Ok(());
        }
        let (sequence, swept) = (self.sequence(), self.swept());
        let mut transaction = pool.begin().await?;
        query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(self.to_string())
            .execute(&mut *transaction)
            .await?;
        if let Some(schema) = &self.schema {
            let exists = query("SELECT FROM pg_namespace WHERE nspname = $1").bind(&**schema);
            // To ask for one that exists takes a right that the application need not have.
            if exists.fetch_optional(&mut *transaction).await?.is_none() {
                let create = format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"");
                raw_sql(AssertSqlSafe(create)).execute(&mut *transaction).await?;
            }
        }
        let create = format!(
            "CREATE SEQUENCE IF NOT EXISTS {sequence};
             CREATE SEQUENCE IF NOT EXISTS {swept};
             CREATE TABLE IF NOT EXISTS {self} (
                 key bytea PRIMARY KEY,
                 fence bigint NOT NULL,
                 until timestamptz NOT NULL,
                 fingerprint bigint NOT NULL,
                 state smallint NOT NULL
             )"
        );
        raw_sql(AssertSqlSafe(create)).execute(&mut *transaction).await?;
        transaction.commit().await
    }

    fn qualified(&self, suffix: &str) -> String {
        match &self.schema {
            Some(schema) => format!("\"{schema}\".\"{}{suffix}\"", self.name),
            None => format!("\"{}{suffix}\"", self.name),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.qualified(""))
    }
}
