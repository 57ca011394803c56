//! `verify --jsonl`: one request a line in, one verdict a line out, in the same order.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use countersign::Timestamp;
use countersign::time::{Clock, SystemClock};
use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::verify::Verdict;
use crate::args::{JudgeArgs, VerifyArgs};
use crate::failure::{Failure, MALFORMED};
use crate::output::{End, Output};
use crate::request;
use crate::request::json::{self, Field};
use crate::secrets::{self, Named};
use crate::sender::{SenderChoice, Settings};
use crate::verification::verify;

/// The most bytes of one line.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// The most bytes of one document.
const MAX_DOCUMENT: u64 = 256 * 1024 * 1024;

#[derive(Serialize)]
struct Line {
    line: u64,
    /// The name that the input gave the request, if it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(flatten)]
    verdict: Verdict,
}

pub(super) fn run(args: &VerifyArgs, output: &mut Output) -> Result<End, Failure> {
    let JudgeArgs { request, sender, secrets, now, .. } = &args.judge;
    let file = request.capture.as_deref().filter(|path| !request::is_stdin(path));
    let keys = secrets::read(secrets, file.is_none())?;
    let defaults = Defaults {
        who: SenderChoice::from_args(sender)?,
        settings: Settings::of(&args.judge)?,
        now: now.as_deref().map(|now| super::time(Some(now))).transpose()?,
        keys,
    };
    // What is wrong with the flags is told once, and not on every line.
    if !defaults.keys.is_empty() {
        secrets::keyring(&defaults.keys)?;
    }
    let judge = Judge { defaults, output, number: 0, is_unread: false };
    match file {
        Some(path) => judge.file(path),
        None => judge.stream(BufReader::new(std::io::stdin().lock())),
    }
}

/// What holds for the lines that do not say it themselves.
struct Defaults {
    /// May be named by the lines as well, beside those of the catalogue.
    who: Option<SenderChoice>,
    settings: Settings,
    keys: Vec<Named>,
    now: Option<Timestamp>,
}

struct Judge<'o> {
    defaults: Defaults,
    output: &'o mut Output,
    number: u64,
    is_unread: bool,
}

impl Judge<'_> {
    /// A file of lines, or one document: a list of requests, or an object that has one as `vectors`
    /// or `cases`.
    fn file(mut self, path: &Path) -> Result<End, Failure> {
        let bytes = std::fs::read(path).map_err(|error| Failure::unread(path, &error))?;
        if let Some(list) = json::parse(&bytes).ok().as_ref().and_then(list) {
            self.all(list)?;
            return Ok(self.end());
        }
        self.lines(bytes.as_slice())
    }

    /// Standard input: lines as they come, unless they are one document.
    fn stream(mut self, mut source: impl BufRead) -> Result<End, Failure> {
        let unread = |error: std::io::Error| Failure::at("standard input", error.kind());
        let mut start = Vec::new();
        (&mut source).take(MAX_LINE).read_until(b'\n', &mut start).map_err(unread)?;
        // No line of its own ends so, and every first line of a document in several does.
        let is_open = matches!(start.trim_ascii_end(), [.., b'{' | b'[' | b',']);
        let is_begun = is_open && json::parse(&start).is_err();
        if is_begun {
            (&mut source).take(MAX_DOCUMENT).read_to_end(&mut start).map_err(unread)?;
        }
        if let Some(list) = json::parse(&start).ok().as_ref().and_then(list) {
            self.all(list)?;
            // What follows a document in one line is lines again.
            if is_begun {
                return Ok(self.end());
            }
            start.clear();
        }
        self.lines(start.as_slice().chain(source))
    }

    fn all(&mut self, list: &[Value]) -> Result<(), Failure> {
        for request in list {
            self.number += 1;
            self.write(name(request), judged(request, &self.defaults))?;
        }
        Ok(())
    }

    fn lines(mut self, mut source: impl BufRead) -> Result<End, Failure> {
        let mut line = Vec::new();
        while !self.output.is_closed() {
            line.clear();
            let count = (&mut source).take(MAX_LINE).read_until(b'\n', &mut line);
            let count = count.map_err(|error| {
                Failure::at(format_args!("line {}", self.number + 1), error.kind())
            })?;
            if count == 0 {
                break;
            }
            self.number += 1;
            let is_whole = line.ends_with(b"\n") || (line.len() as u64) < MAX_LINE;
            if !is_whole {
                skip_line(&mut source)
                    .map_err(|error| Failure::at("standard input", error.kind()))?;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let request =
                if is_whole { json::parse(&line) } else { Err("is over 64 MiB".to_owned()) };
            match request {
                Ok(request) => self.write(name(&request), judged(&request, &self.defaults))?,
                Err(mend) => {
                    let mend = format!(
                        "the line {mend}: write one whole JSON object a line, or give a document as a file"
                    );
                    self.write(None, malformed(None, mend))?;
                }
            }
            // A program may wait for this verdict before it writes its next line.
            self.output.flush()?;
        }
        Ok(self.end())
    }

    fn write(&mut self, name: Option<String>, verdict: Verdict) -> Result<(), Failure> {
        self.is_unread |= verdict.verdict == MALFORMED;
        self.output.json(&Line { line: self.number, name, verdict })
    }

    const fn end(&self) -> End {
        if self.is_unread { End::Malformed } else { End::Done }
    }
}

/// The requests of a document.
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
        let is_over = end.is_some() || length == 0;
        source.consume(length);
        if is_over {
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

fn judged(request: &Value, defaults: &Defaults) -> Verdict {
    let Value::Object(fields) = request else {
        return malformed(None, "the request is no JSON object".to_owned());
    };
    match verdict(fields, defaults) {
        Ok(verdict) => verdict,
        Err(Field { name, mend }) => malformed(Some(name), format!("field `{name}` {mend}")),
    }
}

fn verdict(fields: &Map<String, Value>, defaults: &Defaults) -> Result<Verdict, Field> {
    let who = sender(fields, defaults.who.as_ref())?;
    let request = json::request(fields)?;
    let now = json::seconds(fields, "now")?.map(Timestamp::from_secs);
    let now = now.or(defaults.now).unwrap_or_else(|| SystemClock.now());
    let usual = defaults.settings.clone();
    let text = |name| Ok(json::text(fields, name)?.map(str::to_owned));
    let settings = Settings {
        url: request.url.clone().or(usual.url),
        header: text("header")?.or(usual.header),
        encoding: encoding(fields)?.or(usual.encoding),
        prefix: text("prefix")?.or(usual.prefix),
        tolerance: json::seconds(fields, "tolerance")?.or(usual.tolerance),
        ..usual
    };
    let own = secrets(fields)?;
    let keys = if own.is_empty() { &defaults.keys } else { &own };
    if keys.is_empty() {
        return Err(Field::new("secret", "is missing: give `secret` or `secrets`, or a flag"));
    }
    let judged = secrets::keyring_as_given(keys)
        .and_then(|keys| verify(&who, &settings, keys, &request, now));
    Ok(match judged {
        Ok(judged) => Verdict::of(who.name(), &judged, keys),
        Err(failure @ Failure::SenderConfig(..)) => Verdict {
            verdict: failure.verdict(),
            sender: Some(who.name().to_owned()),
            reason: Some(failure.to_string()),
            ..Verdict::default()
        },
        Err(failure) => malformed(None, failure.to_string()),
    })
}

/// `sender`, which vector files also call `scheme`.
fn sender(
    fields: &Map<String, Value>,
    usual: Option<&SenderChoice>,
) -> Result<SenderChoice, Field> {
    let place = if fields.contains_key("sender") { "sender" } else { "scheme" };
    match (json::text(fields, place)?, usual) {
        (Some(name), Some(usual)) if usual.name() == name => Ok(usual.clone()),
        (Some(name), _) => SenderChoice::named(name).ok_or(Field::new(
            place,
            "names no sender: `countersign senders` lists those that are known",
        )),
        (None, Some(usual)) => Ok(usual.clone()),
        (None, None) => Err(Field::new(
            "sender",
            "is missing: name one that `countersign senders` lists, or give `--sender`",
        )),
    }
}

/// `secret`, or `secrets`: a list, or an object of names with secrets; empty if there is neither.
fn secrets(fields: &Map<String, Value>) -> Result<Vec<Named>, Field> {
    const WRONG: Field =
        Field::new("secrets", "is no list of texts and no object of names with texts");
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

fn encoding(fields: &Map<String, Value>) -> Result<Option<countersign::scheme::Encoding>, Field> {
    use clap::ValueEnum;
    let Some(text) = json::text(fields, "encoding")? else { return Ok(None) };
    let written = crate::args::Written::from_str(text, false).map_err(|_| {
        Field::new("encoding", "is none of hex, base64, base64url, base64url-unpadded")
    })?;
    Ok(Some(written.into()))
}
