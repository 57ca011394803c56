//! A request as text, so that a fuzzer can vary every part of a correctly signed request.

use countersign::Timestamp;

/// The time at which requests are signed, in seconds.
pub(super) const SIGNED_AT: u64 = 1_700_000_000;

/// A request in five lines: control, id, timestamp, signature; the rest is the body.
///
/// In timestamp and signature, `@` is [`SIGNED_AT`]; in the signature, `*` is the correct signature for
/// the rest of the request. An id or timestamp of `~` alone is omitted.
pub(super) struct Wire<'d> {
    control: &'d [u8],
    pub(super) id: &'d [u8],
    pub(super) time: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) body: &'d [u8],
}

impl<'d> Wire<'d> {
    /// Parses a request; `at` is the value of `@`.
    pub(super) fn parse(data: &'d [u8], at: u64) -> Option<Self> {
        let mut lines = data.splitn(5, |byte| *byte == b'\n');
        let (control, id, time) = (lines.next()?, lines.next()?, lines.next()?);
        let (signature, body) = (lines.next()?, lines.next()?);
        let digits = at.to_string();
        Some(Self {
            control,
            id,
            time: expand(time, b'@', digits.as_bytes()),
            signature: expand(signature, b'@', digits.as_bytes()),
            body,
        })
    }

    /// The control byte at `index`; zero if it is `0` or missing.
    pub(super) fn control(&self, index: usize) -> u8 {
        self.control.get(index).map_or(0, |byte| byte.wrapping_sub(b'0'))
    }

    /// The time of receipt: up to ten minutes from signing, in steps of five seconds (second control byte).
    pub(super) fn now(&self) -> Timestamp {
        let off = i64::from(self.control(1).cast_signed()) * 5;
        Timestamp::from_secs(SIGNED_AT.saturating_add_signed(off))
    }

    /// Inserts the correct signature, then overwrites bytes: position and byte alternate, from the third
    /// control byte on.
    pub(super) fn sign(&mut self, right: &str) {
        self.signature = expand(&self.signature, b'*', right.as_bytes());
        for edit in self.control.get(2..).unwrap_or_default().chunks_exact(2) {
            if let [place, byte] = edit
                && let Some(slot) = self.signature.get_mut(usize::from(*place))
            {
                *slot = *byte;
            }
        }
    }

    /// Id, timestamp and signature under these names, except for omitted ones.
    pub(super) fn headers<'w>(
        &'w self,
        [id, time, signature]: [&'static str; 3],
    ) -> Vec<(&'static str, &'w [u8])> {
        [(id, self.id), (time, &*self.time), (signature, &*self.signature)]
            .into_iter()
            .filter(|(_, value)| *value != b"~")
            .collect()
    }
}

pub(super) fn expand(template: &[u8], mark: u8, text: &[u8]) -> Vec<u8> {
    template.split(|byte| *byte == mark).collect::<Vec<_>>().join(text)
}
