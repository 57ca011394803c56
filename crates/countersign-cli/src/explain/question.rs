//! What is asked, made ready to be tried.

use std::rc::Rc;
use std::time::Duration;

use countersign::scheme::{Encoding, Scheme, Tolerance};
use countersign::senders::{SenderConfig, SenderSpec};
use countersign::{ConfigError, Rejection};
use zeroize::Zeroizing;

use super::Question;
use super::brand::{self, Known, Mark};
use super::credential::LONGEST;
use super::finding::{Finding, Hidden};
use super::parts::{Head, Parts, Side, Source};
use super::search::form_of;
use crate::failure::Failure;
use crate::judge::{Judged, judge};
use crate::request::Captured;
use crate::secrets::{self, Named};
use crate::sender::{SenderChoice, Settings};

/// Within this any time is fresh, so that what is judged is the credential alone.
const ANY_TIME: Tolerance = Tolerance::new(Duration::MAX, Duration::MAX);

/// Stands where the set-up names no header; no request has it.
const NO_HEADER: &str = "no-header-was-configured";

/// The most bytes of names and values that are searched.
const MOST_HEAD: usize = 128 * 1024;

/// How many headers are looked at for the name of a sender.
const MOST_MARKS: usize = 256;

/// How many keys are looked into.
const MOST_KEYS: usize = 4;

/// What is asked, made ready to be tried.
pub(super) struct Asked<'q> {
    question: &'q Question<'q>,
    /// What is configured; several where there are several keys or the sender is guessed, the likeliest
    /// first.
    pub(super) bases: Vec<Parts>,
    pub(super) others: &'q [Named],
    /// Every sender that can be set up with what is known and may have sent it, the likeliest first.
    pub(super) senders: Vec<Known>,
    /// The public URL as configured, or as captured where none is.
    pub(super) url: Option<String>,
    /// Whether that is put together from the request's target and its host.
    is_url_guessed: bool,
    pub(super) captured_url: Option<String>,
    pub(super) header: Option<String>,
    pub(super) method: &'static str,
    /// Why nothing can be set up.
    pub(super) unusable: Option<Failure>,
    /// Why the request is rejected as it is.
    pub(super) rejection: Option<Rejection>,
    /// Whether it is the sender's handshake, well or not.
    pub(super) is_handshake: bool,
    pub(super) is_guessed: bool,
    /// What must not be shown.
    pub(super) hidden: Hidden,
    pub(super) verdict: String,
}

impl<'q> Asked<'q> {
    pub(super) fn of(question: &'q Question<'q>) -> Self {
        let request = question.request;
        let settings = question.settings;
        let known = settings.url.clone().or_else(|| request.absolute_url().map(str::to_owned));
        let is_url_guessed = known.is_none();
        let method = settings.clone().with_method(&request.method);
        let secrets = question.secrets.iter().chain(question.others);
        let mut asked = Self {
            question,
            bases: Vec::new(),
            others: question.others,
            senders: Vec::new(),
            url: known.or_else(|| guessed_url(request)),
            is_url_guessed,
            captured_url: request.url.clone(),
            header: settings.header.clone(),
            method: method.map_or("POST", |settings| settings.method()),
            unusable: None,
            rejection: None,
            is_handshake: false,
            is_guessed: question.sender.is_none(),
            hidden: secrets.map(|(_, secret)| secret.clone()).collect(),
            verdict: String::new(),
        };
        let head = Rc::new(Head {
            headers: request.headers.clone(),
            query: countersign::Headers::query(request).map(str::to_owned),
        });
        asked.senders = asked.likely(&head);
        match question.sender {
            Some(who) => {
                asked.verdict = asked.verdict_on(who);
                asked.base_of(who, &head, None);
            }
            None => asked.guess(&head),
        }
        asked
    }

    /// The senders of the catalogue whose request it may be: those that it names go first, and none
    /// that it bears another's name beside.
    fn likely(&self, head: &Head) -> Vec<Known> {
        let known = brand::DOCUMENTED.iter().filter_map(|sender| self.known(*sender).ok());
        let head =
            &Head { headers: head.headers.iter().take(MOST_MARKS).cloned().collect(), query: None };
        let marked = known.map(|known| (brand::mark(head, &known.0, &known.1), known));
        let mut list: Vec<_> = marked.filter(|(mark, _)| *mark != Mark::Foreign).collect();
        list.sort_by_key(|(mark, _)| *mark);
        list.into_iter().map(|(_, known)| known).collect()
    }

    /// Whether the head is one that a server takes, and the signature one that is read.
    pub(super) fn is_searchable(&self) -> bool {
        let fits = |base: &Parts| {
            let own = base.form.at.as_ref().and_then(|at| base.head.first(&at.header));
            base.head.len() <= MOST_HEAD && own.is_none_or(|value| value.len() <= LONGEST)
        };
        self.bases.iter().all(fits)
    }

    /// `ok`, or why the set-up or the request is rejected.
    pub(super) fn verdict_on(&mut self, who: &SenderChoice) -> String {
        let Question { request, settings, now, .. } = *self.question;
        let judged = secrets::ring(self.question.secrets)
            .and_then(|keys| judge(who, settings, keys, request, now));
        match judged {
            Ok(Judged::Accepted(..)) => "ok".to_owned(),
            Ok(Judged::Handshake(_)) => {
                self.is_handshake = true;
                "ok".to_owned()
            }
            Ok(Judged::HandshakeRejected(rejection)) => {
                self.is_handshake = true;
                self.rejected(rejection)
            }
            Ok(Judged::Rejected(rejection)) => self.rejected(rejection),
            Err(failure) => {
                let verdict = failure.verdict();
                self.unusable = Some(failure);
                verdict
            }
        }
    }

    fn rejected(&mut self, rejection: Rejection) -> String {
        let verdict = rejection.kind().as_str().to_owned();
        // The first is of the likeliest sender.
        self.rejection.get_or_insert(rejection);
        verdict
    }

    /// What is configured for a sender, with each key.
    pub(super) fn base_of(&mut self, who: &SenderChoice, head: &Rc<Head>, found: Option<Finding>) {
        let settings = Settings { url: self.url.clone(), ..self.question.settings.clone() };
        let Some(settings) = settings.with_method(self.method) else { return };
        let has =
            |wanted: &str| head.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        // A sender with alternate header names uses one set of names per request.
        let holds = |sender: &SenderSpec| {
            let scheme = sender.config().scheme().ok()?;
            Some(has(&form_of(&scheme).at.as_ref()?.header))
        };
        let alternate = who.spec().and_then(|sender| {
            let other = sender.alternate_headers()?;
            (holds(other)? && !holds(sender)?).then(|| SenderChoice::from(*other))
        });
        let family = alternate.as_ref().unwrap_or(who);
        let Some(scheme) = family.scheme(&settings).ok().or_else(|| unset(who)) else { return };
        let tolerance = scheme.tolerance();
        let timeless = Settings { tolerance: Some(u64::MAX), ..settings };
        let scheme = family.scheme(&timeless).unwrap_or(scheme);
        let source = who.spec().map_or(Source::Own, Source::of);
        self.push_bases(source, scheme, tolerance, head, found);
    }

    /// A set-up with each of the keys.
    pub(super) fn push_bases(
        &mut self,
        source: Source,
        scheme: Scheme,
        tolerance: Option<Tolerance>,
        head: &Rc<Head>,
        found: Option<Finding>,
    ) {
        let base = Parts {
            source,
            form: form_of(&scheme),
            scheme,
            tolerance,
            secret: Zeroizing::default(),
            hidden: self.hidden.clone(),
            head: Rc::clone(head),
            found: found.into_iter().collect(),
            side: Side::Nothing,
        };
        for (_, secret) in self.question.secrets.iter().take(MOST_KEYS) {
            self.bases.push(Parts { secret: secret.clone(), ..base.clone() });
        }
    }

    /// What beside the repairs keeps a receiver from taking the request.
    pub(super) fn findings(&self, source: &Source) -> Vec<Finding> {
        [self.url_finding(source), self.method_finding(), self.cap_finding()]
            .into_iter()
            .flatten()
            .collect()
    }

    /// That the public URL is not set up, where the one that was guessed is right.
    fn url_finding(&self, source: &Source) -> Option<Finding> {
        let requires_public_url = match source {
            Source::Known(sender) => sender.requires_public_url(),
            _ => self.question.sender.is_some_and(SenderChoice::requires_public_url),
        };
        (requires_public_url && self.is_url_guessed).then(|| {
            Finding::proved(
                "url_missing",
                "No public URL is configured, which this sender signs: the signature holds for `https://` with the request's host and target.",
                "Configure the public URL as it stands in the sender's settings, with `--url` here; a receiver never takes it from a request.",
            )
        })
    }

    /// That the method is none that a receiver takes.
    fn method_finding(&self) -> Option<Finding> {
        (self.question.request.method != "POST").then(|| {
            Finding::proved(
                "method_not_post",
                "The request's method is not POST, and a receiver takes no other.",
                "Have the sender deliver with POST; if it does, look for a redirect or a proxy that changes the method.",
            )
        })
    }

    /// That the body is over the cap, which is not looked at where repairs are tried.
    fn cap_finding(&self) -> Option<Finding> {
        (self.verdict == "body_too_large").then(|| {
            Finding::proved(
                "body_too_large",
                "The request is authentic, but its body is larger than this sender's bodies are taken to be.",
                "Raise the contract's `max_body_size` if the sender's bodies are this large.",
            )
        })
    }

    /// A sender of the catalogue: its scheme for any time, and its own tolerance.
    pub(super) fn known(
        &self,
        sender: SenderSpec,
    ) -> Result<(SenderSpec, Scheme, Option<Tolerance>), ConfigError> {
        let tolerance = self.config(sender).scheme()?.tolerance();
        Ok((sender, self.config(sender).with_tolerance(ANY_TIME).scheme()?, tolerance))
    }

    pub(super) fn config(&self, sender: SenderSpec) -> SenderConfig {
        let mut config = sender.config().with_method(self.method);
        if let Some(url) = &self.url {
            config = config.with_public_url(url.clone());
        }
        match &self.header {
            Some(header) => config.with_header(header.clone()),
            None => config,
        }
    }

    /// The scheme of a sender under another URL.
    pub(super) fn under(&self, sender: SenderSpec, url: &str) -> Option<Scheme> {
        self.config(sender).with_public_url(url).with_tolerance(ANY_TIME).scheme().ok()
    }
}

/// A scheme for settings that are still to be found.
fn unset(who: &SenderChoice) -> Option<Scheme> {
    let sender = who.spec().filter(|sender| sender.requires_header())?;
    sender.config().with_header(NO_HEADER).with_encoding(Encoding::Hex).scheme().ok()
}

/// The request's target behind its host.
fn guessed_url(request: &Captured) -> Option<String> {
    let target = request.url.as_deref().filter(|target| target.starts_with('/'))?;
    Some(format!("https://{}{target}", request.header("host")?))
}
