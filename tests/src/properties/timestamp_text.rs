use countersign::Timestamp;
use countersign::scheme::TimestampFormat;

use super::naive;

/// Checks the text of a timestamp.
///
/// The text is accepted exactly if it is 1 to 15 digits without a leading zero, and has their value.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn timestamp_text(data: &[u8]) {
    let number = naive::number(data);
    let secs = Timestamp::parse(data, TimestampFormat::Seconds);
    let millis = Timestamp::parse(data, TimestampFormat::Millis);
    assert_eq!(secs.map(Timestamp::as_secs), number);
    assert_eq!(secs, number.map(Timestamp::from_secs));
    assert_eq!(millis.map(Timestamp::as_millis), number);
}
