//! What an authentic time says of the clocks.

use std::time::Duration;

use countersign::Timestamp;
use countersign::scheme::Tolerance;

use super::Authentic;
use super::finding::Finding;
use super::parts::Parts;

/// Between these a time is one that a sender may have meant: 2001 to 2100.
const PLAUSIBLE: [Timestamp; 2] =
    [Timestamp::from_secs(978_307_200), Timestamp::from_secs(4_102_444_800)];

/// What is wrong with the time of a request that is authentic.
pub(super) fn findings(outcome: &Authentic, parts: &Parts, now: Timestamp) -> Vec<Finding> {
    let delivery = match outcome {
        Authentic::Delivered(delivery) => delivery,
        Authentic::Timeless => {
            return vec![Finding::proved(
                "timestamp_missing",
                "The request is authentic, but its body has no time where this sender writes one.",
                "Check with the sender's test delivery that the body still has its time, and that this is the sender that it is taken for.",
            )];
        }
    };
    match (delivery.timestamp(), parts.tolerance) {
        (Some(signed), Some(tolerance)) => judged(signed, tolerance, now),
        _ => Vec::new(),
    }
}

fn judged(signed: Timestamp, tolerance: Tolerance, now: Timestamp) -> Vec<Finding> {
    let Some((meant, unit)) = in_the_other_unit(signed) else {
        return clock(signed, tolerance, now).into_iter().collect();
    };
    let (written, wanted) =
        if unit == "milliseconds" { (unit, "seconds") } else { (unit, "milliseconds") };
    let mut findings = vec![units(written, wanted)];
    findings.extend(clock(meant, tolerance, now));
    findings
}

/// That a time is written in one unit and read in another.
pub(super) fn units(written: &str, wanted: &str) -> Finding {
    Finding::proved(
        "seconds_and_milliseconds",
        format!("The signed time is written in {written}, where this sender writes {wanted}."),
        format!(
            "Have whatever signed the request write {wanted}; if it is a sender of your own, set its unit to {written}."
        ),
    )
}

/// What `signed` would be in the other unit, if only that makes sense; and the unit it is in.
pub(super) fn in_the_other_unit(signed: Timestamp) -> Option<(Timestamp, &'static str)> {
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

fn clock(signed: Timestamp, tolerance: Tolerance, now: Timestamp) -> Option<Finding> {
    // The verifier counts in the sender's unit.
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
            "clock_off",
            format!(
                "The request is authentic, but its time is {} behind the time it is judged at; {allowed}.",
                seconds(behind)
            ),
            "If it was captured a while ago, judge it at its own time; if it came just now, set this machine's clock (it may be ahead) or the sender's, and look for a queue that held the request.",
        ))
    } else if ahead > tolerance.future() {
        Some(Finding::proved(
            "clock_off",
            format!(
                "The request is authentic, but its time is {} ahead of the time it is judged at; {allowed}.",
                seconds(ahead)
            ),
            "Set this machine's clock, which is probably behind: run an NTP service and check it.",
        ))
    } else {
        None
    }
}

fn seconds(span: Duration) -> String {
    match span.subsec_millis() {
        0 => format!("{} s", span.as_secs()),
        millis => format!("{}.{millis:03} s", span.as_secs()),
    }
}
