//! Genuine requests of every sender, broken in one known way each.

mod bodies;
mod headers;
mod lost;
mod schemes;
mod secrets;
mod unsigned;

use countersign::scheme::{Algorithm, Location, PartRef, Scheme};

pub(crate) use self::bodies::BODIES;
pub(crate) use self::headers::HEADERS;
pub(crate) use self::lost::LOST;
pub(crate) use self::schemes::SCHEMES;
pub(crate) use self::secrets::SECRETS;
pub(crate) use self::unsigned::UNSIGNED;
use super::valid::{Case, Document, Recipe, Rng, URL, document};

/// One way to break a genuine request, and the kinds of finding that name it.
pub(crate) struct OneBreak {
    pub(crate) name: &'static str,
    pub(crate) kinds: &'static [&'static str],
    /// Returns a broken request of a sender; `None` if the break does not apply to it.
    pub(crate) make: fn(&str, &mut Rng) -> Option<Case>,
}

pub(super) const fn one(
    name: &'static str,
    kinds: &'static [&'static str],
    make: fn(&str, &mut Rng) -> Option<Case>,
) -> OneBreak {
    OneBreak { name, kinds, make }
}

pub(super) fn scheme(name: &str) -> Scheme {
    let sender = countersign::senders::find(name).unwrap();
    sender.example_config().with_public_url(URL).scheme().unwrap()
}

pub(super) fn signs_url(name: &str) -> bool {
    countersign::senders::find(name).unwrap().requires_public_url()
}

pub(super) fn is_token(name: &str) -> bool {
    scheme(name).algorithm() == Algorithm::StaticToken
}

pub(super) fn genuine(name: &str, rng: &mut Rng) -> Case {
    Recipe::new(name, rng).send()
}

/// A request whose credential is in the last header.
pub(super) fn in_header(name: &str, rng: &mut Rng) -> Option<Case> {
    (name != "adyen").then(|| genuine(name, rng))
}

pub(super) fn token(name: &str, rng: &mut Rng) -> Option<Case> {
    is_token(name).then(|| genuine(name, rng))
}

/// A request of a sender that signs any JSON.
pub(super) fn json(name: &str, rng: &mut Rng) -> Option<Recipe> {
    let is_any = !["adyen", "linear", "twilio"].contains(&name);
    is_any.then(|| Recipe::new(name, rng))
}

pub(super) fn all_documents(rng: &mut Rng, text: &str) -> Option<&'static Document> {
    (0..200).map(|_| document(rng)).find(|document| document.prints["node"] == text)
}

pub(super) fn body(mut case: Case, body: Vec<u8>) -> Case {
    case.request.body = body;
    case
}

pub(super) fn header(mut case: Case, name: &str, value: &str) -> Case {
    case.header_value(name, value);
    case
}

pub(super) fn method(name: &str, rng: &mut Rng, method: &str) -> Option<Case> {
    let mut case = genuine(name, rng);
    method.clone_into(&mut case.request.method);
    Some(case)
}

pub(super) fn length(name: &str, rng: &mut Rng, more: i64) -> Option<Case> {
    let case = genuine(name, rng);
    let length = i64::try_from(case.request.body.len()).ok()? + more;
    Some(header(case, "content-length", &length.to_string()))
}

pub(super) fn with_url(name: &str, rng: &mut Rng, url: &str) -> Option<Case> {
    let mut case = genuine(name, rng);
    case.settings.url = Some(url.to_owned());
    signs_url(name).then_some(case)
}

pub(super) fn signed_id(scheme: &Scheme) -> Option<String> {
    match scheme.id()? {
        Location::Header(name) => {
            let is_signed = scheme.signed_parts().any(|part| matches!(part, PartRef::Id(_)));
            is_signed.then(|| name.to_owned())
        }
        _ => None,
    }
}

pub(super) fn time_header(case: &Case) -> Option<String> {
    let found = case.request.headers.iter().find(|(name, _)| name.contains("timestamp"));
    found.map(|(name, _)| name.clone())
}

impl Case {
    pub(crate) fn header_value(&mut self, name: &str, value: &str) {
        self.request.headers.insert(0, (name.to_owned(), value.to_owned()));
    }
}
