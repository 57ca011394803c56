//! `send`: signs events and delivers them as the sender would, retries and all.

mod delivery;
mod report;
mod schedule;

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::time::{Clock, SystemClock};
use http::Uri;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};

use self::delivery::{Courier, Event, Pace};
use self::report::Report;
pub(crate) use self::schedule::{Heeds, Schedule};
use crate::args::SendArgs;
use crate::error::CliError;
use crate::output::{ExitStatus, Output};
use crate::request;
use crate::secrets;
use crate::sender::{Settings, Who};
use crate::signing::Signer;

/// What is sent where no body is given: it has an id wherever senders commonly have it.
const USUAL_BODY: &str =
    r#"{"id":"{{id}}","type":"countersign.test","event":"countersign.test","number":{{number}}}"#;

pub(super) fn run(args: &SendArgs, output: &mut Output) -> Result<ExitStatus, CliError> {
    let who = Who::required(&args.sender)?;
    let is_stdin_taken = args.body_file.as_deref().is_some_and(request::is_stdin);
    let secret = secrets::signing(&secrets::read(&args.secrets, is_stdin_taken)?)?;
    let body = request::body(args.body.as_deref(), args.body_file.as_deref())?;
    let body = body.unwrap_or_else(|| USUAL_BODY.as_bytes().to_vec());
    let headers = request::header_flags(&args.headers)?;
    reject_own(&headers)?;
    request::check_port("`--url`", args.sender.url.as_deref())?;
    request::check_port("the URL", Some(&args.to))?;
    let target: Uri = args.to.parse().ok().filter(is_http).ok_or_else(|| {
        CliError::at("the URL", "is none to deliver to: give one like https://example.com/webhooks")
    })?;
    let signer =
        Signer::new(&who, Settings::from_args(&args.sender), secret, headers, Some(&args.to))?;
    let events = Events {
        body,
        times: args.times,
        share: args.duplicate_share,
        run: SystemClock.now().as_millis(),
    };
    events.check(&signer)?;
    let schedule = Schedule::of(&who);
    let pace = Pace::new(args, &schedule);
    let deadline = args.deadline.map_or_else(|| who.deadline(), Duration::from_secs_f64);
    let is_200 = who.wants_exactly_200()?;
    let report = Report::new(&who, &args.to, &schedule, &pace, deadline, args.times);
    let runtime = super::common::runtime()?;
    let plan = Plan { target, deadline, is_200, pace, concurrency: args.concurrency };
    runtime.block_on(async {
        if plan.target.scheme_str() == Some("https") {
            let builder = hyper_rustls::HttpsConnectorBuilder::new().with_native_roots().map_err(
                |error| {
                    CliError::at(
                        "this machine's certificates",
                        format_args!(
                            "cannot be read ({}): name a file of them in SSL_CERT_FILE",
                            error.kind()
                        ),
                    )
                },
            )?;
            deliver(
                builder.https_only().enable_http1().build(),
                plan,
                signer,
                events,
                report,
                output,
            )
            .await
        } else {
            deliver(HttpConnector::new(), plan, signer, events, report, output).await
        }
    })
}

/// Headers that the connection sets, so that a given one would make another request than is meant.
fn reject_own(headers: &[(String, String)]) -> Result<(), CliError> {
    const OWN: [&str; 8] = [
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "transfer-encoding",
        "upgrade",
    ];
    let is_own = |name: &&str| headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
    match OWN.iter().find(|name| is_own(name)) {
        Some(name) => Err(CliError::at(
            "`--request-header`",
            format_args!("`{name}` is set by the connection itself: leave it out"),
        )),
        None => Ok(()),
    }
}

fn is_http(target: &Uri) -> bool {
    matches!(target.scheme_str(), Some("http" | "https")) && target.host().is_some()
}

/// How everything is delivered.
struct Plan {
    target: Uri,
    deadline: Duration,
    is_200: bool,
    pace: Pace,
    concurrency: u32,
}

/// What is delivered.
struct Events {
    body: Vec<u8>,
    times: u64,
    share: f64,
    /// Tells the events of one run from those of another.
    run: u64,
}

impl Events {
    /// Several events must not be one and the same to their receiver.
    fn check(&self, signer: &Signer) -> Result<(), CliError> {
        let body = String::from_utf8_lossy(&self.body);
        let differs = ["{{id}}", "{{number}}"].iter().any(|mark| body.contains(mark));
        // What cannot be signed is told before anything is sent.
        let first = self.event(1);
        signer.sign(&first.body, &first.id, SystemClock.now())?;
        if self.times < 2 || differs || signer.identifies_events_by_header() {
            return Ok(());
        }
        Err(CliError::at(
            "the body",
            "is the same for all events, so that they count as one: put `{{id}}` or `{{number}}` into it",
        ))
    }

    /// The event of this number, counted from 1.
    fn event(&self, number: u64) -> Event {
        let id = format!("evt_{}_{number}", self.run);
        let marks = [
            ("{{id}}", id.clone()),
            ("{{number}}", number.to_string()),
            ("{{now}}", SystemClock.now().as_secs().to_string()),
        ];
        let body =
            marks.iter().fold(self.body.clone(), |body, (mark, text)| filled(&body, mark, text));
        Event { id, body, is_duplicate: false }
    }

    /// Whether the event of this number is one of the share that is delivered twice.
    fn is_doubled(&self, number: u64) -> bool {
        let whole = |number: u64| (number as f64 * self.share).floor();
        whole(number) > whole(number - 1)
    }
}

/// The bytes with `text` wherever `mark` stood.
fn filled(body: &[u8], mark: &str, text: &str) -> Vec<u8> {
    let mut filled = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(mark.as_bytes()) {
            Some(next) => {
                filled.extend_from_slice(text.as_bytes());
                rest = next;
            }
            None => {
                filled.push(*first);
                rest = after;
            }
        }
    }
    filled
}

async fn deliver<C: Connect + Clone + Send + Sync + 'static>(
    connector: C,
    plan: Plan,
    signer: Signer,
    events: Events,
    mut report: Report,
    output: &mut Output,
) -> Result<ExitStatus, CliError> {
    let (courier, mut attempts) = Courier::new(connector, plan, signer);
    let courier = Arc::new(courier);
    let start = Instant::now();
    report.begin(output)?;
    let dispatch = tokio::spawn(async move {
        for number in 1..=events.times {
            let event = events.event(number);
            let twin =
                events.is_doubled(number).then(|| Event { is_duplicate: true, ..event.clone() });
            for event in [Some(event), twin].into_iter().flatten() {
                // Waiting here keeps at most so many requests under way, and no more in memory.
                let Ok(permit) = courier.permit().await else { return };
                tokio::spawn(Arc::clone(&courier).deliver(event, permit));
            }
        }
    });
    while let Some(attempt) = attempts.recv().await {
        report.add(attempt, output)?;
    }
    // It has ended: its courier held the channel open.
    drop(dispatch);
    report.end(start.elapsed(), output)
}
