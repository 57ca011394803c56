//! Repairs of signed headers whose values were rewritten.

use countersign::Timestamp;
use countersign::scheme::TimestampFormat;

use crate::explain::clock::wrong_unit;
use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::Candidate;

/// Adds candidates with the id and the time as they may have been sent.
pub(crate) fn repairs(candidate: &Candidate, list: &mut Vec<Candidate>) {
    if let Some(name) = &candidate.shape.id
        && let Some(value) = candidate.head.first(name)
    {
        for original in ids(value) {
            list.push(candidate.with_head(candidate.head.with(name, original), altered(name)));
        }
    }
    if let Some((name, unit)) = &candidate.shape.timestamp
        && let Some(value) = candidate.head.first(name)
    {
        for (original, is_unit) in times(value, *unit) {
            let finding = if is_unit { other_unit(*unit) } else { altered(name) };
            list.push(candidate.with_head(candidate.head.with(name, original), finding));
        }
    }
    if let Some(at) = &candidate.shape.credential
        && at.time_prefix.is_some()
        && let Some(value) = candidate.head.first(&at.header)
        && let Some(time) = at.time(value)
        && let Some((before, after)) = value.split_once(time)
    {
        let unit = if time.len() > 11 { TimestampFormat::Seconds } else { TimestampFormat::Millis };
        // The text after the digits belongs to the time, up to the next pair.
        let end = after.find([',', ';']).unwrap_or(after.len());
        let (tail, rest) = after.split_at(end);
        for (original, is_unit) in times(&format!("{time}{tail}"), unit) {
            let finding = if is_unit { other_unit(unit) } else { altered(&at.header) };
            let value = format!("{before}{original}{rest}");
            list.push(candidate.with_head(candidate.head.with(&at.header, value), finding));
        }
    }
}

fn altered(name: &str) -> Finding {
    Finding::proved(
        FindingKind::SignedHeaderAltered,
        format!(
            "The value of the signed header `{name}` was changed in transit: trimmed, re-cased or reformatted."
        ),
        "Pass on signed headers byte for byte: no proxy rule, framework or parser may reformat them.",
    )
}

fn other_unit(wanted: TimestampFormat) -> Finding {
    if wanted == TimestampFormat::Millis {
        wrong_unit("seconds", "milliseconds")
    } else {
        wrong_unit("milliseconds", "seconds")
    }
}

fn push(list: &mut Vec<String>, value: &str, original: String) {
    if original != value && !original.is_empty() && !list.contains(&original) {
        list.push(original);
    }
}

/// Returns the values that an id may have had.
fn ids(value: &str) -> Vec<String> {
    let mut list = Vec::new();
    let inner = value.trim().trim_matches(['"', '\'', '<', '>', '{', '}']);
    push(&mut list, value, value.trim().to_owned());
    push(&mut list, value, inner.to_owned());
    push(&mut list, value, value.split_whitespace().collect());
    push(&mut list, value, value.to_ascii_lowercase());
    push(&mut list, value, value.to_ascii_uppercase());
    push(&mut list, value, inner.replace("%2D", "-").replace("%5F", "_").replace("%3A", ":"));
    push(&mut list, value, inner.replace('-', "_"));
    push(&mut list, value, inner.replace('_', "-"));
    push(&mut list, value, inner.replace('-', ""));
    list
}

/// Returns the values that a time may have had, each with whether it is in another unit.
fn times(value: &str, unit: TimestampFormat) -> Vec<(String, bool)> {
    let mut list = Vec::new();
    let inner = value.trim().trim_matches(['"', '\'']);
    push(&mut list, value, inner.to_owned());
    let whole = inner.split_once('.').map_or(inner, |(whole, _)| whole);
    push(&mut list, value, whole.to_owned());
    push(&mut list, value, inner.chars().filter(|letter| !",_ ".contains(*letter)).collect());
    push(&mut list, value, whole.trim_start_matches(['0', '+']).to_owned());
    let instant = Timestamp::parse(inner.as_bytes(), TimestampFormat::Rfc3339);
    if unit == TimestampFormat::Rfc3339 {
        rfc3339(inner, &mut list, value);
    } else if let Some(instant) = instant {
        let digits =
            if unit == TimestampFormat::Millis { instant.as_millis() } else { instant.as_secs() };
        push(&mut list, value, digits.to_string());
    }
    let mut list: Vec<_> = list.into_iter().map(|original| (original, false)).collect();
    let in_unit = Timestamp::parse(whole.as_bytes(), TimestampFormat::Seconds);
    if let Some(number) = in_unit.map(Timestamp::as_secs) {
        let other = if whole.len() > 11 { number / 1000 } else { number.saturating_mul(1000) };
        list.push((other.to_string(), true));
    }
    list
}

/// Adds one instant in the usual spellings of RFC 3339.
fn rfc3339(text: &str, list: &mut Vec<String>, value: &str) {
    let Some((day, time)) = text.split_once(['T', 't', ' ']) else { return };
    let zone = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let Some((clock, zone)) = time.split_at_checked(zone) else { return };
    let whole = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let is_utc = matches!(zone, "" | "Z" | "z" | "+00:00" | "-00:00" | "+0000");
    let zones: &[&str] = if is_utc { &["Z", "+00:00", "-00:00"] } else { &[zone] };
    for zone in zones {
        for clock in [whole.to_owned(), clock.to_owned(), format!("{whole}.000")] {
            push(list, value, format!("{day}T{clock}{zone}"));
        }
    }
}
