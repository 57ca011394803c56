//! Requests as a sender would send them.

use countersign::scheme::{Algorithm, Scheme, SigningRequest};
use countersign::{Secret, Timestamp};

use crate::failure::Failure;
use crate::sender::{SenderChoice, Settings};

/// A sender that signs.
pub(crate) struct Signer {
    scheme: Scheme,
    secret: Secret,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    /// The query of the target, or else of the public URL.
    query: Option<String>,
}

/// A request that is ready to be sent.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Names in lower case, each once.
    pub(crate) headers: Vec<(String, String)>,
    /// The name of the header that holds the secret itself, if one does.
    pub(crate) secret_header: Option<String>,
    pub(crate) query: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Signer {
    /// For requests to `target`, which is also the public URL unless the settings have one.
    pub(crate) fn new(
        who: &SenderChoice,
        mut settings: Settings,
        secret: Secret,
        headers: Vec<(String, String)>,
        target: Option<&str>,
    ) -> Result<Self, Failure> {
        if settings.url.is_none() {
            settings.url = target.map(str::to_owned);
        }
        let query = [target, settings.url.as_deref()]
            .into_iter()
            .flatten()
            .find_map(|url| Some(url.split_once('?')?.1.to_owned()));
        let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
        Ok(Self {
            scheme: who.scheme(&settings)?,
            secret,
            headers: headers.into_iter().map(lower).collect(),
            query,
        })
    }

    pub(crate) const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Whether each new id makes another event, whatever the body is.
    pub(crate) fn tells_events_by_header(&self, body: &[u8]) -> bool {
        const PROBE: &str = "evt_probe";
        let ready = self.sign(body, PROBE, Timestamp::from_secs(1_700_000_000));
        let has_id = |ready: Ready| ready.headers.iter().any(|(_, value)| value == PROBE);
        self.scheme.signs_id() && ready.is_ok_and(has_id)
    }

    /// Signs a body. `id` is used where the sender has it in a header that is not given.
    pub(crate) fn sign(&self, body: &[u8], id: &str, now: Timestamp) -> Result<Ready, Failure> {
        let given: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut unsigned = SigningRequest::new(body).timestamp(now).headers(&given);
        if let Some(query) = &self.query {
            unsigned = unsigned.query(query);
        }
        let is_given = |name: &str| self.headers.iter().any(|(header, _)| header == name);
        let mut signed = unsigned.id(id).request(&self.scheme, &self.secret)?;
        if signed.headers.iter().any(|(name, value)| value == id && is_given(name)) {
            signed = unsigned.request(&self.scheme, &self.secret)?;
        }
        let is_token = self.scheme.algorithm() == Algorithm::StaticToken;
        let secret_header =
            signed.headers.last().filter(|_| is_token).map(|(name, _)| name.clone());
        let mut headers = Vec::new();
        if !is_given("content-type") {
            headers.push(("content-type".to_owned(), content_type(&signed.body).to_owned()));
        }
        let is_signed = |name: &str| signed.headers.iter().any(|(header, _)| header == name);
        headers.extend(self.headers.iter().filter(|(name, _)| !is_signed(name)).cloned());
        headers.extend(signed.headers);
        Ok(Ready { headers, secret_header, query: signed.query, body: signed.body })
    }
}

fn content_type(body: &[u8]) -> &'static str {
    match body.trim_ascii_start() {
        [b'{' | b'[', ..] => "application/json",
        [] => "text/plain",
        _ => "application/x-www-form-urlencoded",
    }
}
