//! A header's value, kept with a delivery.

use std::borrow::Cow;
use std::sync::Arc;

use arrayvec::ArrayVec;

/// The ASCII value of a header, without an allocation up to 47 bytes, which holds the usual ids.
#[derive(Clone)]
pub(crate) enum HeaderText {
    Short(ArrayVec<u8, 47>),
    Long(Arc<[u8]>),
}

impl HeaderText {
    pub(super) fn as_cow(&self) -> Cow<'_, str> {
        let text: &[u8] = match self {
            Self::Short(text) => text,
            Self::Long(text) => text,
        };
        // Verification has checked that the value is ASCII.
        Cow::Borrowed(std::str::from_utf8(text).unwrap_or_default())
    }
}

impl From<&[u8]> for HeaderText {
    fn from(text: &[u8]) -> Self {
        ArrayVec::try_from(text).map_or_else(|_| Self::Long(text.into()), Self::Short)
    }
}
