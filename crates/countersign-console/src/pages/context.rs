//! What every page knows.

use std::sync::OnceLock;

use countersign::Timestamp;
use countersign::dedup::StoreError;
use countersign::inbox::Backlog;
use countersign::log::LogRate;

use crate::access::Access;
use crate::acts::Act;
use crate::console::Console;
use crate::reply::day_before;

/// What every page knows, and what several parts of one page read from the stores.
pub(crate) struct Context<'c> {
    pub(crate) console: &'c Console,
    pub(crate) access: &'c Access,
    pub(crate) now: Timestamp,
    /// The theme that the person has chosen: `system`, `light` or `dark`.
    pub(crate) theme: &'static str,
    backlog: OnceLock<Backlog>,
    day_rates: OnceLock<Vec<LogRate>>,
}

impl<'c> Context<'c> {
    pub(crate) const fn new(
        console: &'c Console,
        access: &'c Access,
        now: Timestamp,
        theme: &'static str,
    ) -> Self {
        Self { console, access, now, theme, backlog: OnceLock::new(), day_rates: OnceLock::new() }
    }

    /// Returns what the inbox holds, read once for a page; empty without an inbox.
    pub(crate) async fn backlog(&self) -> Result<&Backlog, StoreError> {
        if let Some(backlog) = self.backlog.get() {
            return Ok(backlog);
        }
        let backlog = match &self.console.inbox {
            Some(inbox) => inbox.held().await?,
            None => Backlog::default(),
        };
        Ok(self.backlog.get_or_init(|| backlog))
    }

    /// Returns the last day's counts of all endpoints, read once for a page; empty without a log.
    pub(crate) async fn day_rates(&self) -> Result<&[LogRate], StoreError> {
        if let Some(rates) = self.day_rates.get() {
            return Ok(rates);
        }
        let rates = match &self.console.log {
            Some(log) => log.rates(None, day_before(self.now), self.now).await?,
            None => Vec::new(),
        };
        Ok(self.day_rates.get_or_init(|| rates))
    }

    /// Records what the person has done.
    pub(crate) fn record(&self, what: String, endpoint: Option<&str>) {
        let who = self.access.name().to_owned();
        let endpoint = endpoint.map(str::to_owned);
        self.console.acts.record(Act { at: self.now, who, what, endpoint });
    }
}
