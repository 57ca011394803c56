//! Finds a signature by the secret: the header that holds it, its encoding, its hash and the signed
//! content.

use std::rc::Rc;

use countersign::scheme::{Algorithm, KeyFormat, Part, Scheme, SchemeBuilder, SignatureLocation};

use crate::explain::context::Context;
use crate::explain::model::Candidate;
use crate::explain::repairs::found_signature::FoundSignature;
use crate::explain::repairs::signed_content::{contents, own_content};
use crate::explain::text::credential::{credentials, is_der};

/// The largest number of schemes that are tried for one request.
const MAX_SCHEMES: usize = 200;

/// Returns a candidate for every signature in the headers and every content that it may cover.
pub(crate) fn repairs(candidate: &Candidate, context: &Context<'_>, body: &[u8]) -> Vec<Candidate> {
    let own_description = own_description(candidate, context);
    let configured = candidate.scheme.algorithm();
    let is_public = matches!(configured, Algorithm::Ed25519 | Algorithm::EcdsaP256);
    let fits = |bytes: &[u8]| matches!(bytes.len(), 20 | 32 | 64) || (is_public && is_der(bytes));
    let mut headers: Vec<_> = candidate.head.headers.iter().collect();
    // The configured header goes first.
    headers.sort_by_key(|(name, _)| {
        !context.header.as_ref().is_some_and(|header| name.eq_ignore_ascii_case(header))
    });
    let mut list = Vec::new();
    for (name, value) in headers {
        let own = own_content(candidate, value);
        for credential in credentials(value, fits) {
            for content in contents(candidate, context, value, own.as_ref()) {
                for algorithm in algorithms(configured, &credential.bytes) {
                    if list.len() == MAX_SCHEMES {
                        return list;
                    }
                    let found = FoundSignature {
                        name,
                        value,
                        credential: &credential,
                        content: &content,
                        algorithm,
                        own: own.as_ref(),
                        own_description: &own_description,
                    };
                    list.extend(repaired(candidate, &found, body));
                }
            }
        }
    }
    list
}

/// Describes the content that the sender signs. The URL is left out, since its path may be secret.
fn own_description(candidate: &Candidate, context: &Context<'_>) -> String {
    let content = candidate.shape.content.as_deref().unwrap_or("{body}");
    match context.url.as_deref().filter(|url| !url.is_empty()) {
        Some(url) => content.replace(url, "{url}"),
        None => content.to_owned(),
    }
}

/// Returns the algorithms whose signatures have this length.
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

fn repaired(candidate: &Candidate, found: &FoundSignature<'_>, body: &[u8]) -> Option<Candidate> {
    let (before, text) = (found.credential.before, found.credential.text);
    let signature =
        SignatureLocation::header(found.name.to_ascii_lowercase(), found.credential.encoding)
            .prefix(before.to_owned());
    let builder = builder(found.algorithm, candidate.scheme.sender().to_owned(), signature)?;
    let literal = |text: &str| (!text.is_empty()).then(|| Part::Literal(text.to_owned().into()));
    let parts = literal(&found.content.before)
        .into_iter()
        .chain([Part::Body])
        .chain(literal(&found.content.after));
    let builder = builder.signs(parts);
    let builder = match candidate.shape.key {
        KeyFormat::Hex => builder.hex_key(),
        KeyFormat::Base64 { prefix } => builder.base64_key(prefix),
        _ => builder,
    };
    let finding = found.finding(candidate, body);
    let mut repaired = candidate.with_scheme(builder.build().ok()?, finding);
    // The text after the signature is ignored.
    let head = candidate.head.with(found.name, format!("{before}{text}"));
    repaired.head = Rc::new(head);
    Some(repaired)
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
