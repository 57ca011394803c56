//! Both senders in one axum service, which sends itself every kind of delivery over real HTTP and
//! shows what came of each.
//!
//! `cargo run -p quickstart`; with `-- --serve` it stays up for deliveries of yours. Read `app.rs`
//! first: it is the service itself. The other files deliver to it and watch it.

mod app;
mod client;
mod desk;
mod post;
mod scenario;
mod server;
mod stage;
mod table;
mod witness;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use countersign::{Clock, Outcome, SystemClock};

use crate::desk::Desk;
use crate::post::{Post, rfc3339};
use crate::scenario::Act;
use crate::server::Server;
use crate::stage::{Stage, reason};
use crate::table::Table;
use crate::witness::{Verdict, Witness};

/// Whatever goes wrong here ends the program with a line of text.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const HELP: &str = "\
Starts an axum server with two webhook senders mounted, sends itself every kind of
delivery and prints what came of each. Ends with 0 if all is as it should be, else 1.

usage: cargo run -p quickstart [-- --serve]

  --serve  stay up afterwards, and print curl lines to deliver with
  --help   print this
";

/// The whole play takes less than a second; past this, something hangs.
const PLAY: Duration = Duration::from_secs(60);

/// How long a signed time stays fresh, see `Tolerance::FIVE_MINUTES`.
const FRESH: Duration = Duration::from_secs(300);

#[derive(Debug, Eq, PartialEq)]
enum Command {
    Help,
    Play { then_serve: bool },
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match command(std::env::args_os().skip(1)) {
        Ok(Command::Help) => io::stdout().write_all(HELP.as_bytes()).map_err(Into::into),
        Ok(Command::Play { then_serve }) => run(then_serve).await,
        Err(unknown) => {
            eprintln!("quickstart: unknown argument `{unknown}`, see --help");
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

fn command(args: impl Iterator<Item = OsString>) -> std::result::Result<Command, String> {
    let mut command = Command::Play { then_serve: false };
    for arg in args {
        match arg.to_str() {
            Some("--serve") => command = Command::Play { then_serve: true },
            Some("--help" | "-h") => return Ok(Command::Help),
            _ => return Err(arg.to_string_lossy().into_owned()),
        }
    }
    Ok(command)
}

async fn run(then_serve: bool) -> Result<()> {
    let (server, mut stage) = start().await?;
    let acts = play(&mut stage).await?;
    let no_colour = std::env::var_os("NO_COLOR").is_some();
    let table = Table { acts: &acts, is_coloured: io::stdout().is_terminal() && !no_colour };
    writeln!(io::stdout(), "\nReal HTTP to an axum server on {}:\n\n{table}", stage.address)?;
    if table.problems() > 0 {
        return Err("a delivery did not go as it should: see the rows marked ✗".into());
    }
    if then_serve {
        serve(&mut stage).await?;
    } else {
        writeln!(io::stdout(), "To deliver yourself: cargo run -p quickstart -- --serve")?;
    }
    server.stop().await
}

async fn start() -> Result<(Server, Stage)> {
    let (desk, notes) = Desk::new();
    let (witness, verdicts) = Witness::new();
    let server = Server::start(desk.clone(), witness).await?;
    let stage = Stage { address: server.address, desk, notes, verdicts };
    Ok((server, stage))
}

async fn play(stage: &mut Stage) -> Result<Vec<Act>> {
    tokio::time::timeout(PLAY, scenario::play(stage))
        .await
        .map_err(|_| "a delivery hangs: it is not answered, or never handled")?
}

/// Prints what comes in until Ctrl-C.
async fn serve(stage: &mut Stage) -> Result<()> {
    writeln!(io::stdout(), "{}", invitation(stage)?)?;
    let mut end = pin!(tokio::signal::ctrl_c());
    loop {
        let line = tokio::select! {
            result = &mut end => return Ok(result?),
            Some(note) = stage.notes.recv() => format!("handled  {note}"),
            Some(verdict) = stage.verdicts.recv() => match verdict {
                Verdict::Verified(Outcome::Handled) => continue,
                Verdict::Refused(refusal) => format!("refused  {refusal}"),
                Verdict::HungUp => "hung up  its sender; the handler runs on".into(),
                verdict => format!("not run  {}", reason(&verdict)),
            },
        };
        writeln!(io::stdout(), "{line}")?;
    }
}

fn invitation(stage: &Stage) -> Result<String> {
    let now = SystemClock.now();
    let until = rfc3339(now.saturating_add(FRESH))?;
    let lead = Post::omniai("", scenario::lead("lead-of-yours", r#""Robin""#))?;
    let signed =
        Post::ainexlayer_at(now, "document.processed", "evt-of-yours", scenario::HANDBOOK)?;
    let tampered = signed.clone().tampered()?;
    let [lead, signed, tampered] = [lead, signed, tampered].map(|post| post.curl(stage.address));
    Ok(format!(
        "Paste these into another terminal; what comes in is shown here. Ctrl-C ends.

# From OmniAI: 200, and once more: 200 without a second run
{lead}

# From AINexLayer: 202, and once more: 200 without a second run (fresh until {until})
{signed}

# The same, tampered with: 401
{tampered}
"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_argument_is_named() {
        let command = |arg: &str| command([OsString::from(arg)].into_iter());
        assert_eq!(command("--serve"), Ok(Command::Play { then_serve: true }));
        assert_eq!(command("--help"), Ok(Command::Help));
        assert_eq!(command("--sevre"), Err("--sevre".into()));
    }

    #[tokio::test]
    async fn every_delivery_goes_as_it_should() {
        let (server, mut stage) = start().await.unwrap();
        let acts = play(&mut stage).await.unwrap();
        server.stop().await.unwrap();
        let table = Table { acts: &acts, is_coloured: false };
        let text = table.to_string();
        assert_eq!(table.problems(), 0, "{text}");
        assert!(!text.contains('\x1b'), "{text}");
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 120, "{widest} columns do not fit a terminal:\n{text}");
    }
}
