//! What `explain` works on: the question, the request's head, and candidates for what was meant.

use std::fmt;
use std::rc::Rc;

use countersign::scheme::{Scheme, Tolerance};
use countersign::{Delivery, Headers, Rejection, RejectionKind, Timestamp};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::explain::finding::{Finding, SharedSecrets, shown, shown_beside};
use crate::explain::shape::SchemeShape;
use crate::request::Captured;
use crate::sender::{SenderChoice, Settings};

/// The first bytes of a gzip stream ([RFC 1952](https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1)).
pub(crate) const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// A captured request to explain, with the configuration that it was expected to match.
pub struct Question<'q> {
    /// The captured request.
    pub request: &'q Captured,
    /// The configured secrets, each with its name; the sender may sign with any of them.
    pub secrets: &'q [(String, Zeroizing<Vec<u8>>)],
    /// Other secrets that may have been used by mistake, each with its name.
    pub others: &'q [(String, Zeroizing<Vec<u8>>)],
    /// The sender; `None` to guess it.
    pub sender: Option<&'q SenderChoice>,
    /// The sender's settings.
    pub settings: &'q Settings,
    /// The time to which the signed time is compared.
    pub now: Timestamp,
}

impl fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("sender", &self.sender.map(SenderChoice::name))
            .finish_non_exhaustive()
    }
}

/// The verdict on a request, and its causes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Explanation {
    /// `ok`, or the kind of the rejection or of the configuration error.
    pub verdict: String,
    /// The findings, the most likely cause first. If several are certain, all of them together are
    /// the cause.
    pub findings: Vec<Finding>,
    /// Whether the request verifies after each of several changes, so that none of them is proved. The
    /// findings are then those of the smallest.
    pub ambiguous: bool,
    /// The findings of each of the other changes, if the explanation is ambiguous.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Vec<Finding>>,
}

impl Explanation {
    /// Creates an explanation of which no other is as likely.
    pub(crate) const fn of(verdict: String, findings: Vec<Finding>) -> Self {
        Self { verdict, findings, ambiguous: false, alternatives: Vec::new() }
    }
}

/// The outcome of a verification whose credential is authentic.
pub(crate) enum Authentic {
    Delivered(Box<Delivery>),
    /// The body has no readable time.
    MissingTimestamp,
}

/// Returns whether verification failed at the signature itself, so that all headers were accepted.
pub(crate) fn is_signature_mismatch(rejection: &Rejection) -> bool {
    matches!(rejection.kind(), RejectionKind::SignatureMismatch | RejectionKind::BodyAltered)
}

/// The head of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: Option<String>,
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
    /// Returns the number of bytes of all names and values.
    pub(crate) fn len(&self) -> usize {
        self.headers.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// Returns the values of the header `name`, which is compared without case.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let is_it = move |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers.iter().filter(is_it).map(|(_, value)| value.as_str())
    }

    /// Returns the first value of the header `name`.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Returns a copy in which `name` has this value alone.
    pub(crate) fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut head = self.without(name);
        head.headers.push((name.to_owned(), value.into()));
        head
    }

    /// Returns a copy without the header `name`.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut head = self.clone();
        head.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        head
    }
}

/// The part of a request and its configuration that a repair changes. Repairs of two parts are combined in
/// this order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum RepairStage {
    Secret,
    Headers,
    Url,
    /// The scheme is replaced by one that fits the request.
    SenderConfig,
    Body,
}

/// The origin of a scheme.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Known(Box<countersign::senders::SenderSpec>),
    OmniAi,
    AiNexLayer,
    Own,
}

impl Source {
    pub(crate) fn of(spec: &countersign::senders::SenderSpec) -> Self {
        match spec.name() {
            "omniai" => Self::OmniAi,
            "ainexlayer" => Self::AiNexLayer,
            _ => Self::Known(Box::new(*spec)),
        }
    }
}

/// A request without its body, with the configuration to verify it by: as captured or repaired.
#[derive(Clone)]
pub(crate) struct Candidate {
    pub(crate) source: Source,
    pub(crate) scheme: Scheme,
    /// The structure of the configured scheme.
    pub(crate) shape: Rc<SchemeShape>,
    /// The sender's tolerance. The scheme's own is unlimited, so that the signature alone is checked.
    pub(crate) tolerance: Option<Tolerance>,
    pub(crate) secret: Zeroizing<Vec<u8>>,
    /// Every secret that must not be printed.
    pub(crate) hidden: SharedSecrets,
    pub(crate) head: Rc<Head>,
    /// The findings of the repairs made so far.
    pub(crate) findings: Vec<Finding>,
    /// The parts that the repairs made so far have changed, in order.
    pub(crate) changed: Vec<RepairStage>,
}

impl Candidate {
    /// Returns a copy with another secret.
    pub(crate) fn with_secret(&self, secret: Vec<u8>, finding: Finding) -> Self {
        let mut candidate = self.with_finding(finding, RepairStage::Secret);
        candidate.secret = Zeroizing::new(secret);
        candidate
    }

    /// Returns a copy with another head.
    pub(crate) fn with_head(&self, head: Head, finding: Finding) -> Self {
        let mut candidate = self.with_finding(finding, RepairStage::Headers);
        candidate.head = Rc::new(head);
        candidate
    }

    /// Returns a copy with the scheme for another public URL.
    pub(crate) fn with_url(&self, scheme: Scheme, finding: Finding) -> Self {
        let mut candidate = self.with_finding(finding, RepairStage::Url);
        candidate.scheme = scheme;
        candidate
    }

    /// Returns a copy that arrived at another URL.
    pub(crate) fn with_url_query(&self, head: Head, finding: Finding) -> Self {
        let mut candidate = self.with_finding(finding, RepairStage::Url);
        candidate.head = Rc::new(head);
        candidate
    }

    /// Returns a copy with another scheme.
    pub(crate) fn with_scheme(&self, scheme: Scheme, finding: Finding) -> Self {
        let mut candidate = self.with_finding(finding, RepairStage::SenderConfig);
        candidate.scheme = scheme;
        candidate
    }

    fn with_finding(&self, finding: Finding, stage: RepairStage) -> Self {
        let mut candidate = self.clone();
        candidate.findings.push(finding);
        candidate.changed.push(stage);
        candidate
    }

    /// Returns whether a repair of `stage` may follow the repairs made so far.
    pub(crate) fn is_before(&self, stage: RepairStage) -> bool {
        self.changed.last().is_none_or(|last| *last < stage)
    }

    /// Returns a piece of the request if it may be printed.
    pub(crate) fn shown<'t>(&self, text: &'t str) -> Option<&'t str> {
        shown(text, &self.secret)?;
        shown_beside(text, &self.hidden)
    }

    /// Returns a header's name for a message.
    pub(crate) fn header_name(&self, name: &str) -> String {
        match self.shown(name) {
            Some(name) => format!("`{}`", name.to_ascii_lowercase()),
            None => "(name not shown)".to_owned(),
        }
    }
}
