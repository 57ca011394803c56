//! Which sender a request may be of, by its headers.

use std::rc::Rc;

use countersign::scheme::Scheme;
use countersign::senders;

use super::brand::{self, Known};
use super::finding::Finding;
use super::form::Form;
use super::names::same;
use super::parts::{Head, Source};
use super::question::Asked;
use super::search::form_of;
use crate::sender::SenderChoice;

/// How many senders are looked into.
const MOST: usize = 4;

impl Asked<'_> {
    /// Takes the senders whose headers are there, the likeliest first, and then those that do not
    /// document their header: all are searched for it.
    pub(super) fn guess(&mut self, head: &Rc<Head>) {
        let mut found: Vec<_> = self
            .senders
            .iter()
            .map(|known| (likeness(known, &form_of(&known.1), head), known.clone()))
            .filter(|(score, _)| *score > 0)
            .collect();
        if found.is_empty() {
            // One that the request names may have lost its signature's header.
            let named = |known: &&Known| brand::is_named(head, known);
            found.extend(self.senders.iter().filter(named).map(|known| (0, known.clone())));
        }
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let mut verdicts = Vec::new();
        for (_, (sender, scheme, tolerance)) in found {
            verdicts.push(self.verdict_on(&SenderChoice::from(sender)));
            if verdicts.len() <= MOST || verdicts.last().is_some_and(|verdict| verdict == "ok") {
                let finding = guessed(sender.name(), &self.like(sender.name(), &scheme));
                let source = Source::Known(Box::new(sender));
                self.push_bases(source, scheme, tolerance, head, Some(finding));
            }
        }
        for who in [senders::OMNIAI, senders::AINEXLAYER].map(SenderChoice::from) {
            self.base_of(&who, head, Some(undocumented(who.display_name())));
        }
        let ok = verdicts.iter().position(|verdict| verdict == "ok").unwrap_or(0);
        if verdicts.get(ok).is_some_and(|verdict| verdict == "ok") {
            self.unusable = None;
        }
        self.verdict = verdicts.into_iter().nth(ok).unwrap_or_else(|| "missing_setting".to_owned());
    }

    /// The others that sign as `name` does by `scheme`, in a sentence; empty if there are none.
    pub(super) fn like(&self, name: &str, scheme: &Scheme) -> String {
        let text = scheme.to_string();
        let others = self
            .senders
            .iter()
            .filter(|(sender, other, _)| sender.name() != name && other.to_string() == text);
        let names: Vec<_> =
            others.map(|(sender, ..)| format!("`{}`", sender.name())).take(3).collect();
        match names.as_slice() {
            [] => String::new(),
            _ => format!(" Its headers also fit {}.", names.join(", ")),
        }
    }
}

fn undocumented(title: &str) -> Finding {
    Finding::proved(
        "sender_guessed",
        format!(
            "No sender was named; the request is as {title} may send it, which does not document its header, or as a sender of your own does."
        ),
        format!(
            "If it is of {title}, name the sender `{}`; else describe its scheme.",
            title.to_lowercase()
        ),
    )
}

fn guessed(name: &str, like: &str) -> Finding {
    Finding::proved(
        "sender_guessed",
        format!("No sender was named; the request verifies as one of `{name}`."),
        format!("Name the sender `{name}`.{like}"),
    )
}

/// How much of a sender's head is there; 0 if its credential is not.
fn likeness(known: &Known, form: &Form, head: &Head) -> usize {
    let has = |name: &str| head.headers.iter().any(|(key, _)| same(key, name));
    let Some(at) = &form.at else {
        // Its signature is in the body.
        return 0;
    };
    if !has(&at.header) {
        return 0;
    }
    let needed = form.needed.iter().filter(|name| has(name)).count();
    let missing = form.needed.len() - needed;
    let named = usize::from(brand::is_named(head, known));
    (100 + 10 * needed + 5 * named).saturating_sub(20 * missing)
}
