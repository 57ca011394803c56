//! All of a request and its set-up but the body, as captured or as a repair has it.

use std::rc::Rc;

use countersign::Headers;
use countersign::scheme::{Scheme, Tolerance};
use zeroize::Zeroizing;

use super::finding::{Finding, Hidden, shown, shown_beside};
use super::form::Form;

/// The head of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) headers: Vec<(String, String)>,
    pub(super) query: Option<String>,
}

impl Headers for Head {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.headers.each(visit);
    }

    fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }
}

impl Head {
    /// How many bytes its names and values have.
    pub(super) fn len(&self) -> usize {
        self.headers.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// The values under `name`, in any case.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let is_it = move |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers.iter().filter(is_it).map(|(_, value)| value.as_str())
    }

    /// The first value under `name`.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// With this value alone under `name`.
    pub(super) fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut head = self.without(name);
        head.headers.push((name.to_owned(), value.into()));
        head
    }

    pub(super) fn without(&self, name: &str) -> Self {
        let mut head = self.clone();
        head.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        head
    }
}

/// What a repair changes. Repairs of two are tried together, in this order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Side {
    Nothing,
    Secret,
    Head,
    SenderConfig,
}

/// Where a scheme comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Known(Box<countersign::senders::SenderSpec>),
    OmniAi,
    AiNexLayer,
    Own,
}

impl Source {
    pub(super) fn of(sender: &countersign::senders::SenderSpec) -> Self {
        match sender.name() {
            "omniai" => Self::OmniAi,
            "ainexlayer" => Self::AiNexLayer,
            _ => Self::Known(Box::new(*sender)),
        }
    }
}

/// All but the body.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) source: Source,
    pub(super) scheme: Scheme,
    /// The scheme as far as it shows itself.
    pub(super) form: Rc<Form>,
    /// How far the time may lie; the scheme's own may be wider, so that it judges the MAC alone.
    pub(super) tolerance: Option<Tolerance>,
    pub(super) secret: Zeroizing<Vec<u8>>,
    /// What must not be shown beside it.
    pub(super) hidden: Hidden,
    pub(super) head: Rc<Head>,
    /// What has been repaired.
    pub(super) found: Vec<Finding>,
    pub(super) side: Side,
}

impl Parts {
    /// With another secret.
    pub(super) fn secret(&self, secret: Vec<u8>, finding: Finding) -> Self {
        let mut parts = self.found(finding, Side::Secret);
        parts.secret = Zeroizing::new(secret);
        parts
    }

    /// A piece of the request as it may be shown.
    pub(super) fn shown<'t>(&self, text: &'t str) -> Option<&'t str> {
        shown(text, &self.secret)?;
        shown_beside(text, &self.hidden)
    }

    /// A header's name as it may be shown.
    pub(super) fn header_name(&self, name: &str) -> String {
        match self.shown(name) {
            Some(name) => format!("`{}`", name.to_ascii_lowercase()),
            None => "(name not shown)".to_owned(),
        }
    }

    /// With another head.
    pub(super) fn head(&self, head: Head, finding: Finding) -> Self {
        let mut parts = self.found(finding, Side::Head);
        parts.head = Rc::new(head);
        parts
    }

    /// With another scheme.
    pub(super) fn scheme(&self, scheme: Scheme, finding: Finding) -> Self {
        let mut parts = self.found(finding, Side::SenderConfig);
        parts.scheme = scheme;
        parts
    }

    fn found(&self, finding: Finding, side: Side) -> Self {
        let mut parts = self.clone();
        parts.found.push(finding);
        parts.side = side;
        parts
    }
}
