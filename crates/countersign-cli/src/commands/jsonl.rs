//! `verify --jsonl`: reads one request per line and writes one verdict per line, in the same order.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use countersign::Timestamp;
use countersign::time::{Clock, SystemClock};
use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::common::time;
use super::verdict::Verdict;
use crate::args::{VerificationArgs, VerifyArgs};
use crate::error::{CliError, MALFORMED};
use crate::output::{ExitStatus, Output};
use crate::request;
use crate::request::json::{self, FieldError};
use crate::secrets::{self, NamedSecret};
use crate::sender::{SenderChoice, Settings};
use crate::verification::verify;

/// The longest line, in bytes.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// The largest document, in bytes.
const MAX_DOCUMENT: u64 = 256 * 1024 * 1024;

#[derive(Serialize)]
struct Line {
    line: u64,
    /// The name of the request in the input, if it is a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(flatten)]
    verdict: Verdict,
}

pub(super) fn run(args: &VerifyArgs, output: &mut Output) -> Result<ExitStatus, CliError> {
    let VerificationArgs { request, sender, secrets, now, .. } = &args.verification;
    let file = request.capture.as_deref().filter(|path| !request::is_stdin(path));
    let keys = secrets::read(secrets, file.is_none())?;
    let defaults = Defaults {
        who: SenderChoice::from_args(sender)?,
        settings: Settings::of(&args.verification)?,
        now: now.as_deref().map(|now| time(Some(now))).transpose()?,
        keys,
    };
    // An error in the flags is reported once, and not on every line.
    if !defaults.keys.is_empty() {
        secrets::keyring(&defaults.keys)?;
    }
    let run = Run { defaults, output, number: 0, has_malformed: false };
    match file {
        Some(path) => run.file(path),
        None => run.stream(BufReader::new(std::io::stdin().lock())),
    }
}

/// The values for lines that do not have their own.
struct Defaults {
    /// The sender, which a line may also name if the sender is not in the catalogue.
    who: Option<SenderChoice>,
    settings: Settings,
    keys: Vec<NamedSecret>,
    now: Option<Timestamp>,
}

struct Run<'o> {
    defaults: Defaults,
    output: &'o mut Output,
    number: u64,
    has_malformed: bool,
}

impl Run<'_> {
    /// Reads a file of lines, or of one document: a list of requests, or an object with a list in
    /// `vectors` or `cases`.
    fn file(mut self, path: &Path) -> Result<ExitStatus, CliError> {
        let bytes = std::fs::read(path).map_err(|error| CliError::unreadable(path, &error))?;
        if let Some(list) = json::parse(&bytes).ok().as_ref().and_then(list) {
            self.all(list)?;
            return Ok(self.status());
        }
        self.lines(bytes.as_slice())
    }

    /// Reads standard input: each line as it arrives, unless the input is one document.
    fn stream(mut self, mut source: impl BufRead) -> Result<ExitStatus, CliError> {
        let unreadable = |error: std::io::Error| CliError::at("standard input", error.kind());
        let mut start = Vec::new();
        (&mut source).take(MAX_LINE).read_until(b'\n', &mut start).map_err(unreadable)?;
        // The first line of a multi-line document ends like this, and no complete request does.
        let is_open = matches!(start.trim_ascii_end(), [.., b'{' | b'[' | b',']);
        let is_partial = is_open && json::parse(&start).is_err();
        if is_partial {
            (&mut source).take(MAX_DOCUMENT).read_to_end(&mut start).map_err(unreadable)?;
        }
        if let Some(list) = json::parse(&start).ok().as_ref().and_then(list) {
            self.all(list)?;
            // A document in one line may be followed by more lines.
            if is_partial {
                return Ok(self.status());
            }
            start.clear();
        }
        self.lines(start.as_slice().chain(source))
    }

    fn all(&mut self, list: &[Value]) -> Result<(), CliError> {
        for request in list {
            self.number += 1;
            self.write(name(request), verify_line(request, &self.defaults))?;
        }
        Ok(())
    }

    fn lines(mut self, mut source: impl BufRead) -> Result<ExitStatus, CliError> {
        let mut line = Vec::new();
        while !self.output.is_closed() {
            line.clear();
            let count = (&mut source).take(MAX_LINE).read_until(b'\n', &mut line);
            let count = count.map_err(|error| {
                CliError::at(format_args!("line {}", self.number + 1), error.kind())
            })?;
            if count == 0 {
                break;
            }
            self.number += 1;
            let is_whole = line.ends_with(b"\n") || (line.len() as u64) < MAX_LINE;
            if !is_whole {
                skip_line(&mut source)
                    .map_err(|error| CliError::at("standard input", error.kind()))?;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let request =
                if is_whole { json::parse(&line) } else { Err("is larger than 64 MiB".to_owned()) };
            match request {
                Ok(request) => self.write(name(&request), verify_line(&request, &self.defaults))?,
                Err(hint) => {
                    let hint = format!(
                        "the line {hint}: write one complete JSON object per line, or pass a document as a file"
                    );
                    self.write(None, malformed(None, hint))?;
                }
            }
            // A program may wait for this verdict before it writes the next line.
            self.output.flush()?;
        }
        Ok(self.status())
    }

    fn write(&mut self, name: Option<String>, verdict: Verdict) -> Result<(), CliError> {
        self.has_malformed |= verdict.verdict == MALFORMED;
        self.output.json(&Line { line: self.number, name, verdict })
    }

    const fn status(&self) -> ExitStatus {
        if self.has_malformed { ExitStatus::Malformed } else { ExitStatus::Success }
    }
}

/// Returns the requests of a document.
fn list(document: &Value) -> Option<&[Value]> {
    [Some(document), document.get("vectors"), document.get("cases")]
        .into_iter()
        .flatten()
        .find_map(Value::as_array)
        .map(Vec::as_slice)
}

fn skip_line(source: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = source.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(buffer.len(), |end| end + 1);
        let is_complete = end.is_some() || length == 0;
        source.consume(length);
        if is_complete {
            return Ok(());
        }
    }
}

fn malformed(field: Option<&'static str>, reason: String) -> Verdict {
    Verdict { verdict: MALFORMED.to_owned(), field, reason: Some(reason), ..Verdict::default() }
}

fn name(request: &Value) -> Option<String> {
    ["name", "id"].iter().find_map(|field| request.get(field)?.as_str()).map(str::to_owned)
}

fn verify_line(request: &Value, defaults: &Defaults) -> Verdict {
    let Value::Object(fields) = request else {
        return malformed(None, "the request is not a JSON object".to_owned());
    };
    match verdict_on(fields, defaults) {
        Ok(verdict) => verdict,
        Err(FieldError { name, hint }) => malformed(Some(name), format!("field `{name}` {hint}")),
    }
}

fn verdict_on(fields: &Map<String, Value>, defaults: &Defaults) -> Result<Verdict, FieldError> {
    let who = sender(fields, defaults.who.as_ref())?;
    let request = json::request(fields)?;
    let now = json::seconds(fields, "now")?.map(Timestamp::from_secs);
    let now = now.or(defaults.now).unwrap_or_else(|| SystemClock.now());
    let common = defaults.settings.clone();
    let text = |name| Ok(json::text(fields, name)?.map(str::to_owned));
    let settings = Settings {
        url: request.url.clone().or(common.url),
        header: text("header")?.or(common.header),
        encoding: encoding(fields)?.or(common.encoding),
        prefix: text("prefix")?.or(common.prefix),
        tolerance: json::seconds(fields, "tolerance")?.or(common.tolerance),
        ..common
    };
    let own = secrets(fields)?;
    let keys = if own.is_empty() { &defaults.keys } else { &own };
    if keys.is_empty() {
        return Err(FieldError::new(
            "secret",
            "is missing: add `secret` or `secrets`, or use a flag",
        ));
    }
    let verification = secrets::keyring_as_given(keys)
        .and_then(|keys| verify(&who, &settings, keys, &request, now));
    Ok(match verification {
        Ok(verification) => Verdict::of(who.name(), &verification, keys),
        Err(error @ CliError::SenderConfig(..)) => Verdict {
            verdict: error.verdict().to_owned(),
            sender: Some(who.name().to_owned()),
            reason: Some(error.to_string()),
            ..Verdict::default()
        },
        Err(error) => malformed(None, error.to_string()),
    })
}

/// Reads `sender`, which vector files also call `scheme`.
fn sender(
    fields: &Map<String, Value>,
    default: Option<&SenderChoice>,
) -> Result<SenderChoice, FieldError> {
    let field = if fields.contains_key("sender") { "sender" } else { "scheme" };
    match (json::text(fields, field)?, default) {
        (Some(name), Some(default)) if default.name() == name => Ok(default.clone()),
        (Some(name), _) => SenderChoice::named(name).ok_or(FieldError::new(
            field,
            "is not a known sender: `countersign senders` lists the names",
        )),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(FieldError::new(
            "sender",
            "is missing: `countersign senders` lists the names; or use `--sender`",
        )),
    }
}

/// Reads `secret` and `secrets`, which is a list or an object of names with secrets.
fn secrets(fields: &Map<String, Value>) -> Result<Vec<NamedSecret>, FieldError> {
    const WRONG: FieldError = FieldError::new(
        "secrets",
        "is neither a list of strings nor an object of names with strings",
    );
    let mut keys = Vec::new();
    let mut push = |name: String, secret: &str| {
        keys.push((name, Zeroizing::new(secret.as_bytes().to_vec())));
    };
    if let Some(secret) = json::text(fields, "secret")? {
        push("default".to_owned(), secret);
    }
    match fields.get("secrets") {
        None | Some(Value::Null) => {}
        Some(Value::Array(list)) => {
            for (secret, number) in list.iter().zip(1..) {
                push(format!("key-{number}"), secret.as_str().ok_or(WRONG)?);
            }
        }
        Some(Value::Object(named)) => {
            for (name, secret) in named {
                push(name.clone(), secret.as_str().ok_or(WRONG)?);
            }
        }
        Some(_) => return Err(WRONG),
    }
    Ok(keys)
}

fn encoding(
    fields: &Map<String, Value>,
) -> Result<Option<countersign::scheme::Encoding>, FieldError> {
    use clap::ValueEnum;
    let Some(text) = json::text(fields, "encoding")? else { return Ok(None) };
    let encoding = crate::args::EncodingName::from_str(text, false).map_err(|_| {
        FieldError::new("encoding", "is not one of hex, base64, base64url, base64url-unpadded")
    })?;
    Ok(Some(encoding.into()))
}
