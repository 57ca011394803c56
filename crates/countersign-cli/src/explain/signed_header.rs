//! Signed headers, printed anew by something on the way.

use countersign::Timestamp;
use countersign::scheme::TimestampFormat;

use super::clock::units;
use super::finding::Finding;
use super::parts::Parts;

/// The id and the time as they may have been.
pub(super) fn repairs(parts: &Parts, list: &mut Vec<Parts>) {
    if let Some(name) = &parts.form.id
        && let Some(value) = parts.head.first(name)
    {
        for original in ids(value) {
            list.push(parts.head(parts.head.with(name, original), altered(name)));
        }
    }
    if let Some((name, unit)) = &parts.form.time
        && let Some(value) = parts.head.first(name)
    {
        for (original, is_unit) in times(value, *unit) {
            let finding = if is_unit { other_unit(*unit) } else { altered(name) };
            list.push(parts.head(parts.head.with(name, original), finding));
        }
    }
    if let Some(at) = &parts.form.at
        && at.before_time.is_some()
        && let Some(value) = parts.head.first(&at.header)
        && let Some(time) = at.time(value)
        && let Some((before, after)) = value.split_once(time)
    {
        let unit = if time.len() > 11 { TimestampFormat::Seconds } else { TimestampFormat::Millis };
        // What stands behind the digits is part of the time up to the next pair.
        let end = after.find([',', ';']).unwrap_or(after.len());
        let (tail, rest) = after.split_at(end);
        for (original, is_unit) in times(&format!("{time}{tail}"), unit) {
            let finding = if is_unit { other_unit(unit) } else { altered(&at.header) };
            let value = format!("{before}{original}{rest}");
            list.push(parts.head(parts.head.with(&at.header, value), finding));
        }
    }
}

fn altered(name: &str) -> Finding {
    Finding::proved(
        "signed_header_altered",
        format!(
            "The value in header `{name}` was changed on the way: trimmed, re-cased or printed anew, and the signature covers it as it was sent."
        ),
        "Hand on signed headers byte for byte: no proxy rule, framework or parser may print them anew.",
    )
}

fn other_unit(wanted: TimestampFormat) -> Finding {
    if wanted == TimestampFormat::Millis {
        units("seconds", "milliseconds")
    } else {
        units("milliseconds", "seconds")
    }
}

fn push(list: &mut Vec<String>, value: &str, original: String) {
    if original != value && !original.is_empty() && !list.contains(&original) {
        list.push(original);
    }
}

/// What an id may have been.
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

/// What a time may have been, and whether that is in another unit.
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

/// One instant in the usual ways of writing it.
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
