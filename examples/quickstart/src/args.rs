//! The command line.

use std::ffi::OsString;

use crate::server::Framework;

pub(crate) const HELP: &str = "\
Starts a server with two webhook senders mounted, sends itself every kind of delivery
and prints what came of each. Ends with 0 if all is as it should be, else 1.

usage: cargo run -p quickstart [-- [--framework NAME] [--serve]]

  --framework NAME  serve with axum (the default) or actix
  --serve           stay up afterwards, and print curl lines to deliver with
  --help            print this
";

#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Command {
    Help,
    Play { framework: Framework, then_serve: bool },
}

impl Command {
    /// What `args` ask for, or what is wrong with them.
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
        Ok(Self::Play { framework, then_serve })
    }
}

fn named(name: Option<OsString>) -> Result<Framework, String> {
    let name = name.ok_or("`--framework` needs a name: axum or actix")?;
    Framework::ALL.into_iter().find(|framework| name == framework.name()).ok_or_else(|| {
        format!("unknown framework `{}`: it is axum or actix", name.to_string_lossy())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Command::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn what_is_asked_for_is_played() {
        let play = |framework, then_serve| Ok(Command::Play { framework, then_serve });
        assert_eq!(parse(""), play(Framework::Axum, false));
        assert_eq!(parse("--serve"), play(Framework::Axum, true));
        assert_eq!(parse("--framework axum"), play(Framework::Axum, false));
        assert_eq!(parse("--framework actix"), play(Framework::Actix, false));
        assert_eq!(parse("--serve --framework actix"), play(Framework::Actix, true));
        assert_eq!(parse("--framework actix --help"), Ok(Command::Help));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(parse("--sevre"), Err("unknown argument `--sevre`".into()));
        assert_eq!(
            parse("--framework rocket"),
            Err("unknown framework `rocket`: it is axum or actix".into())
        );
        assert_eq!(parse("--framework"), Err("`--framework` needs a name: axum or actix".into()));
    }
}
