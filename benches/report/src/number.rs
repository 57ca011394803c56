//! Numbers as the tables and charts print them.

/// Returns the number with three significant digits, and all digits before the point.
pub(crate) fn number(value: f64) -> String {
    let places = match value.abs() {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    let text = format!("{value:.places$}");
    if places > 0 { text } else { grouped(&text) }
}

/// Separates groups of three digits by spaces.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Returns the median; `None` of no values.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::{median, number};

    #[test]
    fn numbers_have_three_significant_digits() {
        let texts = [0.0, 1.0, 9.994, 9.996, 42.25, 99.96, 360.4, 1234.5, 1_234_567.0].map(number);
        let expected = ["0.00", "1.00", "9.99", "10.0", "42.2", "100", "360", "1 234", "1 234 567"];
        assert_eq!(texts, expected);
    }

    #[test]
    fn the_median_is_the_upper_middle_value() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 3.0, 2.0].into_iter()), Some(3.0));
        assert_eq!(median([].into_iter()), None);
    }
}
