use std::time::Duration;

use countersign::scheme::{
    Encoding, Part, Scheme, SignatureLocation, SigningRequest, TimestampFormat, Tolerance,
};
use countersign::senders::Verifier;
use countersign::{RejectionKind, Secret, Timestamp};

use super::wire::SIGNED_AT;
use super::{infallible, naive, receive};

const SECRET: &[u8] = b"a secret of the right length";
const NOW: Timestamp = Timestamp::from_secs(SIGNED_AT);

/// More parts and longer values take long and find nothing new.
const MAX_PARTS: usize = 12;
const MAX_BYTES: usize = 24;

/// The largest number of readings of the signed bytes that are tested.
const MAX_READINGS: usize = 500;

/// The values of a request: id, header, timestamp, body.
type Values<'d> = [&'d [u8]; 4];

/// The values in the signed bytes; `None` for one that is not signed.
type Reading<'s> = [Option<&'s [u8]>; 4];

/// The letters of the values in the input.
const LETTERS: [char; 4] = ['i', 'h', 't', 'b'];

/// Checks five lines: parts, id, header, timestamp, and the body.
///
/// In the parts, `i`, `h`, `t` and `b` are id, header, timestamp and body; everything else is literal. In
/// every scheme that can be built from them, bytes cannot move between the parts of a signed request: no
/// other request with the same signed bytes is accepted.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn signed_parts(data: &[u8]) {
    let lines: Vec<&[u8]> = data.splitn(5, |byte| *byte == b'\n').collect();
    let [parts, id, header, time, body] = *lines else { return };
    let Ok(parts) = std::str::from_utf8(parts) else { return };
    if parts.len() > MAX_PARTS || [id, header, body].iter().any(|value| value.len() > MAX_BYTES) {
        return;
    }
    let Some(secs) = naive::number(time) else { return };
    let pieces = pieces(parts);
    let scheme =
        Scheme::hmac_sha256("fuzz", SignatureLocation::header("x-signature", Encoding::Hex))
            .id_header("x-id")
            .timestamp_header("x-time", TimestampFormat::Seconds)
            .tolerance(Tolerance::new(Duration::MAX, Duration::MAX))
            .signs(pieces.iter().map(Piece::part))
            .build();
    let Ok(scheme) = scheme else { return };
    let verifier = infallible(Verifier::new(scheme, infallible(Secret::new(SECRET))));
    let values = [id, header, time, body];
    let signed: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes(values)).copied().collect();
    let signature = naive::hex(&naive::tag(SECRET, &[&signed]));
    let accepts = |[id, header, time, body]: Values<'_>| {
        let headers = [
            ("x-id", id),
            ("x-header", header),
            ("x-time", time),
            ("x-signature", signature.as_bytes()),
        ];
        receive(&verifier, &headers, body, NOW).map_err(|rejection| rejection.kind())
    };

    if let Err(kind) = accepts(values) {
        let of_headers = [RejectionKind::MissingHeader, RejectionKind::MalformedHeader];
        assert!(of_headers.contains(&kind), "{kind:?}");
        return;
    }
    let texts = (std::str::from_utf8(id), std::str::from_utf8(header));
    if let (Ok(id), Ok(header)) = texts {
        let made = SigningRequest::new(body)
            .id(id)
            .headers(&[("x-header", header)])
            .timestamp(Timestamp::from_secs(secs))
            .sign(verifier.scheme(), &infallible(Secret::new(SECRET)));
        let made = infallible(made).into_iter().next_back();
        assert_eq!(made, Some(("x-signature".to_owned(), signature.clone())));
    }
    let mut readings = Vec::new();
    read(&pieces, &signed, [None; 4], &mut readings);
    for reading in readings {
        let [own_id, own_header, own_time, own_body] = values;
        let [id, header, time, body] = reading;
        let other = [
            id.unwrap_or(own_id),
            header.unwrap_or(own_header),
            time.unwrap_or(own_time),
            body.unwrap_or(own_body),
        ];
        if other != values {
            let verdict = accepts(other);
            assert!(verdict.is_err(), "{values:?} also verifies as {other:?} under {pieces:?}");
        }
    }
}

/// One part of the signed content.
#[derive(Debug)]
enum Piece<'d> {
    /// The value at this index in [`Values`].
    Value(usize),
    Literal(&'d str),
}

impl Piece<'_> {
    fn part(&self) -> Part {
        match self {
            Self::Value(0) => Part::Id,
            Self::Value(1) => Part::Header("x-header".into()),
            Self::Value(2) => Part::Timestamp,
            Self::Value(_) => Part::Body,
            Self::Literal(text) => Part::Literal((*text).to_owned().into()),
        }
    }

    fn bytes<'p>(&'p self, values: Values<'p>) -> &'p [u8] {
        match self {
            Self::Value(at) => values.get(*at).copied().unwrap_or_default(),
            Self::Literal(text) => text.as_bytes(),
        }
    }
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    text.split_inclusive(LETTERS)
        .flat_map(|run| {
            let literal = run.trim_end_matches(LETTERS);
            let value = run.chars().next_back().and_then(|last| {
                LETTERS.iter().position(|letter| *letter == last).map(Piece::Value)
            });
            let literal = (!literal.is_empty()).then_some(Piece::Literal(literal));
            literal.into_iter().chain(value)
        })
        .collect()
}

/// Every way to read `signed` as `pieces`, with one value for each kind of piece.
fn read<'s>(
    pieces: &[Piece<'_>],
    signed: &'s [u8],
    reading: Reading<'s>,
    readings: &mut Vec<Reading<'s>>,
) {
    let Some((piece, rest)) = pieces.split_first() else {
        if signed.is_empty() && readings.len() < MAX_READINGS {
            readings.push(reading);
        }
        return;
    };
    match piece {
        Piece::Literal(text) => {
            if let Some(signed) = signed.strip_prefix(text.as_bytes()) {
                read(rest, signed, reading, readings);
            }
        }
        Piece::Value(at) => {
            for length in 0..=signed.len() {
                let (value, left) = signed.split_at(length);
                let mut reading = reading;
                let Some(slot) = reading.get_mut(*at) else { continue };
                if slot.is_none_or(|earlier| earlier == value) {
                    *slot = Some(value);
                    read(rest, left, reading, readings);
                }
            }
        }
    }
}
