//! A question prepared for the search: the candidates to repair, and what repairs need to know.

use std::rc::Rc;
use std::time::Duration;

use countersign::scheme::{Location, Scheme, Tolerance};
use countersign::senders::{SenderConfig, SenderSpec};
use countersign::{ConfigError, Rejection};
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::explain::finding::{Finding, SharedSecrets};
use crate::explain::fingerprint::{self, CatalogueSender, HeaderMatch};
use crate::explain::model::{Candidate, Head, Question, Source};
use crate::explain::shape::SchemeShape;
use crate::explain::text::credential::MAX_VALUE;
use crate::request::Captured;
use crate::secrets::{self, NamedSecret};
use crate::sender::{SenderChoice, Settings};
use crate::verification::{Verification, verify};

/// A tolerance under which every time is fresh, so that the signature alone is checked.
const UNLIMITED: Tolerance = Tolerance::new(Duration::MAX, Duration::MAX);

/// The header of a scheme whose header is not configured; no request has it.
const NO_HEADER: &str = "no-header-was-configured";

/// The largest head that is searched, in bytes of names and values.
const MAX_HEAD: usize = 128 * 1024;

/// The largest number of headers in which a sender's name is looked up.
const MAX_NAMED_HEADERS: usize = 256;

/// The largest number of keys whose repairs are tried.
const MAX_KEYS: usize = 4;

/// A question prepared for the search.
pub(crate) struct Context<'q> {
    pub(crate) question: &'q Question<'q>,
    /// The head as captured.
    pub(crate) head: Rc<Head>,
    /// The request with the configured sender and each key, or with each likely sender, the likeliest
    /// first.
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) others: &'q [NamedSecret],
    /// The senders of the catalogue that may have sent the request, the likeliest first.
    pub(crate) senders: Vec<CatalogueSender>,
    /// The configured public URL, or else the captured one.
    pub(crate) url: Option<String>,
    /// Whether the URL is made from the request's target and its `host` header.
    pub(crate) is_url_guessed: bool,
    pub(crate) captured_url: Option<String>,
    pub(crate) header: Option<String>,
    pub(crate) method: &'static str,
    /// The error of a configuration that cannot be used.
    pub(crate) config_error: Option<CliError>,
    /// The rejection of the request as captured.
    pub(crate) rejection: Option<Rejection>,
    /// Whether the request is the sender's handshake, accepted or rejected.
    pub(crate) is_handshake: bool,
    pub(crate) is_guessed: bool,
    /// Every secret that must not be printed.
    pub(crate) hidden: SharedSecrets,
    pub(crate) verdict: String,
}

impl<'q> Context<'q> {
    /// Prepares a question that names its sender.
    pub(crate) fn for_sender(question: &'q Question<'q>, who: &SenderChoice) -> Self {
        let mut context = Self::new(question);
        context.verdict = context.verify_as(who);
        context.add_sender(who, None);
        context
    }

    /// Prepares a question without any candidate.
    pub(crate) fn new(question: &'q Question<'q>) -> Self {
        let request = question.request;
        let settings = question.settings;
        let url = settings.url.clone().or_else(|| request.absolute_url().map(str::to_owned));
        let method = settings.clone().with_method(&request.method);
        let secrets = question.secrets.iter().chain(question.others);
        let mut context = Self {
            question,
            head: Rc::new(Head {
                headers: request.headers.clone(),
                query: countersign::Headers::query(request).map(str::to_owned),
            }),
            candidates: Vec::new(),
            others: question.others,
            senders: Vec::new(),
            is_url_guessed: url.is_none(),
            url: url.or_else(|| guessed_url(request)),
            captured_url: request.url.clone(),
            header: settings.header.clone(),
            method: method.map_or("POST", |settings| settings.method()),
            config_error: None,
            rejection: None,
            is_handshake: false,
            is_guessed: question.sender.is_none(),
            hidden: secrets.map(|(_, secret)| secret.clone()).collect(),
            verdict: String::new(),
        };
        context.senders = context.likely_senders();
        context
    }

    /// Returns the senders of the catalogue that the headers do not rule out, those that the headers
    /// name first.
    fn likely_senders(&self) -> Vec<CatalogueSender> {
        let headers = self.head.headers.iter().take(MAX_NAMED_HEADERS).cloned().collect();
        let head = Head { headers, query: None };
        let senders =
            fingerprint::DOCUMENTED.iter().filter_map(|spec| self.as_sent(*spec).ok()).map(
                |sender| (fingerprint::match_headers(&head, &sender.spec, &sender.scheme), sender),
            );
        let mut list: Vec<_> =
            senders.filter(|(matched, _)| *matched != HeaderMatch::Foreign).collect();
        list.sort_by_key(|(matched, _)| *matched);
        list.into_iter().map(|(_, sender)| sender).collect()
    }

    /// Returns a sender of the catalogue with the scheme of its alternate headers, if the request has
    /// all of these and none of its own.
    pub(crate) fn as_sent(&self, spec: SenderSpec) -> Result<CatalogueSender, ConfigError> {
        let sender = self.catalogue_sender(spec)?;
        let Some(other) = spec.alternate_headers() else { return Ok(sender) };
        let CatalogueSender { scheme, tolerance, .. } = self.catalogue_sender(*other)?;
        let has = |name: &str| self.head.first(name).is_some();
        let is_complete = SchemeShape::of(&scheme).expected.iter().all(|name| has(name));
        if is_complete && !scheme.conflicting_headers().any(has) {
            return Ok(CatalogueSender { spec, scheme, tolerance });
        }
        Ok(sender)
    }

    /// Returns whether the head and the signature header are small enough to be searched.
    pub(crate) fn is_searchable(&self) -> bool {
        let fits = |candidate: &Candidate| {
            let credential = candidate.shape.credential.as_ref();
            let value = credential.and_then(|at| candidate.head.first(&at.header));
            candidate.head.len() <= MAX_HEAD && value.is_none_or(|value| value.len() <= MAX_VALUE)
        };
        self.candidates.iter().all(fits)
    }

    /// Verifies the request as captured; returns `ok`, or the kind of the rejection or configuration
    /// error.
    pub(crate) fn verify_as(&mut self, who: &SenderChoice) -> String {
        let Question { request, settings, now, .. } = *self.question;
        let verification = secrets::keyring_as_given(self.question.secrets)
            .and_then(|keys| verify(who, settings, keys, request, now));
        match verification {
            Ok(Verification::Accepted(..)) => "ok".to_owned(),
            Ok(Verification::Handshake(_)) => {
                self.is_handshake = true;
                "ok".to_owned()
            }
            Ok(Verification::HandshakeRejected(rejection)) => {
                self.is_handshake = true;
                self.rejected(rejection)
            }
            Ok(Verification::Rejected(rejection)) => self.rejected(rejection),
            Err(failure) => {
                let verdict = failure.verdict();
                self.config_error = Some(failure);
                verdict.to_owned()
            }
        }
    }

    fn rejected(&mut self, rejection: Rejection) -> String {
        let verdict = rejection.kind().as_str().to_owned();
        // The first sender is the likeliest.
        self.rejection.get_or_insert(rejection);
        verdict
    }

    /// Adds a candidate for each key of a sender.
    pub(crate) fn add_sender(&mut self, who: &SenderChoice, finding: Option<Finding>) {
        let settings = Settings { url: self.url.clone(), ..self.question.settings.clone() };
        let Some(settings) = settings.with_method(self.method) else { return };
        let alternate = self.alternate(who);
        let named_by = alternate.as_ref().unwrap_or(who);
        let Some(scheme) = named_by.scheme(&settings).ok().or_else(|| undocumented_scheme(who))
        else {
            return;
        };
        let tolerance = scheme.tolerance();
        let unlimited = Settings { tolerance: Some(u64::MAX), ..settings };
        let scheme = named_by.scheme(&unlimited).unwrap_or(scheme);
        let source = who.spec().map_or(Source::Own, Source::of);
        self.push_candidates(source, scheme, tolerance, finding);
    }

    /// Returns the sender whose header names the request uses instead of the sender's own, if it does.
    fn alternate(&self, who: &SenderChoice) -> Option<SenderChoice> {
        let spec = who.spec()?;
        let other = spec.alternate_headers()?;
        let has_credential = |spec: &SenderSpec| {
            let scheme = spec.config().scheme().ok()?;
            match scheme.credential()?.location {
                Location::Header(name) => Some(self.head.first(name).is_some()),
                _ => None,
            }
        };
        let uses_other = has_credential(other)? && !has_credential(spec)?;
        uses_other.then(|| SenderChoice::from(*other))
    }

    /// Adds a candidate for each key, with this scheme.
    pub(crate) fn push_candidates(
        &mut self,
        source: Source,
        scheme: Scheme,
        tolerance: Option<Tolerance>,
        finding: Option<Finding>,
    ) {
        let candidate = Candidate {
            source,
            shape: SchemeShape::of(&scheme),
            scheme,
            tolerance,
            secret: Zeroizing::default(),
            hidden: self.hidden.clone(),
            head: Rc::clone(&self.head),
            findings: finding.into_iter().collect(),
            changed: Vec::new(),
        };
        for (_, secret) in self.question.secrets.iter().take(MAX_KEYS) {
            self.candidates.push(Candidate { secret: secret.clone(), ..candidate.clone() });
        }
    }

    fn catalogue_sender(&self, spec: SenderSpec) -> Result<CatalogueSender, ConfigError> {
        let tolerance = self.config(spec).scheme()?.tolerance();
        let scheme = self.config(spec).with_tolerance(UNLIMITED).scheme()?;
        Ok(CatalogueSender { spec, scheme, tolerance })
    }

    fn config(&self, spec: SenderSpec) -> SenderConfig {
        let mut config = spec.config();
        if spec.methods().contains(&self.method) {
            config = config.with_method(self.method);
        }
        if let Some(url) = &self.url {
            config = config.with_public_url(url.clone());
        }
        match &self.header {
            Some(header) => config.with_header(header.clone()),
            None => config,
        }
    }

    /// Returns the scheme of a sender that delivers by another method.
    pub(crate) fn scheme_for_method(
        &self,
        spec: SenderSpec,
        method: &'static str,
    ) -> Option<Scheme> {
        self.config(spec).with_method(method).with_tolerance(UNLIMITED).scheme().ok()
    }

    /// Returns the scheme of a sender with another public URL.
    pub(crate) fn scheme_for_url(&self, spec: SenderSpec, url: &str) -> Option<Scheme> {
        self.config(spec).with_public_url(url).with_tolerance(UNLIMITED).scheme().ok()
    }

    /// Returns a sentence with the other senders that sign like `name`; empty if there are none.
    pub(crate) fn also_fits(&self, name: &str, scheme: &Scheme) -> String {
        let names: Vec<_> = self
            .senders
            .iter()
            .filter(|other| other.spec.name() != name && sign_alike(&other.scheme, scheme))
            .map(|other| format!("`{}`", other.spec.name()))
            .take(3)
            .collect();
        if names.is_empty() {
            return String::new();
        }
        format!(" Its headers also fit {}.", names.join(", "))
    }
}

/// Returns whether two schemes sign the same content by the same algorithm, under the same headers.
fn sign_alike(one: &Scheme, other: &Scheme) -> bool {
    one.algorithm() == other.algorithm()
        && one.credential().map(|credential| credential.location)
            == other.credential().map(|credential| credential.location)
        && one.signed_parts().eq(other.signed_parts())
        && SchemeShape::of(one).content == SchemeShape::of(other).content
}

/// Returns a scheme for a sender whose header is not documented and not yet known.
fn undocumented_scheme(who: &SenderChoice) -> Option<Scheme> {
    let sender = who.spec().filter(|sender| sender.requires_header())?;
    sender.example_config().with_header(NO_HEADER).scheme().ok()
}

/// Returns the request's target on its host.
fn guessed_url(request: &Captured) -> Option<String> {
    let target = request.url.as_deref().filter(|target| target.starts_with('/'))?;
    Some(format!("https://{}{target}", request.header("host")?))
}
