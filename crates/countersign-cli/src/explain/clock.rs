//! Findings from the signed time of an authentic request.

use std::time::Duration;

use countersign::Timestamp;
use countersign::scheme::Tolerance;

use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::{Authentic, Candidate};

/// The range of plausible times: from 2001 to 2100.
const PLAUSIBLE: [Timestamp; 2] =
    [Timestamp::from_secs(978_307_200), Timestamp::from_secs(4_102_444_800)];

/// Returns the findings about the time of an authentic request.
pub(crate) fn findings(outcome: &Authentic, candidate: &Candidate, now: Timestamp) -> Vec<Finding> {
    let delivery = match outcome {
        Authentic::Delivered(delivery) => delivery,
        Authentic::MissingTimestamp => {
            return vec![Finding::proved(
                FindingKind::TimestampMissing,
                "The request is authentic, but its body has no time in the field in which this sender writes one.",
                "Check with a test delivery of the sender that the body has its time, and that the configured sender is the right one.",
            )];
        }
    };
    match (delivery.timestamp(), candidate.tolerance) {
        (Some(signed), Some(tolerance)) => time_findings(signed, tolerance, now),
        _ => Vec::new(),
    }
}

fn time_findings(signed: Timestamp, tolerance: Tolerance, now: Timestamp) -> Vec<Finding> {
    let Some((meant, unit)) = in_the_other_unit(signed) else {
        return skew(signed, tolerance, now).into_iter().collect();
    };
    let (written, wanted) =
        if unit == "milliseconds" { (unit, "seconds") } else { (unit, "milliseconds") };
    let mut findings = vec![wrong_unit(written, wanted)];
    findings.extend(skew(meant, tolerance, now));
    findings
}

/// Returns the finding of a time that is written in one unit and read in another.
pub(crate) fn wrong_unit(written: &str, wanted: &str) -> Finding {
    Finding::proved(
        FindingKind::SecondsAndMilliseconds,
        format!("The signed time is written in {written}, but this sender writes {wanted}."),
        format!("Have the signer write {wanted}. For a custom sender, set the unit to {written}."),
    )
}

/// Returns the time that `signed` denotes in the other unit, and the unit it is written in, if only that
/// time is plausible.
pub(crate) fn in_the_other_unit(signed: Timestamp) -> Option<(Timestamp, &'static str)> {
    let is_plausible =
        |time: Timestamp| PLAUSIBLE.first() <= Some(&time) && Some(&time) <= PLAUSIBLE.last();
    if is_plausible(signed) {
        return None;
    }
    let as_millis = Timestamp::from_millis(signed.as_secs());
    let as_secs = Timestamp::from_secs(signed.as_millis());
    if is_plausible(as_millis) {
        Some((as_millis, "milliseconds"))
    } else if is_plausible(as_secs) {
        Some((as_secs, "seconds"))
    } else {
        None
    }
}

fn skew(signed: Timestamp, tolerance: Tolerance, now: Timestamp) -> Option<Finding> {
    // The verifier compares in the sender's unit.
    let is_whole = signed.as_millis().is_multiple_of(1000);
    let now = if is_whole { Timestamp::from_secs(now.as_secs()) } else { now };
    let (behind, ahead) = (now.saturating_since(signed), signed.saturating_since(now));
    let allowed = format!(
        "{} are allowed behind and {} ahead",
        seconds(tolerance.past()),
        seconds(tolerance.future())
    );
    if behind > tolerance.past() {
        Some(Finding::proved(
            FindingKind::ClockSkew,
            format!(
                "The request is authentic, but its time is {} behind the time of verification; {allowed}.",
                seconds(behind)
            ),
            "If the request was captured earlier, pass its own time with `--now`. If it arrived just now, check this machine's clock (it may be ahead) and the sender's, and look for a queue that delayed the request.",
        ))
    } else if ahead > tolerance.future() {
        Some(Finding::proved(
            FindingKind::ClockSkew,
            format!(
                "The request is authentic, but its time is {} ahead of the time of verification; {allowed}.",
                seconds(ahead)
            ),
            "Check this machine's clock, which is probably behind: run an NTP service.",
        ))
    } else {
        None
    }
}

fn seconds(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{} s", duration.as_secs()),
        millis => format!("{}.{millis:03} s", duration.as_secs()),
    }
}
