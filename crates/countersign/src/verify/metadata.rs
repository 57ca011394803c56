//! What a request's headers say of its event and its body.

use crate::error::{Rejection, RejectionKind};
use crate::headers::{HeaderLookup, HeaderValues, IndexedHeader};
use crate::scheme::{CompiledLocation, CompiledTimestamp, Scheme};
use crate::time::{Freshness, Timestamp, TimestampFormat};
use crate::verify::MAX_ID_BYTES;

/// What the headers say of the event.
#[derive(Default)]
pub(crate) struct EventMetadata<'r> {
    pub(crate) id: Option<&'r [u8]>,
    pub(crate) event_type: Option<&'r [u8]>,
    pub(crate) time: Option<SignedTime<'r>>,
}

impl<'r> EventMetadata<'r> {
    /// Reads id, event type and, where it has a header of its own, the time.
    #[inline]
    pub(crate) fn read(
        scheme: &Scheme,
        values: &HeaderValues<'r>,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        let id = match &scheme.id {
            Some(CompiledLocation::Header(name)) if scheme.signs_id_header => {
                Some(short(name.required_value(values)?).ok_or_else(|| {
                    name.reject(RejectionKind::MalformedHeader).with_detail("it is over 256 bytes")
                })?)
            }
            // Not covered by the signature: kept for logs where it is presentable.
            Some(CompiledLocation::Header(name)) => {
                name.required_value(values).ok().and_then(short)
            }
            Some(CompiledLocation::Body(_)) | None => None,
        };
        let event_type = match &scheme.event_type {
            Some(CompiledLocation::Header(name)) => {
                name.required_value(values).ok().and_then(short)
            }
            Some(CompiledLocation::Body(_)) | None => None,
        };
        let time = match &scheme.timestamp {
            Some(CompiledTimestamp::Header(name, unit)) => {
                Some(SignedTime::read(scheme, name, name.single_value(values)?, *unit, now)?)
            }
            Some(CompiledTimestamp::Pair(_) | CompiledTimestamp::Body(..)) | None => None,
        };
        Ok(Self { id, event_type, time })
    }
}

/// A signed time that stands in a header.
pub(crate) struct SignedTime<'r> {
    /// As it was written, which is what is signed.
    pub(crate) digits: &'r [u8],
    pub(crate) time: Timestamp,
}

impl<'r> SignedTime<'r> {
    /// Reads and judges it; `name` is the header it stands in.
    pub(crate) fn read(
        scheme: &Scheme,
        name: &IndexedHeader,
        digits: &'r [u8],
        unit: TimestampFormat,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        let time = Timestamp::parse(digits, unit).ok_or_else(|| {
            let form = match unit {
                TimestampFormat::Rfc3339 => "its time is not RFC 3339",
                _ => "its time is not 1 to 15 digits without a leading zero",
            };
            name.reject(RejectionKind::MalformedHeader).with_detail(form)
        })?;
        if scheme.has_fixed_width_time && !unit.is_usual_width(digits) {
            return Err(name
                .reject(RejectionKind::MalformedHeader)
                .with_detail("its time is not as long as times are now"));
        }
        match scheme.tolerance.check(now, time, unit) {
            Freshness::Fresh => Ok(Self { digits, time }),
            Freshness::Stale => Err(name.reject(RejectionKind::StaleTimestamp)),
            Freshness::Future => Err(name.reject(RejectionKind::FutureTimestamp)),
        }
    }
}

/// A value that is short enough to be kept with the delivery.
fn short(value: &[u8]) -> Option<&[u8]> {
    (value.len() <= MAX_ID_BYTES).then_some(value)
}

/// Rejects a body that is compressed.
#[inline]
pub(crate) fn reject_coded_body(
    scheme: &Scheme,
    values: &HeaderValues<'_>,
) -> Result<(), Rejection> {
    match scheme.names.content_encoding().map(|name| name.lookup(values)) {
        None | Some(HeaderLookup::None) => Ok(()),
        Some(HeaderLookup::One(coding)) if coding.eq_ignore_ascii_case(b"identity") => Ok(()),
        Some(HeaderLookup::One(_) | HeaderLookup::Many) => {
            Err(Rejection::new(RejectionKind::UnsupportedEncoding))
        }
    }
}

/// What `content-length` announces: a reason to reject early, never to allocate.
#[inline]
pub(crate) fn announced_length(
    scheme: &Scheme,
    values: &HeaderValues<'_>,
) -> Result<Option<u64>, Rejection> {
    let Some(name) = scheme.names.content_length() else { return Ok(None) };
    let malformed = || name.reject(RejectionKind::MalformedHeader).with_detail("it is no number");
    match name.lookup(values) {
        HeaderLookup::None => Ok(None),
        HeaderLookup::Many => Err(name.reject(RejectionKind::DuplicateHeader)),
        HeaderLookup::One(digits) => {
            let mut length = 0_u64;
            for digit in digits {
                let digit = digit.wrapping_sub(b'0');
                if digit > 9 {
                    return Err(malformed());
                }
                length = length.saturating_mul(10).saturating_add(u64::from(digit));
            }
            if digits.is_empty() { Err(malformed()) } else { Ok(Some(length)) }
        }
    }
}
