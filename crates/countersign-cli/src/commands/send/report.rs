//! Reports deliveries, during the run and at its end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::super::common::duration_text;
use super::attempt::{Attempt, Response};
use super::config::SendConfig;
use crate::error::CliError;
use crate::output::{BAD, ExitStatus, FAINT, GOOD, HEAD, Output};
use crate::request;
use crate::sender::{RetrySchedule, SenderChoice};

/// The largest number of events that are reported one by one; for more, only the summary is.
const MAX_ROWS: u64 = 50;

pub(super) struct Report {
    head: String,
    has_rows: bool,
    attempts: u64,
    responses: BTreeMap<Response, u64>,
    /// The latency of each attempt that got a response.
    latencies: Vec<Duration>,
    deliveries: Vec<DeliveryResult>,
}

/// The result of one delivery.
#[derive(Serialize)]
struct DeliveryResult {
    id: String,
    duplicate: bool,
    delivered: bool,
    attempts: u32,
    /// The last response.
    response: String,
}

impl Report {
    pub(super) fn new(
        sender: &SenderChoice,
        target: &str,
        schedule: &RetrySchedule,
        config: &SendConfig,
        times: u64,
    ) -> Self {
        let delays: Vec<_> = config.timer.delays.iter().map(|delay| short(*delay)).collect();
        let source = if schedule.is_documented {
            ""
        } else {
            " (assumed: the sender documents no schedule)"
        };
        let retries = match delays.as_slice() {
            [] => "no retries".to_owned(),
            _ => format!("retries after {}{source}", delays.join(", ")),
        };
        Self {
            head: format!(
                "{} to {}, response due within {}, {retries}",
                sender.display_name(),
                request::masked(target),
                duration_text(config.deadline)
            ),
            has_rows: times <= MAX_ROWS,
            attempts: 0,
            responses: BTreeMap::new(),
            latencies: Vec::new(),
            deliveries: Vec::new(),
        }
    }

    pub(super) fn begin(&self, output: &mut Output) -> Result<(), CliError> {
        if output.is_json() {
            return Ok(());
        }
        output.field("sending", &self.head)?;
        if self.has_rows {
            output.line(&format!(
                "{HEAD}{}{HEAD:#}",
                row("event", "try", "response", "took", "next")
            ))?;
        }
        output.flush()
    }

    pub(super) fn add(&mut self, attempt: Attempt, output: &mut Output) -> Result<(), CliError> {
        self.attempts += 1;
        *self.responses.entry(attempt.response).or_default() += 1;
        if matches!(attempt.response, Response::Status(_)) {
            self.latencies.push(attempt.took);
        }
        if self.has_rows && !output.is_json() {
            print_attempt(&attempt, output)?;
        }
        if attempt.next.is_none() {
            self.deliveries.push(DeliveryResult {
                id: attempt.id,
                duplicate: attempt.is_duplicate,
                delivered: attempt.is_success,
                attempts: attempt.number,
                response: attempt.response.to_string(),
            });
        }
        Ok(())
    }

    pub(super) fn end(
        mut self,
        elapsed: Duration,
        output: &mut Output,
    ) -> Result<ExitStatus, CliError> {
        self.latencies.sort_unstable();
        let total = self.deliveries.len();
        let delivered = self.deliveries.iter().filter(|delivery| delivery.delivered).count();
        let end = if delivered == total { ExitStatus::Success } else { ExitStatus::Unavailable };
        if output.is_json() {
            output.json(&self.summary(total, delivered, elapsed))?;
            return Ok(end);
        }
        let style = if end == ExitStatus::Success { GOOD } else { BAD };
        let summary = format!(
            "{delivered} of {total} delivered, {} attempts in {}",
            self.attempts,
            short(elapsed)
        );
        output.styled(style, "summary", &summary)?;
        let responses: Vec<_> =
            self.responses.iter().map(|(response, count)| format!("{response}: {count}")).collect();
        output.field("responses", &responses.join(", "))?;
        if !self.latencies.is_empty() {
            let [p50, p90, p99, max] = [50, 90, 99, 100].map(|share| short(self.percentile(share)));
            output.field("latency", &format!("p50 {p50}, p90 {p90}, p99 {p99}, max {max}"))?;
        }
        if end == ExitStatus::Unavailable {
            let is_reached = !self
                .responses
                .keys()
                .all(|response| matches!(response, Response::NotConnected(_)));
            output.field(
                "next",
                if is_reached {
                    "look into the receiver's log: it says why it rejected or failed"
                } else {
                    "check that the receiver runs, and that the URL has its host and port"
                },
            )?;
        }
        Ok(end)
    }

    fn summary(&self, total: usize, delivered: usize, elapsed: Duration) -> serde_json::Value {
        let responses: BTreeMap<_, _> =
            self.responses.iter().map(|(response, count)| (response.to_string(), count)).collect();
        let millis = |share| self.percentile(share).as_secs_f64() * 1000.0;
        json!({
            "total": total,
            "delivered": delivered,
            "attempts": self.attempts,
            "elapsed_s": elapsed.as_secs_f64(),
            "responses": responses,
            "latency_ms": { "p50": millis(50), "p90": millis(90), "p99": millis(99), "max": millis(100) },
            "deliveries": self.deliveries,
        })
    }

    /// Returns a percentile of the latencies by nearest rank; zero if there is none.
    fn percentile(&self, share: usize) -> Duration {
        let rank = (self.latencies.len() * share).div_ceil(100);
        self.latencies.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

fn print_attempt(attempt: &Attempt, output: &mut Output) -> Result<(), CliError> {
    let (style, next) = match (attempt.is_success, attempt.next) {
        (true, _) => (GOOD, "delivered".to_owned()),
        (false, Some(delay)) => (FAINT, format!("again in {}", short(delay))),
        (false, None) => (BAD, "given up".to_owned()),
    };
    let suffix = if attempt.is_duplicate { " (again)" } else { "" };
    let id = format!("{}{suffix}", attempt.id);
    let line = row(
        &id,
        &attempt.number.to_string(),
        &attempt.response.to_string(),
        &short(attempt.took),
        "",
    );
    output.line(&format!("{line}{style}{next}{style:#}"))?;
    output.flush()
}

fn row(id: &str, number: &str, response: &str, took: &str, next: &str) -> String {
    format!("{id:<32} {number:<4} {response:<20} {took:<10} {next}")
}

/// Formats a duration with about three digits.
fn short(duration: Duration) -> String {
    match duration.as_secs_f64() {
        secs if secs < 1.0 => format!("{:.1} ms", secs * 1000.0),
        secs if secs < 100.0 => format!("{secs:.2} s"),
        _ => duration_text(Duration::from_secs(duration.as_secs())),
    }
}
