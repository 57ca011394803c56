//! `explain`: prints why a request is rejected, and what to do.

use serde::Serialize;

use super::common::time;
use crate::args::{ExplainArgs, VerificationArgs};
use crate::error::CliError;
use crate::explain::{Explanation, Finding, Question, explain};
use crate::output::{BAD, ExitStatus, GOOD, HEAD, Output};
use crate::request;
use crate::secrets;
use crate::sender::{SenderChoice, Settings};

/// The output for programs.
#[derive(Serialize)]
struct JsonOutput<'e> {
    #[serde(flatten)]
    explanation: &'e Explanation,
    /// A note on the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'e str>,
}

pub(super) fn run(args: &ExplainArgs, output: &mut Output) -> Result<ExitStatus, CliError> {
    let VerificationArgs { request, sender, secrets, .. } = &args.verification;
    let who = SenderChoice::from_args(sender)?;
    let secrets = secrets::read(secrets, request::is_from_stdin(request))?;
    let others = secrets::from_env_and_files(&args.other_env, &args.other_file)?;
    let settings = Settings::of(&args.verification)?;
    let now = time(args.verification.now.as_deref())?;
    let (request, note) = request::read(request)?;
    let explanation = explain(&Question {
        request: &request,
        secrets: &secrets,
        others: &others,
        sender: who.as_ref(),
        settings: &settings,
        now,
    })?;
    let status =
        if explanation.verdict == "ok" { ExitStatus::Success } else { ExitStatus::Rejected };
    if output.is_json() {
        output.json(&JsonOutput { explanation: &explanation, note: note.as_deref() })?;
        return Ok(status);
    }
    print(&explanation, output)?;
    if let Some(note) = note {
        output.field("note", &note)?;
    }
    Ok(status)
}

fn print(explanation: &Explanation, output: &mut Output) -> Result<(), CliError> {
    if explanation.verdict == "ok" {
        let what = if explanation.findings.is_empty() {
            "nothing is wrong: the request verifies"
        } else {
            "the request verifies"
        };
        output.styled(GOOD, "ok", what)?;
    } else {
        output.styled(BAD, "rejected", &explanation.verdict)?;
    }
    if explanation.ambiguous {
        let count = explanation.alternatives.len() + 1;
        let note = format!(
            "the request verifies after each of {count} changes, and does not show which was made; the smallest is first"
        );
        output.styled(HEAD, "several", &note)?;
    }
    for finding in &explanation.findings {
        let label = match finding.certain {
            true if explanation.verdict == "ok" => "note",
            true => "cause",
            false if explanation.ambiguous => "either",
            false => "perhaps",
        };
        print_finding(label, finding, output)?;
    }
    for finding in explanation.alternatives.iter().flatten() {
        print_finding("or", finding, output)?;
    }
    if explanation.findings.is_empty() && explanation.verdict != "ok" {
        output.field("next", "no cause was found: capture the request before any layer reads it, and check that the secret is this endpoint's")?;
    }
    Ok(())
}

fn print_finding(label: &str, finding: &Finding, output: &mut Output) -> Result<(), CliError> {
    let Finding { kind, what, next, .. } = finding;
    output.styled(HEAD, label, &format!("{what} ({})", kind.as_str()))?;
    output.field("next", next)
}
