//! Makes requests, correctly signed or forged, without the crate's own signing.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::senders::{self, ConfiguredSender, SenderConfig};
use countersign::{
    ConfigError, Delivery, Headers, Receiver, Rejection, RejectionKind, Secret, Timestamp,
};
use ed25519_dalek::Signer as _;
use hmac::Hmac;
use p256::ecdsa;
use p256::pkcs8::DecodePrivateKey as _;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::bytes::{fields, form, hex, hmac, is_printable, sign_in_body, unhex};
use crate::loosened::Setting;
use crate::shape::{Around, Body, Key, Made, Shape, Text, Time, Unit};

pub(crate) const NOW: u64 = 1_700_000_000;
pub(crate) const URL: &str = "https://example.com/hooks/one";

/// Key pairs on P-256, private key and public, made for these tests.
const P256: [(&str, &str); 2] = [
    (
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguMPVyHIP84p8Wz5SDp4ABL0bIA139dhl3dsaJQOcstehRANCAATeM3rWIniOUAMuOZr3+UrssZsGsYhTXpVW5DXi5gDVGNIXYeEsycPkcuNnE9ETGfXLH9pLc0kiA6SqXVZKXVjL",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3jN61iJ4jlADLjma9/lK7LGbBrGIU16VVuQ14uYA1RjSF2HhLMnD5HLjZxPRExn1yx/aS3NJIgOkql1WSl1Yyw==",
    ),
    (
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIPtx55dsQonOmguQWqrMHRr4KOx7/48XqL7+9obNSiuhRANCAARjGZBER1Bg/i6ZxOvNA7TA3kT3hqQAhxNo6hbWpbrtwWF+sodDDfidNR1VgjWeMlqGzXQPulxWeX2d9VY4f5VO",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYxmQREdQYP4umcTrzQO0wN5E94akAIcTaOoW1qW67cFhfrKHQw34nTUdVYI1njJahs10D7pcVnl9nfVWOH+VTg==",
    ),
];

/// The owner of the key that signs a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum By {
    Own,
    Stranger,
}

/// The content of a request; a mutation may change any of it before the request is made.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) shape: Shape,
    pub(crate) id: String,
    /// The text of the timestamp.
    pub(crate) time: String,
    pub(crate) query: String,
    pub(crate) body: Vec<u8>,
    /// The text of the signature, without the grammar around it.
    pub(crate) signature: String,
}

/// A request as the receiver gets it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) query: String,
    pub(crate) body: Vec<u8>,
}

impl Headers for Request {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.headers.each(visit);
    }

    fn query(&self) -> Option<&str> {
        Some(&self.query)
    }
}

impl Shape {
    /// The 32 bytes from which a sender's key is made; each sender has its own.
    fn seed(&self, by: By) -> [u8; 32] {
        Sha256::digest(format!("{by:?} of {}", self.name)).into()
    }

    /// The key of the MAC.
    pub(crate) fn key_bytes(&self, by: By) -> Vec<u8> {
        match self.key {
            Key::Text => self.secret(by).into_bytes(),
            Key::Hex | Key::Base64(_) => self.seed(by).to_vec(),
        }
    }

    /// The key that the operator configures.
    pub(crate) fn secret(&self, by: By) -> String {
        let public = match self.made {
            Made::Ed25519 => {
                ed25519_dalek::SigningKey::from_bytes(&self.seed(by)).verifying_key().to_bytes()
            }
            Made::P256 => return P256[by as usize].1.to_owned(),
            _ => self.seed(by),
        };
        match self.key {
            Key::Text => format!("{by:?} secret of {}", self.name),
            Key::Hex => hex(&public),
            Key::Base64(prefix) => format!("{prefix}{}", STANDARD.encode(public)),
        }
    }

    /// The key that the sender signs with, in the form that the crate's own signing needs.
    pub(crate) fn signing_secret(&self, by: By) -> String {
        match (self.made, self.key) {
            (Made::P256, _) => P256[by as usize].0.to_owned(),
            (Made::Ed25519, Key::Hex) => hex(&self.seed(by)),
            (Made::Ed25519, Key::Base64(_)) => format!("whsk_{}", STANDARD.encode(self.seed(by))),
            _ => self.secret(by),
        }
    }

    /// The sender's configuration without its keys.
    pub(crate) fn config(&self) -> SenderConfig {
        let name = match self.setting {
            Setting::Own(spec) => return spec.example_config().with_public_url(self.url),
            Setting::Strict => self.name,
            Setting::SeparatorInId(name)
            | Setting::Method(name, _)
            | Setting::Url(name)
            | Setting::Report(name) => name,
        };
        let config = senders::find(name).unwrap().example_config().with_public_url(self.url);
        match self.setting {
            Setting::SeparatorInId(_) => config.with_separator_in_id(),
            Setting::Method(_, method) => config.with_method(method),
            _ => config,
        }
    }

    /// This sender, configured with `secret`.
    pub(crate) fn known(&self, secret: &str) -> Result<ConfiguredSender, ConfigError> {
        self.config().keys(Secret::new(secret)?)
    }

    pub(crate) fn receiver(&self) -> Receiver {
        Receiver::new(self.known(&self.secret(By::Own)).unwrap())
    }

    /// A timestamp in this sender's format.
    pub(crate) fn written(&self, millis: u64) -> String {
        match self.unit {
            Unit::Seconds => (millis / 1000).to_string(),
            Unit::Millis => millis.to_string(),
            Unit::Rfc3339 => {
                let time = OffsetDateTime::from_unix_timestamp((millis / 1000) as i64).unwrap();
                time.format(&Rfc3339).unwrap()
            }
        }
    }

    /// A body of this sender, with this timestamp if the sender has it in the body.
    pub(crate) fn usual_body(&self, time: &str, nonce: usize) -> Vec<u8> {
        let is_report = matches!(self.setting, Setting::Report(_));
        let json = match self.body {
            Body::Form => {
                return format!("Body=caf%C3%A9+%2B1&From=%2B14158675309&n={nonce}").into();
            }
            Body::Query => return Vec::new(),
            Body::Json => json!({"id": "evt_1", "event": "a.b", "list": [1, 2], "n": nonce}),
            Body::Timed => {
                let time: Value = serde_json::from_str(time).unwrap_or_else(|_| time.into());
                json!({"type": "Issue", "webhookTimestamp": time, "n": nonce})
            }
            Body::Adyen => json!({"live": "false", "notificationItems": [
                {"NotificationRequestItem": {
                    "additionalData": {},
                    "amount": {"currency": "EUR", "value": 1130},
                    "eventCode": if is_report { "REPORT_AVAILABLE" } else { "AUTHORISATION" },
                    "merchantAccountCode": "TestMerchant",
                    "merchantReference": if is_report { "" } else { "INV:42" },
                    "pspReference": if is_report {
                        format!("report_{nonce}_2023-11-14T22:13:20.csv")
                    } else {
                        format!("79140733813{nonce}")
                    },
                    "success": "true"
                }}
            ]}),
        };
        json.to_string().into_bytes()
    }

    /// A valid delivery at `NOW`.
    pub(crate) fn good(&self) -> Plan {
        self.nth(0)
    }

    /// One of many different valid deliveries.
    pub(crate) fn nth(&self, nonce: usize) -> Plan {
        let time = self.written(NOW * 1000);
        let body = self.usual_body(&time, nonce);
        let mut plan = self.plan(&time, body);
        if self.body == Body::Query {
            plan.query = self.query_event(nonce);
        }
        plan.signed(By::Own)
    }

    /// The query of one of many different events, where the query is the event.
    fn query_event(&self, nonce: usize) -> String {
        match self.body {
            Body::Query => format!("CallSid=CA{nonce}&From=%2B14158675309"),
            _ => String::new(),
        }
    }

    /// The first valid delivery whose signature has this property.
    pub(crate) fn with_signature(&self, wanted: impl Fn(&str) -> bool) -> Option<Plan> {
        (0..200).map(|nonce| self.nth(nonce)).find(|plan| wanted(&plan.signature))
    }

    /// A correctly signed delivery of this body.
    pub(crate) fn plan(&self, time: &str, body: impl Into<Vec<u8>>) -> Plan {
        let url_query = self.url.split_once('?').map(|(_, query)| query.to_owned());
        let query = url_query.unwrap_or_else(|| self.query_event(0));
        let plan = Plan {
            shape: *self,
            id: self.event_id.to_owned(),
            time: time.to_owned(),
            query,
            body: body.into(),
            signature: String::new(),
        };
        plan.signed(By::Own)
    }

    pub(crate) fn written_signature(&self, bytes: &[u8]) -> String {
        match self.text {
            Text::Hex => hex(bytes),
            Text::Base64 => STANDARD.encode(bytes),
            Text::UrlUnpadded => URL_SAFE_NO_PAD.encode(bytes),
            Text::Plain => String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// The rejection of a request with this wrong signature.
    pub(crate) fn rejection_of(&self, signature: &str) -> RejectionKind {
        let bytes = match self.text {
            Text::Plain => Some(vec![0; 32]).filter(|_| is_printable(signature)),
            Text::Hex => unhex(signature),
            Text::Base64 => STANDARD.decode(signature).ok(),
            Text::UrlUnpadded => URL_SAFE_NO_PAD.decode(signature).ok(),
        };
        let lengths = match self.made {
            _ if self.body == Body::Adyen => 1..=72,
            Made::Token => 0..=usize::MAX,
            Made::HmacSha256 | Made::PrefixedSha256 => 32..=32,
            Made::HmacSha1 => 20..=20,
            Made::Ed25519 => 64..=64,
            Made::P256 => 8..=72,
        };
        match (bytes.filter(|bytes| lengths.contains(&bytes.len())), self.around) {
            (Some(_), _) if signature.is_empty() => RejectionKind::MissingHeader,
            (Some(_), _) => RejectionKind::SignatureMismatch,
            (None, Around::Body) => RejectionKind::MissingSignature,
            (None, Around::Prefix("")) if signature.is_empty() => RejectionKind::MissingHeader,
            (None, _) => RejectionKind::MalformedHeader,
        }
    }

    /// The text between two pairs, as the sender writes it.
    pub(crate) fn joint(&self, separator: char) -> String {
        format!("{separator}{}", if self.allows_white_space { " " } else { "" })
    }

    /// The value of the header with these signatures.
    pub(crate) fn value(&self, time: &str, signatures: &[&str]) -> String {
        let many = |joint: &str, before: &str| {
            let items: Vec<_> = signatures.iter().map(|text| format!("{before}{text}")).collect();
            items.join(joint)
        };
        match self.around {
            Around::Body => String::new(),
            Around::Prefix(prefix) => many("", prefix),
            Around::Versioned(version) => many(" ", &format!("{version},")),
            Around::Pairs(joint, name, signature) => {
                let joint = self.joint(joint);
                let signatures = many(&joint, &format!("{signature}="));
                let time = name.map(|name| format!("{name}={time}{joint}"));
                time.unwrap_or_default() + &signatures
            }
        }
    }
}

impl Plan {
    /// The bytes that this sender signs.
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut message = Vec::new();
        let mut rest = self.shape.signs;
        while let Some((literal, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap();
            message.extend_from_slice(literal.as_bytes());
            match name {
                "id" => message.extend_from_slice(self.id.as_bytes()),
                "t" => message.extend_from_slice(self.time.as_bytes()),
                "body" => message.extend_from_slice(&self.body),
                "url" => message.extend_from_slice(self.shape.url.as_bytes()),
                "query" => message.extend_from_slice(self.query.as_bytes()),
                "form" => message.extend(form(&self.body)),
                "fields" => message.extend(fields(&self.body)),
                name => panic!("{name}"),
            }
            rest = after;
        }
        message.extend_from_slice(rest.as_bytes());
        message
    }

    /// The signature of `message`.
    pub(crate) fn sign(&self, by: By, message: &[u8]) -> String {
        let shape = &self.shape;
        let key = shape.key_bytes(by);
        let bytes = match shape.made {
            Made::Token => key,
            Made::HmacSha256 => hmac::<Hmac<Sha256>>(&key, message),
            Made::HmacSha1 => hmac::<Hmac<Sha1>>(&key, message),
            Made::PrefixedSha256 => Sha256::digest([&key, message].concat()).to_vec(),
            Made::Ed25519 => {
                let key = ed25519_dalek::SigningKey::from_bytes(&shape.seed(by));
                key.sign(message).to_bytes().to_vec()
            }
            Made::P256 => {
                let der = STANDARD.decode(P256[by as usize].0).unwrap();
                let key = ecdsa::SigningKey::from_pkcs8_der(&der).unwrap();
                let signature: ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
        };
        shape.written_signature(&bytes)
    }

    pub(crate) fn signed(mut self, by: By) -> Self {
        self.signature = self.sign(by, &self.message());
        self
    }

    /// Replaces the signature.
    pub(crate) fn under(mut self, signature: impl Into<String>) -> Self {
        self.signature = signature.into();
        self
    }

    /// Replaces the body and keeps the signature.
    pub(crate) fn carrying(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn request(&self) -> Request {
        self.request_with(self.shape.value(&self.time, &[&self.signature]))
    }

    /// The request with this value in the signature's header.
    pub(crate) fn request_with(&self, value: impl AsRef<[u8]>) -> Request {
        let shape = &self.shape;
        let mut headers = vec![("content-type".to_owned(), b"application/json".to_vec())];
        let mut push = |name: &str, value: &[u8]| headers.push((name.to_owned(), value.to_vec()));
        if let Some(name) = shape.id {
            push(name, self.id.as_bytes());
        }
        if let Time::Header(name) = shape.time {
            push(name, self.time.as_bytes());
        }
        shape.fixed.iter().for_each(|(name, value)| push(name, value.as_bytes()));
        let mut body = self.body.clone();
        match shape.around {
            Around::Body => sign_in_body(&mut body, &self.signature),
            _ => push(shape.header, value.as_ref()),
        }
        Request { headers, query: self.query.clone(), body }
    }
}

impl Request {
    pub(crate) fn position(&self, name: &str) -> usize {
        self.headers.iter().position(|(own, _)| own == name).unwrap()
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| own != name);
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn instead(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).with(name, value)
    }

    /// The result of verification; the same whether the body is buffered or streamed.
    pub(crate) fn verdict(
        &self,
        receiver: &Receiver,
        now: Timestamp,
    ) -> Result<Delivery, Rejection> {
        let verdict = receiver.verify(self, self.body.clone(), now);
        let pieces = || {
            let mut verifier = receiver.open(self, now)?;
            self.body.chunks(7).try_for_each(|piece| verifier.update(piece.to_vec()))?;
            verifier.finalize()
        };
        let kind =
            |verdict: &Result<Delivery, Rejection>| verdict.as_ref().err().map(Rejection::kind);
        assert_eq!(kind(&pieces()), kind(&verdict), "in pieces");
        verdict
    }
}
