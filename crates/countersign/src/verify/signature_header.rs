//! The grammar of the signature header: from its value to the signatures and the time in it.

use arrayvec::ArrayVec;
use memchr::memchr;

use crate::crypto::encoding::Encoding;
use crate::crypto::mac::{MAX_SIGNATURE_BYTES, SignatureBytes, TAG_BYTES, Tag};
use crate::error::{Rejection, RejectionKind};
use crate::headers::{IndexedHeader, is_printable};
use crate::scheme::{Algorithm, CompiledSignature, Grammar};

/// The largest number of signatures in a header.
///
/// Standard Webhooks senders list one for each secret in rotation, so sixteen is far above any genuine
/// list. Each costs a comparison, never a MAC.
const MAX_CANDIDATES: usize = 16;

/// The largest number where each costs a pass over the message: two keys and their successors.
const MAX_PUBLIC_CANDIDATES: usize = 4;

/// Returns the value of the header `name` after its fixed prefix.
pub(crate) fn only_value<'h>(
    at: &CompiledSignature,
    name: &IndexedHeader,
    value: &'h [u8],
) -> Result<&'h [u8], Rejection> {
    match &at.grammar {
        Grammar::Whole { prefix } => value.strip_prefix(prefix.as_bytes()),
        Grammar::Versioned { .. } | Grammar::Pairs { .. } => None,
    }
    .ok_or_else(|| malformed(name, "it does not begin with the configured prefix"))
}

/// Checks that `value` is printable ASCII, and has tabs only where the scheme allows white space.
pub(crate) fn check_characters(
    at: &CompiledSignature,
    name: &IndexedHeader,
    value: &[u8],
) -> Result<(), Rejection> {
    let allows_tabs = matches!(at.grammar, Grammar::Pairs { allows_white_space: true, .. });
    let is_allowed =
        |byte: &u8| is_printable(std::slice::from_ref(byte)) || (allows_tabs && *byte == b'\t');
    if value.iter().all(is_allowed) {
        return Ok(());
    }
    let detail = if has_blanks(&at.grammar, value) { BLANKS } else { "it is not printable ASCII" };
    Err(malformed(name, detail))
}

/// The signatures of a header, where the MAC runs while the body arrives.
pub(crate) enum Candidates<'h> {
    /// The only signature, decoded.
    One([u8; TAG_BYTES]),
    /// The listed signatures, decoded again for each comparison.
    Many(Listed<'h>),
}

impl<'h> Candidates<'h> {
    /// Decodes a value that is exactly one signature, as most are; every byte of it is checked.
    #[inline]
    pub(crate) fn only(at: &CompiledSignature, value: &[u8]) -> Option<Self> {
        // No encoding contains a list's separator, so a list never decodes as one signature.
        let text = match &at.grammar {
            Grammar::Whole { prefix } => value.strip_prefix(prefix.as_bytes()),
            Grammar::Versioned { version } => after_version(value, version),
            Grammar::Pairs { .. } => None,
        };
        Some(Self::One(at.encoding.decode_tag(text?)?))
    }

    /// Reads any other value, and rejects it if it lists no signature or too many.
    ///
    /// A malformed item is ignored, so that it cannot hide a good one beside it. A header without a
    /// well-formed signature is malformed.
    pub(crate) fn listed(at: &'h CompiledSignature, value: &'h [u8]) -> Result<Self, Rejection> {
        if matches!(at.grammar, Grammar::Whole { .. }) {
            only_value(at, &at.header, value)?;
        }
        let listed = Listed { items: Items::of(&at.grammar, value), encoding: at.encoding };
        match listed.clone().take(MAX_CANDIDATES + 1).count() {
            0 => Err(none_readable(at, &at.header, value)),
            1..=MAX_CANDIDATES => Ok(Self::Many(listed)),
            _ => Err(malformed(&at.header, "it lists more than 16 signatures")),
        }
    }

    /// Returns whether there is exactly one signature.
    pub(crate) fn is_one(&self) -> bool {
        match self {
            Self::One(_) => true,
            Self::Many(listed) => listed.clone().nth(1).is_none(),
        }
    }

    /// Returns whether `tag` is one of the signatures.
    pub(crate) fn contain(&self, tag: &Tag) -> bool {
        match self {
            Self::One(signature) => tag.matches_any([*signature]),
            Self::Many(listed) => tag.matches_any(listed.clone()),
        }
    }
}

/// The signatures of a request, where they are verified over the complete body.
pub(crate) struct Signatures(ArrayVec<SignatureBytes, MAX_CANDIDATES>);

impl Signatures {
    pub(crate) const fn new() -> Self {
        Self(ArrayVec::new_const())
    }

    pub(crate) fn one(signature: SignatureBytes) -> Self {
        let mut list = Self::new();
        list.0.push(signature);
        list
    }

    pub(crate) fn as_slice(&self) -> &[SignatureBytes] {
        &self.0
    }

    /// Reads the signatures of the header `name`, and of the second header if there is one, by the
    /// rules of [`Candidates::listed`].
    pub(crate) fn read(
        algorithm: Algorithm,
        at: &CompiledSignature,
        name: &IndexedHeader,
        value: &[u8],
        second: Option<&[u8]>,
    ) -> Result<Self, Rejection> {
        let (lengths, limit) = match algorithm {
            Algorithm::HmacSha1 => (20..=20, MAX_CANDIDATES),
            Algorithm::HmacSha512 => (64..=64, MAX_CANDIDATES),
            Algorithm::Ed25519 => (64..=64, MAX_PUBLIC_CANDIDATES),
            Algorithm::EcdsaP256 => (8..=MAX_SIGNATURE_BYTES, MAX_PUBLIC_CANDIDATES),
            _ => (TAG_BYTES..=TAG_BYTES, MAX_CANDIDATES),
        };
        if matches!(at.grammar, Grammar::Whole { .. }) {
            only_value(at, name, value)?;
        }
        let mut list = Self::new();
        for value in std::iter::once(value).chain(second) {
            for item in Items::of(&at.grammar, value) {
                let decoded = item.signature.and_then(|text| at.encoding.decode(text));
                let Some(signature) = decoded.filter(|bytes| lengths.contains(&bytes.len())) else {
                    continue;
                };
                if list.0.len() == limit {
                    return Err(malformed(name, "it lists too many signatures"));
                }
                list.0.push(signature);
            }
        }
        if list.0.is_empty() { Err(none_readable(at, name, value)) } else { Ok(list) }
    }
}

/// Returns the rejection of a header without a well-formed signature.
fn none_readable(at: &CompiledSignature, name: &IndexedHeader, value: &[u8]) -> Rejection {
    if has_blanks(&at.grammar, value) {
        return malformed(name, BLANKS);
    }
    let mut items = Items::of(&at.grammar, value).peekable();
    let has_items = items.peek().is_some();
    // Either no item is of the configured version, or those that are have a wrong length or encoding.
    if has_items && items.all(|item| item.signature.is_none()) {
        return name.reject(RejectionKind::NoCandidate);
    }
    malformed(name, "its signature does not have the configured encoding and length")
}

/// The detail of a rejection for white space that the scheme does not allow.
const BLANKS: &str = "it has white space beside a separator: if the sender writes it there, allow it in the scheme by `SignatureLocation::allow_white_space`";

/// Returns whether a pair that the scheme reads has white space around its name or value, where the
/// scheme does not allow it.
fn has_blanks(grammar: &Grammar, value: &[u8]) -> bool {
    let Grammar::Pairs { signature, time, separator, allows_white_space: false } = grammar else {
        return false;
    };
    let is_read = |name: &[u8]| {
        name == signature.as_bytes() || time.as_ref().is_some_and(|time| name == time.as_bytes())
    };
    value.split(|byte| byte == separator).any(|pair| {
        let (name, Some(text)) = split_once(pair, b'=') else { return false };
        let (inner_name, inner_text) = (without_blanks(name), without_blanks(text));
        is_read(inner_name) && (inner_name.len() < name.len() || inner_text.len() < text.len())
    })
}

/// Returns `text` without spaces and tabs at its ends
/// ([RFC 9110, section 5.6.3](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3)).
fn without_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

fn malformed(name: &IndexedHeader, detail: &'static str) -> Rejection {
    name.reject(RejectionKind::MalformedHeader).with_detail(detail)
}

/// Returns the digits of the time beside the signatures.
pub(crate) fn time_pair<'h>(
    at: &'h CompiledSignature,
    value: &'h [u8],
) -> Result<&'h [u8], Rejection> {
    let mut times = Items::of(&at.grammar, value).filter_map(|item| item.time);
    let time = times.next();
    if time.is_none_or(|time| without_blanks(time).len() < time.len())
        && has_blanks(&at.grammar, value)
    {
        return Err(malformed(&at.header, BLANKS));
    }
    let time = time.ok_or_else(|| malformed(&at.header, "it has no timestamp"))?;
    match times.next() {
        None => Ok(time),
        Some(_) => Err(malformed(&at.header, "it has two timestamps")),
    }
}

/// One item of a signature header's list.
struct Item<'h> {
    /// The item's text, if it is a signature of the configured version.
    signature: Option<&'h [u8]>,
    /// The item's text, if it is the time.
    time: Option<&'h [u8]>,
}

/// The items of a signature header that follow its grammar.
#[derive(Clone)]
struct Items<'h> {
    grammar: &'h Grammar,
    rest: Option<&'h [u8]>,
}

impl<'h> Items<'h> {
    fn of(grammar: &'h Grammar, value: &'h [u8]) -> Self {
        Self { grammar, rest: Some(value) }
    }

    fn next_text(&mut self, separator: u8) -> Option<&'h [u8]> {
        let (text, rest) = split_once(self.rest?, separator);
        self.rest = rest;
        Some(text)
    }
}

impl<'h> Iterator for Items<'h> {
    type Item = Item<'h>;

    fn next(&mut self) -> Option<Item<'h>> {
        loop {
            match self.grammar {
                Grammar::Whole { prefix } => {
                    let signature = self.rest.take()?.strip_prefix(prefix.as_bytes())?;
                    return Some(Item { signature: Some(signature), time: None });
                }
                Grammar::Versioned { version } => {
                    let item = self.next_text(b' ')?;
                    let signature = after_version(item, version);
                    if signature.is_some() || memchr(b',', item).is_some() {
                        return Some(Item { signature, time: None });
                    }
                }
                Grammar::Pairs { signature, time, separator, allows_white_space } => {
                    let (mut name, mut text) = split_once(self.next_text(*separator)?, b'=');
                    if *allows_white_space {
                        (name, text) = (without_blanks(name), text.map(without_blanks));
                    }
                    if let Some(text) = text {
                        let if_named = |wanted: &str| (name == wanted.as_bytes()).then_some(text);
                        let time = time.as_ref().and_then(|time| if_named(time));
                        return Some(Item { signature: if_named(signature), time });
                    }
                }
            }
        }
    }
}

/// The well-formed signatures of a header.
#[derive(Clone)]
pub(crate) struct Listed<'h> {
    items: Items<'h>,
    encoding: Encoding,
}

impl Iterator for Listed<'_> {
    type Item = [u8; TAG_BYTES];

    fn next(&mut self) -> Option<[u8; TAG_BYTES]> {
        loop {
            let item = self.items.next()?;
            if let Some(tag) = item.signature.and_then(|text| self.encoding.decode_tag(text)) {
                return Some(tag);
            }
        }
    }
}

/// Returns the text after `version` and its comma.
fn after_version<'h>(item: &'h [u8], version: &str) -> Option<&'h [u8]> {
    item.strip_prefix(version.as_bytes())?.strip_prefix(b",")
}

/// Splits `text` at the first `separator`.
fn split_once(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match memchr(separator, text) {
        None => (text, None),
        Some(at) => {
            let (before, after) = text.split_at(at);
            (before, after.get(1..))
        }
    }
}
