//! `log`: shows a delivery log.

mod print;

use countersign::log::{InspectLog, LogFilter, LogId};
use countersign::time::{Clock, SystemClock};
use countersign_sqlx::SqliteStore;

use super::common::runtime;
use super::failed::{self, Failed};
use super::filter_values::{key, time};
use super::store::{StoreLocation, open_postgres};
use crate::args::{
    InboxStoreArgs, LogCommand, LogExportArgs, LogFilterArgs, LogListArgs, LogShowArgs,
    LogStatsArgs,
};
use crate::error::CliError;
use crate::output::{ExitStatus, Output};

/// How many deliveries one call reads.
const PAGE: u32 = 500;

pub(super) fn run(command: &LogCommand, output: &mut Output) -> Result<ExitStatus, CliError> {
    let location = StoreLocation::from_args(&store_args(command).into())?;
    let result = runtime()?.block_on(async {
        match &location {
            StoreLocation::Sqlite(path) => {
                execute(command, &SqliteStore::open_existing(path).await?, output).await
            }
            StoreLocation::Postgres { url, table } => {
                execute(command, &open_postgres(url, table.as_deref()).await?, output).await
            }
            StoreLocation::Redis { .. } => Err(failed::redis("a delivery log").into()),
        }
    });
    failed::status(result, output)
}

const fn store_args(command: &LogCommand) -> &InboxStoreArgs {
    let (LogCommand::List(LogListArgs { store, .. })
    | LogCommand::Show(LogShowArgs { store, .. })
    | LogCommand::Stats(LogStatsArgs { store, .. })
    | LogCommand::Export(LogExportArgs { store, .. })) = command;
    store
}

fn filter(args: &LogFilterArgs) -> Result<LogFilter, CliError> {
    let text = |text: &Option<String>| text.as_deref().map(Into::into);
    let mut filter = LogFilter::default();
    filter.endpoint = text(&args.endpoint);
    filter.tenant = text(&args.tenant);
    filter.outcome = text(&args.outcome);
    filter.rejection = text(&args.rejection);
    filter.key = args.key.as_deref().map(key).transpose()?;
    filter.from = args.since.as_deref().map(|text| time("--since", text)).transpose()?;
    filter.before = args.until.as_deref().map(|text| time("--until", text)).transpose()?;
    if let Some(event_type) = &args.event_type {
        filter = filter.with_event_type(event_type);
    }
    if let Some(id) = &args.event_id {
        filter = filter.with_event_id(id);
    }
    Ok(filter)
}

async fn execute(
    command: &LogCommand,
    log: &impl InspectLog,
    output: &mut Output,
) -> Result<ExitStatus, Failed> {
    match command {
        LogCommand::List(args) => {
            let before = args.before.map(LogId::new);
            let records = log.log_records(&filter(&args.filter)?, before, args.limit).await?;
            print::list(&records, args.limit, output)?;
        }
        LogCommand::Show(args) => return show(args, log, output).await,
        LogCommand::Stats(args) => {
            let from = time("--since", &args.since)?;
            let rates = log.log_rates(args.endpoint.as_deref(), from, SystemClock.now()).await?;
            print::stats(&rates, output)?;
        }
        LogCommand::Export(args) => export(&filter(&args.filter)?, log, output).await?,
    }
    Ok(ExitStatus::Success)
}

async fn show(
    args: &LogShowArgs,
    log: &impl InspectLog,
    output: &mut Output,
) -> Result<ExitStatus, Failed> {
    let id = LogId::new(args.id);
    if args.request {
        let Some(request) = log.log_capture(id).await? else {
            print::without_request(id, output)?;
            return Ok(ExitStatus::Rejected);
        };
        output.line(request.as_json())?;
        return Ok(ExitStatus::Success);
    }
    let mut one = LogFilter::default();
    one.id = Some(id);
    match log.log_records(&one, None, 1).await?.pop() {
        Some(record) => print::record(&record, output)?,
        None => {
            print::absent(id, output)?;
            return Ok(ExitStatus::Rejected);
        }
    }
    Ok(ExitStatus::Success)
}

async fn export(
    filter: &LogFilter,
    log: &impl InspectLog,
    output: &mut Output,
) -> Result<(), Failed> {
    let mut before = None;
    loop {
        let page = log.log_records(filter, before, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        before = Some(last.id);
        for record in &page {
            output.json(&print::to_json(record))?;
        }
        if output.is_closed() {
            return Ok(());
        }
    }
}
