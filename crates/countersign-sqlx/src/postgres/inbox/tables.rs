//! The names of the inbox's tables, and their SQL.

use crate::postgres::table::Table;

const SQL: &str = include_str!("../../../sql/postgres/2-inbox.sql");

/// The quoted names of the inbox's tables.
pub(in crate::postgres) struct InboxTables {
    pub(super) inbox: String,
    pub(super) attempts: String,
    pub(super) paused: String,
    pub(super) meta: String,
    /// What the names of the indexes begin with.
    index: String,
}

impl InboxTables {
    /// Returns the tables beside a table of events: `countersign_inbox` and so on beside `countersign_events`,
    /// and `name_inbox` and so on beside any other.
    pub(in crate::postgres) fn beside(events: &Table) -> Self {
        let stem = events.stem();
        let name = |suffix: &str| events.sibling(&format!("{stem}_{suffix}"));
        Self {
            inbox: name("inbox"),
            attempts: name("attempts"),
            paused: name("paused"),
            meta: name("inbox_meta"),
            index: format!("{stem}_inbox"),
        }
    }

    /// Returns the SQL that creates the tables.
    pub(in crate::postgres) fn sql(&self) -> String {
        // The names of indexes have no schema.
        let indexes = ["live", "lane", "ended"];
        let sql = indexes.iter().fold(SQL.to_owned(), |sql, index| {
            let (default, own) =
                (format!("countersign_inbox_{index}\n"), format!("\"{}_{index}\"\n", self.index));
            sql.replace(&default, &own)
        });
        // The longer name first: the shorter one is its beginning.
        sql.replace("countersign_inbox_meta", &self.meta)
            .replace("countersign_inbox ", &format!("{} ", self.inbox))
            .replace("countersign_attempts", &self.attempts)
            .replace("countersign_paused", &self.paused)
    }
}
