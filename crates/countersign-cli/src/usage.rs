//! Parses the command line. An error is one line without any value: a value may be a misplaced secret.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Error, Parser};

use crate::args::Cli;
use crate::error::CliError;

/// Parses the arguments. Help and version are printed at once.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Cli, CliError> {
    Cli::try_parse_from(arguments).map_err(|error| {
        use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
        match error.kind() {
            DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
            _ => usage_error(&error),
        }
    })
}

/// Returns whether `--json` is among arguments that cannot be parsed.
pub(crate) fn wants_json(arguments: &[OsString]) -> bool {
    arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json")
}

fn usage_error(error: &Error) -> CliError {
    let location = names(error, ContextKind::InvalidArg);
    let location = if location.is_empty() { "the arguments".to_owned() } else { location };
    let known = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(known)) => known.join(", "),
        _ => String::new(),
    };
    let hint = match error.kind() {
        // A missing value is an empty one.
        ErrorKind::InvalidValue if is_valueless(error) => "has no value: add one".to_owned(),
        ErrorKind::InvalidValue => format!("has an invalid value: use one of {known}"),
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map(ToString::to_string);
            match (reason, error.get(ContextKind::InvalidValue)) {
                (Some(reason), Some(ContextValue::String(value)))
                    if value.len() < 4 || !reason.contains(value) =>
                {
                    format!("has an invalid value: {reason}")
                }
                _ => "has an invalid value: see `--help`".to_owned(),
            }
        }
        ErrorKind::UnknownArgument => match names(error, ContextKind::SuggestedArg) {
            like if like.is_empty() => "is not known: see `--help`".to_owned(),
            like => format!("is not known: did you mean {like}? See `--help`"),
        },
        ErrorKind::InvalidSubcommand => {
            return CliError::at("the command", "is not known: see `countersign --help`");
        }
        ErrorKind::ArgumentConflict => match names(error, ContextKind::PriorArg) {
            // A repeated argument conflicts with itself.
            rival if rival == location => "is given twice: give it once".to_owned(),
            rival => format!("cannot be used with {rival}: leave one of them out"),
        },
        ErrorKind::MissingRequiredArgument => "is required: see `--help`".to_owned(),
        ErrorKind::InvalidUtf8 => "has a value that is not UTF-8: put it in a file".to_owned(),
        ErrorKind::MissingSubcommand => {
            return CliError::Malformed("no command given; see `countersign --help`".to_owned());
        }
        _ => "cannot be parsed: see `--help`".to_owned(),
    };
    CliError::at(location, hint)
}

fn is_valueless(error: &Error) -> bool {
    !matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if !value.is_empty())
}

/// Returns the arguments that an error names, without any text of the user.
fn names(error: &Error, kind: ContextKind) -> String {
    let list = match error.get(kind) {
        Some(ContextValue::String(name)) => vec![shown(name)],
        Some(ContextValue::Strings(names)) => names.iter().map(|name| shown(name)).collect(),
        _ => Vec::new(),
    };
    list.join(", ")
}

/// Returns an argument's name without its `<VALUE>`, if it is one of the command's.
fn shown(text: &str) -> String {
    let name = text.split([' ', '=']).next().unwrap_or_default();
    let is_flag_char = |letter: char| letter.is_ascii_lowercase() || letter == '-';
    let is_flag = name.starts_with('-') && name.len() <= 24 && name.chars().all(is_flag_char);
    let is_positional = name.starts_with(['<', '[']);
    match name {
        _ if is_flag || is_positional => format!("`{name}`"),
        _ => "an argument".to_owned(),
    }
}
