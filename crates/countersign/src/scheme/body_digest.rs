//! The digest of a body in the query of its request, as Twilio sends it.

/// The last parameter of a query whose body is not a form: the body's SHA-256 in hexadecimal.
pub(super) const BODY_DIGEST: &str = "bodySHA256";

/// Returns the digest of a parameter named [`BODY_DIGEST`].
pub(super) fn digest_of(parameter: &str) -> Option<&str> {
    parameter.strip_prefix(BODY_DIGEST)?.strip_prefix('=')
}

/// Returns the query without a body's digest at its end, which the URL of a captured request may have.
pub(super) fn without_digest(query: &str) -> &str {
    match query.rsplit_once('&') {
        Some((own, last)) if last.starts_with(BODY_DIGEST) => own,
        None if query.starts_with(BODY_DIGEST) => "",
        _ => query,
    }
}
