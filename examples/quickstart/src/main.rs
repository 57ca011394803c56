//! Both senders in one service, which sends itself every kind of delivery over real HTTP and shows
//! what came of each.
//!
//! `cargo run -p quickstart`; with `-- --framework actix` in actix-web instead of axum, and with
//! `-- --serve` it stays up for deliveries of yours. Read `axum.rs` or `actix.rs` first: it is the
//! service itself, for the two senders of `senders.rs`. The other files deliver to it and watch it.

mod actix;
mod args;
mod axum;
mod client;
mod desk;
mod notes;
mod post;
mod scenario;
mod senders;
mod server;
mod stage;
mod table;
mod witness;

use std::io::{self, IsTerminal, Write};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use countersign::Outcome;
use countersign::time::{Clock, SystemClock};

use crate::args::{Command, HELP};
use crate::desk::Desk;
use crate::post::{Post, rfc3339};
use crate::scenario::Act;
use crate::server::{Framework, Server};
use crate::stage::{Stage, reason};
use crate::table::Table;
use crate::witness::{Verdict, Witness};

/// Whatever goes wrong here ends the program with a line of text.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// The whole play takes less than a second; past this, something hangs.
const PLAY: Duration = Duration::from_secs(60);

/// How long a signed time stays fresh, see `Tolerance::FIVE_MINUTES`.
const FRESH: Duration = Duration::from_secs(300);

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Command::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => io::stdout().write_all(HELP.as_bytes()).map_err(Into::into),
        Ok(Command::Play { framework, then_serve }) => run(framework, then_serve).await,
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
    let (server, mut stage) = start(framework).await?;
    let acts = play(&mut stage).await?;
    let no_colour = std::env::var_os("NO_COLOR").is_some();
    let table = Table { acts: &acts, is_coloured: io::stdout().is_terminal() && !no_colour };
    let (name, address) = (framework.name(), stage.address);
    writeln!(io::stdout(), "\nReal HTTP to an {name} server on {address}:\n\n{table}")?;
    if table.problems() > 0 {
        return Err("a delivery did not go as it should: see the rows marked ✗".into());
    }
    if then_serve {
        serve(&mut stage).await?;
    } else {
        let again = format!("cargo run -p quickstart -- --framework {name} --serve");
        writeln!(io::stdout(), "To deliver yourself: {again}")?;
    }
    server.stop().await
}

async fn start(framework: Framework) -> Result<(Server, Stage)> {
    let (desk, notes) = Desk::new();
    let (witness, verdicts) = Witness::new();
    let server = framework.start(desk.clone(), witness).await?;
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
                Verdict::Rejected(rejection) => format!("rejected  {rejection}"),
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

    #[tokio::test]
    async fn every_delivery_goes_as_it_should() {
        for framework in Framework::ALL {
            let (server, mut stage) = start(framework).await.unwrap();
            let acts = play(&mut stage).await.unwrap();
            server.stop().await.unwrap();
            let table = Table { acts: &acts, is_coloured: false };
            let text = table.to_string();
            assert_eq!(table.problems(), 0, "{framework:?}:\n{text}");
            assert!(!text.contains('\x1b'), "{text}");
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= 120, "{widest} columns do not fit a terminal:\n{text}");
        }
    }

    #[tokio::test]
    async fn a_stop_waits_for_a_handler_whose_sender_hung_up() {
        for framework in Framework::ALL {
            let (server, mut stage) = start(framework).await.unwrap();
            let post = Post::ainexlayer("chat.message", "evt-1", scenario::HANDBOOK).unwrap();
            let held = stage.hold(post).await.unwrap();
            let both = async { tokio::try_join!(server.stop(), stage.hang_up(held)) };
            let ((), row) = tokio::time::timeout(PLAY, both).await.unwrap().unwrap();
            assert_eq!(row.problem, None, "{framework:?}");
        }
    }
}
