//! The fields that a sender writes into a form.

use serde_json::Value;

use crate::body::BodyFormats;
use crate::json::pointer::Pointer;
use crate::scheme::BodyFormat;

/// Returns a form with these values at these pointers: in the JSON of the field that holds the event, or else
/// as fields. `None` if the form cannot hold them.
pub(super) fn with_fields(
    formats: &BodyFormats,
    form: &[u8],
    fields: &[(&Pointer, Value)],
) -> Option<String> {
    let mut pairs: Vec<_> = form_urlencoded::parse(form).into_owned().collect();
    let holds_json = |name: &str| {
        formats.as_slice().iter().filter_map(BodyFormat::json_field).any(|own| own == name)
    };
    if let Some((_, text)) = pairs.iter_mut().find(|(name, _)| holds_json(name)) {
        let mut document: Value = serde_json::from_str(text).ok()?;
        for (pointer, value) in fields {
            *pointer.slot(&mut document)? = value.clone();
        }
        *text = document.to_string();
    } else {
        for (pointer, value) in fields {
            let name = pointer.only_token()?;
            pairs.retain(|(own, _)| own != name);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            pairs.push((name.to_owned(), text));
        }
    }
    Some(form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}
