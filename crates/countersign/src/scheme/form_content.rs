//! The signed content of a URL and a form, as Twilio signs it.

use std::borrow::Cow;

use super::PublicUrl;
use super::body_digest::{digest_of, without_digest};
use super::form::form_text;
use super::url_query::{has_same_parameters, remaining_parameters};
use crate::crypto::encoding::decode_hex_secret;
use crate::crypto::mac::sha256;

impl PublicUrl {
    /// Returns the texts that may be signed after the URL: a query, and the fields of a form. There are
    /// at most two.
    ///
    /// Without a configured query, the query of the request is signed. With one, the configured query
    /// is signed, or the query of the request if it [has the same parameters](has_same_parameters); a
    /// request with other parameters has no signed text.
    ///
    /// The signed content has exactly one reading: it shows where the URL ends, where the query ends
    /// and where the form begins. Otherwise an attacker could move fields of a captured form to the end
    /// of the query. No text is returned if there could be another reading, if the body is not a form,
    /// or if it does not have the digest in the query.
    pub(super) fn signed_texts(&self, query: Option<&str>, body: &[u8]) -> Vec<Vec<u8>> {
        let texts = if self.is_query_event {
            self.event_texts(query, body)
        } else {
            self.form_texts(query, body)
        };
        let mut texts = texts.unwrap_or_default();
        texts.dedup();
        texts
    }

    /// The texts of a request whose query is the event, and which has no body.
    fn event_texts(&self, query: Option<&str>, body: &[u8]) -> Option<Vec<Vec<u8>>> {
        let queries = self.event_queries(query).filter(|_| body.is_empty())?;
        Some(queries.iter().map(|query| with_query(query, b"")).collect())
    }

    fn form_texts(&self, query: Option<&str>, body: &[u8]) -> Option<Vec<Vec<u8>>> {
        let (queries, digest) = match &self.query {
            None => {
                let query = query.unwrap_or_default();
                let mut parameters = query.rsplit('&').map(digest_of);
                let digest = parameters.next().flatten();
                // The sender adds the digest as the last parameter. An earlier one may be text of a form.
                if parameters.any(|digest| digest.is_some()) {
                    return None;
                }
                (vec![Cow::Borrowed(query)], digest)
            }
            Some(own) => signed_queries(own, query.unwrap_or(own))?,
        };
        let form = match digest {
            None => form_text(body)?,
            Some(digest) if decode_hex_secret(digest.as_bytes())? != sha256(body) => return None,
            Some(_) => Vec::new(),
        };
        // After the URL, these characters would be read as its port, its path, its query or a digest.
        if matches!(form.first(), Some(b':' | b'/' | b'?' | b'&')) {
            return None;
        }
        let mut texts: Vec<_> = queries.iter().map(|query| with_query(query, &form)).collect();
        // The configured URL ends with a `?`.
        if self.query.as_deref() == Some("") && digest.is_none() {
            texts.push([b"?", &*form].concat());
        }
        Some(texts)
    }
}

/// Returns the queries that may be signed where `own` is configured, and the body's digest in them.
///
/// `None` if `received` has other parameters, beside the digest.
fn signed_queries<'q>(
    own: &'q str,
    received: &'q str,
) -> Option<(Vec<Cow<'q, str>>, Option<&'q str>)> {
    let rest = remaining_parameters(own, received)?;
    let (digest, configured) = match *rest {
        [] => (None, Cow::Borrowed(own)),
        [last] => {
            let joint = if own.is_empty() { "" } else { "&" };
            (Some(digest_of(last)?), format!("{own}{joint}{last}").into())
        }
        _ => return None,
    };
    let mut queries = vec![configured];
    if has_same_parameters(own, without_digest(received)) {
        queries.push(received.into());
    }
    Some((queries, digest))
}

fn with_query(query: &str, form: &[u8]) -> Vec<u8> {
    let mark: &[u8] = if query.is_empty() { b"" } else { b"?" };
    [mark, query.as_bytes(), form].concat()
}
