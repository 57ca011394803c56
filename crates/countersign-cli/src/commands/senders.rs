//! `senders`: who is known by name, and how each signs.

use std::time::Duration;

use countersign::scheme::Encoding;
use countersign::senders::Challenge;
use serde::Serialize;

use super::common::duration_text;
use super::send::Schedule;
use crate::args::SendersArgs;
use crate::error::CliError;
use crate::output::{ExitStatus, FAINT, HEAD, Output};
use crate::sender::{Settings, Who};

/// What is told of a sender.
#[derive(Serialize)]
struct Row {
    name: String,
    title: String,
    algorithm: String,
    /// The whole scheme in words.
    signs: String,
    signs_body: bool,
    /// The name of the header or setting that must be given, if one must.
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
        (_, Some(path)) => Some(Who::from_file(path)?),
        (Some(name), None) => Some(Who::wanted(name)?),
        (None, None) => None,
    };
    match one {
        Some(who) => tell(&Row::new(&who)?, output)?,
        None => table(output)?,
    }
    Ok(ExitStatus::Success)
}

fn table(output: &mut Output) -> Result<(), CliError> {
    let rows: Vec<_> = Who::all().iter().map(Row::new).collect::<Result<_, _>>()?;
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
    output.line(&format!("{FAINT}`countersign senders NAME` tells all about one.{FAINT:#}"))
}

fn tell(row: &Row, output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return output.json(row);
    }
    output.styled(HEAD, &row.name, &row.title)?;
    output.field("signs", &row.signs)?;
    if !row.signs_body {
        output.field("", "the body is not protected: whoever sees one request can send others")?;
    }
    if !row.needs.is_empty() {
        output.field("needs", &row.needs.join(", "))?;
    }
    let time = match row.tolerance_s {
        Some([past, future]) => format!("signed, may lie {past} s back and {future} s ahead"),
        None => "not signed: a captured request stays valid".to_owned(),
    };
    output.field("time", &time)?;
    output.field("id", if row.signs_id { "signed" } else { "not signed" })?;
    output.field("handshake", row.handshake.unwrap_or("none"))?;
    output.field("answer", &format!("{} within {} s", row.success, row.deadline_s))?;
    let spans = row.retries_s.iter().map(|secs| duration_text(Duration::from_secs(*secs)));
    let source = if row.retries_documented { "" } else { " (assumed: not documented)" };
    let spans = match row.retries_s.as_slice() {
        [] => "none".to_owned(),
        _ => format!("after {}{source}", spans.collect::<Vec<_>>().join(", ")),
    };
    output.field("retries", &spans)?;
    output.field("spec", row.spec.unwrap_or("none"))
}

impl Row {
    fn new(who: &Who) -> Result<Self, CliError> {
        let scheme = who.scheme(&example(who))?;
        let schedule = Schedule::of(who);
        Ok(Self {
            name: who.name().to_owned(),
            title: who.display_name().to_owned(),
            algorithm: scheme.algorithm().to_string(),
            signs: scheme.to_string().replace(URL, "{url}"),
            signs_body: scheme.signs_body(),
            needs: needs(who),
            signs_time: scheme.tolerance().is_some(),
            tolerance_s: scheme
                .tolerance()
                .map(|span| [span.past().as_secs(), span.future().as_secs()]),
            signs_id: scheme.signs_id(),
            handshake: handshake(who),
            success: if who.wants_exactly_200()? { "200" } else { "any 2xx" },
            deadline_s: who.deadline().as_secs(),
            retries_s: schedule.delays.iter().map(Duration::as_secs).collect(),
            retries_documented: schedule.is_documented,
            spec: who.docs_url(),
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

/// No row is wider for one that signs many fields.
fn shortened(signs: &str) -> String {
    const MOST: usize = 100;
    if signs.chars().count() <= MOST {
        return signs.to_owned();
    }
    signs.chars().take(MOST - 1).chain(['…']).collect()
}

/// Stands for the public URL in schemes that sign it.
const URL: &str = "https://url.invalid/";

/// Settings with which every sender's scheme can be made.
fn example(who: &Who) -> Settings {
    let is_own = matches!(who, Who::OmniAi | Who::AiNexLayer);
    Settings {
        url: Some(URL.to_owned()),
        header: is_own.then(|| "x-your-header".to_owned()),
        encoding: matches!(who, Who::AiNexLayer).then_some(Encoding::Hex),
        ..Settings::default()
    }
}

fn needs(who: &Who) -> Vec<&'static str> {
    match who {
        Who::OmniAi => vec!["--header"],
        Who::AiNexLayer => vec!["--header", "--encoding"],
        _ if who.requires_public_url() => vec!["--url"],
        _ => Vec::new(),
    }
}

fn handshake(who: &Who) -> Option<&'static str> {
    let Who::Known(sender) = who else { return None };
    sender.handshake().map(|challenge| match challenge {
        Challenge::Query(_) => "GET, echoes a parameter",
        Challenge::WebSubVerify => "GET, hub.challenge",
        Challenge::Header { .. } => "GET, answers a header",
        Challenge::Head => "HEAD",
        Challenge::Body { .. } => "signed POST",
        _ => "yes",
    })
}
