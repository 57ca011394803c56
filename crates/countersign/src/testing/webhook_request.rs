//! A request that is not signed yet.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::form_fields::with_fields;
use super::keys::TestKeys;
use super::signed_request::SignedRequest;
use super::tampering::Tampering;
use crate::body::content_type::Media;
use crate::crypto::encoding::hex;
use crate::crypto::mac::sha256;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::json::pointer::Pointer;
use crate::keys::Secret;
use crate::scheme::SigningRequest;
use crate::scheme::content::Content;
use crate::scheme::{CompiledLocation, CompiledTimestamp, Scheme};
use crate::time::{Timestamp, TimestampFormat};

/// A request that can be signed as any sender signs.
///
/// [`sign`](Self::sign) adds what the sender's scheme requires: an id, a timestamp, a digest of the body
/// in the query, and the signature, each where the scheme has it. For a sender that delivers by `GET`,
/// the fields of a [`form`](Self::form) become the query.
///
/// ```
/// use countersign::testing::{TestKeys, WebhookRequest};
/// use countersign::{Receiver, Timestamp, senders};
/// use serde_json::json;
///
/// let config = senders::LINEAR.config();
/// let keys = TestKeys::new(&config.scheme()?, 1)?;
/// let receiver = Receiver::new(config.keys(keys.receiver())?);
///
/// let now = Timestamp::from_secs(1_770_000_000);
/// let request = WebhookRequest::to("/webhooks/linear")
///     .json(&json!({ "type": "Issue", "action": "create" }))
///     .sign(receiver.scheme(), &keys.sender(), now)?;
/// let delivery = receiver.verify(&request, request.body().clone(), now)?;
/// assert_eq!(delivery.timestamp(), Some(now)); // from `webhookTimestamp`, which Linear puts into the body
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct WebhookRequest {
    target: String,
    headers: Vec<(String, String)>,
    id: Option<String>,
    event_type: Option<String>,
    /// `None` if the value passed to `json` cannot be serialized.
    body: Option<Bytes>,
    tampering: Option<(Tampering, u64)>,
}

impl WebhookRequest {
    /// A request to this path, which may have a query.
    pub fn to(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            headers: Vec::new(),
            id: None,
            event_type: None,
            body: Some(Bytes::new()),
            tampering: None,
        }
    }

    /// Sets the body to this value as JSON.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        self.body = serde_json::to_vec(value).ok().map(Bytes::from);
        self.header("content-type", "application/json")
    }

    /// Sets the body to a form with these fields.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        self.body = Some(Bytes::from(form.extend_pairs(fields).finish()));
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// Sets the body to these bytes.
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = Some(bytes.into());
        self
    }

    /// Sets a header.
    pub fn header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        let name = name.as_ref().to_ascii_lowercase();
        self.headers.retain(|(given, _)| *given != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the event's id, in the header or the field of the body that the sender uses.
    ///
    /// By default an id in a header is derived from the body, so that another body is another event,
    /// and an id in the body is left unchanged.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the event's type, in the header or the field of the body that the sender uses.
    pub fn event_type(mut self, name: impl Into<String>) -> Self {
        self.event_type = Some(name.into());
        self
    }

    /// Tampers with the request after it is signed, so that the receiver rejects it.
    pub const fn tampered(self, tampering: Tampering) -> Self {
        self.tampered_at(tampering, 0)
    }

    /// Like [`tampered`](Self::tampered); `which` selects the position.
    pub(super) const fn tampered_at(mut self, tampering: Tampering, which: u64) -> Self {
        self.tampering = Some((tampering, which));
        self
    }

    pub(super) const fn has_id(&self) -> bool {
        self.id.is_some()
    }

    /// Signs the request as the sender of `scheme` does at `now`.
    ///
    /// `key` is the sender's: the shared secret, or the private key as [`TestKeys::sender`] returns it.
    ///
    /// # Errors
    ///
    /// - [`ConfigErrorKind::InvalidSecret`] if the key does not have the scheme's form.
    /// - [`ConfigErrorKind::MissingSetting`] if the scheme signs a header or a field of the body that the
    ///   request does not have.
    /// - [`ConfigErrorKind::InvalidScheme`] if the tampering is not
    ///   [detectable](Tampering::is_detectable_in) under the scheme.
    pub fn sign(
        &self,
        scheme: &Scheme,
        key: &Secret,
        now: Timestamp,
    ) -> Result<SignedRequest, ConfigError> {
        let Some((tampering, which)) = self.tampering else {
            return self.genuine(scheme, key, now);
        };
        let undetectable = || {
            ConfigError::new(
                ConfigErrorKind::InvalidScheme,
                format!(
                    "receivers of `{}` cannot detect this tampering: {tampering}",
                    scheme.sender()
                ),
            )
        };
        if !tampering.is_detectable_in(scheme) {
            return Err(undetectable());
        }
        let time = tampering.time(scheme, now);
        let mut request = if tampering == Tampering::WrongKey {
            self.genuine(scheme, &TestKeys::foreign(scheme, which)?.sender(), time)?
        } else {
            self.genuine(scheme, key, time)?
        };
        tampering.tamper(&mut request, scheme, time, which).ok_or_else(undetectable)?;
        Ok(request)
    }

    fn genuine(
        &self,
        scheme: &Scheme,
        key: &Secret,
        time: Timestamp,
    ) -> Result<SignedRequest, ConfigError> {
        let given = self.body.as_deref().ok_or_else(|| {
            ConfigError::new(
                ConfigErrorKind::MissingSetting,
                "the value passed to `json` cannot be serialized: pass its bytes to `body`",
            )
        })?;
        let body = self.with_fields(given, scheme, time)?;
        let id = match &self.id {
            Some(id) => Cow::Borrowed(&**id),
            None => Cow::Owned(derived_id(given, scheme.id_length)),
        };
        let mut headers = self.headers.clone();
        if let (Some(CompiledLocation::Header(name)), Some(event_type)) =
            (&scheme.event_type, &self.event_type)
        {
            headers.push((name.as_str().to_owned(), event_type.clone()));
        }
        if scheme.method() == "GET" {
            // The content type is that of a body.
            headers.retain(|(given, _)| given != "content-type");
        }
        if let Some(CompiledTimestamp::Header(name, _)) = &scheme.timestamp {
            headers.retain(|(given, _)| given != name.as_str());
        }
        let borrowed: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let is_query_event = scheme.method() == "GET";
        let signed_body = if is_query_event { &b""[..] } else { &body };
        let mut signing =
            SigningRequest::new(signed_body).id(&id).timestamp(time).headers(&borrowed);
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&*self.target, public_query(scheme)),
        };
        let event;
        if is_query_event {
            let fields = std::str::from_utf8(&body).unwrap_or_default();
            let parts = [query.unwrap_or_default(), fields];
            event = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
            signing = signing.query(&event);
        } else if let Some(query) = query {
            signing = signing.query(query);
        }
        let mut signed = signing.request(scheme, key)?;
        let own = headers
            .into_iter()
            .filter(|(name, _)| signed.headers.iter().all(|(made, _)| made != name));
        let own: Vec<_> = own.collect();
        signed.headers.extend(own);
        Ok(SignedRequest {
            method: scheme.method(),
            path: path.to_owned(),
            query: signed.query,
            headers: signed.headers,
            body: signed.body.into(),
        })
    }

    /// Adds the fields that the sender writes into the body, other than its signature.
    fn with_fields<'b>(
        &self,
        given: &'b [u8],
        scheme: &Scheme,
        time: Timestamp,
    ) -> Result<Cow<'b, [u8]>, ConfigError> {
        let mut fields: Vec<(&Pointer, Value)> = Vec::new();
        if let (Some(CompiledLocation::Body(pointer)), Some(id)) = (&scheme.id, &self.id) {
            fields.push((pointer, id.clone().into()));
        }
        if let (Some(CompiledLocation::Body(pointer)), Some(name)) =
            (&scheme.event_type, &self.event_type)
        {
            fields.push((pointer, name.clone().into()));
        }
        if let Some(CompiledTimestamp::Body(pointer, unit)) = &scheme.timestamp {
            fields.push((
                pointer,
                match unit {
                    TimestampFormat::Seconds => time.as_secs().into(),
                    TimestampFormat::Millis => time.as_millis().into(),
                    TimestampFormat::Rfc3339 => time.written(*unit).into(),
                },
            ));
        }
        if fields.is_empty() {
            return Ok(Cow::Borrowed(given));
        }
        if scheme.body_formats.media_of(given) == Media::Form {
            let form = with_fields(&scheme.body_formats, given, &fields);
            let form = form.ok_or_else(|| body_mismatch(scheme, ""))?;
            return Ok(Cow::Owned(form.into_bytes()));
        }
        let mut document: Value =
            serde_json::from_slice(given).map_err(|_| body_mismatch(scheme, ""))?;
        for (pointer, value) in fields {
            let slot = pointer.slot(&mut document);
            *slot.ok_or_else(|| body_mismatch(scheme, pointer.as_shared()))? = value;
        }
        Ok(Cow::Owned(document.to_string().into_bytes()))
    }
}

impl fmt::Debug for WebhookRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookRequest")
            .field("id", &self.id)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .field("tampering", &self.tampering)
            .finish_non_exhaustive()
    }
}

fn body_mismatch(scheme: &Scheme, pointer: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::MissingSetting,
        format!(
            "`{}` needs a body that can hold the field `{pointer}`: set one with `json`, or with `form` if the sender writes forms",
            scheme.sender()
        ),
    )
}

/// An id that is the same for equal bodies and differs for others.
fn derived_id(body: &[u8], length: Option<usize>) -> String {
    let mut digest = hex(&sha256(body));
    if let Some(length) = length {
        return digest.chars().cycle().take(length).collect();
    }
    digest.truncate(24);
    format!("test_{digest}")
}

/// The query of the public URL, if the scheme signs it.
fn public_query(scheme: &Scheme) -> Option<&str> {
    match &scheme.content {
        Some(Content::UrlAndForm(url)) => url.query(),
        _ => scheme.url.as_ref().and_then(|url| url.query()),
    }
}
