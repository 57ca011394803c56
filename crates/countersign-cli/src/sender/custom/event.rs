//! How a custom sender writes its events: the formats of its bodies, batches, and types.

use countersign::scheme::{BodyFormat, Items, SchemeBuilder};

use super::file::{CustomSender, EventTypeTable, ItemsTable};
use crate::error::CliError;

impl CustomSender {
    /// Adds the settings to the scheme that say how events are written.
    pub(super) fn with_events(&self, mut scheme: SchemeBuilder) -> Result<SchemeBuilder, CliError> {
        if let Some(bodies) = &self.bodies {
            let formats: Vec<_> =
                bodies.iter().map(|text| format(text)).collect::<Result<_, _>>()?;
            scheme = scheme.body_formats(formats);
        }
        if self.gzip {
            scheme = scheme.gzip();
        }
        if let Some((first, others)) = self.items.split_first() {
            let items =
                others.iter().fold(first.add_to(Items::at(first.at.clone())), |items, other| {
                    other.add_to(items.and_at(other.at.clone()))
                });
            scheme = scheme.items(items);
        }
        match &self.event_type {
            Some(table) => table.add_to(scheme),
            None => Ok(scheme),
        }
    }
}

impl ItemsTable {
    /// Adds the settings of the place that was added last.
    fn add_to(&self, mut items: Items) -> Items {
        if !self.id.is_empty() {
            items = items.id(self.id.iter().cloned());
        }
        items = items.within(self.within.iter().cloned()).without(self.without.iter().cloned());
        match &self.event_type {
            Some(field) => items.event_type(field.clone()),
            None => items,
        }
    }
}

impl EventTypeTable {
    fn add_to(&self, mut scheme: SchemeBuilder) -> Result<SchemeBuilder, CliError> {
        if let Some(characters) = &self.characters {
            if self.header.is_none() {
                let hint = "applies to `header` only: remove it";
                return Err(CliError::at("`event_type.characters`", hint));
            }
            scheme = scheme.event_type_syntax(characters.clone());
        }
        if let Some(types) = &self.types {
            scheme = scheme.event_types(types.iter().cloned());
        }
        match (&self.header, &self.field) {
            (Some(name), None) if self.or_fields.is_empty() => {
                Ok(scheme.event_type_header(name.clone()))
            }
            (None, Some(field)) => {
                let scheme = scheme.event_type_field(field.clone());
                let others = self.or_fields.iter().cloned();
                Ok(others.fold(scheme, SchemeBuilder::or_event_type_field))
            }
            _ => Err(CliError::at("`event_type`", "needs one of `header` and `field`")),
        }
    }
}

/// Reads a format such as `json`, `form`, or `form:payload` for JSON in a field of a form.
fn format(text: &str) -> Result<BodyFormat, CliError> {
    let (kind, field) = match text.split_once(':') {
        Some((kind, field)) => (kind, Some(field.to_owned())),
        None => (text, None),
    };
    match (kind, field) {
        ("json", None) => Ok(BodyFormat::Json),
        ("form", None) => Ok(BodyFormat::Form),
        ("form", Some(field)) => Ok(BodyFormat::form_json(field)),
        ("multipart", None) => Ok(BodyFormat::Multipart),
        ("multipart", Some(field)) => Ok(BodyFormat::multipart_json(field)),
        _ => Err(CliError::at(
            "`bodies`",
            "has an unknown format: use json, form, form:FIELD, multipart or multipart:FIELD",
        )),
    }
}
