//! Which header holds a MAC, how it is written, by which hash, and over what.

use countersign::Timestamp;
use countersign::scheme::{Algorithm, Part, Scheme, SchemeBuilder, SignatureLocation};

use super::brand::{self, Mark};
use super::clock::{in_the_other_unit, units};
use super::content::{Content, contents, template};
use super::credential::{self, Credential, credentials};
use super::finding::Finding;
use super::form::{KeyForm, is_der};
use super::parts::{Parts, Source};
use super::pointers;
use super::question::Asked;

/// The most schemes that are put together from one request.
const MOST: usize = 200;

/// A scheme for every signature in the headers and all that it may cover.
pub(super) fn repairs(parts: &Parts, asked: &Asked<'_>, body: &[u8]) -> Vec<Parts> {
    let own = own_content(parts, asked);
    let template = parts.form.content.as_deref().and_then(|content| template(parts, content));
    let is_public = matches!(parts.scheme.algorithm(), Algorithm::Ed25519 | Algorithm::EcdsaP256);
    let fits = |bytes: &[u8]| matches!(bytes.len(), 20 | 32 | 64) || (is_public && is_der(bytes));
    let mut headers: Vec<_> = parts.head.headers.iter().collect();
    // The header that was named goes first.
    headers.sort_by_key(|(name, _)| {
        !asked.header.as_ref().is_some_and(|header| name.eq_ignore_ascii_case(header))
    });
    let mut list = Vec::new();
    for (name, value) in headers {
        for found in credentials(value, fits) {
            for content in contents(parts, asked, value, template.as_ref()) {
                for algorithm in algorithms(parts.scheme.algorithm(), &found.bytes) {
                    if list.len() == MOST {
                        return list;
                    }
                    let attempt =
                        Attempt { name, found: &found, content: &content, algorithm, own: &own };
                    list.extend(attempt.parts(parts, template.as_ref(), body));
                }
            }
        }
    }
    list
}

/// What the sender signs, as people write it; the URL may have a path that is secret.
fn own_content(parts: &Parts, asked: &Asked<'_>) -> String {
    let content = parts.form.content.as_deref().unwrap_or("{body}");
    match asked.url.as_deref().filter(|url| !url.is_empty()) {
        Some(url) => content.replace(url, "{url}"),
        None => content.to_owned(),
    }
}

/// The algorithms whose signatures are as long.
fn algorithms(configured: Algorithm, signature: &[u8]) -> Vec<Algorithm> {
    let mut list = match signature.len() {
        20 => vec![Algorithm::HmacSha1],
        32 => vec![Algorithm::HmacSha256],
        64 => vec![Algorithm::HmacSha512],
        _ => Vec::new(),
    };
    match configured {
        Algorithm::Ed25519 if signature.len() == 64 => list = vec![configured],
        Algorithm::EcdsaP256 if is_der(signature) => list = vec![configured],
        Algorithm::PrefixedSha256 if signature.len() == 32 => list.push(configured),
        _ => {}
    }
    list
}

/// One signature over one content.
struct Attempt<'a> {
    name: &'a str,
    found: &'a Credential<'a>,
    content: &'a Content,
    algorithm: Algorithm,
    /// What the sender signs, as people write it.
    own: &'a str,
}

impl Attempt<'_> {
    fn parts(&self, parts: &Parts, template: Option<&Content>, body: &[u8]) -> Option<Parts> {
        let Credential { before, text, .. } = *self.found;
        let signature =
            SignatureLocation::header(self.name.to_ascii_lowercase(), self.found.encoding);
        let signature = signature.prefix(before.to_owned());
        let builder = builder(self.algorithm, parts.scheme.sender().to_owned(), signature)?;
        let literal =
            |text: &str| (!text.is_empty()).then(|| Part::Literal(text.to_owned().into()));
        let (before_body, after_body) =
            (literal(&self.content.before), literal(&self.content.after));
        let builder = builder.signs(before_body.into_iter().chain([Part::Body]).chain(after_body));
        let builder = match parts.form.key {
            KeyForm::Text => builder,
            KeyForm::Hex => builder.hex_key(),
            KeyForm::Base64(prefix) => builder.base64_key(prefix),
        };
        let finding = self.finding(parts, template, body);
        let mut repaired = parts.scheme(builder.build().ok()?, finding);
        // What stands behind the signature is of no matter here.
        let head = parts.head.with(self.name, format!("{before}{text}"));
        repaired.head = std::rc::Rc::new(head.without("content-encoding"));
        Some(repaired)
    }

    fn finding(&self, parts: &Parts, template: Option<&Content>, body: &[u8]) -> Finding {
        let place = parts.header_name(self.name);
        let own = parts.form.at.as_ref();
        let is_own_header = own.is_some_and(|at| at.header.eq_ignore_ascii_case(self.name));
        let is_own_content = template.is_some_and(|own| {
            (&own.before, &own.after) == (&self.content.before, &self.content.after)
        });
        if matches!(parts.source, Source::AiNexLayer | Source::OmniAi) {
            return self.settings(parts, body);
        }
        if let Some(finding) = self.legacy(parts).or_else(|| self.stranger(parts, is_own_content)) {
            return finding;
        }
        if self.algorithm != parts.scheme.algorithm() {
            return Finding::proved(
                "other_algorithm",
                format!(
                    "The signature in header {place} is {}, where this sender makes {}.",
                    self.algorithm,
                    parts.scheme.algorithm()
                ),
                "Look in the sender's settings for the hash, or take the header that holds the other signature; for a sender of your own, set the algorithm in its scheme.",
            );
        }
        if !is_own_content {
            return Finding::proved(
                "signed_content",
                format!(
                    "The signature covers `{}`, where this sender signs `{}`.",
                    self.content.called, self.own
                ),
                "If a script of yours signed it, have it sign the sender's content; if the sender did, it is another scheme than the one that is set up.",
            );
        }
        if !is_own_header {
            return Finding::proved(
                "header_renamed",
                format!(
                    "The signature stands in header {place}, where this sender has it in `{}`.",
                    own.map_or("", |at| at.header.as_str())
                ),
                "Hand on the headers under their own names; look for a proxy or a framework that renames them.",
            );
        }
        if let Some(finding) = self.unit(parts) {
            return finding;
        }
        Finding::proved(
            "header_form",
            "The signature is right, but a header beside it has not the form that this sender gives it.",
            "Compare the request's headers with the sender's documentation: hand them on as they were received.",
        )
    }

    /// That the signature's header is gone, and only the one of the sender's older way is there.
    fn legacy(&self, parts: &Parts) -> Option<Finding> {
        let own = parts.form.at.as_ref()?.header.as_str();
        let is_older = own
            .to_ascii_lowercase()
            .strip_suffix("-256")
            .is_some_and(|older| self.name.eq_ignore_ascii_case(older));
        let is_legacy = is_older && self.algorithm == Algorithm::HmacSha1;
        (is_legacy && parts.head.first(own).is_none()).then(|| {
            Finding::proved(
                "header_missing",
                format!(
                    "Header `{own}` is missing, and only the older `{}` is there: its HMAC-SHA1 is right, and not taken.",
                    self.name.to_ascii_lowercase()
                ),
                format!("Look for what drops `{own}`: a proxy's list of headers, the queue in between or the capture."),
            )
        })
    }

    /// That no header is one of this sender's, and what is signed has another form too.
    fn stranger(&self, parts: &Parts, is_own_content: bool) -> Option<Finding> {
        let Source::Known(sender) = &parts.source else { return None };
        let at = parts.form.at.as_ref()?;
        let has = |name: &String| parts.head.first(name).is_some();
        let is_named = brand::mark(&parts.head, sender, &parts.scheme) == Mark::Named;
        let has_form = self.algorithm == parts.scheme.algorithm()
            && is_own_content
            && (self.found.before, self.found.encoding) == (at.before.as_str(), at.encoding);
        if is_named || has_form || parts.form.needed.iter().any(has) {
            return None;
        }
        let name = sender.name();
        Some(Finding::proved(
            "wrong_sender",
            format!(
                "The request has no header of `{name}`; the secret signed what stands in header {}, in {}: {} over `{}`.",
                parts.header_name(self.name),
                credential::name(self.found.encoding),
                self.algorithm,
                self.content.called
            ),
            "Check which endpoint's URL the sender was given. If it is of AINexLayer, which does not document its header, name the sender `ainexlayer`; else describe its scheme.",
        ))
    }

    /// That the time is in the other unit.
    fn unit(&self, parts: &Parts) -> Option<Finding> {
        let (name, unit) = parts.form.time.as_ref()?;
        let signed = Timestamp::parse(parts.head.first(name)?.as_bytes(), *unit)?;
        let (_, written) = in_the_other_unit(signed)?;
        let wanted = if written == "seconds" { "milliseconds" } else { "seconds" };
        Some(units(written, wanted))
    }

    /// The settings of AINexLayer, to be copied.
    fn settings(&self, parts: &Parts, body: &[u8]) -> Finding {
        let place = parts.header_name(self.name);
        let how = credential::name(self.found.encoding);
        let before = self.found.before;
        let prefix = usual_prefix(before);
        let behind = match prefix {
            Some("") => "with nothing in front".to_owned(),
            Some(prefix) => format!("behind `{prefix}`"),
            None => "behind a fixed text".to_owned(),
        };
        let what = format!(
            "The signature stands in header {place}, in {how}, {behind}; it is {} over `{}`.",
            self.algorithm, self.content.called
        );
        let header = parts.shown(self.name).map(str::to_ascii_lowercase);
        let is_plain = self.content.before.is_empty() && self.content.after.is_empty();
        let fits = is_plain || self.content.dotted_time.is_some();
        let can_be_set =
            fits && self.found.after.is_empty() && self.algorithm == Algorithm::HmacSha256;
        let next = match (header, prefix) {
            (Some(header), Some(prefix))
                if can_be_set && matches!(parts.source, Source::AiNexLayer) =>
            {
                let pointers = pointers::settings(body, self.content.dotted_time.as_deref());
                format!(
                    "Set `AiNexLayer::builder(secret).signature_header(\"{header}\").encoding({}).prefix(\"{prefix}\")`; this body suggests `{pointers}`.",
                    credential::code(self.found.encoding)
                )
            }
            _ => format!(
                "Set up a `Custom` sender whose `Scheme` has this header, `{}` and `.signs(..)` for `{}`.",
                credential::code(self.found.encoding),
                self.content.called
            ),
        };
        Finding::proved("signature_found", what, next)
    }
}

/// A text before a signature, if it is of those that all the world writes there: any other may be
/// somebody's secret or another signature, and is not shown.
fn usual_prefix(text: &str) -> Option<&str> {
    const USUAL: [&str; 16] = [
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
    USUAL.iter().any(|usual| usual.eq_ignore_ascii_case(label)).then_some(text)
}

fn builder(
    algorithm: Algorithm,
    sender: String,
    signature: SignatureLocation,
) -> Option<SchemeBuilder> {
    Some(match algorithm {
        Algorithm::HmacSha256 => Scheme::hmac_sha256(sender, signature),
        Algorithm::HmacSha1 => Scheme::hmac_sha1(sender, signature),
        Algorithm::HmacSha512 => Scheme::hmac_sha512(sender, signature),
        Algorithm::PrefixedSha256 => Scheme::danger_prefixed_sha256(sender, signature),
        Algorithm::Ed25519 => Scheme::ed25519(sender, signature),
        Algorithm::EcdsaP256 => Scheme::ecdsa_p256(sender, signature),
        _ => return None,
    })
}
