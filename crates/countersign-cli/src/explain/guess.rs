//! Which sender a request may be of, by its headers.

use std::rc::Rc;

use countersign::senders::Sender;

use super::Question;
use super::finding::Finding;
use super::names::same;
use super::parts::{Head, Parts, Source};
use super::question::Asked;

impl Asked {
    /// Takes the senders whose headers are there, the likeliest first.
    pub(super) fn guess(&mut self, question: &Question<'_>, head: &Rc<Head>) -> String {
        let mut found = Vec::new();
        for (sender, scheme, tolerance) in &self.senders {
            let base =
                self.base(Source::Known(Box::new(*sender)), scheme.clone(), *tolerance, head);
            let score = likeness(sender, &base, head);
            if score > 0 {
                found.push((score, *sender, base));
            }
        }
        found.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
        let names: Vec<_> = found.iter().map(|(_, sender, _)| sender.name()).collect();
        let mut verdict = None;
        for (_, sender, mut base) in found {
            base.found.push(guessed(sender.name(), &names));
            let setup = self.setup(sender);
            let own = self.verdict_of(question, |secret| setup.keys(secret));
            let is_better = verdict.is_none() || own == "ok";
            if is_better && verdict.as_deref() != Some("ok") {
                verdict = Some(own);
            }
            self.bases.push(base);
        }
        if verdict.as_deref() == Some("ok") {
            self.unusable = None;
        }
        verdict.unwrap_or_else(|| "missing_setting".to_owned())
    }
}

fn guessed(name: &str, names: &[&str]) -> Finding {
    let others: Vec<_> = names.iter().filter(|other| **other != name).take(3).collect();
    let others = match others.as_slice() {
        [] => String::new(),
        _ => format!(" Its headers also fit {}.", listed(&others)),
    };
    Finding::proved(
        "sender_guessed",
        format!("No sender was named; the request verifies as one of `{name}`."),
        format!("Name the sender `{name}`.{others}"),
    )
}

fn listed(names: &[&&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// How much of a sender's head is there; 0 if its credential is not.
fn likeness(sender: &Sender, base: &Parts, head: &Head) -> usize {
    let has = |name: &str| head.headers.iter().any(|(key, _)| same(key, name));
    let Some(at) = &base.form.at else {
        // Its signature is in the body.
        return 0;
    };
    if !has(&at.header) {
        return 0;
    }
    let needed = base.form.needed.iter().filter(|name| has(name)).count();
    let brand = sender.name().split('-').next().unwrap_or_default();
    let names_it = |(name, value): &(String, String)| {
        let is_agent = name.eq_ignore_ascii_case("user-agent");
        name.to_ascii_lowercase().contains(brand)
            || (is_agent && value.to_ascii_lowercase().contains(brand))
    };
    let missing = base.form.needed.len() - needed;
    let named = usize::from(head.headers.iter().any(names_it));
    (100 + 10 * needed + 5 * named).saturating_sub(20 * missing)
}
