//! The command line.

use std::ffi::OsString;

use crate::server::Framework;

pub(crate) const HELP: &str = "\
Starts a server with two webhook senders, sends itself every kind of delivery and
prints the results. Exits with 0 if all are as expected, else with 1.

usage: cargo run -p quickstart [-- [--framework NAME] [--serve]]

  --framework NAME  serve with axum (the default) or actix
  --serve           keep running afterwards, and print curl commands to send deliveries
  --help            print this
";

#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Command {
    Help,
    Run { framework: Framework, then_serve: bool },
}

impl Command {
    /// Parses the arguments; the error says what is wrong with them.
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut args = args.into_iter();
        let (mut framework, mut then_serve) = (Framework::default(), false);
        while let Some(arg) = args.next() {
            match arg.to_str() {
                Some("--framework") => framework = named(args.next())?,
                Some("--serve") => then_serve = true,
                Some("--help" | "-h") => return Ok(Self::Help),
                _ => return Err(format!("unknown argument `{}`", arg.to_string_lossy())),
            }
        }
        Ok(Self::Run { framework, then_serve })
    }
}

fn named(name: Option<OsString>) -> Result<Framework, String> {
    let name = name.ok_or("`--framework` needs a name: axum or actix")?;
    Framework::ALL
        .into_iter()
        .find(|framework| name == framework.name())
        .ok_or_else(|| format!("unknown framework `{}`: use axum or actix", name.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Command::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn valid_arguments_are_parsed() {
        let run = |framework, then_serve| Ok(Command::Run { framework, then_serve });
        assert_eq!(parse(""), run(Framework::Axum, false));
        assert_eq!(parse("--serve"), run(Framework::Axum, true));
        assert_eq!(parse("--framework axum"), run(Framework::Axum, false));
        assert_eq!(parse("--framework actix"), run(Framework::Actix, false));
        assert_eq!(parse("--serve --framework actix"), run(Framework::Actix, true));
        assert_eq!(parse("--framework actix --help"), Ok(Command::Help));
    }

    #[test]
    fn invalid_arguments_are_named() {
        assert_eq!(parse("--sevre"), Err("unknown argument `--sevre`".into()));
        assert_eq!(
            parse("--framework rocket"),
            Err("unknown framework `rocket`: use axum or actix".into())
        );
        assert_eq!(parse("--framework"), Err("`--framework` needs a name: axum or actix".into()));
    }
}
