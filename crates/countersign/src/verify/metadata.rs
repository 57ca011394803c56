//! The facts about an event and its body that headers carry: id, type, time, encoding and length.

use crate::error::{Rejection, RejectionKind};
use crate::headers::{HeaderLookup, HeaderValues, IndexedHeader};
use crate::scheme::{CompiledLocation, CompiledTimestamp, MAX_ID_BYTES, Scheme};
use crate::time::{Freshness, Timestamp, TimestampFormat};
use crate::verify::content_coding::{is_gzip, named_coding};

/// The event's id, type and time, as far as headers carry them.
#[derive(Default)]
pub(crate) struct EventMetadata<'r> {
    pub(crate) id: Option<&'r [u8]>,
    pub(crate) event_type: Option<&'r [u8]>,
    pub(crate) time: Option<SignedTime<'r>>,
}

impl<'r> EventMetadata<'r> {
    /// Reads the id, the event type and, where it has a header of its own, the time.
    #[inline]
    pub(crate) fn read(
        scheme: &Scheme,
        values: &HeaderValues<'r>,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        let id = match &scheme.id {
            Some(CompiledLocation::Header(name)) if scheme.signs_id_header => {
                let id = name.required_value(values)?;
                let malformed =
                    |detail| name.reject(RejectionKind::MalformedHeader).with_detail(detail);
                if scheme.id_length.is_some_and(|length| length != id.len()) {
                    return Err(malformed("it does not have the length of the sender's ids"));
                }
                Some(if_short(id).ok_or_else(|| malformed("it is longer than 256 bytes"))?)
            }
            // An id that the signature does not cover is for logs alone, so a bad one is ignored.
            Some(CompiledLocation::Header(name)) => {
                name.required_value(values).ok().and_then(if_short)
            }
            Some(CompiledLocation::Body(_)) | None => None,
        };
        let event_type = match &scheme.event_type {
            Some(CompiledLocation::Header(name)) => {
                name.required_value(values).ok().and_then(if_short)
            }
            Some(CompiledLocation::Body(_)) | None => None,
        };
        let time = match &scheme.timestamp {
            Some(CompiledTimestamp::Header(name, format)) => {
                Some(SignedTime::read(scheme, name, name.single_value(values)?, *format, now)?)
            }
            Some(CompiledTimestamp::Pair(_) | CompiledTimestamp::Body(..)) | None => None,
        };
        Ok(Self { id, event_type, time })
    }
}

/// The signed time of a header.
pub(crate) struct SignedTime<'r> {
    /// The time as received, which is what is signed.
    pub(crate) digits: &'r [u8],
    pub(crate) time: Timestamp,
}

impl<'r> SignedTime<'r> {
    /// Reads the time in `digits` and checks that it is fresh; `name` is the header that holds it.
    #[inline]
    pub(crate) fn read(
        scheme: &Scheme,
        name: &IndexedHeader,
        digits: &'r [u8],
        format: TimestampFormat,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        let time = Timestamp::parse(digits, format).ok_or_else(|| {
            let detail = match format {
                TimestampFormat::Rfc3339 => "its time is not in RFC 3339",
                _ => "its time is not 1 to 15 digits without a leading zero",
            };
            name.reject(RejectionKind::MalformedHeader).with_detail(detail)
        })?;
        if scheme.has_fixed_width_time && !format.is_usual_width(digits) {
            return Err(name
                .reject(RejectionKind::MalformedHeader)
                .with_detail("its time does not have as many digits as the present time"));
        }
        match scheme.tolerance.check(now, time, format) {
            Freshness::Fresh => Ok(Self { digits, time }),
            Freshness::Stale => Err(name.reject(RejectionKind::StaleTimestamp)),
            Freshness::Future => Err(name.reject(RejectionKind::FutureTimestamp)),
        }
    }
}

/// Returns `value` if it is short enough to be kept with the delivery.
fn if_short(value: &[u8]) -> Option<&[u8]> {
    (value.len() <= MAX_ID_BYTES).then_some(value)
}

/// Returns whether the body is sent as gzip, for a scheme that accepts it; rejects every other compressed
/// body.
#[inline]
pub(crate) fn is_gzip_body(scheme: &Scheme, values: &HeaderValues<'_>) -> Result<bool, Rejection> {
    match values.content_encoding() {
        HeaderLookup::None => Ok(false),
        HeaderLookup::One(value) if named_coding(value).is_none() => Ok(false),
        HeaderLookup::One(value) if is_gzip(value) => match scheme.accepts_gzip {
            true => Ok(true),
            false => Err(Rejection::new(RejectionKind::UnsupportedEncoding).with_detail(
                "if the sender signs the plain body and sends it as gzip, configure `with_gzip` (feature `gzip`)",
            )),
        },
        HeaderLookup::One(_) | HeaderLookup::Many => {
            Err(Rejection::new(RejectionKind::UnsupportedEncoding))
        }
    }
}

/// Returns the length that `content-length` announces.
///
/// An announced length is a reason to reject early, never a size to allocate.
#[inline]
pub(crate) fn announced_length(
    scheme: &Scheme,
    values: &HeaderValues<'_>,
) -> Result<Option<u64>, Rejection> {
    let reject = |kind| scheme.names.reject_content_length(kind);
    let malformed = || reject(RejectionKind::MalformedHeader).with_detail("it is not a number");
    match values.content_length() {
        HeaderLookup::None => Ok(None),
        HeaderLookup::Many => Err(reject(RejectionKind::DuplicateHeader)),
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
