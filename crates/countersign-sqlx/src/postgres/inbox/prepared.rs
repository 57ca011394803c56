//! The statements of one inbox.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, query};
use tokio::sync::OnceCell;

use super::statements::InboxStatements;
use super::tables::InboxTables;
use crate::postgres::statements::Statement;
use crate::postgres::table::Table;

/// The statements of the inbox, and whether its tables have been found.
pub(in crate::postgres) struct PostgresInbox {
    pub(super) tables: InboxTables,
    pub(super) statements: InboxStatements,
    pub(super) is_checked: OnceCell<()>,
}

impl PostgresInbox {
    pub(in crate::postgres) fn beside(events: &Table) -> Self {
        let tables = InboxTables::beside(events);
        let statements = InboxStatements::new(events, &tables);
        Self { tables, statements, is_checked: OnceCell::new() }
    }

    pub(in crate::postgres) fn sql(&self) -> String {
        self.tables.sql()
    }

    pub(in crate::postgres) fn meta(&self) -> &str {
        &self.tables.meta
    }
}

/// Returns a statement that is prepared once on each connection.
pub(super) fn prepare(statement: &Arc<str>) -> Statement<'static> {
    query(AssertSqlSafe(statement.clone()))
}
