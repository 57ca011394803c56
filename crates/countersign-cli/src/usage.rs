//! What is wrong with the command line, told in one line that holds none of its values: a secret may
//! have been given in the place of another argument.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Error, Parser};

use crate::args::Cli;
use crate::failure::Failure;

/// The arguments as the command's, or what is wrong with them. Help and version are printed at once.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Cli, Failure> {
    Cli::try_parse_from(arguments).map_err(|error| {
        use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
        match error.kind() {
            DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
            _ => failure(&error),
        }
    })
}

/// Whether `--json` is among the arguments, though they cannot be parsed.
pub(crate) fn wants_json(arguments: &[OsString]) -> bool {
    arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json")
}

fn failure(error: &Error) -> Failure {
    let place = names(error, ContextKind::InvalidArg);
    let place = if place.is_empty() { "the arguments".to_owned() } else { place };
    let known = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(known)) => known.join(", "),
        _ => String::new(),
    };
    let mend = match error.kind() {
        // Where no value was given, what is none is empty.
        ErrorKind::InvalidValue if is_valueless(error) => "has no value: give it one".to_owned(),
        ErrorKind::InvalidValue => format!("has a value that is none of {known}: give one of them"),
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map(ToString::to_string);
            match (reason, error.get(ContextKind::InvalidValue)) {
                (Some(reason), Some(ContextValue::String(value)))
                    if value.len() < 4 || !reason.contains(value) =>
                {
                    format!("has a value that does not fit: {reason}")
                }
                _ => "has a value that does not fit: `--help` says which do".to_owned(),
            }
        }
        ErrorKind::UnknownArgument => match names(error, ContextKind::SuggestedArg) {
            like if like.is_empty() => "is not known: `--help` lists what is".to_owned(),
            like => format!("is not known: {like} is like it, and `--help` lists all"),
        },
        ErrorKind::InvalidSubcommand => {
            return Failure::at(
                "the command",
                "is not known: `countersign --help` lists those that are",
            );
        }
        ErrorKind::ArgumentConflict => match names(error, ContextKind::PriorArg) {
            // It is its own rival where it stands twice.
            rival if rival == place => "stands twice: give it once".to_owned(),
            rival => format!("cannot be used with {rival}: leave one of them out"),
        },
        ErrorKind::MissingRequiredArgument => "must be given: `--help` says what it is".to_owned(),
        ErrorKind::InvalidUtf8 => "has a value that is not UTF-8: give it in a file".to_owned(),
        ErrorKind::MissingSubcommand => {
            "name no command: `countersign --help` lists them".to_owned()
        }
        _ => "cannot be read: `--help` says how to give it".to_owned(),
    };
    Failure::at(place, mend)
}

fn is_valueless(error: &Error) -> bool {
    !matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if !value.is_empty())
}

/// The arguments that an error speaks of; what may be somebody's own text is left out.
fn names(error: &Error, kind: ContextKind) -> String {
    let list = match error.get(kind) {
        Some(ContextValue::String(name)) => vec![shown(name)],
        Some(ContextValue::Strings(names)) => names.iter().map(|name| shown(name)).collect(),
        _ => Vec::new(),
    };
    list.join(", ")
}

/// An argument's name, without the `<VALUE>` behind it.
fn shown(text: &str) -> String {
    let name = text.split([' ', '=']).next().unwrap_or_default();
    let is_ours = |letter: char| letter.is_ascii_lowercase() || letter == '-';
    let is_flag = name.starts_with('-') && name.len() <= 24 && name.chars().all(is_ours);
    let is_place = name.starts_with(['<', '[']);
    match name {
        _ if is_flag || is_place => format!("`{name}`"),
        _ => "an argument".to_owned(),
    }
}
