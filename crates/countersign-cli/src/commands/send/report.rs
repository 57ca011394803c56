//! What is told of deliveries, while they go on and at their end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::super::common::duration_text;
use super::delivery::{Answer, Attempt, Pace};
use super::schedule::Schedule;
use crate::error::CliError;
use crate::output::{BAD, ExitStatus, FAINT, GOOD, HEAD, Output};
use crate::request;
use crate::sender::Who;

/// For more events than this only the sums are told.
const MAX_ROWS: u64 = 50;

pub(super) struct Report {
    head: String,
    has_rows: bool,
    attempts: u64,
    answers: BTreeMap<Answer, u64>,
    /// Of attempts that were answered.
    spans: Vec<Duration>,
    deliveries: Vec<Delivered>,
}

/// What became of one delivery.
#[derive(Serialize)]
struct Delivered {
    id: String,
    duplicate: bool,
    delivered: bool,
    attempts: u32,
    /// The last answer.
    answer: String,
}

impl Report {
    pub(super) fn new(
        who: &Who,
        target: &str,
        schedule: &Schedule,
        pace: &Pace,
        deadline: Duration,
        times: u64,
    ) -> Self {
        let spans: Vec<_> = pace.delays.iter().map(|delay| short(*delay)).collect();
        let source = if schedule.is_documented {
            ""
        } else {
            " (assumed: the sender documents no schedule)"
        };
        let retries = match spans.as_slice() {
            [] => "no retries".to_owned(),
            _ => format!("retries after {}{source}", spans.join(", ")),
        };
        Self {
            head: format!(
                "{} to {}, answer due within {}, {retries}",
                who.display_name(),
                request::masked(target),
                duration_text(deadline)
            ),
            has_rows: times <= MAX_ROWS,
            attempts: 0,
            answers: BTreeMap::new(),
            spans: Vec::new(),
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
                row("event", "try", "answer", "took", "next")
            ))?;
        }
        output.flush()
    }

    pub(super) fn add(&mut self, attempt: Attempt, output: &mut Output) -> Result<(), CliError> {
        self.attempts += 1;
        *self.answers.entry(attempt.answer).or_default() += 1;
        if matches!(attempt.answer, Answer::Status(_)) {
            self.spans.push(attempt.took);
        }
        if self.has_rows && !output.is_json() {
            tell(&attempt, output)?;
        }
        if attempt.next.is_none() {
            self.deliveries.push(Delivered {
                id: attempt.id,
                duplicate: attempt.is_duplicate,
                delivered: attempt.is_success,
                attempts: attempt.number,
                answer: attempt.answer.to_string(),
            });
        }
        Ok(())
    }

    pub(super) fn end(
        mut self,
        elapsed: Duration,
        output: &mut Output,
    ) -> Result<ExitStatus, CliError> {
        self.spans.sort_unstable();
        let total = self.deliveries.len();
        let delivered = self.deliveries.iter().filter(|delivery| delivery.delivered).count();
        let end = if delivered == total { ExitStatus::Success } else { ExitStatus::Unavailable };
        if output.is_json() {
            output.json(&self.sums(total, delivered, elapsed))?;
            return Ok(end);
        }
        let style = if end == ExitStatus::Success { GOOD } else { BAD };
        let sums = format!(
            "{delivered} of {total} delivered, {} attempts in {}",
            self.attempts,
            short(elapsed)
        );
        output.styled(style, "summary", &sums)?;
        let answers: Vec<_> =
            self.answers.iter().map(|(answer, count)| format!("{answer}: {count}")).collect();
        output.field("answers", &answers.join(", "))?;
        if !self.spans.is_empty() {
            let [half, most, nearly, all] =
                [50, 90, 99, 100].map(|share| short(self.percentile(share)));
            output.field("latency", &format!("p50 {half}, p90 {most}, p99 {nearly}, max {all}"))?;
        }
        if end == ExitStatus::Unavailable {
            let is_reached =
                !self.answers.keys().all(|answer| matches!(answer, Answer::NotConnected(_)));
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

    fn sums(&self, total: usize, delivered: usize, elapsed: Duration) -> serde_json::Value {
        let answers: BTreeMap<_, _> =
            self.answers.iter().map(|(answer, count)| (answer.to_string(), count)).collect();
        let millis = |share| self.percentile(share).as_secs_f64() * 1000.0;
        json!({
            "total": total,
            "delivered": delivered,
            "attempts": self.attempts,
            "elapsed_s": elapsed.as_secs_f64(),
            "answers": answers,
            "latency_ms": { "p50": millis(50), "p90": millis(90), "p99": millis(99), "max": millis(100) },
            "deliveries": self.deliveries,
        })
    }

    /// By nearest rank; zero if nothing was answered.
    fn percentile(&self, share: usize) -> Duration {
        let rank = (self.spans.len() * share).div_ceil(100);
        self.spans.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

fn tell(attempt: &Attempt, output: &mut Output) -> Result<(), CliError> {
    let (style, next) = match (attempt.is_success, attempt.next) {
        (true, _) => (GOOD, "delivered".to_owned()),
        (false, Some(delay)) => (FAINT, format!("again in {}", short(delay))),
        (false, None) => (BAD, "given up".to_owned()),
    };
    let twin = if attempt.is_duplicate { " (again)" } else { "" };
    let id = format!("{}{twin}", attempt.id);
    let line = row(
        &id,
        &attempt.number.to_string(),
        &attempt.answer.to_string(),
        &short(attempt.took),
        "",
    );
    output.line(&format!("{line}{style}{next}{style:#}"))?;
    output.flush()
}

fn row(id: &str, number: &str, answer: &str, took: &str, next: &str) -> String {
    format!("{id:<32} {number:<4} {answer:<20} {took:<10} {next}")
}

/// A span with three digits or so.
fn short(span: Duration) -> String {
    match span.as_secs_f64() {
        secs if secs < 1.0 => format!("{:.1} ms", secs * 1000.0),
        secs if secs < 100.0 => format!("{secs:.2} s"),
        _ => duration_text(Duration::from_secs(span.as_secs())),
    }
}
