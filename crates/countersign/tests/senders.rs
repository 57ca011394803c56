//! The catalogue against published vectors: one loop per file; a failure names the vector.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::{Algorithm, Encoding, SigningRequest, Tolerance};
use countersign::senders::{self, ConfiguredSender, FieldLocation, SenderConfig, SenderSpec};
use countersign::{ConfigError, Delivery, Headers, Receiver, Rejection, Secret, Timestamp};
use serde::Deserialize;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/");

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    sender: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    #[serde(default)]
    sender: String,
    secret: String,
    signing_key: Option<String>,
    url: Option<String>,
    method: Option<String>,
    /// The configured header, for a sender that does not document it.
    header: Option<String>,
    /// Whether the configured encoding is `hex` or `base64`, for a sender that does not document it.
    encoding: Option<String>,
    /// The configured prefix, for a sender that does not document it.
    prefix: Option<String>,
    tolerance: Option<u64>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_b64: Option<String>,
    now: u64,
    expect: String,
    /// Why our signing does not produce the vector, although we accept it.
    not_signed: Option<String>,
    /// Our result: `ok`, or the kind of the rejection or of the configuration error.
    ours: String,
    /// Why our result differs from the source's.
    why: Option<String>,
}

/// The headers and the query of a vector's request.
struct Head<'v>(&'v Vector);

impl Headers for Head<'_> {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.0.headers.each(visit);
    }

    fn query(&self) -> Option<&str> {
        Some(self.0.url.as_deref()?.split_once('?').map_or("", |(_, query)| query))
    }
}

impl Vector {
    fn body(&self) -> Vec<u8> {
        match (&self.body, &self.body_b64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(text)) => STANDARD.decode(text).unwrap(),
            (None, None) => Vec::new(),
        }
    }

    fn sender<'v>(&'v self, file: &'v str) -> SenderSpec {
        let name = if self.sender.is_empty() { file } else { &self.sender };
        senders::find(name).unwrap_or_else(|| panic!("{name} is not a sender"))
    }

    fn config(&self, sender: SenderSpec) -> SenderConfig {
        let mut config = sender.config();
        if let Some(url) = &self.url {
            config = config.with_public_url(url);
        }
        if let Some(secs) = self.tolerance {
            let duration = Duration::from_secs(secs);
            config = config.with_tolerance(Tolerance::new(duration, duration));
        }
        if let Some(header) = &self.header {
            config = config.with_header(header.clone());
        }
        config = match self.encoding.as_deref() {
            Some("hex") => config.with_encoding(Encoding::Hex),
            Some("base64") => config.with_encoding(Encoding::Base64),
            Some(other) => panic!("{}: unknown encoding {other}", self.name),
            None => config,
        };
        if self.encoding.is_some() {
            config = config
                .with_prefix(self.prefix.clone().unwrap_or_default())
                .with_event_type(FieldLocation::Absent)
                .with_event_id(FieldLocation::Absent)
                .with_time(FieldLocation::Absent);
        } else if let Some(prefix) = &self.prefix {
            config = config.with_prefix(prefix.clone());
        }
        match self.method.as_deref() {
            // Other senders do not sign the method, so a captured request is verified without it.
            Some("GET") if sender.methods().contains(&"GET") => config.with_method("GET"),
            _ => config,
        }
    }

    fn known(&self, sender: SenderSpec) -> Result<ConfiguredSender, ConfigError> {
        self.config(sender).keys(Secret::new(self.secret.as_str())?)
    }

    /// Verifies the vector, buffered and streaming, and checks that the results agree.
    fn verify(&self, known: ConfiguredSender) -> Result<Delivery, Rejection> {
        let (receiver, head) = (Receiver::new(known), Head(self));
        let (body, now) = (self.body(), Timestamp::from_secs(self.now));
        let streamed = receiver.open(&head, now).and_then(|mut verifier| {
            let (first, rest) = body.split_at(body.len() / 2);
            verifier.update(first.to_vec())?;
            verifier.update(rest.to_vec())?;
            verifier.finalize()
        });
        let buffered = receiver.verify(&head, body.clone(), now);
        let kind =
            |result: &Result<Delivery, Rejection>| result.as_ref().err().map(Rejection::kind);
        assert_eq!(kind(&streamed), kind(&buffered), "{}", self.name);
        buffered
    }

    /// `ok`, or the kind of the rejection or of the configuration error.
    fn result(&self, sender: SenderSpec) -> String {
        match self.known(sender) {
            Err(error) => format!("{:?}", error.kind()),
            Ok(known) => match self.verify(known) {
                Ok(_) => "ok".to_owned(),
                Err(rejection) => rejection.kind().as_str().to_owned(),
            },
        }
    }
}

fn files() -> Vec<PathBuf> {
    let folder = fs::read_dir(Path::new(VECTORS).join("senders")).unwrap();
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.push(Path::new(VECTORS).join("published.json"));
    files.sort();
    files
}

fn each_vector(mut visit: impl FnMut(SenderSpec, &Vector, &str)) {
    for path in files() {
        let file: File = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for vector in &file.vectors {
            let sender = vector.sender(&file.sender);
            let location = format!("{}, {}", path.file_name().unwrap().display(), vector.name);
            visit(sender, vector, &location);
        }
    }
}

#[test]
fn every_vector_has_its_expected_result() {
    each_vector(|sender, vector, location| {
        assert_eq!(vector.result(sender), vector.ours, "{location}");
        let agrees = (vector.ours == "ok") == (vector.expect == "ok");
        assert_ne!(
            agrees,
            vector.why.is_some(),
            "{location}: set `why` exactly if the results differ"
        );
    });
}

#[test]
fn signing_reproduces_every_accepted_vector() {
    let mut checked = 0;
    each_vector(|sender, vector, location| {
        if vector.result(sender) != "ok" || vector.not_signed.is_some() {
            return;
        }
        let scheme = vector.config(sender).scheme().unwrap();
        let is_public = matches!(scheme.algorithm(), Algorithm::Ed25519 | Algorithm::EcdsaP256);
        let key = match &vector.signing_key {
            Some(key) => key,
            None if is_public => return,
            None => &vector.secret,
        };
        let headers: Vec<_> =
            vector.headers.iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = vector.body();
        let mut unsigned = SigningRequest::new(&body).headers(&headers);
        if let Some(time) = vector.verify(vector.known(sender).unwrap()).unwrap().timestamp() {
            unsigned = unsigned.timestamp(time);
        }
        if let Some((_, query)) = vector.url.as_deref().and_then(|url| url.split_once('?')) {
            unsigned = unsigned.query(query);
        }
        let signed = unsigned.request(&scheme, &Secret::new(key.as_str()).unwrap()).unwrap();
        for (name, value) in signed.headers {
            // A list may hold signatures of several keys.
            for item in value.split([' ', ',', ';']) {
                assert!(
                    headers.iter().any(|(_, sent)| sent.contains(item)),
                    "{location}: {name}: {value}"
                );
            }
        }
        if signed.body != body {
            let json = |body: &[u8]| serde_json::from_slice::<serde_json::Value>(body).unwrap();
            assert_eq!(json(&signed.body), json(&body), "{location}");
        }
        checked += 1;
    });
    assert!(checked > 100, "{checked}");
}

#[test]
fn every_sender_has_a_vector_that_is_accepted() {
    for sender in senders::ALL {
        let file = Path::new(VECTORS).join("senders").join(format!("{}.json", sender.name()));
        let mut found = false;
        each_vector(|of, vector, _| {
            found |= of.name() == sender.name() && vector.result(of) == "ok";
        });
        assert!(found, "{}: add one to {}", sender.name(), file.display());
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The senders that document how long they retry by themselves. Their sources are in `senders/*.rs`.
#[test]
fn the_automatic_retry_horizons_are_those_that_the_senders_document() {
    let documented = [
        ("adyen", DAY * 30),
        ("adyen-platform", DAY * 30),
        ("auth0", DAY * 30), // "until it is solved", as long as the whole window
        ("box", HOUR * 2),
        ("clerk", HOUR * 27 + MINUTE * 40),
        ("discord-events", MINUTE * 10),
        ("github", Duration::ZERO),
        ("hubspot", HOUR * 24),
        ("hubspot-v1", HOUR * 24),
        ("hubspot-v2", HOUR * 24),
        ("meta", DAY * 7), // WhatsApp
        ("pagerduty", HOUR * 48),
        ("razorpay", HOUR * 24),
        ("resend", HOUR * 27 + MINUTE * 40),
        ("sanity", MINUTE),
        ("shopify", HOUR * 4),
        ("shopify-events", HOUR * 4),
        ("slack", HOUR * 26),
        ("square", HOUR * 25),
        ("standard-webhooks", DAY * 4),
        ("standard-webhooks-v1a", DAY * 4),
        ("stripe", DAY * 3),
        ("svix", HOUR * 27 + MINUTE * 40),
        ("twilio", Duration::ZERO),
        ("woocommerce", Duration::ZERO),
        ("zoom", MINUTE * 85),
    ];
    let in_catalogue: Vec<_> = senders::ALL
        .iter()
        .filter_map(|sender| Some((sender.name(), sender.automatic_retry_horizon()?)))
        .collect();
    assert_eq!(in_catalogue, documented);
}

#[test]
fn a_sender_that_does_not_document_its_retries_is_assumed_to_retry_for_3_days() {
    for (name, expected) in [("mux", DAY * 3), ("linear", DAY)] {
        let sender = senders::find(name).unwrap();
        assert_eq!(sender.automatic_retry_horizon(), None);
        let contract = sender.contract().unwrap();
        assert_eq!(contract.automatic_retry_horizon(), expected, "{name}");
    }
}

#[test]
fn the_horizon_covers_the_documented_retry_schedule() {
    for sender in senders::ALL.iter().filter(|sender| sender.has_documented_retry_schedule()) {
        let schedule: Duration = sender.retry_schedule().iter().sum();
        let horizon = sender.contract().unwrap().automatic_retry_horizon();
        assert!(schedule <= horizon, "{}: {schedule:?} is after {horizon:?}", sender.name());
    }
}

#[test]
fn an_event_is_remembered_for_as_long_as_its_sender_may_deliver_it() {
    let window = |name: &str| senders::find(name).unwrap().contract().unwrap().retry_window();
    assert_eq!(window("auth0"), DAY * 30); // a paused stream sends its queue when it is resumed
    assert_eq!(window("github"), DAY * 7); // GitHub Enterprise Server; 3 days on github.com
    assert_eq!(window("meta"), DAY * 7); // WhatsApp
    assert_eq!(window("pagerduty"), DAY * 3); // automatic retries for 48 hours
    assert_eq!(window("slack"), DAY * 2); // delayed events
}

#[test]
fn discord_events_are_acknowledged_with_204() {
    let contract = senders::find("discord-events").unwrap().contract().unwrap();
    assert_eq!([200, 202, 204].map(|status| contract.success_status(status)), [204; 3]);
    let interactions = senders::find("discord").unwrap().contract().unwrap();
    assert_eq!(interactions.success_status(200), 200);
}
