//! The rules that give signed content exactly one reading.

use super::{CompiledLocation, CompiledTimestamp, Part, SchemeBuilder, SignedPart};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::headers::HeaderIndex;
use crate::time::TimestampFormat;

/// Resolves the parts of the signed content, and checks that the content has exactly one reading.
pub(super) fn signed_parts(
    builder: &SchemeBuilder,
    id: Option<&CompiledLocation>,
    timestamp: Option<&CompiledTimestamp>,
    names: &mut HeaderIndex,
) -> Result<Vec<SignedPart>, ConfigError> {
    let mut signed = Vec::with_capacity(builder.signed.len());
    for part in &builder.signed {
        signed.push(match part {
            Part::Literal(text) => SignedPart::Literal(text.clone()),
            Part::Header(name) => match (names.add(name)?, id) {
                (name, Some(CompiledLocation::Header(id))) if name == *id => SignedPart::Id(name),
                (name, _) => SignedPart::Header(name),
            },
            Part::Body | Part::UrlAndForm(_) => SignedPart::Body,
            Part::Url(_) => SignedPart::Url,
            Part::Timestamp => match timestamp {
                Some(CompiledTimestamp::Header(..) | CompiledTimestamp::Pair(_)) => {
                    SignedPart::Timestamp
                }
                Some(CompiledTimestamp::Body(..)) => {
                    return Err(invalid(
                        "the time is in the body and signed with it: remove `Part::Timestamp`",
                    ));
                }
                None => {
                    return Err(invalid(
                        "the time is signed: configure where it is, by `timestamp_header` or `timestamp_pair`",
                    ));
                }
            },
            Part::Id => match id {
                Some(CompiledLocation::Header(name)) => SignedPart::Id(name.clone()),
                _ => {
                    return Err(invalid(
                        "the id is signed: configure which header holds it, by `id_header`",
                    ));
                }
            },
        });
    }
    if signed.iter().filter(|part| matches!(part, SignedPart::Body)).count() != 1 {
        return Err(invalid("the body must be signed exactly once: add one `Part::Body`"));
    }
    let ends_at_url = |part: &SignedPart| match part {
        SignedPart::Literal(text) => !text.is_empty(),
        part => matches!(part, SignedPart::Body),
    };
    let mut neighbours = signed.iter().zip(signed.iter().skip(1));
    if neighbours.any(|(left, right)| matches!(right, SignedPart::Url) && !ends_at_url(left)) {
        return Err(invalid(
            "a value touches the URL, so bytes could move between them: add a literal between them",
        ));
    }
    // The signed content has exactly one reading only if something separates its values: a literal, the
    // fixed width of a time, or the fixed length of an id. The content is read from the left up to the
    // body, and from the right down to it, so a width does not separate a value that is read before the
    // value with that width.
    let is_time = |part: &SignedPart| matches!(part, SignedPart::Timestamp);
    let ends_itself =
        |part: &SignedPart| matches!(part, SignedPart::Id(_)) && builder.id_length.is_some();
    let body = body_position(&signed);
    let (before, after) = (signed.get(..=body), signed.get(body..));
    if touching(before.unwrap_or_default())
        .any(|(left, right)| !ends_itself(left) && (!is_time(left) || is_time(right)))
        || touching(after.unwrap_or_default()).any(|(left, right)| is_time(left) || !is_time(right))
    {
        return Err(invalid(
            "two signed parts touch, so bytes could move between them: add a literal between them",
        ));
    }
    Ok(signed)
}

fn body_position(signed: &[SignedPart]) -> usize {
    signed.iter().position(|part| matches!(part, SignedPart::Body)).unwrap_or_default()
}

pub(super) fn signs_id_before_body(signed: &[SignedPart]) -> bool {
    let before = signed.get(..body_position(signed)).unwrap_or_default();
    before.iter().any(|part| matches!(part, SignedPart::Id(_)))
}

/// Returns whether a separated time in digits follows the only signed id, before the body.
pub(super) fn time_ends_id(signed: &[SignedPart], timestamp: Option<&CompiledTimestamp>) -> bool {
    let is_in_digits = match timestamp {
        Some(CompiledTimestamp::Header(_, format) | CompiledTimestamp::Pair(format)) => {
            *format != TimestampFormat::Rfc3339
        }
        Some(CompiledTimestamp::Body(..)) | None => false,
    };
    let mut ids = signed.iter().enumerate().filter(|(_, part)| matches!(part, SignedPart::Id(_)));
    let (Some((at, _)), None) = (ids.next(), ids.next()) else { return false };
    let is_ended = matches!(
        signed.get(at + 1..),
        Some([SignedPart::Literal(before), SignedPart::Timestamp, SignedPart::Literal(after), ..])
            if !before.is_empty()
                && after.starts_with(|first: char| !first.is_ascii_digit())
    );
    is_in_digits && is_ended && signs_id_before_body(signed)
}

/// Returns the neighbouring signed parts without a literal between them.
pub(super) fn touching(signed: &[SignedPart]) -> impl Iterator<Item = (&SignedPart, &SignedPart)> {
    // No form of the URL is the beginning of another, so a URL ends itself like a literal.
    let is_literal = |part: &SignedPart| match part {
        SignedPart::Literal(text) => !text.is_empty(),
        part => matches!(part, SignedPart::Url),
    };
    let neighbours = signed.iter().zip(signed.iter().skip(1));
    neighbours.filter(move |(left, right)| !is_literal(left) && !is_literal(right))
}

/// Returns the error for settings that contradict each other or are unsafe.
pub(super) fn invalid(message: &str) -> ConfigError {
    ConfigError::new(ConfigErrorKind::InvalidScheme, message)
}
