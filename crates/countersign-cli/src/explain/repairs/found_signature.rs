//! The finding of a signature that the secret made: how it differs from what the sender documents.

use countersign::Timestamp;
use countersign::scheme::{Algorithm, PartRef};

use crate::explain::clock::{in_the_other_unit, wrong_unit};
use crate::explain::finding::{Finding, FindingKind};
use crate::explain::fingerprint::{HeaderMatch, match_headers};
use crate::explain::model::{Candidate, Source};
use crate::explain::repairs::signed_content::Content;
use crate::explain::repairs::suggested_fields;
use crate::explain::text::credential::{self, Credential};

/// One signature in a header, over one content.
pub(crate) struct FoundSignature<'a> {
    /// The header's name.
    pub(crate) name: &'a str,
    /// The header's value.
    pub(crate) value: &'a str,
    pub(crate) credential: &'a Credential<'a>,
    pub(crate) content: &'a Content,
    pub(crate) algorithm: Algorithm,
    /// The content that the sender signs, if the request has all of it.
    pub(crate) own: Option<&'a Content>,
    /// A description of the content that the sender signs.
    pub(crate) own_description: &'a str,
}

impl FoundSignature<'_> {
    /// Returns the finding, should the signature verify.
    pub(crate) fn finding(&self, candidate: &Candidate, body: &[u8]) -> Finding {
        if matches!(candidate.source, Source::AiNexLayer | Source::OmniAi) {
            return self.settings(candidate, body);
        }
        let is_own_content = self.own.is_some_and(|own| {
            (&own.before, &own.after) == (&self.content.before, &self.content.after)
        });
        if let Some(finding) =
            self.older_signature(candidate).or_else(|| self.wrong_sender(candidate, is_own_content))
        {
            return finding;
        }
        let name = candidate.header_name(self.name);
        if self.algorithm != candidate.scheme.algorithm() {
            return Finding::proved(
                FindingKind::OtherAlgorithm,
                format!(
                    "The signature in header {name} is {}, but this sender uses {}.",
                    self.algorithm,
                    candidate.scheme.algorithm()
                ),
                "Check the hash in the sender's settings, or configure the header that has the other signature. For a custom sender, set the algorithm in its scheme.",
            );
        }
        if !is_own_content {
            return Finding::proved(
                FindingKind::SignedContent,
                format!(
                    "The signature covers `{}`, but this sender signs `{}`.",
                    self.content.description, self.own_description
                ),
                "If a script of yours signed the request, have it sign the sender's content. If the sender did, it uses another scheme than the configured one.",
            );
        }
        let own = candidate.shape.credential.as_ref();
        if !own.is_some_and(|own| own.header.eq_ignore_ascii_case(self.name)) {
            return Finding::proved(
                FindingKind::HeaderRenamed,
                format!(
                    "The signature is in header {name}, but this sender uses `{}`.",
                    own.map_or("", |own| own.header.as_str())
                ),
                "Pass on the headers under their original names; look for a proxy or a framework that renames them.",
            );
        }
        if let Some(finding) = unit_finding(candidate) {
            return finding;
        }
        if let Some(finding) = separator_in_value(candidate) {
            return finding;
        }
        Finding::proved(
            FindingKind::OtherHeaderMalformed,
            "The signature is right, but a header is not in the format that this sender uses.",
            "Compare the request's headers with the sender's documentation, and pass them on unchanged.",
        )
    }

    /// Returns the finding that only the header of the sender's older signature is present.
    fn older_signature(&self, candidate: &Candidate) -> Option<Finding> {
        let own = candidate.shape.credential.as_ref()?.header.as_str();
        let is_older = own
            .to_ascii_lowercase()
            .strip_suffix("-256")
            .is_some_and(|older| self.name.eq_ignore_ascii_case(older));
        let is_legacy = is_older && self.algorithm == Algorithm::HmacSha1;
        (is_legacy && candidate.head.first(own).is_none()).then(|| {
            Finding::proved(
                FindingKind::HeaderMissing,
                format!(
                    "Header `{own}` is missing. The older `{}` is present and its HMAC-SHA1 is correct, but it is not accepted.",
                    self.name.to_ascii_lowercase()
                ),
                format!("Look for what drops `{own}`: a proxy's list of headers, a queue or the capture."),
            )
        })
    }

    /// Returns the finding that the request has no header of this sender, and other signed content.
    fn wrong_sender(&self, candidate: &Candidate, is_own_content: bool) -> Option<Finding> {
        let Source::Known(sender) = &candidate.source else { return None };
        let own = candidate.shape.credential.as_ref()?;
        let has = |name: &String| candidate.head.first(name).is_some();
        let matched = match_headers(&candidate.head, sender, &candidate.scheme);
        let written = own.value(own.time(self.value), self.credential.text);
        let is_own_format = self.algorithm == candidate.scheme.algorithm()
            && is_own_content
            && written.as_deref() == Some(self.value)
            && self.credential.encoding == own.encoding;
        if matched == HeaderMatch::Named
            || is_own_format
            || candidate.shape.expected.iter().any(has)
        {
            return None;
        }
        Some(Finding::proved(
            FindingKind::WrongSender,
            format!(
                "The request has no header of `{}`. The secret made the signature in header {}, in {}: {} over `{}`.",
                sender.name(),
                candidate.header_name(self.name),
                credential::name(self.credential.encoding),
                self.algorithm,
                self.content.description
            ),
            "Check which endpoint's URL the sender has. If the request is from AINexLayer, which does not document its header, pass `--sender ainexlayer`; otherwise describe the sender's scheme with `--scheme`.",
        ))
    }

    /// Returns the finding with the settings for an undocumented sender, to be copied.
    fn settings(&self, candidate: &Candidate, body: &[u8]) -> Finding {
        let name = candidate.header_name(self.name);
        let encoding = credential::name(self.credential.encoding);
        let prefix = common_prefix(self.credential.before);
        let after = match prefix {
            Some("") => "without a prefix".to_owned(),
            Some(prefix) => format!("after `{prefix}`"),
            None => "after a fixed prefix".to_owned(),
        };
        let what = format!(
            "The signature is in header {name}, in {encoding}, {after}; it is {} over `{}`.",
            self.algorithm, self.content.description
        );
        let header = candidate.shown(self.name).map(str::to_ascii_lowercase);
        let is_body_alone = self.content.before.is_empty() && self.content.after.is_empty();
        let is_supported = (is_body_alone || self.content.dotted_time.is_some())
            && self.credential.after.is_empty()
            && self.algorithm == Algorithm::HmacSha256
            && matches!(candidate.source, Source::AiNexLayer);
        let code = credential::code(self.credential.encoding);
        let next = match (header, prefix) {
            (Some(header), Some(prefix)) if is_supported => {
                let fields = suggested_fields::settings(body, self.content.dotted_time.as_deref());
                format!(
                    "Set `AiNexLayer::builder(secret).signature_header(\"{header}\").encoding({code}).prefix(\"{prefix}\")`; this body suggests `{fields}`.",
                )
            }
            _ => format!(
                "Configure a `Custom` sender whose `Scheme` has this header, `{code}` and `.signs(..)` for `{}`.",
                self.content.description
            ),
        };
        Finding::proved(FindingKind::SignatureFound, what, next)
    }
}

/// Returns the finding of a signed header whose value contains the text that separates it from the next.
fn separator_in_value(candidate: &Candidate) -> Option<Finding> {
    let parts: Vec<_> = candidate.scheme.signed_parts().collect();
    let (name, separator) = parts.windows(2).find_map(|pair| match *pair {
        [PartRef::Header(name) | PartRef::Id(name), PartRef::Literal(separator)] => {
            let value = candidate.head.first(name)?;
            value.contains(separator).then_some((name, separator))
        }
        _ => None,
    })?;
    Some(Finding::proved(
        FindingKind::SeparatorInValue,
        format!(
            "The signature is right, but the value of header `{name}` contains `{}`, which separates the signed values: without a rule for it, bytes of the body could be moved into the header.",
            separator.escape_default()
        ),
        "If the sender's ids may contain it, configure `with_separator_in_id()` for a sender of the catalogue, `allow_separator_in_id()` in a scheme, or `may_hold_separator = true` in `[id]` of its file. Otherwise have the sender use other values.",
    ))
}

/// Returns the finding of a time in the other unit.
fn unit_finding(candidate: &Candidate) -> Option<Finding> {
    let (name, format) = candidate.shape.timestamp.as_ref()?;
    let signed = Timestamp::parse(candidate.head.first(name)?.as_bytes(), *format)?;
    let (_, written) = in_the_other_unit(signed)?;
    let wanted = if written == "seconds" { "milliseconds" } else { "seconds" };
    Some(wrong_unit(written, wanted))
}

/// Returns the text before a signature if it is a common prefix. Any other text may be secret or another
/// signature, and is not printed.
fn common_prefix(text: &str) -> Option<&str> {
    const COMMON: [&str; 16] = [
        "",
        "sha1",
        "sha256",
        "sha-256",
        "sha512",
        "hmac",
        "hmac-sha1",
        "hmac-sha256",
        "hmac-sha512",
        "sig",
        "signature",
        "s",
        "v0",
        "v1",
        "v2",
        "bearer",
    ];
    let label = text.strip_suffix(['=', ',', ':', ' ']).unwrap_or(text);
    COMMON.iter().any(|common| common.eq_ignore_ascii_case(label)).then_some(text)
}
