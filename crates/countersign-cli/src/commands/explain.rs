//! `explain`: what is wrong with this request, and what to do.

use serde::Serialize;

use super::time;
use crate::args::{ExplainArgs, JudgeArgs};
use crate::explain::{Explanation, Finding, Question, explain};
use crate::failure::Failure;
use crate::output::{BAD, End, GOOD, HEAD, Output};
use crate::request;
use crate::secrets;
use crate::sender::{SenderChoice, Settings};

/// What is printed for programs.
#[derive(Serialize)]
struct Printed<'e> {
    #[serde(flatten)]
    explanation: &'e Explanation,
    /// What is odd about the request as it was captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'e str>,
}

pub(super) fn run(args: &ExplainArgs, output: &mut Output) -> Result<End, Failure> {
    let JudgeArgs { request, sender, secrets, .. } = &args.judge;
    let who = SenderChoice::from_args(sender)?;
    let secrets = secrets::read(secrets, request::is_from_stdin(request))?;
    let others = secrets::kept(&args.other_env, &args.other_file)?;
    let settings = Settings::of(&args.judge)?;
    let now = time(args.judge.now.as_deref())?;
    let (request, note) = request::read(request)?;
    let explanation = explain(&Question {
        request: &request,
        secrets: &secrets,
        others: &others,
        sender: who.as_ref(),
        settings: &settings,
        now,
    })?;
    let end = if explanation.verdict == "ok" { End::Done } else { End::Rejected };
    if output.is_json() {
        output.json(&Printed { explanation: &explanation, note: note.as_deref() })?;
        return Ok(end);
    }
    tell(&explanation, output)?;
    if let Some(note) = note {
        output.field("note", &note)?;
    }
    Ok(end)
}

fn tell(explanation: &Explanation, output: &mut Output) -> Result<(), Failure> {
    if explanation.verdict == "ok" {
        let is_clear = explanation.findings.is_empty();
        let what = if is_clear {
            "nothing is wrong: the request verifies"
        } else {
            "the request verifies"
        };
        output.styled(GOOD, "ok", what)?;
    } else {
        output.styled(BAD, "rejected", &explanation.verdict)?;
    }
    for Finding { kind, certain, what, next } in &explanation.findings {
        let label = match certain {
            true if explanation.verdict == "ok" => "note",
            true => "cause",
            false => "perhaps",
        };
        output.styled(HEAD, label, &format!("{what} ({})", kind.as_str()))?;
        output.field("next", next)?;
    }
    if explanation.findings.is_empty() && explanation.verdict != "ok" {
        output.field("next", "no cause was found: capture the request before anything reads it, and check that the secret is this endpoint's")?;
    }
    Ok(())
}
