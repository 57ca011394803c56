//! One request, before it is signed.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::keys::TestKeys;
use super::signed_request::SignedRequest;
use super::tampering::Tampering;
use crate::crypto::encoding::hex;
use crate::crypto::mac::sha256;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::json::pointer::Pointer;
use crate::keys::Secret;
use crate::scheme::SigningRequest;
use crate::scheme::content::Content;
use crate::scheme::{CompiledLocation, CompiledTimestamp, Scheme};
use crate::time::{Timestamp, TimestampFormat};

/// A `POST` to be signed for any sender.
///
/// [`sign`](Self::sign) adds whatever the sender's scheme asks for: the time in a header, beside the
/// signature or in the body; an id; the digest of the body in the query; the signature, wherever it
/// stands.
///
/// ```
/// use countersign::testing::{WebhookRequest, TestKeys};
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
    /// `None` for a value that has no JSON form.
    body: Option<Bytes>,
    tampering: Option<(Tampering, u64)>,
}

impl WebhookRequest {
    /// To a path, which may have a query.
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

    /// With this value as a JSON body.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        self.body = serde_json::to_vec(value).ok().map(Bytes::from);
        self.header("content-type", "application/json")
    }

    /// With these fields as a form's body.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let pair = |(name, value): &(&str, &str)| [form_text(name), form_text(value)].join("=");
        let pairs: Vec<_> = fields.iter().map(pair).collect();
        self.body = Some(Bytes::from(pairs.join("&")));
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// With these bytes as its body.
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = Some(bytes.into());
        self
    }

    /// With one more header.
    pub fn header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        let name = name.as_ref().to_ascii_lowercase();
        self.headers.retain(|(given, _)| *given != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The event's id, in a header or in a field of the JSON body, wherever the sender has it.
    ///
    /// Without it, an id that stands in a header is made from the body, so that another body is
    /// another event; and an id in the body is what stands there.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The event's type, in a header or in a field of the JSON body, wherever the sender has it.
    pub fn event_type(mut self, name: impl Into<String>) -> Self {
        self.event_type = Some(name.into());
        self
    }

    /// With this damage, so that the receiver rejects it.
    pub const fn tampered(self, tampering: Tampering) -> Self {
        self.tampered_at(tampering, 0)
    }

    /// The same; `which` chooses the place.
    pub(super) const fn tampered_at(mut self, tampering: Tampering, which: u64) -> Self {
        self.tampering = Some((tampering, which));
        self
    }

    pub(super) const fn has_id(&self) -> bool {
        self.id.is_some()
    }

    /// The request as the sender of `scheme` sends it at `now`.
    ///
    /// `key` is what the sender signs with: the shared secret, or its private key as
    /// [`TestKeys::sender`] gives it.
    ///
    /// # Errors
    ///
    /// - [`ConfigErrorKind::InvalidSecret`] if the key is not of the scheme's form.
    /// - [`ConfigErrorKind::MissingSetting`] if the scheme signs something that the request has not: a
    ///   header, or a field of the body.
    /// - [`ConfigErrorKind::InvalidScheme`] if the scheme cannot show the
    ///   [damage](Damage::shows_in).
    pub fn sign(
        &self,
        scheme: &Scheme,
        key: &Secret,
        now: Timestamp,
    ) -> Result<SignedRequest, ConfigError> {
        let Some((tampering, which)) = self.tampering else {
            return self.genuine(scheme, key, now);
        };
        let cannot = || {
            ConfigError::new(
                ConfigErrorKind::InvalidScheme,
                format!("`{}` cannot show this damage: {tampering}", scheme.sender()),
            )
        };
        if !tampering.shows_in(scheme) {
            return Err(cannot());
        }
        let time = tampering.time(scheme, now);
        let mut request = if tampering == Tampering::OtherKey {
            self.genuine(scheme, &TestKeys::foreign(scheme, which)?.sender(), time)?
        } else {
            self.genuine(scheme, key, time)?
        };
        tampering.tamper(&mut request, scheme, time, which).ok_or_else(cannot)?;
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
                "the value given to `json` has no JSON form: give it as `body`",
            )
        })?;
        let body = self.filled(given, scheme, time)?;
        let id = match &self.id {
            Some(id) => Cow::Borrowed(&**id),
            None => Cow::Owned(made_id(given)),
        };
        let mut headers = self.headers.clone();
        if let (Some(CompiledLocation::Header(name)), Some(event_type)) =
            (&scheme.event_type, &self.event_type)
        {
            headers.push((name.as_str().to_owned(), event_type.clone()));
        }
        if let Some(CompiledTimestamp::Header(name, _)) = &scheme.timestamp {
            headers.retain(|(given, _)| given != name.as_str());
        }
        let borrowed: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut signing = SigningRequest::new(&body).id(&id).timestamp(time).headers(&borrowed);
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&*self.target, public_query(scheme)),
        };
        if let Some(query) = query {
            signing = signing.query(query);
        }
        let mut signed = signing.request(scheme, key)?;
        let own = headers
            .into_iter()
            .filter(|(name, _)| signed.headers.iter().all(|(made, _)| made != name));
        let own: Vec<_> = own.collect();
        signed.headers.extend(own);
        Ok(SignedRequest {
            path: path.to_owned(),
            query: signed.query,
            headers: signed.headers,
            body: signed.body.into(),
        })
    }

    /// The body with what the sender puts into it beside its signature.
    fn filled<'b>(
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
        let mut document: Value = serde_json::from_slice(given).map_err(|_| unfit(scheme, ""))?;
        for (pointer, value) in fields {
            let slot = pointer.slot(&mut document);
            *slot.ok_or_else(|| unfit(scheme, pointer.as_shared()))? = value;
        }
        Ok(Cow::Owned(document.to_string().into_bytes()))
    }
}

impl fmt::Debug for WebhookRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("id", &self.id)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .field("damage", &self.tampering)
            .finish_non_exhaustive()
    }
}

fn unfit(scheme: &Scheme, pointer: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::MissingSetting,
        format!(
            "`{}` has a field `{pointer}` in a JSON body: give one where it fits",
            scheme.sender()
        ),
    )
}

/// The same for the same body, another for another.
fn made_id(body: &[u8]) -> String {
    let mut digest = hex(&sha256(body));
    digest.truncate(24);
    format!("test_{digest}")
}

/// The query of the public URL, where that is signed.
fn public_query(scheme: &Scheme) -> Option<&str> {
    match &scheme.content {
        Some(Content::UrlAndForm(url)) => url.query(),
        _ => None,
    }
}

/// A name or value of `application/x-www-form-urlencoded`
/// ([WHATWG URL](https://url.spec.whatwg.org/#application/x-www-form-urlencoded)).
fn form_text(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => written.push('+'),
            b'*' | b'-' | b'.' | b'_' => written.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => written.push(char::from(byte)),
            byte => {
                written.push('%');
                written.push_str(&hex(&[byte]).to_ascii_uppercase());
            }
        }
    }
    written
}
