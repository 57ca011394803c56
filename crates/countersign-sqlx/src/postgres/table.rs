//! The table's name and its SQL.

use std::fmt;

use countersign::dedup::{StoreError, StoreErrorKind};
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, query, raw_sql};

/// The table unless another is set.
const DEFAULT: &str = "countersign_events";

/// The SQL of the table and its sequences, which is published as a file.
const SQL: &str = include_str!("../../sql/postgres/1-events.sql");

/// The longest table name for which PostgreSQL does not truncate the names of the sequences, tables and
/// indexes beside it.
const LONGEST: usize = 63 - "_log_endpoint".len();

/// The name of a table, with its schema if one is given. `Display` quotes it.
#[derive(Clone, Debug)]
pub(super) struct Table {
    schema: Option<Box<str>>,
    name: Box<str>,
}

impl Default for Table {
    fn default() -> Self {
        Self { schema: None, name: DEFAULT.into() }
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
                "`{name}` is not a table name: use `table` or `schema.table`, each of up to {LONGEST} \
                 letters, digits and `_`"
            ),
        ))
    }

    /// Returns the sequence of the fencing tokens. All events share it, so a token still rises after its
    /// event's row was deleted.
    pub(super) fn sequence(&self) -> impl fmt::Display {
        self.qualified("_fence")
    }

    /// Returns the sequence that counts the sweeps.
    pub(super) fn swept(&self) -> impl fmt::Display {
        self.qualified("_swept")
    }

    /// Returns what the names of the tables beside this one begin with: `countersign` beside
    /// `countersign_events`, and the table's own name beside any other. A table that is called `countersign` must
    /// not share those of the former.
    pub(super) fn stem(&self) -> &str {
        match &*self.name {
            DEFAULT => "countersign",
            "countersign" => "countersign_",
            name => name,
        }
    }

    /// Returns the quoted name of another table in the same schema.
    pub(super) fn sibling(&self, name: &str) -> String {
        match &self.schema {
            Some(schema) => format!("\"{schema}\".\"{name}\""),
            None => format!("\"{name}\""),
        }
    }

    /// Creates the table, its sequences and its schema, and the tables beside it: by the SQL of each part, whose last
    /// table is named with it. Concurrent callers wait for each other.
    ///
    /// Existing tables are not touched, so that the call does not wait for open transactions.
    pub(super) async fn create(
        &self,
        pool: &PgPool,
        parts: [(&str, String); 2],
    ) -> Result<(), sqlx::Error> {
        let exists = "SELECT 1 WHERE to_regclass($1) IS NOT NULL AND to_regclass($2) IS NOT NULL
             AND to_regclass($3) IS NOT NULL";
        let exists = query(exists).bind(self.to_string()).bind(parts[0].0).bind(parts[1].0);
        if exists.fetch_optional(pool).await?.is_some() {
            return Ok(());
        }
        let mut transaction = pool.begin().await?;
        query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            // By schema, since the stores of two tables may create it at the same time.
            .bind(self.schema.as_deref().unwrap_or(&self.name))
            .execute(&mut *transaction)
            .await?;
        if let Some(schema) = &self.schema {
            let exists = query("SELECT FROM pg_namespace WHERE nspname = $1").bind(&**schema);
            // `CREATE SCHEMA IF NOT EXISTS` needs a privilege even if the schema exists.
            if exists.fetch_optional(&mut *transaction).await?.is_none() {
                let create = format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"");
                raw_sql(AssertSqlSafe(create)).execute(&mut *transaction).await?;
            }
        }
        raw_sql(AssertSqlSafe(self.sql())).execute(&mut *transaction).await?;
        for (_, sql) in parts {
            raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    /// Returns the SQL of the sequences and the table, which docs/choosing-a-store.md shows.
    fn sql(&self) -> String {
        // The longer names first: the shorter one is their beginning.
        SQL.replace("countersign_events_fence", &self.sequence().to_string())
            .replace("countersign_events_swept", &self.swept().to_string())
            .replace("countersign_events ", &format!("{self} "))
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

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::documented::{sql_of, words_of};

    #[test]
    fn the_documentation_shows_the_table() {
        let sql = Table::default().sql().replace('"', "");
        assert_eq!(sql_of("The table in PostgreSQL"), words_of(&sql));
    }
}
