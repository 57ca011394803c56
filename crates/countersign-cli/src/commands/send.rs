//! `send`: signs events and delivers them as the sender would, including retries.

mod attempt;
mod client;
mod config;
mod events;
mod report;
mod retry_timer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::Success;
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{Connect, HttpConnector};

use self::client::DeliveryClient;
use self::config::SendConfig;
use self::events::Events;
use self::report::Report;
use self::retry_timer::RetryTimer;
use crate::args::SendArgs;
use crate::error::CliError;
use crate::output::{ExitStatus, Output};
use crate::request;
use crate::secrets;
use crate::sender::{SenderChoice, Settings};
use crate::signing::Signer;

/// The body if none is given. It has the fields in which senders commonly hold the id and the type.
const DEFAULT_BODY: &str =
    r#"{"id":"{{id}}","type":"countersign.test","event":"countersign.test","number":{{number}}}"#;

pub(super) fn run(args: &SendArgs, output: &mut Output) -> Result<ExitStatus, CliError> {
    let sender = SenderChoice::required(&args.sender)?;
    let is_stdin_taken = args.body_file.as_deref().is_some_and(request::is_stdin);
    let secret = secrets::signing(&secrets::read(&args.secrets, is_stdin_taken)?)?;
    let body = request::body(args.body.as_deref(), args.body_file.as_deref())?;
    let body = body.unwrap_or_else(|| DEFAULT_BODY.as_bytes().to_vec());
    let headers = request::header_flags(&args.headers)?;
    reject_connection_headers(&headers)?;
    request::check_port("`--url`", args.sender.url.as_deref())?;
    request::check_port("the URL", Some(&args.to))?;
    let target: Uri = args.to.parse().ok().filter(is_http).ok_or_else(|| {
        CliError::at("the URL", "is not an HTTP URL: give one like https://example.com/webhooks")
    })?;
    let signer =
        Signer::new(&sender, Settings::from_args(&args.sender), secret, headers, Some(&args.to))?;
    let events = Events::new(body, args);
    events.check(&signer)?;
    let schedule = sender.retry_schedule();
    let config = SendConfig {
        target,
        deadline: args.deadline.map_or_else(|| sender.response_deadline(), Duration::from_secs_f64),
        requires_200: sender.success()? == Success::Exactly200,
        timer: RetryTimer::new(args, &schedule),
        concurrency: args.concurrency,
    };
    let report = Report::new(&sender, &args.to, &schedule, &config, args.times);
    let runtime = super::common::runtime()?;
    runtime.block_on(async {
        if config.target.scheme_str() == Some("https") {
            let connector = https_connector()?;
            deliver(connector, config, signer, events, report, output).await
        } else {
            deliver(HttpConnector::new(), config, signer, events, report, output).await
        }
    })
}

fn https_connector() -> Result<HttpsConnector<HttpConnector>, CliError> {
    let builder = HttpsConnectorBuilder::new().with_native_roots().map_err(|error| {
        CliError::at(
            "this machine's certificates",
            format_args!("cannot be read ({}): name a file of them in SSL_CERT_FILE", error.kind()),
        )
    })?;
    Ok(builder.https_only().enable_http1().build())
}

/// Rejects headers that the connection sets: a second value would change the request.
fn reject_connection_headers(headers: &[(String, String)]) -> Result<(), CliError> {
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
            format_args!("`{name}` is set by the connection: leave it out"),
        )),
        None => Ok(()),
    }
}

fn is_http(target: &Uri) -> bool {
    matches!(target.scheme_str(), Some("http" | "https")) && target.host().is_some()
}

async fn deliver<C: Connect + Clone + Send + Sync + 'static>(
    connector: C,
    config: SendConfig,
    signer: Signer,
    events: Events,
    mut report: Report,
    output: &mut Output,
) -> Result<ExitStatus, CliError> {
    let (client, mut attempts) = DeliveryClient::new(connector, config, signer);
    let client = Arc::new(client);
    let start = Instant::now();
    report.begin(output)?;
    let dispatch = tokio::spawn(async move {
        for event in events.all() {
            // Waiting here bounds the requests in flight and the events in memory.
            let Ok(permit) = client.permit().await else { return };
            tokio::spawn(Arc::clone(&client).deliver(event, permit));
        }
    });
    while let Some(attempt) = attempts.recv().await {
        report.add(attempt, output)?;
    }
    // The channel is closed, so the task has ended and dropped its client.
    drop(dispatch);
    report.end(start.elapsed(), output)
}
