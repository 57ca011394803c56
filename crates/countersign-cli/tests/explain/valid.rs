//! Valid requests from every sender, with many bodies, and the questions about them.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::{Algorithm, Encoding, Scheme, SigningRequest, TimestampLocation};
use countersign::senders::{self, SenderSpec};
use countersign::{Secret, Timestamp};
use countersign_cli::error::CliError;
use countersign_cli::explain::{Explanation, Question, explain};
use countersign_cli::request::Captured;
use countersign_cli::sender::{SenderChoice, Settings};
use serde::Deserialize;

/// The time at which every request is sent and verified, unless the time is what is broken.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_770_000_000);

/// The URL to which every sender delivers.
pub(crate) const URL: &str = "https://hooks.example.com/in/webhook?tenant=a%20b&v=2";

/// Senders that sign the raw body.
pub(crate) const RAW: &[&str] = &[
    "github",
    "stripe",
    "svix",
    "slack",
    "shopify",
    "standard-webhooks",
    "sanity",
    "hubspot",
    "paddle",
    "discord",
    "square",
    "typeform",
    "intercom",
    "zendesk",
    "box",
    "sendgrid",
    "clerk",
    "openai",
    "resend",
    "zoom",
    "razorpay",
    "pagerduty",
    "mux",
    "meta",
    "line",
    "gocardless",
    "dropbox",
    "adyen-platform",
    "gitlab-signed",
    "shopify-events",
    "standard-webhooks-v1a",
    "hubspot-v2",
    "hubspot-v1",
    "discord-events",
];

/// Key pairs: the private key and the public key.
const ED25519: [&str; 2] = [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
];
const V1A: [&str; 2] = [
    "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
    "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g=",
];
/// The key pair whose scalar has the value one in each byte.
const P256: [&str; 2] = [
    "MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ==",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEb/A7lJJBzh2t1DUZ5pYOCoW0GmmgXDKBA6orzhWUyhY8T3U6Vb8B3FP2wLDH7ueLQMb/fSWpbiKCuYnO9xwUSg==",
];

/// One seed gives one run of numbers (xorshift).
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % end
    }

    pub(crate) fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_be_bytes()[2]).collect()
    }

    fn letters(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        (0..length).map(|_| char::from(*self.pick(LETTERS))).collect()
    }
}

#[derive(Deserialize)]
struct Documents {
    documents: Vec<Document>,
}

/// One document as serialized by several libraries.
#[derive(Deserialize)]
pub(crate) struct Document {
    pub(crate) prints: std::collections::BTreeMap<String, String>,
    pub(crate) sorted: std::collections::BTreeMap<String, String>,
}

static DOCUMENTS: LazyLock<Vec<Document>> = LazyLock::new(|| {
    let file: Documents = serde_json::from_str(include_str!("documents.json")).unwrap();
    file.documents
});

pub(crate) fn document(rng: &mut Rng) -> &'static Document {
    rng.pick(&DOCUMENTS)
}

/// A sender's request before it is signed.
pub(crate) struct Recipe {
    pub(crate) sender: SenderSpec,
    /// The key that the sender signs with.
    pub(crate) signing: String,
    /// The key that the receiver verifies with.
    pub(crate) secret: String,
    pub(crate) id: String,
    pub(crate) time: Timestamp,
    /// The text of the time, if not in the sender's format.
    pub(crate) written_time: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) url: String,
}

impl Recipe {
    pub(crate) fn new(sender: &str, rng: &mut Rng) -> Self {
        let sender = senders::find(sender).unwrap();
        let secret = secret_of(sender, rng);
        let signing = match sender.name() {
            "discord" | "discord-events" => ED25519[0].to_owned(),
            "standard-webhooks-v1a" => V1A[0].to_owned(),
            "sendgrid" => P256[0].to_owned(),
            _ => secret.clone(),
        };
        let body = body_of(sender, rng);
        let id = format!("msg_{}", rng.letters(20));
        Self {
            sender,
            signing,
            secret,
            id,
            time: NOW,
            written_time: None,
            body,
            url: URL.to_owned(),
        }
    }

    pub(crate) fn one_of(rng: &mut Rng, names: &[&str]) -> Self {
        let name = *rng.pick(names);
        Self::new(name, rng)
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.sender.example_config().with_public_url(self.url.clone()).scheme().unwrap()
    }

    /// Signs the request as the sender does.
    pub(crate) fn send(self) -> Case {
        let scheme = self.scheme();
        self.send_by(&scheme)
    }

    pub(crate) fn send_by(self, scheme: &Scheme) -> Case {
        let time =
            match (scheme.timestamp().map(|timestamp| timestamp.location), &self.written_time) {
                (Some(TimestampLocation::Header(name)), Some(text)) => Some((name, text.as_str())),
                _ => None,
            };
        let own: Vec<_> = time.into_iter().collect();
        let unsigned =
            SigningRequest::new(&self.body).id(&self.id).timestamp(self.time).headers(&own);
        let signed =
            unsigned.request(scheme, &Secret::new(self.signing.as_str()).unwrap()).unwrap();
        let mut hidden = vec![self.secret.clone(), self.signing.clone()];
        let mut headers = vec![
            ("host".to_owned(), "hooks.example.com".to_owned()),
            ("user-agent".to_owned(), "sender/1.0".to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        headers.extend(signed.headers);
        for (_, value) in headers.iter().skip(3) {
            hidden.extend(right_signatures(value));
        }
        let target = match &signed.query {
            Some(query) => format!("{}?{query}", self.url.split('?').next().unwrap()),
            None => self.url.clone(),
        };
        Case {
            sender: Some(self.sender.name().to_owned()),
            custom: None,
            secrets: vec![("default".to_owned(), self.secret.into_bytes())],
            others: Vec::new(),
            settings: Settings {
                url: Some(self.url),
                header: self.sender.requires_header().then(|| "x-of-your-choice".to_owned()),
                encoding: self.sender.requires_encoding().then_some(Encoding::Hex),
                ..Settings::default()
            },
            request: Captured {
                method: "POST".to_owned(),
                url: Some(target),
                headers,
                body: signed.body,
            },
            now: NOW,
            hidden,
        }
    }
}

/// Returns the signatures in a header value, in every encoding.
fn right_signatures(value: &str) -> Vec<String> {
    let pieces = value.split([' ', ',', ';']).map(|piece| {
        let named = piece.split_once('=').filter(|(name, _)| name.len() < 8);
        named.map_or(piece, |(_, text)| text)
    });
    let mut list = Vec::new();
    for piece in pieces.filter(|piece| piece.len() >= 27) {
        list.push(piece.to_owned());
        let bytes = STANDARD.decode(piece).ok().filter(|_| piece.len() != 64 && piece.len() != 40);
        let digits = |at: usize| u8::from_str_radix(piece.get(at..at + 2)?, 16).ok();
        let bytes = bytes.or_else(|| (0..piece.len()).step_by(2).map(digits).collect());
        if let Some(bytes) = bytes {
            list.push(STANDARD.encode(&bytes));
            list.push(bytes.iter().map(|byte| format!("{byte:02x}")).collect());
        }
    }
    list
}

fn secret_of(sender: SenderSpec, rng: &mut Rng) -> String {
    match sender.name() {
        "adyen" | "adyen-platform" => {
            rng.bytes(32).iter().map(|byte| format!("{byte:02X}")).collect()
        }
        "discord" | "discord-events" => ED25519[1].to_owned(),
        "standard-webhooks-v1a" => V1A[1].to_owned(),
        "sendgrid" => P256[1].to_owned(),
        "stripe" => format!("whsec_{}", rng.letters(32)),
        _ => match sender.example_config().with_public_url(URL).scheme().unwrap().algorithm() {
            Algorithm::HmacSha256 if wants_base64(sender) => {
                format!("whsec_{}", STANDARD.encode(rng.bytes(32)))
            }
            _ => rng.letters(36),
        },
    }
}

fn wants_base64(sender: SenderSpec) -> bool {
    ["svix", "clerk", "resend", "openai", "standard-webhooks", "gitlab-signed"]
        .contains(&sender.name())
}

fn body_of(sender: SenderSpec, rng: &mut Rng) -> Vec<u8> {
    let number = rng.below(1_000_000);
    match sender.name() {
        "adyen" => format!(
            r#"{{"live":"false","notificationItems":[{{"NotificationRequestItem":{{"additionalData":{{}},"amount":{{"currency":"EUR","value":{number}}},"eventCode":"AUTHORISATION","merchantAccountCode":"Shop","merchantReference":"order: é/{number}","pspReference":"79140733{number}","success":"true"}}}}]}}"#
        ),
        "linear" => format!(
            r#"{{"action":"create","type":"Issue","data":{{"title":"Fix / é #{number}"}},"webhookTimestamp":{}}}"#,
            NOW.as_millis()
        ),
        "twilio" => form(rng),
        _ => document(rng).prints["node"].clone(),
    }
    .into_bytes()
}

/// A form as serialized by a browser.
pub(crate) fn form(rng: &mut Rng) -> String {
    let number = rng.below(1_000_000);
    let text = rng.pick(&["hello+there", "caf%C3%A9+%26+more", "50%25+off%21", "a%2Fb+%40c"]);
    format!("MessageSid=SM{number}&From=%2B4930{number}&To=%2B15550100&Body={text}&NumMedia=0")
}

/// A question about a request.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) sender: Option<String>,
    pub(crate) custom: Option<Scheme>,
    pub(crate) secrets: Vec<(String, Vec<u8>)>,
    /// Other secrets that may have been used by mistake.
    pub(crate) others: Vec<(String, Vec<u8>)>,
    pub(crate) settings: Settings,
    pub(crate) request: Captured,
    pub(crate) now: Timestamp,
    /// Texts that no explanation may contain.
    pub(crate) hidden: Vec<String>,
}

impl Case {
    pub(crate) fn sender(&self) -> &str {
        self.sender.as_deref().unwrap_or("(guessed)")
    }

    pub(crate) fn secret(&mut self, secret: impl Into<Vec<u8>>) {
        self.secrets[0].1 = secret.into();
        self.hidden.push(String::from_utf8_lossy(&self.secrets[0].1).into_owned());
    }

    pub(crate) fn value(&mut self, header: &str) -> &mut String {
        let found = self.request.headers.iter_mut().find(|(name, _)| name == header);
        &mut found.unwrap_or_else(|| panic!("no {header}")).1
    }

    /// The header of the signature, which is the last one.
    pub(crate) fn signature(&mut self) -> &mut (String, String) {
        self.request.headers.last_mut().unwrap()
    }

    /// Explains the request.
    pub(crate) fn try_explain(&self) -> Result<Explanation, CliError> {
        let named = |secrets: &[(String, Vec<u8>)]| -> Vec<_> {
            let own = |(name, secret): &(String, Vec<u8>)| (name.clone(), secret.clone().into());
            secrets.iter().map(own).collect()
        };
        let own = self.custom.clone().map(|scheme| SenderChoice::Scheme(Box::new(scheme)));
        let known = self.sender.as_deref().map(|name| SenderChoice::named(name).unwrap());
        explain(&Question {
            request: &self.request,
            secrets: &named(&self.secrets),
            others: &named(&self.others),
            sender: own.or(known).as_ref(),
            settings: &self.settings,
            now: self.now,
        })
    }

    /// Explains the request, and checks that no hidden text is printed.
    pub(crate) fn explain(&self) -> Explanation {
        let explanation = self.try_explain().unwrap();
        let printed = serde_json::to_string(&explanation).unwrap().to_lowercase();
        let secrets = self.secrets.iter().chain(&self.others);
        let secrets = secrets.map(|(_, secret)| String::from_utf8_lossy(secret).into());
        for hidden in self.hidden.iter().cloned().chain(secrets) {
            let core = hidden.trim().trim_start_matches("whsec_").to_lowercase();
            assert!(
                core.len() < 8 || !printed.contains(&core),
                "{}: prints a secret: {printed}",
                self.sender()
            );
            // A part of 12 characters is not printed either.
            let core: Vec<char> = core.chars().collect();
            for part in core.windows(12) {
                let part: String = part.iter().collect();
                assert!(!printed.contains(&part), "{}: prints a part: {printed}", self.sender());
            }
        }
        explanation
    }
}
