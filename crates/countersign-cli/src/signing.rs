//! Signs requests as a sender does.

use countersign::scheme::{Algorithm, Location, Scheme, SigningRequest};
use countersign::{Secret, Timestamp};

use crate::error::CliError;
use crate::sender::{SenderChoice, Settings};

/// A sender with its key.
pub(crate) struct Signer {
    scheme: Scheme,
    secret: Secret,
    /// Additional headers, with names in lower case.
    headers: Vec<(String, String)>,
    /// The query of the target, or of the public URL.
    query: Option<String>,
}

/// A signed request.
#[derive(Debug)]
pub(crate) struct PreparedRequest {
    /// The headers, with unique names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The header that holds the secret itself, if any.
    pub(crate) secret_header: Option<String>,
    pub(crate) query: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Signer {
    /// Creates a signer of requests to `target`, which is also the public URL unless the settings have one.
    pub(crate) fn new(
        who: &SenderChoice,
        mut settings: Settings,
        secret: Secret,
        headers: Vec<(String, String)>,
        target: Option<&str>,
    ) -> Result<Self, CliError> {
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

    /// Returns whether a new id alone makes a new event.
    pub(crate) fn identifies_events_by_header(&self) -> bool {
        self.scheme.signs_id() && self.id_header().is_some()
    }

    /// Returns the header of the event's id, unless the header is given.
    fn id_header(&self) -> Option<&str> {
        match self.scheme.id()? {
            Location::Header(name) if !self.is_given(name) => Some(name),
            _ => None,
        }
    }

    fn is_given(&self, name: &str) -> bool {
        self.headers.iter().any(|(header, _)| header == name)
    }

    /// Signs a body. `id` is the event's id, if the sender has it in a header that is not given.
    pub(crate) fn sign(
        &self,
        body: &[u8],
        id: &str,
        now: Timestamp,
    ) -> Result<PreparedRequest, CliError> {
        let given: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut request = SigningRequest::new(body).timestamp(now).headers(&given);
        if let Some(query) = &self.query {
            request = request.query(query);
        }
        if self.id_header().is_some() {
            request = request.id(id);
        }
        let signed = request.request(&self.scheme, &self.secret)?;
        let secret_header = match self.scheme.credential().map(|credential| credential.location) {
            Some(Location::Header(name)) if self.scheme.algorithm() == Algorithm::StaticToken => {
                Some(name.to_owned())
            }
            _ => None,
        };
        let mut headers = Vec::new();
        let has_content = self.scheme.method() == "POST" || !signed.body.is_empty();
        if has_content && !self.is_given("content-type") {
            headers.push(("content-type".to_owned(), content_type(&signed.body).to_owned()));
        }
        let is_signed = |name: &str| signed.headers.iter().any(|(header, _)| header == name);
        headers.extend(self.headers.iter().filter(|(name, _)| !is_signed(name)).cloned());
        headers.extend(signed.headers);
        Ok(PreparedRequest { headers, secret_header, query: signed.query, body: signed.body })
    }
}

fn content_type(body: &[u8]) -> &'static str {
    match body.trim_ascii_start() {
        [b'{' | b'[', ..] => "application/json",
        [] => "text/plain",
        _ => "application/x-www-form-urlencoded",
    }
}
