//! What is around every page.

use countersign::Timestamp;
use countersign::dedup::StoreError;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::context::Context;
use crate::view::{icon, text};

const ICONS: &str = include_str!("../../assets/icons.svg");

/// The pages of the navigation: each with its path and its name.
const PAGES: [(&str, &str); 5] = [
    ("overview", "Overview"),
    ("deliveries", "Deliveries"),
    ("dead", "Dead"),
    ("rejected", "Rejected"),
    ("endpoints", "Endpoints"),
];

impl Context<'_> {
    /// Puts a page into its frame, with the number of dead messages in the navigation.
    pub(crate) async fn layout(&self, title: &str, current: &str, content: &Markup) -> Markup {
        let backlog = self.backlog().await.ok();
        let dead = backlog.map(|backlog| backlog.endpoints.iter().map(|own| own.dead).sum());
        self.frame(title, current, dead, content)
    }

    pub(crate) fn layout_without_store(&self, title: &str, content: &Markup) -> Markup {
        self.frame(title, "", None, content)
    }

    fn frame(&self, title: &str, current: &str, dead: Option<u64>, content: &Markup) -> Markup {
        let has = |page: &str| match page {
            "dead" => self.console.inbox.is_some(),
            "rejected" => self.console.log.is_some(),
            _ => true,
        };
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " · countersign" }
                    link rel="stylesheet" href="style.css";
                    script src="console.js" defer {}
                }
                body {
                    (PreEscaped(ICONS))
                    a.skip href="#main" { "Skip to content" }
                    header.top { div.in {
                        a.mark href="overview" {
                            svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" {
                                path d="m2.5 10.5 3.5 4 7-9.5" {} path d="m10.5 13 1.2 1.5 6-8.5" {}
                            }
                            "countersign"
                        }
                        nav aria-label="Console" { ul {
                            @for (path, name) in PAGES.into_iter().filter(|(path, _)| has(path)) {
                                li { a href=(path) aria-current=[(name == current).then_some("page")] {
                                    (name)
                                    @if let (Some(dead @ 1..), "dead") = (dead, path) {
                                        " " span.n title=(format!("{} dead letters wait for a decision", text::number(dead))) { (text::number(dead)) }
                                    }
                                } }
                            }
                        } }
                        p."who small soft" {
                            @if !self.console.title.is_empty() { span { (self.console.title) } }
                            span title="Actions are recorded with this name" { (text::visible(self.access.name())) ", " (self.access.words()) }
                        }
                    } }
                    main.in #main { (content) }
                    footer.foot { div.in {
                        p { "countersign " (env!("CARGO_PKG_VERSION")) }
                        p { "Times in UTC" }
                        form method="post" action="theme" { fieldset.seg {
                            legend.vh { "Theme" }
                            @for (value, name) in [("system", "System"), ("light", "Light"), ("dark", "Dark")] {
                                label { input type="radio" name="theme" id=(format!("theme-{value}")) value=(value) checked[self.theme == value]; (name) }
                            }
                        } noscript { button type="submit" { "Keep" } } }
                    } }
                }
            }
        }
    }

    /// The head of a page: its title, what is said beside it, its time and a link to read it again.
    pub(crate) fn head(&self, title: &str, beside: &str) -> Markup {
        html! {
            div.head {
                h1 { (title) }
                @if !beside.is_empty() { span.soft { (beside) } }
                div.end { (as_of(self.now)) (refresh()) }
            }
        }
    }
}

pub(crate) fn as_of(now: Timestamp) -> Markup {
    html! { p."small soft" { "As of " (text::time(now)) } }
}

pub(crate) fn refresh() -> Markup {
    html! { a.btn href="" { (icon("retrying")) "Refresh" } }
}

/// What is shown where there is nothing.
pub(crate) fn empty(title: &str, text: &Markup) -> Markup {
    html! { div."box empty" { h2 { (title) } (text) } }
}

/// A page that says why something is not possible.
pub(crate) fn message(text: &str) -> Markup {
    empty("Not possible", &html! { p { (text) } p.acts { a.btn href="overview" { "Overview" } } })
}

/// The page while the store cannot be reached.
pub(crate) fn unreachable(error: &StoreError, now: Timestamp) -> Markup {
    html! {
        div.head { h1 { "Store" } div.end { (as_of(now)) (refresh()) } }
        div."box gap alarm" { div."say is-bad" role="alert" {
            (icon("dead"))
            div {
                p { strong { "The console cannot read its store." } }
                p { "While a store cannot be reached, senders get 503 with " code { "Retry-After" } " and send again. Nothing that was acknowledged is lost. Actions are off until the store is back." }
                p.acts { a.btn href="" { (icon("retrying")) "Try now" } span."small soft" { (text::visible(&error.to_string())) } }
            }
        } }
    }
}
