//! `explain`: what is wrong with this request, and what to do.

use countersign::Scheme;

use super::time;
use crate::args::ExplainArgs;
use crate::explain::{Explanation, Finding, Question, explain};
use crate::failure::Failure;
use crate::output::{BAD, End, GOOD, HEAD, Output};
use crate::request::{self, Captured};
use crate::secrets;
use crate::sender::{Settings, Who};

pub(super) fn run(args: &ExplainArgs, output: &mut Output) -> Result<End, Failure> {
    let who = Who::from_args(&args.sender)?;
    let secrets = secrets::read(&args.secrets, request::is_from_stdin(&args.request))?;
    if secrets.is_empty() {
        return Err(secrets::none());
    }
    let request = request::read(&args.request)?;
    let settings = Settings::from_args(&args.sender);
    let custom = who.as_ref().map(|who| scheme(who, &settings, &request)).transpose()?.flatten();
    let explanation = explain(&Question {
        request: &request,
        secrets: &secrets,
        sender: who.as_ref().filter(|who| !who.is_custom()).map(Who::name),
        custom: custom.as_ref(),
        url: settings.url.as_deref(),
        header: settings.header.as_deref(),
        now: time(args.now.as_deref())?,
    });
    let end = if explanation.verdict == "ok" { End::Done } else { End::Refused };
    if output.is_json() {
        output.json(&explanation)?;
    } else {
        tell(&explanation, output)?;
    }
    Ok(end)
}

/// The scheme, where a name does not tell all of it.
fn scheme(who: &Who, settings: &Settings, request: &Captured) -> Result<Option<Scheme>, Failure> {
    if !who.is_custom() && !settings.are_special() {
        return Ok(None);
    }
    let Some(settings) = settings.clone().with_method(&request.method) else { return Ok(None) };
    match who.scheme(&settings) {
        // Settings that are still missing are what is asked for.
        Err(_) if !who.is_custom() => Ok(None),
        scheme => scheme.map(Some),
    }
}

fn tell(explanation: &Explanation, output: &mut Output) -> Result<(), Failure> {
    if explanation.verdict == "ok" {
        output.styled(GOOD, "ok", "nothing is wrong: the request verifies")?;
    } else {
        output.styled(BAD, "refused", &explanation.verdict)?;
    }
    for Finding { kind, certain, what, next } in &explanation.findings {
        let label = match certain {
            true if explanation.verdict == "ok" => "note",
            true => "cause",
            false => "perhaps",
        };
        output.styled(HEAD, label, &format!("{what} ({kind})"))?;
        output.field("next", next)?;
    }
    if explanation.findings.is_empty() && explanation.verdict != "ok" {
        output.field("next", "no cause was found: capture the request before anything reads it, and check that the secret is this endpoint's")?;
    }
    Ok(())
}
