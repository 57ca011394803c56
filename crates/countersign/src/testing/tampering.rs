//! What can be wrong with a request, so that a receiver has to reject it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::signed_request::SignedRequest;
use crate::scheme::content::Content;
use crate::scheme::{Algorithm, CompiledSignature, CompiledTimestamp, Grammar, Scheme};
use crate::time::Timestamp;

/// More than any rounding of a sender's times.
const MARGIN: Duration = Duration::from_secs(2);

/// One thing that is wrong with a request.
///
/// Not every sender's scheme shows every damage: a static token says nothing about the body. Ask
/// [`shows_in`](Self::shows_in).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Tampering {
    /// One bit of the body is flipped.
    BodyChanged,
    /// The body has one byte more.
    BodyLonger,
    /// One character of the signature or token is another.
    CredentialChanged,
    /// The end of the signature or token is missing.
    CredentialCut,
    /// There is no signature or token.
    CredentialMissing,
    /// The header of the signature or token stands twice.
    CredentialTwice,
    /// It is signed with a key that is not the sender's.
    OtherKey,
    /// The signed time is older than the scheme's tolerance.
    Stale,
    /// The signed time is further ahead than the scheme's tolerance.
    Ahead,
    /// The time was changed after it was signed: a replay that wants to look fresh.
    TimeMoved,
    /// The id was changed after it was signed: a replay that wants to look new.
    IdMoved,
}

impl Tampering {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::BodyChanged,
        Self::BodyLonger,
        Self::CredentialChanged,
        Self::CredentialCut,
        Self::CredentialMissing,
        Self::CredentialTwice,
        Self::OtherKey,
        Self::Stale,
        Self::Ahead,
        Self::TimeMoved,
        Self::IdMoved,
    ];

    /// Whether a receiver of this scheme can see it, and so must reject it.
    #[must_use]
    pub fn shows_in(self, scheme: &Scheme) -> bool {
        let is_authenticated = scheme.algorithm != Algorithm::Unauthenticated;
        match self {
            Self::BodyChanged | Self::BodyLonger => scheme.signs_body(),
            Self::CredentialChanged
            | Self::CredentialCut
            | Self::CredentialMissing
            | Self::OtherKey => is_authenticated,
            Self::CredentialTwice => scheme.signature.is_some(),
            Self::Stale | Self::Ahead => scheme.timestamp.is_some(),
            Self::TimeMoved => {
                matches!(
                    scheme.timestamp,
                    Some(CompiledTimestamp::Header(..) | CompiledTimestamp::Pair(_))
                )
            }
            Self::IdMoved => scheme.signs_id_header,
        }
    }

    /// The time to sign.
    pub(super) fn time(self, scheme: &Scheme, now: Timestamp) -> Timestamp {
        match self {
            Self::Stale => now.saturating_sub(scheme.tolerance.past().saturating_add(MARGIN)),
            Self::Ahead => now.saturating_add(scheme.tolerance.future().saturating_add(MARGIN)),
            _ => now,
        }
    }

    /// Spoils a request that was signed at `time`; `which` chooses the place.
    ///
    /// `None` if there is no such thing in it.
    pub(super) fn tamper(
        self,
        request: &mut SignedRequest,
        scheme: &Scheme,
        time: Timestamp,
        which: u64,
    ) -> Option<()> {
        match self {
            Self::OtherKey | Self::Stale | Self::Ahead => Some(()),
            Self::BodyChanged => edit_body(request, |body| {
                let at = place(which, body.len());
                // The lowest bit: the one of case would change nothing in a form's `%2f`.
                body.get_mut(at).map(|byte| *byte ^= 1)
            }),
            Self::BodyLonger => edit_body(request, |body| {
                body.push(b'x');
                Some(())
            }),
            Self::CredentialChanged => {
                edit_credential(request, scheme, |text| change_one(text, which))
            }
            Self::CredentialCut => edit_credential(request, scheme, |text| {
                let kept = place(which, text.len());
                text.truncate(kept);
                Some(())
            }),
            Self::CredentialMissing => match &scheme.signature {
                Some(at) => {
                    request.headers.retain(|(name, _)| name != at.header.as_str());
                    Some(())
                }
                None => edit_credential(request, scheme, |text| {
                    text.clear();
                    Some(())
                }),
            },
            Self::CredentialTwice => {
                let name = scheme.signature.as_ref()?.header.as_str();
                let again = request.headers.iter().find(|(key, _)| key == name)?.clone();
                request.headers.push(again);
                Some(())
            }
            Self::TimeMoved => move_time(request, scheme, time, which),
            Self::IdMoved => {
                let crate::scheme::CompiledLocation::Header(name) = scheme.id.as_ref()? else {
                    return None;
                };
                request.value_mut(name.as_str())?.push_str("-again");
                Some(())
            }
        }
    }
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BodyChanged => "a bit of the body flipped",
            Self::BodyLonger => "a byte more in the body",
            Self::CredentialChanged => "another character in the credential",
            Self::CredentialCut => "the credential cut off",
            Self::CredentialMissing => "no credential",
            Self::CredentialTwice => "the credential twice",
            Self::OtherKey => "signed with another key",
            Self::Stale => "signed too long ago",
            Self::Ahead => "signed too far ahead",
            Self::TimeMoved => "another time than the signed one",
            Self::IdMoved => "another id than the signed one",
        })
    }
}

/// A place in something of this length; 0 if it is empty.
fn place(which: u64, length: usize) -> usize {
    usize::try_from(which.checked_rem(length as u64).unwrap_or(0)).unwrap_or(0)
}

fn edit_body(
    request: &mut SignedRequest,
    edit: impl FnOnce(&mut Vec<u8>) -> Option<()>,
) -> Option<()> {
    let mut body = request.body.to_vec();
    edit(&mut body)?;
    request.body = Bytes::from(body);
    Some(())
}

/// Edits the signature or token without what stands around it.
fn edit_credential(
    request: &mut SignedRequest,
    scheme: &Scheme,
    edit: impl FnOnce(&mut String) -> Option<()>,
) -> Option<()> {
    if let Some(at) = &scheme.signature {
        let value = request.value_mut(at.header.as_str())?;
        let mut credential = value.split_off(credential_start(at, value)?);
        edit(&mut credential)?;
        value.push_str(&credential);
        return Some(());
    }
    let Some(Content::Fields { signature, .. }) = &scheme.content else { return None };
    let mut document = serde_json::from_slice(&request.body).ok()?;
    let slot = signature.slot(&mut document)?;
    let mut credential = slot.as_str()?.to_owned();
    edit(&mut credential)?;
    *slot = credential.into();
    request.body = document.to_string().into();
    Some(())
}

/// Where the credential begins in a header's value that has one.
fn credential_start(at: &CompiledSignature, value: &str) -> Option<usize> {
    Some(match &at.grammar {
        Grammar::Whole { prefix } => prefix.len(),
        Grammar::Versioned { version } => version.len() + 1,
        Grammar::Pairs { signature, time: None, .. } => signature.len() + 1,
        Grammar::Pairs { signature, separator, .. } => {
            value.find(char::from(*separator))? + 1 + signature.len() + 1
        }
    })
}

/// Makes one character another that means another value: hexadecimal is the same in either case, and
/// the last characters of base64 are padding.
fn change_one(text: &mut String, which: u64) -> Option<()> {
    const PADDED: usize = 4;
    let at = place(which, text.len().saturating_sub(PADDED).max(1));
    let other = if text.get(at..=at)? == "0" { "1" } else { "0" };
    text.replace_range(at..=at, other);
    Some(())
}

fn move_time(
    request: &mut SignedRequest,
    scheme: &Scheme,
    time: Timestamp,
    which: u64,
) -> Option<()> {
    let moved = time.saturating_sub(Duration::from_secs(1 + which % 9));
    match (scheme.timestamp.as_ref()?, &scheme.signature) {
        (CompiledTimestamp::Header(name, unit), _) => {
            *request.value_mut(name.as_str())? = moved.written(*unit);
        }
        (CompiledTimestamp::Pair(unit), Some(at)) => {
            let value = request.value_mut(at.header.as_str())?;
            *value = value.replacen(&time.written(*unit), &moved.written(*unit), 1);
        }
        _ => return None,
    }
    Some(())
}
