//! One diagnosis, and what of a request may stand in it.

use std::rc::Rc;

use serde::Serialize;
use zeroize::Zeroizing;

/// One diagnosis.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// A short fixed name.
    pub kind: &'static str,
    /// Whether it is proved: mended so, the request verifies.
    pub certain: bool,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What to do next.
    pub next: String,
}

impl Finding {
    /// It holds if the repair that it stands for verifies.
    pub(super) fn proved(
        kind: &'static str,
        what: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { kind, certain: true, what: what.into(), next: next.into() }
    }

    /// It is only likely.
    pub(super) fn hint(
        kind: &'static str,
        what: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { kind, certain: false, what: what.into(), next: next.into() }
    }
}

/// The longest piece of a request that is shown.
const MOST_SHOWN: usize = 64;

/// The shortest piece that may tell something of a secret.
const TELLING: usize = 4;

/// A name out of a request as it may be shown: short, plain, and neither holding the secret nor part
/// of it.
pub(super) fn shown<'t>(text: &'t str, secret: &[u8]) -> Option<&'t str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let bytes = text.as_bytes();
    let holds = |whole: &[u8], part: &[u8]| {
        !part.is_empty() && whole.windows(part.len()).any(|window| window == part)
    };
    let tells = holds(bytes, secret) || (bytes.len() >= TELLING && holds(secret, bytes));
    (is_plain && bytes.len() <= MOST_SHOWN && !tells).then_some(text)
}

/// All secrets that were given: none of them may be shown, whichever is tried.
pub(super) type Hidden = Rc<[Zeroizing<Vec<u8>>]>;

/// The same beside several secrets.
pub(super) fn shown_beside<'t>(text: &'t str, hidden: &Hidden) -> Option<&'t str> {
    hidden.iter().all(|secret| shown(text, secret).is_some()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_the_secret_or_is_part_of_it_is_not_shown() {
        let secret = b"whsec_MfKQ9r8GKYqrTw";
        for text in ["whsec_MfKQ9r8GKYqrTw", "x-whsec_MfKQ9r8GKYqrTw-x", "GKYq", "whsec_"] {
            assert_eq!(shown(text, secret), None, "{text}");
        }
        for text in ["\u{1b}[31m", "caf\u{e9}", "line\nend", &"x".repeat(65)] {
            assert_eq!(shown(text, secret), None, "{text}");
        }
        for text in ["sha256=", "Bearer ", "v1=", "tenant-b", "Mf"] {
            assert_eq!(shown(text, secret), Some(text));
        }
    }
}
