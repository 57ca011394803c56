//! The combinations of repairs that verify, and the smallest of them.
//!
//! The smallest combination is the one with the fewest changes. Of two combinations with as many
//! changes, it is the one whose changes are less invasive, in the order of [`invasiveness`]; and then the
//! one that changes fewer bytes.
//!
//! Two repairs of the same part that both verify give the verifier the same signed content and the same
//! key, so they undo the same change, and the smaller one describes it. Repairs of different parts are
//! different changes, and the request does not show which of them was made.

use bytes::Bytes;
use countersign::scheme::Algorithm;

use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::{Authentic, Candidate, Head, RepairStage};

/// A combination of repairs that verified.
pub(crate) struct Proof {
    pub(crate) candidate: Candidate,
    /// The repair of the body, and the repaired body.
    pub(crate) body: Option<(Finding, Bytes)>,
    pub(crate) outcome: Authentic,
}

/// The request as captured, to which repairs are compared.
pub(crate) struct Original<'o> {
    pub(crate) candidate: &'o Candidate,
    pub(crate) body: &'o [u8],
}

impl Proof {
    /// Returns the findings of the repairs, in the order in which they were made.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.candidate.findings.iter().chain(self.body.as_ref().map(|(finding, _)| finding))
    }

    /// Returns the parts that the repairs changed.
    fn changed(&self) -> Vec<RepairStage> {
        let body = self.body.as_ref().map(|_| RepairStage::Body);
        self.candidate.changed.iter().copied().chain(body).collect()
    }

    /// Returns whether the scheme was replaced by one that fits the request.
    fn is_made_to_fit(&self) -> bool {
        self.candidate.changed.contains(&RepairStage::SenderConfig)
    }

    /// Returns the size of the change: its number of repairs, how invasive they are, and its bytes.
    fn size(&self, original: &Original<'_>) -> (usize, u32, usize) {
        let kinds = || self.findings().map(|finding| finding.kind);
        let causes = kinds().filter(|kind| *kind != FindingKind::SenderGuessed).count();
        if self.is_made_to_fit() {
            // The sender of the catalogue that fits is found before the headers that any scheme fits.
            let is_vague = kinds().any(|kind| kind == FindingKind::OtherHeaderMalformed);
            return (causes, OTHER_SCHEME + u32::from(is_vague), 0);
        }
        let weight = kinds().map(|kind| u32::from(invasiveness(kind))).sum();
        let secret = changed_bytes(&original.candidate.secret, &self.candidate.secret);
        let body = self.body.as_ref().map_or(0, |(_, body)| changed_bytes(original.body, body));
        let head = changed_headers(&original.candidate.head, &self.candidate.head);
        (causes, weight, secret + body + head)
    }
}

/// Returns the smallest proof and its alternatives: the smallest of each other set of parts with as many
/// changes.
pub(crate) fn smallest(
    mut proofs: Vec<Proof>,
    original: &Original<'_>,
) -> Option<(Proof, Vec<Proof>)> {
    proofs.sort_by_cached_key(|proof| proof.size(original));
    let count = proofs.first()?.size(original).0;
    proofs.retain(|proof| proof.size(original).0 == count);
    // A scheme that is made to fit the request describes what a repair of the request undoes.
    if !proofs.iter().all(Proof::is_made_to_fit) {
        proofs.retain(|proof| !proof.is_made_to_fit());
    }
    let mut proofs = proofs.into_iter();
    let first = proofs.next()?;
    let kinds =
        |proof: &Proof| -> Vec<_> { proof.findings().map(|finding| finding.kind).collect() };
    let mut parts = vec![first.changed()];
    let mut others: Vec<Proof> = Vec::new();
    for proof in proofs {
        let changed = proof.changed();
        if !parts.contains(&changed) && kinds(&proof) != kinds(&first) {
            parts.push(changed);
            others.push(proof);
        }
    }
    Some((first, others))
}

/// Returns the finding that a token, and not the secret to which it is compared, was changed.
///
/// A token is the secret itself, so a difference between the two does not show which of them changed.
pub(crate) fn token_altered(proof: &Proof) -> Option<Finding> {
    let is_token = proof.candidate.scheme.algorithm() == Algorithm::StaticToken;
    let is_secret = proof.candidate.changed.contains(&RepairStage::Secret);
    // No header value ends in white space, and another tenant's whole secret is no alteration.
    let is_altered = !proof.findings().any(|finding| {
        matches!(finding.kind, FindingKind::SecretWhitespace | FindingKind::OtherKey)
    });
    (is_token && is_secret && is_altered).then(|| {
        let header = proof.candidate.shape.credential.as_ref();
        Finding::proved(
            FindingKind::TokenAltered,
            format!(
                "The secret is right, and the token in header `{}` was changed on the way.",
                header.map_or("", |credential| credential.header.as_str())
            ),
            "Compare the token with the one in the sender's settings: if they differ, look for a proxy or a script that changes the header.",
        )
    })
}

/// The size of a change of the scheme, which is larger than any change of the request.
const OTHER_SCHEME: u32 = 100;

/// Returns how invasive a change is: from 0 for what no signature covers to 7 for another key.
const fn invasiveness(kind: FindingKind) -> u8 {
    use FindingKind as Kind;
    match kind {
        Kind::BodyCompressed
        | Kind::ContentEncodingUnknown
        | Kind::ContentLengthWrong
        | Kind::GzipDecoded
        | Kind::HeadersMixed
        | Kind::SenderGuessed
        | Kind::UrlQueryChanged
        | Kind::VersionHeaderWrong => 0,
        Kind::HeaderDuplicated
        | Kind::HeaderJoined
        | Kind::HeaderRenamed
        | Kind::HeaderWhitespace
        | Kind::PairWhitespace => 1,
        Kind::SignatureEncoding | Kind::SignaturePrefix | Kind::SignedHeaderAltered => 2,
        Kind::TrailingNewline | Kind::LineEndsChanged => 3,
        Kind::SecretEscaped | Kind::SecretQuoted | Kind::SecretWhitespace | Kind::UrlChanged => 4,
        Kind::SecretCase
        | Kind::SecretDecodedTwice
        | Kind::SecretInPem
        | Kind::SecretNotDecoded
        | Kind::SecretPrefixDoubled
        | Kind::SecretPrefixMissing
        | Kind::SecretPrefixWrong
        | Kind::SecretTruncated => 5,
        Kind::BodyBase64
        | Kind::BodyEscaped
        | Kind::BodyQuoted
        | Kind::BodyReserialized
        | Kind::BodyWrapped
        | Kind::CharsetChanged
        | Kind::FormAndJson
        | Kind::FormReencoded
        | Kind::GzipNotDecoded => 6,
        _ => 7,
    }
}

/// Returns the number of bytes between the beginning and the end that two texts have in common.
fn changed_bytes(one: &[u8], other: &[u8]) -> usize {
    let start = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let rest = |text: &[u8]| text.get(start..).unwrap_or_default().to_vec();
    let (one, other) = (rest(one), rest(other));
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other);
    one.len().max(other.len()) - end.count()
}

fn changed_headers(one: &Head, other: &Head) -> usize {
    let mut changed = 0;
    for (name, value) in &other.headers {
        let before = one.first(name).unwrap_or_default();
        changed += changed_bytes(before.as_bytes(), value.as_bytes());
    }
    let is_lost = |(name, _): &&(String, String)| other.first(name).is_none();
    changed += one.headers.iter().filter(is_lost).map(|(_, value)| value.len()).sum::<usize>();
    changed
}

#[cfg(test)]
mod tests {
    use super::changed_bytes;

    #[test]
    fn only_the_bytes_between_the_common_ends_count() {
        for (one, other, count) in [
            ("abc", "abc", 0),
            ("abc", "abcd", 1),
            ("abc", "ac", 1),
            ("aa", "aaa", 1),
            ("", "x", 1),
        ] {
            assert_eq!(changed_bytes(one.as_bytes(), other.as_bytes()), count, "{one} {other}");
        }
    }
}
