//! Parts of pages.

pub(crate) mod chart;
pub(crate) mod outcome;
pub(crate) mod payload;
pub(crate) mod text;

use maud::{Markup, html};

/// An icon of the page's sprite.
pub(crate) fn icon(name: &str) -> Markup {
    html! { svg.i aria-hidden="true" { use href=(format!("#{name}")) {} } }
}

/// A button that copies a text; without script it is hidden.
pub(crate) fn copy(text: &str, what: &str) -> Markup {
    html! {
        button."copy quiet" type="button" hidden data-copy=(text) aria-label=(format!("Copy {what}")) { (icon("copy")) }
    }
}

/// An id, shortened, with the whole as its title and a button to copy it.
pub(crate) fn id(id: &str) -> Markup {
    html! { span.up { code title=(text::visible(id)) { (text::short(id)) } (copy(id, "id")) } }
}

/// A banner.
pub(crate) fn say(kind: &str, icon_name: &str, title: &Markup, text: &Markup) -> Markup {
    html! {
        div.(format!("say is-{kind}")) { (icon(icon_name)) div { p { strong { (title) } } p { (text) } } }
    }
}
