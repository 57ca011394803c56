//! Reads secrets from the environment, files or standard input, never from the command line.

use std::path::{Path, PathBuf};

use countersign::{Key, Keyring, Secret};
use zeroize::Zeroizing;

use crate::args::SecretArgs;
use crate::error::CliError;

/// A secret as configured, with the name that is reported when it matches.
pub(crate) type NamedSecret = (String, Zeroizing<Vec<u8>>);

/// Reads every secret: from the environment, files, and standard input unless the request is there.
pub(crate) fn read(args: &SecretArgs, is_stdin_taken: bool) -> Result<Vec<NamedSecret>, CliError> {
    let mut secrets = from_env_and_files(&args.secret_env, &args.secret_file)?;
    if args.secret_stdin && is_stdin_taken {
        return Err(CliError::at(
            "`--secret-stdin`",
            "standard input is the request: put one of the two in a file",
        ));
    }
    if args.secret_stdin {
        secrets.push(("stdin".to_owned(), from_stdin()?));
    }
    Ok(secrets)
}

/// Reads the secrets in environment variables and files, each after an optional name.
pub(crate) fn from_env_and_files(
    variables: &[String],
    files: &[String],
) -> Result<Vec<NamedSecret>, CliError> {
    let mut secrets = Vec::new();
    for text in variables {
        let (name, variable) = text.split_once('=').unwrap_or((text, text));
        secrets.push((name.to_owned(), from_env(variable)?));
    }
    for text in files {
        let (name, path) = match text.split_once('=') {
            Some((name, path)) => (name.to_owned(), PathBuf::from(path)),
            None => (file_name(Path::new(text)), PathBuf::from(text)),
        };
        secrets.push((name, from_file(&path)?));
    }
    replace_revealing_names(&mut secrets);
    Ok(secrets)
}

/// Replaces names that reveal a secret by numbers, since names are printed.
fn replace_revealing_names(secrets: &mut [NamedSecret]) {
    for at in 0..secrets.len() {
        let is_revealing =
            |(name, _): &NamedSecret| secrets.iter().any(|(_, secret)| reveals(name, secret));
        if secrets.get(at).is_some_and(is_revealing)
            && let Some((name, _)) = secrets.get_mut(at)
        {
            *name = format!("key-{}", at + 1);
        }
    }
}

/// Returns whether a text contains the secret, or a large part of it.
pub(crate) fn reveals(text: &str, secret: &[u8]) -> bool {
    let secret = secret.trim_ascii();
    let contains = |whole: &[u8], part: &[u8]| {
        !part.is_empty() && whole.windows(part.len()).any(|window| window == part)
    };
    contains(text.as_bytes(), secret) || (text.len() >= 8 && contains(secret, text.as_bytes()))
}

/// Returns the error that no secret is given.
fn missing_secret() -> CliError {
    CliError::Malformed(
        "no secret is given: use `--secret-env NAME` or `--secret-file PATH`".to_owned(),
    )
}

/// Returns the secrets as a key ring; a secret with white space around it is an error.
pub(crate) fn keyring(secrets: &[NamedSecret]) -> Result<Keyring, CliError> {
    secrets.iter().try_for_each(check_white_space)?;
    keyring_as_given(secrets)
}

/// Returns the secrets as a key ring, without a check for white space.
pub(crate) fn keyring_as_given(secrets: &[NamedSecret]) -> Result<Keyring, CliError> {
    if secrets.is_empty() {
        return Err(missing_secret());
    }
    let keys: Result<Vec<_>, CliError> =
        secrets.iter().map(|named| Ok(Key::new(named.0.as_str(), secret(named)?))).collect();
    Ok(Keyring::new(keys?)?)
}

/// Returns the secret to sign with, which is the first.
pub(crate) fn signing(secrets: &[NamedSecret]) -> Result<Secret, CliError> {
    keyring(secrets)?;
    secrets.first().map_or_else(|| Err(missing_secret()), secret)
}

fn check_white_space((name, bytes): &NamedSecret) -> Result<(), CliError> {
    let is_padded = std::str::from_utf8(bytes)
        .is_ok_and(|text| !text.trim().is_empty() && text.trim().len() != text.len());
    if is_padded {
        let hint = "has white space around it: remove it";
        return Err(CliError::at(format_args!("secret `{name}`"), hint));
    }
    Ok(())
}

fn secret((name, bytes): &NamedSecret) -> Result<Secret, CliError> {
    Secret::new(bytes.to_vec())
        .map_err(|error| CliError::SenderConfig(error.kind(), format!("secret `{name}`: {error}")))
}

/// Reads a secret from an environment variable.
pub(crate) fn from_env(variable: &str) -> Result<Zeroizing<Vec<u8>>, CliError> {
    // Text that is not a variable's name may be a misplaced secret, and is not printed.
    let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let location = match variable {
        name if name.len() <= 64 && name.bytes().all(is_name) => {
            format!("environment variable `{name}`")
        }
        _ => "the given environment variable".to_owned(),
    };
    let Some(value) = std::env::var_os(variable) else {
        return Err(CliError::at(location, "is not set: set and export it"));
    };
    match value.into_string() {
        Ok(text) => Ok(Zeroizing::new(text.into_bytes())),
        Err(_) => Err(CliError::at(
            location,
            "is not Unicode: put the secret in a file and use `--secret-file`",
        )),
    }
}

/// Reads a secret from a file, without one line break at its end, like `Secret::from_file`.
fn from_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let mut bytes = Zeroizing::new(std::fs::read(path).map_err(|error| {
        // The name may be a misplaced secret, and is not printed.
        let hint = format_args!("cannot be read ({}): check the path", error.kind());
        CliError::at("secret file", hint)
    })?);
    remove_line_break(&mut bytes);
    Ok(bytes)
}

fn from_stdin() -> Result<Zeroizing<Vec<u8>>, CliError> {
    let mut bytes = Zeroizing::new(Vec::new());
    std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map_err(|error| {
        CliError::at("standard input", format_args!("cannot be read ({})", error.kind()))
    })?;
    remove_line_break(&mut bytes);
    Ok(bytes)
}

fn remove_line_break(bytes: &mut Vec<u8>) {
    if bytes.pop_if(|byte| *byte == b'\n').is_some() {
        bytes.pop_if(|byte| *byte == b'\r');
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
