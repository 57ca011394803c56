//! `senders`: lists the catalogue and how each sender signs.

use std::time::Duration;

use countersign::Success;
use countersign::scheme::{BodyFormat, Encoding};
use countersign::senders::{self, Challenge, SenderSpec};
use serde::Serialize;

use super::common::duration_text;
use crate::args::SendersArgs;
use crate::error::CliError;
use crate::output::{ExitStatus, FAINT, HEAD, Output};
use crate::sender::{SenderChoice, Settings};

/// The facts of a sender that are printed.
#[derive(Serialize)]
struct Row {
    name: String,
    title: String,
    algorithm: String,
    /// The scheme in words.
    signs: String,
    signs_body: bool,
    /// The formats of its bodies, as a custom sender's file has them.
    bodies: Vec<String>,
    /// Where the events are, if one body has several.
    batches: Vec<String>,
    /// The flags that must be given.
    needs: Vec<&'static str>,
    signs_time: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerance_s: Option<[u64; 2]>,
    signs_id: bool,
    handshake: Option<&'static str>,
    success: &'static str,
    deadline_s: u64,
    retries_s: Vec<u64>,
    retries_documented: bool,
    spec: Option<&'static str>,
}

pub(super) fn run(args: &SendersArgs, output: &mut Output) -> Result<ExitStatus, CliError> {
    let one = match (&args.name, &args.scheme) {
        (_, Some(path)) => Some(SenderChoice::from_file(path)?),
        (Some(name), None) => Some(SenderChoice::from_name(name)?),
        (None, None) => None,
    };
    match one {
        Some(sender) => print_row(&Row::new(&sender)?, output)?,
        None => print_table(output)?,
    }
    Ok(ExitStatus::Success)
}

fn print_table(output: &mut Output) -> Result<(), CliError> {
    let all = senders::ALL.iter().copied().map(SenderChoice::from);
    let rows: Vec<_> = all.map(|sender| Row::new(&sender)).collect::<Result<_, _>>()?;
    if output.is_json() {
        return output.json(&serde_json::json!({ "senders": rows }));
    }
    let cells: Vec<_> = rows.iter().map(Row::cells).collect();
    let heads = ["name", "signs", "time", "id", "handshake", "documentation"].map(str::to_owned);
    let width = |column: usize| {
        let texts = cells.iter().chain([&heads]).filter_map(|row| row.get(column));
        texts.map(|text| text.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..heads.len()).map(width).collect();
    let line = |cells: &[String]| -> String {
        let padded = cells.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    output.line(&format!("{HEAD}{}{HEAD:#}", line(&heads)))?;
    for row in &cells {
        output.line(&line(row))?;
    }
    output.line(&format!(
        "{FAINT}`countersign senders NAME` shows everything about one sender.{FAINT:#}"
    ))
}

fn print_row(row: &Row, output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return output.json(row);
    }
    output.styled(HEAD, &row.name, &row.title)?;
    output.field("signs", &row.signs)?;
    if !row.signs_body {
        output.field(
            "",
            "the body is not protected: a client that sees one request can send others",
        )?;
    }
    output.field("bodies", &row.bodies.join(", "))?;
    if !row.batches.is_empty() {
        output.field("batches", &format!("each event at {}", row.batches.join(" and ")))?;
    }
    if !row.needs.is_empty() {
        output.field("needs", &row.needs.join(", "))?;
    }
    let time = match row.tolerance_s {
        Some([past, future]) => {
            format!("signed, at most {past} s in the past and {future} s in the future")
        }
        None => "not signed: a captured request stays valid".to_owned(),
    };
    output.field("time", &time)?;
    output.field("id", if row.signs_id { "signed" } else { "not signed" })?;
    output.field("handshake", row.handshake.unwrap_or("none"))?;
    output.field("response", &format!("{} within {} s", row.success, row.deadline_s))?;
    let delays = row.retries_s.iter().map(|secs| duration_text(Duration::from_secs(*secs)));
    let source = if row.retries_documented { "" } else { " (assumed: not documented)" };
    let retries = match row.retries_s.as_slice() {
        [] => "none".to_owned(),
        _ => format!("after {}{source}", delays.collect::<Vec<_>>().join(", ")),
    };
    output.field("retries", &retries)?;
    output.field("spec", row.spec.unwrap_or("none"))
}

impl Row {
    fn new(sender: &SenderChoice) -> Result<Self, CliError> {
        let scheme = sender.scheme(&example(sender))?;
        let schedule = sender.retry_schedule();
        Ok(Self {
            name: sender.name().to_owned(),
            title: sender.display_name().to_owned(),
            algorithm: scheme.algorithm().to_string(),
            signs: scheme.to_string().replace(URL, "{url}"),
            signs_body: scheme.signs_body(),
            batches: scheme.items_at().map(str::to_owned).collect(),
            bodies: scheme.body_formats().iter().map(format_text).collect(),
            needs: needs(sender),
            signs_time: scheme.tolerance().is_some(),
            tolerance_s: scheme
                .tolerance()
                .map(|tolerance| [tolerance.past().as_secs(), tolerance.future().as_secs()]),
            signs_id: scheme.signs_id(),
            handshake: sender.spec().and_then(SenderSpec::handshake).map(in_words),
            success: match sender.success()? {
                Success::Exactly200 => "200",
                Success::Exactly204 => "204",
                _ => "any 2xx",
            },
            deadline_s: sender.response_deadline().as_secs(),
            retries_s: schedule.delays.iter().map(Duration::as_secs).collect(),
            retries_documented: schedule.is_documented,
            spec: sender.spec().and_then(SenderSpec::docs_url),
        })
    }

    fn cells(&self) -> [String; 6] {
        let yes = |is: bool| if is { "signed" } else { "-" }.to_owned();
        [
            self.name.clone(),
            shortened(&self.signs),
            yes(self.signs_time),
            yes(self.signs_id),
            self.handshake.unwrap_or("-").to_owned(),
            self.spec.unwrap_or("-").to_owned(),
        ]
    }
}

/// Returns a format as a custom sender's file has it.
fn format_text(format: &BodyFormat) -> String {
    match format {
        BodyFormat::Form => "form".to_owned(),
        BodyFormat::FormJson(field) => format!("form:{field}"),
        BodyFormat::Multipart => "multipart".to_owned(),
        BodyFormat::MultipartJson(field) => format!("multipart:{field}"),
        _ => "json".to_owned(),
    }
}

/// Truncates a scheme in words, so that one that signs many fields does not widen the table.
fn shortened(signs: &str) -> String {
    const MOST: usize = 100;
    if signs.chars().count() <= MOST {
        return signs.to_owned();
    }
    signs.chars().take(MOST - 1).chain(['…']).collect()
}

/// The placeholder for the public URL.
const URL: &str = "https://url.invalid/";

/// Returns a placeholder for every setting that a sender may require.
fn example(sender: &SenderChoice) -> Settings {
    let spec = sender.spec();
    Settings {
        url: Some(URL.to_owned()),
        header: spec.is_some_and(SenderSpec::requires_header).then(|| "x-your-header".to_owned()),
        encoding: spec.is_some_and(SenderSpec::requires_encoding).then_some(Encoding::Hex),
        ..Settings::default()
    }
}

fn needs(sender: &SenderChoice) -> Vec<&'static str> {
    let spec = sender.spec();
    let flags = [
        (sender.requires_public_url(), "--url"),
        (spec.is_some_and(SenderSpec::requires_header), "--header"),
        (spec.is_some_and(SenderSpec::requires_encoding), "--encoding"),
    ];
    flags.into_iter().filter(|(is_needed, _)| *is_needed).map(|(_, flag)| flag).collect()
}

fn in_words(challenge: Challenge) -> &'static str {
    match challenge {
        Challenge::Query(_) => "GET, echoes a parameter",
        Challenge::WebSubVerify | Challenge::WebSubVerifyJson => "GET, hub.challenge",
        Challenge::QueryHmac { .. } => "GET, HMAC of a parameter",
        Challenge::Header { .. } => "GET, echoes a header",
        Challenge::Head => "HEAD",
        Challenge::WebHookOrigin => "OPTIONS",
        Challenge::Body { .. } => "signed POST",
        Challenge::Unsigned(challenge) if challenge.is_secret() => "POST that brings the secret",
        Challenge::Unsigned(challenge) if challenge.method() == "GET" => "GET, echoes a value",
        Challenge::Unsigned(_) => "unsigned POST",
        _ => "yes",
    }
}
