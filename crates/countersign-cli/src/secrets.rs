//! Where secrets come from: the environment, files or standard input, never the command line.

use std::path::{Path, PathBuf};

use countersign::{Key, Keyring, Secret};
use zeroize::Zeroizing;

use crate::args::SecretArgs;
use crate::failure::Failure;

/// A secret with the name that is reported when it matches, as it was configured.
pub(crate) type Named = (String, Zeroizing<Vec<u8>>);

/// Reads every secret, in the order environment, files, standard input, unless that is `taken`.
pub(crate) fn read(args: &SecretArgs, is_stdin_taken: bool) -> Result<Vec<Named>, Failure> {
    let mut secrets = kept(&args.secret_env, &args.secret_file)?;
    if args.secret_stdin && is_stdin_taken {
        return Err(Failure::at(
            "`--secret-stdin`",
            "standard input is the request: name a file with either of the two",
        ));
    }
    if args.secret_stdin {
        secrets.push(("stdin".to_owned(), from_stdin()?));
    }
    Ok(secrets)
}

/// The secrets in environment variables and files, each of which may be given a name.
pub(crate) fn kept(variables: &[String], files: &[String]) -> Result<Vec<Named>, Failure> {
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
    hide_names(&mut secrets);
    Ok(secrets)
}

/// A name that tells of a secret is a number instead: names are printed.
fn hide_names(secrets: &mut [Named]) {
    for at in 0..secrets.len() {
        let tells = |(name, _): &Named| secrets.iter().any(|(_, secret)| tells(name, secret));
        if secrets.get(at).is_some_and(tells)
            && let Some((name, _)) = secrets.get_mut(at)
        {
            *name = format!("key-{}", at + 1);
        }
    }
}

/// Whether a text holds the secret, or is most of it.
pub(crate) fn tells(text: &str, secret: &[u8]) -> bool {
    let secret = secret.trim_ascii();
    let holds = |whole: &[u8], part: &[u8]| {
        !part.is_empty() && whole.windows(part.len()).any(|window| window == part)
    };
    holds(text.as_bytes(), secret) || (text.len() >= 8 && holds(secret, text.as_bytes()))
}

/// What to do where no secret is given.
pub(crate) fn none() -> Failure {
    Failure::Malformed(
        "no secret is given: name where it is with `--secret-env NAME` or `--secret-file PATH`"
            .to_owned(),
    )
}

/// The secrets as a key ring; white space around one is told at once.
pub(crate) fn keyring(secrets: &[Named]) -> Result<Keyring, Failure> {
    secrets.iter().try_for_each(unpadded)?;
    keyring_as_given(secrets)
}

/// The secrets as a key ring, as they are.
pub(crate) fn keyring_as_given(secrets: &[Named]) -> Result<Keyring, Failure> {
    if secrets.is_empty() {
        return Err(none());
    }
    let keys: Result<Vec<_>, Failure> =
        secrets.iter().map(|named| Ok(Key::new(named.0.as_str(), secret(named)?))).collect();
    Ok(Keyring::new(keys?)?)
}

/// The one secret to sign with: the first.
pub(crate) fn signing(secrets: &[Named]) -> Result<Secret, Failure> {
    keyring(secrets)?;
    secrets.first().map_or_else(|| Err(none()), secret)
}

fn unpadded((name, bytes): &Named) -> Result<(), Failure> {
    let is_padded = std::str::from_utf8(bytes)
        .is_ok_and(|text| !text.trim().is_empty() && text.trim().len() != text.len());
    if is_padded {
        let mend = "white space stands around it: remove that";
        return Err(Failure::at(format_args!("secret `{name}`"), mend));
    }
    Ok(())
}

fn secret((name, bytes): &Named) -> Result<Secret, Failure> {
    Secret::new(bytes.to_vec())
        .map_err(|error| Failure::SenderConfig(error.kind(), format!("secret `{name}`: {error}")))
}

pub(crate) fn from_env(variable: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // What is no name of a variable may be the secret itself, given in its place.
    let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let place = match variable {
        name if name.len() <= 64 && name.bytes().all(is_name) => {
            format!("environment variable `{name}`")
        }
        _ => "environment variable that was named".to_owned(),
    };
    let Some(value) = std::env::var_os(variable) else {
        return Err(Failure::at(place, "is not set: put the secret there and export it"));
    };
    match value.into_string() {
        Ok(text) => Ok(Zeroizing::new(text.into_bytes())),
        Err(_) => Err(Failure::at(
            place,
            "is not Unicode: put the secret into a file and name it with `--secret-file`",
        )),
    }
}

/// One line end at a file's end is no part of the secret, as for `Secret::from_file`.
fn from_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(std::fs::read(path).map_err(|error| {
        // Its name is not shown: it may be the secret itself, given in its place.
        let mend = format_args!("cannot be read ({}): check the path", error.kind());
        Failure::at("secret file", mend)
    })?);
    drop_line_end(&mut bytes);
    Ok(bytes)
}

fn from_stdin() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map_err(|error| {
        Failure::at("standard input", format_args!("cannot be read ({})", error.kind()))
    })?;
    drop_line_end(&mut bytes);
    Ok(bytes)
}

fn drop_line_end(bytes: &mut Vec<u8>) {
    if bytes.pop_if(|byte| *byte == b'\n').is_some() {
        bytes.pop_if(|byte| *byte == b'\r');
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
