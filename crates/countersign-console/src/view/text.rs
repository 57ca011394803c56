//! Numbers, sizes, times and hostile text, as they are shown.

use std::fmt::Write;
use std::time::Duration;

use countersign::Timestamp;
use maud::{Markup, PreEscaped, html};

/// Returns a number with a comma at each thousand.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a count that stopped at a limit.
pub(crate) fn count(count: u64, limit: u64) -> String {
    if count >= limit { format!("{}+", number(limit)) } else { number(count) }
}

pub(crate) fn bytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
    let in_unit = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{:.1} KB", in_unit(1000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", in_unit(1_000_000)),
        _ => format!("{:.1} GB", in_unit(1_000_000_000)),
    }
}

/// Returns a duration in its largest unit.
pub(crate) fn span(duration: Duration) -> String {
    match duration.as_secs() {
        0 => match duration.as_millis() {
            0 => "< 1 ms".to_owned(),
            millis => format!("{millis} ms"),
        },
        secs @ 1..10 => {
            let tenths = duration.subsec_millis() / 100;
            if tenths == 0 { format!("{secs} s") } else { format!("{secs}.{tenths} s") }
        }
        secs @ 10..60 => format!("{secs} s"),
        secs @ 60..3600 => format!("{} min", secs / 60),
        secs @ 3600..86_400 => format!("{} h", secs / 3600),
        secs => format!("{} d", secs / 86_400),
    }
}

/// Returns the time of day, to the second.
pub(crate) fn clock(at: Timestamp) -> String {
    at.to_rfc3339().get(11..19).unwrap_or_default().to_owned()
}

/// Returns the time of day, to the minute.
pub(crate) fn minute(at: Timestamp) -> String {
    at.to_rfc3339().get(11..16).unwrap_or_default().to_owned()
}

/// Returns the whole time, for a title.
pub(crate) fn whole(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    format!("{} {} UTC", text.get(..10).unwrap_or_default(), clock(at))
}

/// A time of day.
pub(crate) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_rfc3339()) title=(whole(at)) { (clock(at)) } }
}

/// How long ago a time is, which the script keeps current.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    let secs = Duration::from_secs(now.saturating_since(at).as_secs());
    let text = if secs.is_zero() { "0 s".to_owned() } else { span(secs) };
    html! { time data-ago datetime=(at.to_rfc3339()) title=(whole(at)) { (text) " ago" } }
}

/// Returns a long id as its beginning and its last four characters.
pub(crate) fn short(id: &str) -> String {
    let letters: Vec<char> = visible(id).chars().collect();
    match (letters.get(..12), letters.len().checked_sub(4).and_then(|end| letters.get(end..))) {
        (Some(start), Some(end)) if letters.len() > 18 => {
            start.iter().chain(['…'].iter()).chain(end).collect()
        }
        _ => letters.into_iter().collect(),
    }
}

/// Returns the name of a character that is not to be shown as it is, such as `U+202E`.
fn hidden(letter: char) -> Option<String> {
    let is_hidden = letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    is_hidden.then(|| format!("U+{:04X}", u32::from(letter)))
}

/// Returns a text with its hidden characters by name, for titles and ids.
pub(crate) fn visible(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, letter| {
        match hidden(letter) {
            Some(name) => shown.push_str(&name),
            None => shown.push(letter),
        }
        shown
    })
}

/// A text whose hidden characters are marked by name; line ends and tabs are kept if `is_block`.
pub(crate) fn marked(text: &str, is_block: bool) -> Markup {
    let mut shown = String::with_capacity(text.len() + text.len() / 8);
    for letter in text.chars() {
        match letter {
            '\n' | '\t' if is_block => shown.push(letter),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '"' => shown.push_str("&quot;"),
            _ => match hidden(letter) {
                // Writing to a string never fails.
                Some(name) => {
                    let _ = write!(
                        shown,
                        "<span class=\"ctl\" title=\"A character that is not shown as it is\">{name}</span>"
                    );
                }
                None => shown.push(letter),
            },
        }
    }
    PreEscaped(shown)
}

/// Writes a kind of rejection as a sentence begins, with the kind itself as its title.
pub(crate) fn kind(kind: &str) -> String {
    let mut letters = kind.replace('_', " ").chars().collect::<Vec<_>>();
    if let Some(first) = letters.first_mut() {
        *first = first.to_ascii_uppercase();
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{bytes, count, marked, number, short, span, visible};

    #[test]
    fn numbers_have_a_comma_at_each_thousand() {
        assert_eq!(
            [number(0), number(999), number(26_143), number(1_000_000)].join(" "),
            "0 999 26,143 1,000,000"
        );
        assert_eq!(count(10_000, 10_000), "10,000+");
        assert_eq!([bytes(769), bytes(1234), bytes(10_000_000)].join(" "), "769 B 1.2 KB 10.0 MB");
    }

    #[test]
    fn durations_have_their_largest_unit() {
        let spans =
            [0, 5, 1200, 60_000, 7_200_000, 172_800_000].map(Duration::from_millis).map(span);
        assert_eq!(spans, ["< 1 ms", "5 ms", "1.2 s", "1 min", "2 h", "2 d"]);
    }

    #[test]
    fn what_turns_text_around_is_shown_by_name() {
        assert_eq!(visible("a\u{202e}b\u{1b}[31m"), "aU+202EbU+001B[31m");
        assert_eq!(short("evt_1MAXaFgTisNRi2AFS5FKboCb"), "evt_1MAXaFgT…boCb");
        let shown = marked("<b>\u{200b}\n", true).into_string();
        assert!(
            shown.starts_with("&lt;b&gt;<span class=\"ctl\"") && shown.ends_with("U+200B</span>\n"),
            "{shown}"
        );
    }
}
