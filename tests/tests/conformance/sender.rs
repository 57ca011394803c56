//! The senders, their keys, and the configuration of the receiver.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::ainexlayer::AiNexLayer;
use countersign::omniai::OmniAi;
use countersign::scheme::{
    Algorithm, BodyFormat, Encoding, Field, Part, Scheme, SchemeBuilder, SignatureLocation,
    TimestampFormat,
};
use countersign::senders::{Challenge, Handshake};

use countersign::testing::TestKeys;
use countersign::{
    Contract, Custom, Key, Keyring, Receiver, ReceiverBuilder, Secret, StandardWebhooks, Timestamp,
    senders,
};

use crate::routes::Others;
use crate::tenants::Resolver;

/// The time of all cases.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sender {
    /// Signs id, timestamp and body.
    StandardWebhooks,
    /// Sends a static secret; only 200 is a success.
    OmniAi,
    /// Signs the body, which has a timestamp.
    AiNexLayer,
    /// Signs a field of the body; the signature is in the body too.
    Fields,
    /// A sender of the catalogue, by its name.
    Known(&'static str),
    /// A custom scheme: `t=…,v1=…` in one header.
    Pairs,
    /// A custom scheme whose bodies are JSON or forms of every kind.
    Forms,
    /// A custom sender that signs nothing, with this handshake.
    Unsigned(Challenge),
    /// A custom scheme with white space: `t=…, v1=…` in one header.
    SpacedPairs,
    /// A custom scheme: `sha256=…, t=…` in one header, over the body and the time.
    BodyThenTime,
    /// Standard Webhooks with dots in ids.
    DotsInIds,
    /// A custom scheme: id, time and body without separators.
    FixedIds,
    /// Signs fields of the body, of which the event decides which may hold the separator.
    /// Signs the plain body, which may be sent as gzip.
    Gzip,
    Reports,
}

/// The secrets that the callback of a handshake has received.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<Vec<String>>>);

impl Secrets {
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn callback(&self) -> impl FnOnce(Secret) + Send + 'static {
        let secrets = self.clone();
        move |secret| {
            let text = String::from_utf8(secret.expose().to_vec()).unwrap();
            secrets.0.lock().unwrap().push(text);
        }
    }
}

/// A secret by its role.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum By {
    New,
    Old,
    Stranger,
}

/// The first key pair of RFC 8032 section 7.1, for senders that sign with Ed25519.
const PRIVATE_KEY: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC_KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/// The receiver's keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ring {
    New,
    /// During a rotation: both are valid.
    OldAndNew,
    /// After a rotation: the old key is expired.
    ExpiredAndNew,
    OnlyExpired,
    NotYet,
}

/// The receiver's configuration, where it differs from the sender's defaults.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) ring: Ring,
    pub(crate) dedup: bool,
    /// The endpoint's name, unless there are many tenants.
    pub(crate) endpoint: Option<&'static str>,
    /// The declared event types; only with [`Sender::Known`].
    pub(crate) event_types: Option<&'static [&'static str]>,
    /// The public URL and the method, for a sender of the catalogue.
    pub(crate) public_url: Option<&'static str>,
    pub(crate) method: Option<&'static str>,
    /// The token of the sender's handshake.
    pub(crate) verify_token: Option<&'static str>,
    /// Whether unsigned handshakes get a response.
    pub(crate) answers_unsigned: bool,
    /// Whether there is a callback for the secret of a handshake.
    pub(crate) on_secret: bool,
    /// Whether the receiver has no keys, since the handshake brings the secret.
    pub(crate) handshake_only: bool,
    /// The origin that may deliver.
    pub(crate) origin: Option<&'static str>,
    /// The key resolver, if there are many tenants; only with [`Sender::StandardWebhooks`].
    pub(crate) tenants: Option<Resolver>,
    /// The capacity of the store, in events.
    pub(crate) capacity: usize,
    pub(crate) max_body_size: Option<usize>,
    pub(crate) body_timeout: Option<Duration>,
    pub(crate) response_deadline: Option<Duration>,
    pub(crate) store_timeout: Option<Duration>,
    pub(crate) lease: Option<Duration>,
    pub(crate) handler_timeout: Option<Duration>,
    /// Whether a middleware consumes the body before the adapter.
    pub(crate) consume_body: bool,
    /// The largest body that a middleware in front of the adapter lets through.
    pub(crate) limit_in_front: Option<usize>,
    /// Routes events by name, with this for those that no route takes.
    pub(crate) others: Option<Others>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ring: Ring::New,
            dedup: true,
            endpoint: Some("hooks"),
            event_types: None,
            public_url: None,
            method: None,
            verify_token: None,
            answers_unsigned: false,
            on_secret: false,
            handshake_only: false,
            origin: None,
            tenants: None,
            capacity: 100,
            max_body_size: None,
            body_timeout: None,
            response_deadline: None,
            store_timeout: None,
            lease: None,
            handler_timeout: None,
            consume_body: false,
            limit_in_front: None,
            others: None,
        }
    }
}

impl Sender {
    /// A body that is valid for every sender.
    pub(crate) fn body(event: u32) -> Vec<u8> {
        format!(
            r#"{{"event":"lead.created","type":"ping","id":"evt_{event}","timestamp":1700000000,"data":{{"leadId":"{event}"}}}}"#
        )
        .into_bytes()
    }

    pub(crate) fn receiver(self, config: &Config, secrets: &Secrets) -> ReceiverBuilder {
        let keys = config.ring.keys();
        let receiver = match self {
            Self::StandardWebhooks => {
                let sender = StandardWebhooks::new(keys).unwrap();
                let contract = config.contract(&sender);
                Receiver::builder(sender.with_contract(contract))
            }
            Self::OmniAi => {
                let sender = OmniAi::new("x-webhook-secret", keys).unwrap();
                let contract = config.contract(&sender);
                Receiver::builder(sender.with_contract(contract))
            }
            Self::AiNexLayer => {
                let builder = AiNexLayer::builder(keys)
                    .signature_header("x-signature")
                    .encoding(Encoding::Hex)
                    .prefix("sha256=");
                let sender = builder.assumed_envelope().build().unwrap();
                let contract = config.contract(&sender);
                Receiver::builder(sender.with_contract(contract))
            }
            Self::Fields => {
                let field = Field::new("/id");
                let scheme =
                    Scheme::hmac_sha256_of_fields("fields", "/signature", Encoding::Hex, [field]);
                let sender = Custom::new(scheme.build().unwrap(), keys).unwrap();
                let contract = config.contract(&sender);
                Receiver::builder(sender.with_contract(contract))
            }
            Self::Known(name) => {
                let mut sender = senders::find(name).unwrap().config();
                if senders::find(name).unwrap().requires_public_url() {
                    sender = sender.with_public_url("https://example.com/hook");
                }
                if let Some(token) = config.verify_token {
                    sender = sender.with_verify_token(Secret::new(token).unwrap());
                }
                if let Some(types) = config.event_types {
                    sender = sender.with_event_types(types.iter().copied());
                }
                if config.answers_unsigned {
                    sender = sender.answer_unsigned_handshakes();
                }
                if config.on_secret {
                    sender = sender.on_secret(secrets.callback());
                }
                if senders::find(name).unwrap().requires_public_url() {
                    sender = sender.with_public_url("https://example.com/hook");
                }
                if let Some(url) = config.public_url {
                    sender = sender.with_public_url(url);
                }
                if let Some(method) = config.method {
                    sender = sender.with_method(method);
                }
                let scheme = sender.scheme().unwrap();
                let keys = match scheme.algorithm() {
                    Algorithm::Ed25519 => Secret::new(PUBLIC_KEY).unwrap().into(),
                    Algorithm::EcdsaP256 => TestKeys::new(&scheme, 1).unwrap().receiver().into(),
                    _ => keys,
                };
                let sender = match config.handshake_only {
                    true => sender.handshake_only().unwrap(),
                    false => sender.keys(keys).unwrap(),
                };
                let contract = config.contract(&sender);
                Receiver::builder(sender.with_contract(contract))
            }
            Self::Unsigned(challenge) => {
                let mut handshake = Handshake::new(challenge);
                if config.answers_unsigned {
                    handshake = handshake.answer_unsigned_handshakes();
                }
                if let Some(token) = config.verify_token {
                    handshake = handshake.with_token(&Secret::new(token).unwrap());
                }
                if let Some(origin) = config.origin {
                    handshake = handshake.allow_origin(origin);
                }
                let scheme = Scheme::danger_unauthenticated("acme").build().unwrap();
                let sender = Custom::danger_unauthenticated(scheme).unwrap();
                let sender = sender.with_handshake(handshake);
                let contract = config.contract(&sender);
                Receiver::builder(sender.with_contract(contract))
            }
            Self::Forms => {
                let signature = SignatureLocation::header("x-acme", Encoding::Hex);
                let scheme = Scheme::hmac_sha256("acme", signature)
                    .id_field("/id")
                    .body_formats([
                        BodyFormat::Json,
                        BodyFormat::form_json("payload"),
                        BodyFormat::Form,
                        BodyFormat::multipart_json("json"),
                        BodyFormat::Multipart,
                    ])
                    .build();
                let sender = Custom::new(scheme.unwrap(), keys).unwrap();
                let contract = config.contract(&sender);
                Receiver::builder(sender.with_contract(contract))
            }
            Self::Gzip => {
                let signature = SignatureLocation::header("x-signature", Encoding::Hex);
                let scheme =
                    Scheme::hmac_sha256("stream", signature).id_field("/id").gzip().build();
                let sender = Custom::new(scheme.unwrap(), keys).unwrap();
                let contract = config.contract(&sender);
                Receiver::builder(sender.with_contract(contract))
            }
            Self::Pairs => {
                let signature = SignatureLocation::header("x-acme", Encoding::Hex).pairs("v1");
                let scheme = Scheme::hmac_sha256("acme", signature)
                    .timestamp_pair("t", TimestampFormat::Seconds)
                    .signs([Part::Timestamp, Part::Literal(".".into()), Part::Body])
                    .id_field("/id")
                    .build();
                let sender = Custom::new(scheme.unwrap(), keys).unwrap();
                let contract = config.contract(&sender);
                Receiver::builder(sender.with_contract(contract))
            }
            Self::SpacedPairs | Self::BodyThenTime | Self::FixedIds | Self::Reports => {
                let sender = Custom::new(self.loosened().build().unwrap(), keys).unwrap();
                let contract = config.contract(&sender);
                Receiver::builder(sender.with_contract(contract))
            }
            Self::DotsInIds => {
                let sender = StandardWebhooks::with_dots_in_ids("standard-webhooks", keys).unwrap();
                let contract = config.contract(&sender);
                Receiver::builder(sender.with_contract(contract))
            }
        };
        let receiver = config.with_durations(receiver);
        match config.endpoint {
            Some(name) => receiver.endpoint(name),
            None => receiver,
        }
    }
}

impl Sender {
    /// A custom scheme whose grammar is loosened by a setting.
    fn loosened(self) -> SchemeBuilder {
        let header = || SignatureLocation::header("x-acme", Encoding::Hex);
        match self {
            Self::SpacedPairs => {
                Scheme::hmac_sha256("spaced", header().pairs("v1").allow_white_space())
                    .timestamp_pair("t", TimestampFormat::Millis)
                    .signs([Part::Timestamp, ".".into(), Part::Body])
                    .id_field("/id")
            }
            Self::BodyThenTime => {
                Scheme::hmac_sha256("ghost", header().pairs("sha256").allow_white_space())
                    .timestamp_pair("t", TimestampFormat::Millis)
                    .signs([Part::Body, Part::Timestamp])
                    .id_field("/id")
            }
            Self::FixedIds => Scheme::hmac_sha256("fixed", header().prefix("sha256="))
                .id_header("x-id")
                .id_length(5)
                .timestamp_header("x-time", TimestampFormat::Rfc3339)
                .signs([Part::Id, Part::Timestamp, Part::Body]),
            _ => {
                let fields = [
                    Field::new("/file").allow_any_text_for("/type", ["report"]),
                    Field::new("/id").allow_any_text(),
                    Field::new("/type"),
                ];
                Scheme::hmac_sha256_of_fields("reports", "/signature", Encoding::Hex, fields)
            }
        }
    }
}

impl By {
    pub(crate) fn secret(self) -> Secret {
        let text = match self {
            Self::New => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            Self::Old => "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            Self::Stranger => "whsec_plJ3nmyCDGBKInavdOK15jsl0000aaaa",
        };
        Secret::new(text).unwrap()
    }

    /// The key that a sender of this scheme signs with.
    pub(crate) fn signing(self, scheme: &Scheme) -> Secret {
        match scheme.algorithm() {
            Algorithm::Ed25519 => Secret::new(PRIVATE_KEY).unwrap(),
            Algorithm::EcdsaP256 => TestKeys::new(scheme, 1).unwrap().sender(),
            _ => self.secret(),
        }
    }
}

impl Ring {
    fn keys(self) -> Keyring {
        let second = Duration::from_secs(1);
        let new = || Key::new("new", By::New.secret());
        let old = || Key::new("old", By::Old.secret());
        let expired = || old().not_after(NOW.saturating_sub(second));
        Keyring::new(match self {
            Self::New => vec![new()],
            Self::OldAndNew => vec![old().not_after(NOW), new().not_before(NOW)],
            Self::ExpiredAndNew => vec![expired(), new()],
            Self::OnlyExpired => vec![expired()],
            Self::NotYet => vec![new().not_before(NOW.saturating_add(second))],
        })
        .unwrap()
    }
}

impl Config {
    fn contract(&self, sender: &impl countersign::senders::Sender) -> Contract {
        let own = sender.contract();
        Contract::builder()
            .success(own.success())
            .response_deadline(self.response_deadline.unwrap_or(own.response_deadline()))
            .retry_window(own.retry_window())
            .digest_retention(own.digest_retention())
            .max_body_size(self.max_body_size.unwrap_or(own.max_body_size()))
            .build()
            .unwrap()
    }

    pub(crate) fn with_durations(&self, mut receiver: ReceiverBuilder) -> ReceiverBuilder {
        if let Some(duration) = self.body_timeout {
            receiver = receiver.body_timeout(duration);
        }
        if let Some(duration) = self.store_timeout {
            receiver = receiver.store_timeout(duration);
        }
        if let Some(duration) = self.lease {
            receiver = receiver.lease(duration);
        }
        if let Some(duration) = self.handler_timeout {
            receiver = receiver.handler_timeout(duration);
        }
        receiver
    }
}
