//! `verify --jsonl`: one request a line in, one verdict a line out, in the same order.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use countersign::{Clock, Key, Keyring, Secret, SystemClock, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use super::verify::{Verdict, setup_verdict, unknown_method};
use crate::args::VerifyArgs;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::request;
use crate::request::json::{self, Field};
use crate::sender::{Settings, Who};

/// The most bytes of one line.
const MAX_LINE: u64 = 64 * 1024 * 1024;

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
    let own = args.sender.scheme.as_deref().map(Who::from_file).transpose()?;
    let judge = Judge { own, output, number: 0, is_unread: false };
    match args.request.capture.as_deref().filter(|path| !request::is_stdin(path)) {
        Some(path) => judge.file(path),
        None => judge.lines(BufReader::new(std::io::stdin().lock())),
    }
}

struct Judge<'o> {
    /// A sender that the lines may name beside those of the catalogue.
    own: Option<Who>,
    output: &'o mut Output,
    number: u64,
    is_unread: bool,
}

impl Judge<'_> {
    /// A file of lines, or one document: a list of requests, or an object that has one as `vectors`
    /// or `cases`.
    fn file(mut self, path: &Path) -> Result<End, Failure> {
        let bytes = std::fs::read(path).map_err(|error| Failure::unread(path, &error))?;
        let document = json::parse(&bytes).ok();
        let list = document.as_ref().and_then(|document| {
            [Some(document), document.get("vectors"), document.get("cases")]
                .into_iter()
                .flatten()
                .find_map(Value::as_array)
        });
        let Some(list) = list else { return self.lines(bytes.as_slice()) };
        for request in list {
            self.number += 1;
            self.write(name(request), judged(request, self.own.as_ref()))?;
        }
        Ok(self.end())
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
                Ok(request) => self.write(name(&request), judged(&request, self.own.as_ref()))?,
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

const MALFORMED: &str = "malformed_input";

fn malformed(field: Option<&'static str>, reason: String) -> Verdict {
    Verdict { verdict: MALFORMED.to_owned(), field, reason: Some(reason), ..Verdict::default() }
}

fn name(request: &Value) -> Option<String> {
    ["name", "id"].iter().find_map(|field| request.get(field)?.as_str()).map(str::to_owned)
}

fn judged(request: &Value, own: Option<&Who>) -> Verdict {
    let Value::Object(fields) = request else {
        return malformed(None, "the request is no JSON object".to_owned());
    };
    match judge(fields, own) {
        Ok(verdict) => verdict,
        Err(Field { name, mend }) => malformed(Some(name), format!("field `{name}` {mend}")),
    }
}

fn judge(fields: &Map<String, Value>, own: Option<&Who>) -> Result<Verdict, Field> {
    let who = sender(fields, own)?;
    let request = json::request(fields)?;
    let now = json::seconds(fields, "now")?.map_or_else(|| SystemClock.now(), Timestamp::from_secs);
    let settings = Settings {
        url: request.url.clone(),
        header: json::text(fields, "header")?.map(str::to_owned),
        encoding: encoding(fields)?,
        prefix: json::text(fields, "prefix")?.map(str::to_owned),
        tolerance: json::seconds(fields, "tolerance")?,
        ..Settings::default()
    };
    let keys = secrets(fields)?;
    let Some(settings) = settings.with_method(&request.method) else {
        return Ok(Verdict::refused(who.name(), &unknown_method()));
    };
    let ring = keys
        .into_iter()
        .map(|(name, secret)| Ok(Key::new(name, Secret::new(secret)?)))
        .collect::<Result<Vec<_>, _>>()
        .and_then(Keyring::new);
    let receiver = match ring {
        Ok(ring) => who.receiver(&settings, ring),
        Err(error) => Err(error.into()),
    };
    Ok(match receiver {
        Ok(receiver) => {
            Verdict::of(who.name(), &receiver.verify(&request, request.body.clone(), now))
        }
        Err(Failure::Setup(kind, reason)) => Verdict {
            verdict: setup_verdict(kind),
            sender: Some(who.name().to_owned()),
            reason: Some(reason),
            ..Verdict::default()
        },
        Err(failure) => malformed(None, failure.to_string()),
    })
}

/// `sender`, which vector files also call `scheme`.
fn sender(fields: &Map<String, Value>, own: Option<&Who>) -> Result<Who, Field> {
    let place = if fields.contains_key("sender") { "sender" } else { "scheme" };
    let name = json::text(fields, place)?
        .ok_or(Field::new("sender", "is missing: name one that `countersign senders` lists"))?;
    own.filter(|own| own.name() == name).cloned().or_else(|| Who::named(name)).ok_or(Field::new(
        place,
        "names no sender: `countersign senders` lists those that are known",
    ))
}

/// `secret`, or `secrets`: a list, or an object of names with secrets.
fn secrets(fields: &Map<String, Value>) -> Result<Vec<(String, String)>, Field> {
    const WRONG: Field =
        Field::new("secrets", "is no list of texts and no object of names with texts");
    let mut keys = Vec::new();
    if let Some(secret) = json::text(fields, "secret")? {
        keys.push(("default".to_owned(), secret.to_owned()));
    }
    match fields.get("secrets") {
        None | Some(Value::Null) => {}
        Some(Value::Array(list)) => {
            for (secret, number) in list.iter().zip(1..) {
                keys.push((format!("key-{number}"), secret.as_str().ok_or(WRONG)?.to_owned()));
            }
        }
        Some(Value::Object(named)) => {
            for (name, secret) in named {
                keys.push((name.clone(), secret.as_str().ok_or(WRONG)?.to_owned()));
            }
        }
        Some(_) => return Err(WRONG),
    }
    if keys.is_empty() {
        return Err(Field::new("secret", "is missing: give `secret`, or `secrets`"));
    }
    Ok(keys)
}

fn encoding(fields: &Map<String, Value>) -> Result<Option<countersign::Encoding>, Field> {
    use clap::ValueEnum;
    let Some(text) = json::text(fields, "encoding")? else { return Ok(None) };
    let written = crate::args::Written::from_str(text, false).map_err(|_| {
        Field::new("encoding", "is none of hex, base64, base64url, base64url-unpadded")
    })?;
    Ok(Some(written.into()))
}
