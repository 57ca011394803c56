//! Requests that cannot be restored.

use super::super::valid::Recipe;
use super::{OneBreak, body, genuine, in_header, one, scheme, signed_id, time_header};

/// Breaks that no repair may claim to have found: the request cannot be restored.
pub(crate) const LOST: &[OneBreak] = &[
    one("another value in the body", &[], |name, rng| {
        let mut case = genuine(name, rng);
        let at = case.request.body.iter().rposition(u8::is_ascii_alphanumeric)?;
        case.request.body[at] ^= 1;
        Some(case)
    }),
    one("another secret", &[], |name, rng| {
        let mut case = genuine(name, rng);
        case.secret(Recipe::new(name, rng).secret);
        Some(case)
    }),
    one("an empty body", &[], |name, rng| Some(body(genuine(name, rng), Vec::new()))),
    one("a body cut short", &[], |name, rng| {
        let case = genuine(name, rng);
        let half = case.request.body[..case.request.body.len() / 2].to_vec();
        Some(body(case, half))
    }),
    one("a signature cut short", &[], |name, rng| {
        let mut case = in_header(name, rng)?;
        let value = &mut case.signature().1;
        value.truncate(value.len() - 3);
        Some(case)
    }),
    one("no signature", &[], |name, rng| {
        let mut case = in_header(name, rng)?;
        case.request.headers.pop();
        Some(case)
    }),
    one("another signed id", &[], |name, rng| {
        let mut case = genuine(name, rng);
        let id = signed_id(&scheme(name))?;
        case.value(&id).push_str("77");
        Some(case)
    }),
    one("another signed time", &[], |name, rng| {
        let mut case = genuine(name, rng);
        let header = time_header(&case)?;
        let value = case.value(&header);
        *value = value.replace("177", "178").replace("2026-02-02", "2026-02-03");
        Some(case)
    }),
];
