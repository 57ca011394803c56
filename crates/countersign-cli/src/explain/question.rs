//! What is asked, made ready to be tried.

use std::rc::Rc;
use std::time::Duration;

use countersign::ainexlayer::AiNexLayer;
use countersign::omniai::OmniAi;
use countersign::senders::{self, Sender, Setup};
use countersign::{
    Algorithm, ConfigError, ConfigErrorKind, Custom, Encoding, Provider, Receiver, Refusal, Scheme,
    Secret, Signature, Tolerance,
};
use zeroize::Zeroizing;

use super::finding::Finding;
use super::parts::{Head, Parts, Side, Source};
use super::search::form_of;
use super::{Question, signing};
use crate::request::Captured;

/// Within this any time is fresh, so that what is judged is the credential alone.
const ANY_TIME: Tolerance = Tolerance::new(Duration::MAX, Duration::MAX);

/// Stands where the set-up names no header; no request has it.
const NO_HEADER: &str = "no-header-was-configured";

/// What is asked, made ready to be tried.
pub(super) struct Asked {
    /// What is configured; several where the sender is guessed, the likeliest first.
    pub(super) bases: Vec<Parts>,
    pub(super) secret: Zeroizing<Vec<u8>>,
    pub(super) others: Vec<(String, Zeroizing<Vec<u8>>)>,
    /// Every sender that can be set up with what is known.
    pub(super) senders: Vec<(Sender, Scheme, Option<Tolerance>)>,
    /// The public URL as configured, or as captured where none is.
    pub(super) url: Option<String>,
    pub(super) captured_url: Option<String>,
    pub(super) header: Option<String>,
    pub(super) method: &'static str,
    /// Why nothing can be set up.
    pub(super) unusable: Option<ConfigError>,
    /// Why the request is refused as it is.
    pub(super) refusal: Option<Refusal>,
    pub(super) is_guessed: bool,
    pub(super) is_known: bool,
    verdict: String,
}

impl Asked {
    pub(super) fn of(question: &Question<'_>) -> Self {
        let secret = question.secrets.first().map(|(_, secret)| secret.clone());
        let head = Head {
            headers: question.request.headers.clone(),
            query: countersign::Headers::query(question.request).map(str::to_owned),
        };
        let mut asked = Self {
            bases: Vec::new(),
            secret: secret.unwrap_or_default(),
            others: question.secrets.iter().skip(1).cloned().collect(),
            senders: Vec::new(),
            url: question.url.map(str::to_owned).or_else(|| captured_url(question.request)),
            captured_url: question.request.url.clone(),
            header: question.header.map(str::to_owned),
            method: method_name(&question.request.method),
            unusable: None,
            refusal: None,
            is_guessed: question.sender.is_none() && question.custom.is_none(),
            is_known: true,
            verdict: String::new(),
        };
        asked.senders =
            senders::ALL.iter().filter_map(|sender| asked.known(*sender).ok()).collect();
        let head = Rc::new(head);
        asked.verdict = match (question.custom, question.sender) {
            (Some(scheme), _) => {
                let source = match question.sender {
                    Some("omniai") => Source::OmniAi,
                    Some("ainexlayer") => Source::AiNexLayer,
                    name => name
                        .and_then(senders::find)
                        .map_or(Source::Own, |sender| Source::Known(Box::new(sender))),
                };
                let base = asked.base(source, scheme.clone(), scheme.tolerance(), &head);
                asked.bases.push(base);
                asked.verdict_of(question, |secret| own(scheme, secret))
            }
            (None, Some("omniai")) => asked.omniai(question, &head),
            (None, Some("ainexlayer")) => asked.ainexlayer(question, &head),
            (None, Some(name)) => asked.named(question, name, &head),
            (None, None) => asked.guess(question, &head),
        };
        asked
    }

    pub(super) fn verdict(&self) -> String {
        if self.verdict == "ok" && self.method_finding().is_some() {
            return "method_not_allowed".to_owned();
        }
        self.verdict.clone()
    }

    /// That the method is none that a receiver takes.
    pub(super) fn method_finding(&self) -> Option<Finding> {
        (self.method != "POST").then(|| {
            Finding::proved(
                "method_not_post",
                "The request's method is not POST, and a receiver takes no other.",
                "Have the sender deliver with POST; if it does, look for a redirect or a proxy that changes the method.",
            )
        })
    }

    /// That the body is over the cap, which is not looked at where repairs are tried.
    pub(super) fn cap_finding(&self) -> Option<Finding> {
        (self.verdict == "body_too_large").then(|| {
            Finding::proved(
                "body_too_large",
                "The request is authentic, but its body is larger than this sender's bodies are taken to be.",
                "Raise the contract's `body_cap` if the sender's bodies are this large.",
            )
        })
    }

    /// A sender of the catalogue: its scheme for any time, and its own tolerance.
    pub(super) fn known(
        &self,
        sender: Sender,
    ) -> Result<(Sender, Scheme, Option<Tolerance>), ConfigError> {
        let tolerance = self.setup(sender).scheme()?.tolerance();
        Ok((sender, self.setup(sender).tolerance(ANY_TIME).scheme()?, tolerance))
    }

    pub(super) fn setup(&self, sender: Sender) -> Setup {
        let mut setup = sender.setup().method(self.method);
        if let Some(url) = &self.url {
            setup = setup.public_url(url.clone());
        }
        match &self.header {
            Some(header) => setup.header(header.clone()),
            None => setup,
        }
    }

    /// The scheme of a sender under another URL.
    pub(super) fn under(&self, sender: Sender, url: &str) -> Option<Scheme> {
        self.setup(sender).public_url(url).tolerance(ANY_TIME).scheme().ok()
    }

    pub(super) fn base(
        &self,
        source: Source,
        scheme: Scheme,
        tolerance: Option<Tolerance>,
        head: &Rc<Head>,
    ) -> Parts {
        Parts {
            source,
            form: form_of(&scheme),
            scheme,
            tolerance,
            secret: self.secret.clone(),
            head: Rc::clone(head),
            found: Vec::new(),
            side: Side::Nothing,
        }
    }

    /// `ok`, or why the set-up or the request is refused.
    pub(super) fn verdict_of<P: Provider>(
        &mut self,
        question: &Question<'_>,
        provider: impl FnOnce(Secret) -> Result<P, ConfigError>,
    ) -> String {
        let provider = Secret::new(self.secret.to_vec()).and_then(provider);
        match provider {
            Ok(provider) => match answer(provider, question) {
                Ok(()) => "ok".to_owned(),
                Err(refusal) => {
                    let name = refusal.kind().as_str().to_owned();
                    // The first is of the likeliest sender.
                    self.refusal.get_or_insert(refusal);
                    name
                }
            },
            Err(error) => {
                let name = config_error_name(error.kind());
                self.unusable = Some(error);
                name.to_owned()
            }
        }
    }

    fn named(&mut self, question: &Question<'_>, name: &str, head: &Rc<Head>) -> String {
        let Some(sender) = senders::find(name) else {
            self.is_known = false;
            return "missing_setting".to_owned();
        };
        // Svix is taken under the names of Standard Webhooks as well, by one family at a time.
        let has =
            |wanted: &str| head.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let family = match name {
            "svix" if has("webhook-signature") && !has("svix-signature") => {
                senders::STANDARD_WEBHOOKS
            }
            _ => sender,
        };
        if let Ok((_, scheme, tolerance)) = self.known(family) {
            self.bases.push(self.base(Source::Known(Box::new(sender)), scheme, tolerance, head));
        }
        let setup = self.setup(sender);
        self.verdict_of(question, |secret| setup.keys(secret))
    }

    fn omniai(&mut self, question: &Question<'_>, head: &Rc<Head>) -> String {
        let header = question.header.unwrap_or(NO_HEADER).to_owned();
        match Scheme::static_token("omniai", Signature::token(header.clone())).build() {
            Ok(scheme) => self.bases.push(self.base(Source::OmniAi, scheme, None, head)),
            Err(error) => self.unusable = Some(error),
        }
        if question.header.is_none() {
            return "missing_setting".to_owned();
        }
        self.verdict_of(question, |secret| OmniAi::new(header, secret))
    }

    fn ainexlayer(&mut self, question: &Question<'_>, head: &Rc<Head>) -> String {
        let signature = Signature::header(NO_HEADER, Encoding::Hex);
        if let Ok(scheme) = Scheme::hmac_sha256("ainexlayer", signature).build() {
            self.bases.push(self.base(Source::AiNexLayer, scheme, None, head));
        }
        let Some(header) = question.header else { return "missing_setting".to_owned() };
        // Encoding and prefix can be read off the request.
        let written = head.first(header).and_then(signing::written);
        let Some((prefix, encoding)) = written else {
            return if head.first(header).is_some() {
                "malformed_header"
            } else {
                "missing_header"
            }
            .to_owned();
        };
        let header = header.to_owned();
        self.verdict_of(question, |secret| {
            use countersign::ainexlayer::At::Nowhere;
            AiNexLayer::builder(secret)
                .signature_header(header)
                .encoding(encoding)
                .prefix(prefix)
                .event_type(Nowhere)
                .event_id(Nowhere)
                .time(Nowhere)
                .build()
        })
    }
}

fn own(scheme: &Scheme, secret: Secret) -> Result<Custom, ConfigError> {
    if scheme.algorithm() == Algorithm::Unauthenticated {
        return Custom::danger_unauthenticated(scheme.clone());
    }
    Custom::new(scheme.clone(), secret)
}

fn answer(provider: impl Provider, question: &Question<'_>) -> Result<(), Refusal> {
    let receiver = Receiver::new(provider).danger_without_dedup();
    let body = question.request.body.clone();
    receiver.verify(question.request, body, question.now).map(|_| ())
}

/// The URL as captured, or the target behind the host.
fn captured_url(request: &Captured) -> Option<String> {
    let url = request.url.as_deref()?;
    if url.starts_with("http://") || url.starts_with("https://") {
        return Some(url.to_owned());
    }
    let host = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"))?;
    url.starts_with('/').then(|| format!("https://{}{url}", host.1))
}

fn method_name(method: &str) -> &'static str {
    match method.to_ascii_uppercase().as_str() {
        "" | "POST" => "POST",
        "GET" => "GET",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        _ => "OTHER",
    }
}

/// The kind of a set-up's error, as a name for programs.
const fn config_error_name(kind: ConfigErrorKind) -> &'static str {
    match kind {
        ConfigErrorKind::EmptySecret => "empty_secret",
        ConfigErrorKind::InvalidSecret => "invalid_secret",
        ConfigErrorKind::UnreadableSecret => "unreadable_secret",
        ConfigErrorKind::InvalidKeyring => "invalid_keyring",
        ConfigErrorKind::InvalidHeaderName => "invalid_header_name",
        ConfigErrorKind::InvalidPointer => "invalid_pointer",
        ConfigErrorKind::InvalidScheme => "invalid_scheme",
        ConfigErrorKind::RetentionTooShort => "retention_too_short",
        ConfigErrorKind::OutOfRange => "out_of_range",
        _ => "missing_setting",
    }
}
