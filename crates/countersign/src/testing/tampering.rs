//! Ways to tamper with a signed request.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::signed_request::SignedRequest;
use crate::scheme::content::Content;
use crate::scheme::{
    Algorithm, CompiledLocation, CompiledSignature, CompiledTimestamp, Grammar, Scheme,
};
use crate::time::Timestamp;

/// Longer than any rounding of a sender's timestamps.
const MARGIN: Duration = Duration::from_secs(2);

/// A way to tamper with a signed request, so that a receiver must reject it.
///
/// Not every scheme detects every tampering: a static token does not protect the body. See
/// [`is_detectable_in`](Self::is_detectable_in).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Tampering {
    /// One bit of the body is flipped.
    BodyChanged,
    /// A byte is appended to the body.
    BodyExtended,
    /// One character of the signature or token is changed.
    CredentialChanged,
    /// The signature or token is truncated.
    CredentialTruncated,
    /// The signature or token is missing.
    CredentialMissing,
    /// The header of the signature or token is repeated.
    CredentialRepeated,
    /// The request is signed with a key that is not the sender's.
    WrongKey,
    /// The signed timestamp is older than the scheme's tolerance allows.
    StaleTimestamp,
    /// The signed timestamp is further in the future than the scheme's tolerance allows.
    FutureTimestamp,
    /// The timestamp is changed after signing, as by a replay that pretends to be fresh.
    TimestampChanged,
    /// The id is changed after signing, as by a replay that pretends to be a new event.
    IdChanged,
}

impl Tampering {
    /// All variants.
    pub const ALL: [Self; 11] = [
        Self::BodyChanged,
        Self::BodyExtended,
        Self::CredentialChanged,
        Self::CredentialTruncated,
        Self::CredentialMissing,
        Self::CredentialRepeated,
        Self::WrongKey,
        Self::StaleTimestamp,
        Self::FutureTimestamp,
        Self::TimestampChanged,
        Self::IdChanged,
    ];

    /// Returns whether a receiver of this scheme can detect the tampering, and so must reject it.
    #[must_use]
    pub fn is_detectable_in(self, scheme: &Scheme) -> bool {
        let is_authenticated = scheme.algorithm != Algorithm::Unauthenticated;
        match self {
            Self::BodyChanged | Self::BodyExtended => scheme.signs_body(),
            Self::CredentialChanged
            | Self::CredentialTruncated
            | Self::CredentialMissing
            | Self::WrongKey => is_authenticated,
            Self::CredentialRepeated => scheme.signature.is_some(),
            Self::StaleTimestamp | Self::FutureTimestamp => scheme.timestamp.is_some(),
            Self::TimestampChanged => {
                matches!(
                    scheme.timestamp,
                    Some(CompiledTimestamp::Header(..) | CompiledTimestamp::Pair(_))
                )
            }
            Self::IdChanged => scheme.signs_id_header,
        }
    }

    /// Returns the timestamp to sign.
    pub(super) fn time(self, scheme: &Scheme, now: Timestamp) -> Timestamp {
        match self {
            Self::StaleTimestamp => {
                now.saturating_sub(scheme.tolerance.past().saturating_add(MARGIN))
            }
            Self::FutureTimestamp => {
                now.saturating_add(scheme.tolerance.future().saturating_add(MARGIN))
            }
            _ => now,
        }
    }

    /// Tampers with a request that was signed at `time`; `which` selects the position.
    ///
    /// Returns `None` if the request has nothing to tamper with in this way.
    pub(super) fn tamper(
        self,
        request: &mut SignedRequest,
        scheme: &Scheme,
        time: Timestamp,
        which: u64,
    ) -> Option<()> {
        match self {
            Self::WrongKey | Self::StaleTimestamp | Self::FutureTimestamp => Some(()),
            Self::BodyChanged => edit_body(request, |body| {
                let at = position(which, body.len());
                // The lowest bit: the bit of the letter case would change nothing in a form's `%2f`.
                body.get_mut(at).map(|byte| *byte ^= 1)
            }),
            Self::BodyExtended => edit_body(request, |body| {
                body.push(b'x');
                Some(())
            }),
            Self::CredentialChanged => {
                edit_credential(request, scheme, |text| change_one(text, which))
            }
            Self::CredentialTruncated => edit_credential(request, scheme, |text| {
                let length = position(which, text.len());
                text.truncate(length);
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
            Self::CredentialRepeated => {
                let name = scheme.signature.as_ref()?.header.as_str();
                let repeated = request.headers.iter().find(|(key, _)| key == name)?.clone();
                request.headers.push(repeated);
                Some(())
            }
            Self::TimestampChanged => change_timestamp(request, scheme, time, which),
            Self::IdChanged => {
                let CompiledLocation::Header(name) = scheme.id.as_ref()? else { return None };
                request.value_mut(name.as_str())?.push_str("-again");
                Some(())
            }
        }
    }
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BodyChanged => "a bit of the body is flipped",
            Self::BodyExtended => "a byte is appended to the body",
            Self::CredentialChanged => "a character of the credential is changed",
            Self::CredentialTruncated => "the credential is truncated",
            Self::CredentialMissing => "the credential is missing",
            Self::CredentialRepeated => "the credential is repeated",
            Self::WrongKey => "signed with the wrong key",
            Self::StaleTimestamp => "signed with a stale timestamp",
            Self::FutureTimestamp => "signed with a future timestamp",
            Self::TimestampChanged => "the timestamp is changed after signing",
            Self::IdChanged => "the id is changed after signing",
        })
    }
}

/// A position in something of this length; 0 if it is empty.
fn position(which: u64, length: usize) -> usize {
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

/// Edits the signature or token, without the prefix, version or timestamp around it.
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

/// The position at which the credential begins in the header's value.
fn credential_start(at: &CompiledSignature, value: &str) -> Option<usize> {
    Some(match &at.grammar {
        Grammar::Whole { prefix } => prefix.len(),
        Grammar::Versioned { version } => version.len() + 1,
        Grammar::Pairs { signature, time: None, .. } => signature.len() + 1,
        Grammar::Pairs { separator, .. } => {
            let start = value.find(char::from(*separator))? + 1;
            start + value.get(start..)?.find('=')? + 1
        }
    })
}

/// Replaces one character so that the decoded value changes. Another letter case would not change
/// hexadecimal, and another last character may not change base64, whose end is padding.
fn change_one(text: &mut String, which: u64) -> Option<()> {
    const PADDED: usize = 4;
    let at = position(which, text.len().saturating_sub(PADDED).max(1));
    let other = if text.get(at..=at)? == "0" { "1" } else { "0" };
    text.replace_range(at..=at, other);
    Some(())
}

fn change_timestamp(
    request: &mut SignedRequest,
    scheme: &Scheme,
    time: Timestamp,
    which: u64,
) -> Option<()> {
    let changed = time.saturating_sub(Duration::from_secs(1 + which % 9));
    match (scheme.timestamp.as_ref()?, &scheme.signature) {
        (CompiledTimestamp::Header(name, unit), _) => {
            *request.value_mut(name.as_str())? = changed.written(*unit);
        }
        (CompiledTimestamp::Pair(unit), Some(at)) => {
            let value = request.value_mut(at.header.as_str())?;
            *value = value.replacen(&time.written(*unit), &changed.written(*unit), 1);
        }
        _ => return None,
    }
    Some(())
}
