//! A service with two senders, which sends itself every kind of delivery over real HTTP and prints the
//! results.
//!
//! Run `cargo run -p quickstart`, with `-- --framework actix` for actix-web instead of axum, and with
//! `-- --serve` to send deliveries of your own afterwards. Read `axum.rs` or `actix.rs` first: that is
//! the service itself, with the two senders of `senders.rs`. The other files deliver to it and check
//! the results.

mod actix;
mod args;
mod axum;
mod client;
mod inbox;
mod backend;
mod notes;
mod request;
mod scenario;
mod senders;
mod server;
mod harness;
mod table;
mod observer;

use std::io::{self, IsTerminal, Write};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use countersign::Outcome;
use countersign::time::{Clock, SystemClock};

use crate::args::{Command, HELP};
use crate::backend::Backend;
use crate::harness::{Harness, reason};
use crate::observer::{Observer, Verdict};
use crate::request::{WebhookRequest, rfc3339};
use crate::scenario::Section;
use crate::server::{Framework, Server};
use crate::table::Table;

/// An error ends the program with a line of text.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// All deliveries together take less than a second; after this time something hangs.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long a signed timestamp stays fresh, see `Tolerance::FIVE_MINUTES`.
const FRESH: Duration = Duration::from_secs(300);

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Command::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => io::stdout().write_all(HELP.as_bytes()).map_err(Into::into),
        Ok(Command::Run { framework, then_serve }) => run(framework, then_serve).await,
        Err(wrong) => {
            eprintln!("quickstart: {wrong}; see --help");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(framework: Framework, then_serve: bool) -> Result<()> {
    let (server, mut harness) = start(framework).await?;
    let sections = run_scenario(&mut harness).await?;
    let no_colour = std::env::var_os("NO_COLOR").is_some();
    let table =
        Table { sections: &sections, is_coloured: io::stdout().is_terminal() && !no_colour };
    let (name, address) = (framework.name(), harness.address);
    writeln!(io::stdout(), "\nReal HTTP to an {name} server on {address}:\n\n{table}")?;
    if table.problems() > 0 {
        return Err("a delivery has an unexpected result: see the rows marked ✗".into());
    }
    let lines = run_inbox(framework).await?;
    writeln!(
        io::stdout(),
        "With an inbox: stored, acknowledged, then handled by the same handler\n"
    )?;
    for line in &lines {
        writeln!(io::stdout(), "{line}")?;
    }
    writeln!(io::stdout())?;
    if !lines.iter().all(inbox::Line::is_expected) {
        return Err("an event of the inbox has an unexpected result: see the rows marked ✗".into());
    }
    if then_serve {
        serve(&mut harness).await?;
    } else {
        let again = format!("cargo run -p quickstart -- --framework {name} --serve");
        writeln!(io::stdout(), "To send deliveries yourself: {again}")?;
    }
    server.stop().await
}

async fn start(framework: Framework) -> Result<(Server, Harness)> {
    let (backend, notes) = Backend::new();
    let (observer, verdicts) = Observer::new();
    let server = framework.start(backend.clone(), observer, None).await?;
    let harness = Harness { address: server.address, backend, notes, verdicts };
    Ok((server, harness))
}

async fn run_scenario(harness: &mut Harness) -> Result<Vec<Section>> {
    tokio::time::timeout(TIMEOUT, scenario::run(harness))
        .await
        .map_err(|_| "a delivery hangs: it gets no response, or is never handled")?
}

async fn run_inbox(framework: Framework) -> Result<Vec<inbox::Line>> {
    tokio::time::timeout(TIMEOUT, inbox::run(framework))
        .await
        .map_err(|_| "an event of the inbox hangs: it is never handled")?
}

/// Prints every delivery until Ctrl-C.
async fn serve(harness: &mut Harness) -> Result<()> {
    writeln!(io::stdout(), "{}", invitation(harness)?)?;
    let mut end = pin!(tokio::signal::ctrl_c());
    loop {
        let line = tokio::select! {
            result = &mut end => return Ok(result?),
            Some(note) = harness.notes.recv() => format!("handled  {note}"),
            Some(verdict) = harness.verdicts.recv() => match verdict {
                Verdict::Verified(Outcome::Handled) => continue,
                Verdict::Rejected(rejection) => format!("rejected  {rejection}"),
                Verdict::Disconnected => "disconnected  the handler continues".into(),
                verdict => format!("not run  {}", reason(&verdict)),
            },
        };
        writeln!(io::stdout(), "{line}")?;
    }
}

fn invitation(harness: &Harness) -> Result<String> {
    let now = SystemClock.now();
    let until = rfc3339(now.saturating_add(FRESH))?;
    let lead = WebhookRequest::omniai("", scenario::lead("lead-of-yours", r#""Robin""#))?;
    let signed = WebhookRequest::ainexlayer_at(
        now,
        "document.processed",
        "evt-of-yours",
        scenario::HANDBOOK,
    )?;
    let tampered = signed.clone().tampered()?;
    let [lead, signed, tampered] =
        [lead, signed, tampered].map(|request| request.curl(harness.address));
    Ok(format!(
        "Paste these commands into another terminal; the deliveries are printed here. Stop with Ctrl-C.

# From OmniAI: 200; the second time 200 without running the handler
{lead}

# From AINexLayer: 202; the second time 200 without running the handler (fresh until {until})
{signed}

# The same request, tampered with: 401
{tampered}
"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_delivery_has_the_expected_result() {
        for framework in Framework::ALL {
            let (server, mut harness) = start(framework).await.unwrap();
            let sections = run_scenario(&mut harness).await.unwrap();
            server.stop().await.unwrap();
            let table = Table { sections: &sections, is_coloured: false };
            let text = table.to_string();
            assert_eq!(table.problems(), 0, "{framework:?}:\n{text}");
            assert!(!text.contains('\x1b'), "{text}");
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= 120, "{widest} columns do not fit a terminal:\n{text}");
        }
    }

    #[tokio::test]
    async fn every_event_of_the_inbox_has_the_expected_result() {
        for framework in Framework::ALL {
            let lines = run_inbox(framework).await.unwrap();
            let unexpected: Vec<_> = lines.iter().filter(|line| !line.is_expected()).collect();
            assert!(unexpected.is_empty(), "{framework:?}: {}", unexpected[0]);
        }
    }

    #[tokio::test]
    async fn a_stop_waits_for_a_handler_whose_sender_disconnected() {
        for framework in Framework::ALL {
            let (server, mut harness) = start(framework).await.unwrap();
            let request =
                WebhookRequest::ainexlayer("chat.message", "evt-1", scenario::HANDBOOK).unwrap();
            let paused = harness.pause(request).await.unwrap();
            let both = async { tokio::try_join!(server.stop(), harness.disconnect(paused)) };
            let ((), row) = tokio::time::timeout(TIMEOUT, both).await.unwrap().unwrap();
            assert_eq!(row.problem, None, "{framework:?}");
        }
    }
}
