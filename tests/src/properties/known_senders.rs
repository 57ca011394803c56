use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use countersign::scheme::{Algorithm, Scheme, SigningRequest};
use countersign::senders::Sender;
use countersign::senders::{self, ConfiguredSender, SenderSpec};
use countersign::{Delivery, Headers, Rejection, Secret, Timestamp};
use serde_json::Value;

use super::{CAP, infallible, wire};

const NOW: Timestamp = Timestamp::from_secs(wire::SIGNED_AT);

/// The first key pair of RFC 8032 section 7.1.
const ED25519: [&str; 2] = [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
];

/// A key pair made for these tests.
const P256: [&str; 2] = [
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguMPVyHIP84p8Wz5SDp4ABL0bIA139dhl3dsaJQOcstehRANCAATeM3rWIniOUAMuOZr3+UrssZsGsYhTXpVW5DXi5gDVGNIXYeEsycPkcuNnE9ETGfXLH9pLc0kiA6SqXVZKXVjL",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3jN61iJ4jlADLjma9/lK7LGbBrGIU16VVuQ14uYA1RjSF2HhLMnD5HLjZxPRExn1yx/aS3NJIgOkql1WSl1Yyw==",
];

/// One sender of the catalogue, with its keys.
struct Ready {
    scheme: Scheme,
    signs_with: Secret,
    known: ConfiguredSender,
}

impl Ready {
    fn new(sender: SenderSpec) -> Self {
        let config = sender.example_config();
        let scheme = infallible(config.scheme());
        let hex = |text: &str| -> Vec<u8> {
            let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
            digits
                .chunks(2)
                .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | *digit as u8))
                .collect()
        };
        let [private, public] = match (scheme.algorithm(), sender.name()) {
            (Algorithm::Ed25519, "standard-webhooks-v1a") => {
                ED25519.map(|key| BASE64_STANDARD.encode(hex(key)))
            }
            (Algorithm::Ed25519, _) => ED25519.map(ToOwned::to_owned),
            (Algorithm::EcdsaP256, _) => P256.map(ToOwned::to_owned),
            // Text, hexadecimal and base64 at once.
            _ => ["0123456789abcdef".repeat(4), "0123456789abcdef".repeat(4)],
        };
        let known = infallible(config.keys(infallible(Secret::new(public))));
        Self { scheme, signs_with: infallible(Secret::new(private)), known }
    }
}

static READY: LazyLock<Vec<Ready>> =
    LazyLock::new(|| senders::ALL.iter().copied().map(Ready::new).collect());

/// A request: a control line, a query, headers by line, an empty line, and the body.
struct Request {
    query: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Headers for Request {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.headers.each(visit);
    }

    fn query(&self) -> Option<&str> {
        Some(&self.query)
    }
}

impl Request {
    /// The sender's name, whether the body is signed, and the body.
    fn parse(data: &[u8]) -> Option<(String, bool, Self)> {
        let mut rest = data;
        let mut line = || {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let (line, after) = rest.split_at(end);
            rest = after.get(1..)?;
            Some(line)
        };
        let name = String::from_utf8(line()?.to_vec()).ok()?;
        let query = String::from_utf8(line()?.to_vec()).ok()?;
        let mut headers = Vec::new();
        loop {
            let header = line()?;
            if header.is_empty() {
                break;
            }
            let at = header.iter().position(|byte| *byte == b':')?;
            let (name, value) = header.split_at(at);
            let name = String::from_utf8(name.to_vec()).ok()?.to_ascii_lowercase();
            headers.push((name, value.get(1..)?.to_vec()));
        }
        let (name, signs) = match name.strip_suffix('*') {
            Some(name) => (name.to_owned(), true),
            None => (name, false),
        };
        Some((name, signs, Self { query, headers, body: rest.to_vec() }))
    }

    /// Signs the request as its sender does at `time`.
    fn signed(&self, ready: &Ready, time: Timestamp) -> Option<countersign::scheme::SignedParts> {
        let text = |(name, value): &'_ (String, Vec<u8>)| {
            Some((name.clone(), String::from_utf8(value.clone()).ok()?))
        };
        let headers: Vec<_> = self.headers.iter().filter_map(text).collect();
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let unsigned = SigningRequest::new(&self.body).headers(&headers).timestamp(time);
        unsigned.query(&self.query).request(&ready.scheme, &ready.signs_with).ok()
    }

    fn verdict(&self, ready: &Ready, chunk: usize) -> Result<Delivery, Rejection> {
        let mut verifier = ready.known.verifier().open(self, NOW, CAP)?;
        for piece in self.body.chunks(chunk) {
            verifier.update(piece.to_vec())?;
        }
        verifier.finalize()
    }
}

/// Checks a sender's name (with `*` if its body is to be signed), a query, one header per line, an empty
/// line, and a body. In a header `@` is the timestamp, and `*` is the value that the sender would send.
///
/// Every accepted request is one that signing makes, and the result does not depend on how the body is
/// received.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn known_senders(data: &[u8]) {
    let Some((ready, request, verdict)) = receive(data) else { return };
    let sender = ready.scheme.sender();
    let kind = |verdict: &Result<Delivery, Rejection>| verdict.as_ref().err().map(Rejection::kind);
    for chunk in [1, 3, 64] {
        assert_eq!(kind(&request.verdict(ready, chunk)), kind(&verdict), "{sender}, {chunk}");
    }
    if let Ok(delivery) = verdict {
        assert!(is_made(&request, ready, &delivery), "{sender}");
        assert_eq!(delivery.body(), &request.body, "{sender}");
    }
}

/// Fills in the request and verifies it with the whole body.
fn receive(data: &[u8]) -> Option<(&'static Ready, Request, Result<Delivery, Rejection>)> {
    let (name, signs_body, mut request) = Request::parse(data)?;
    let ready = READY.iter().find(|ready| ready.scheme.sender() == name)?;
    let time = wire::SIGNED_AT.to_string();
    for (_, value) in &mut request.headers {
        *value = wire::expand(value, b'@', time.as_bytes());
    }
    if let Some(signed) = request.signed(ready, NOW) {
        for (name, value) in &mut request.headers {
            let right = signed.headers.iter().find(|(right, _)| right == name);
            let right = right.map_or("", |(_, value)| value);
            *value = wire::expand(value, b'*', right.as_bytes());
        }
        if signs_body {
            request.body = signed.body;
            request.query = signed.query.unwrap_or_default();
        }
    }
    let verdict = ready.known.verifier().verify(&request, request.body.clone(), NOW, CAP);
    Some((ready, request, verdict))
}

/// Whether signing makes the credential of `request`.
fn is_made(request: &Request, ready: &Ready, delivery: &Delivery) -> bool {
    let time = delivery.timestamp().unwrap_or(NOW);
    let Some(signed) = request.signed(ready, time) else { return false };
    if signed.body != request.body {
        let json = |body: &[u8]| serde_json::from_slice::<Value>(body).ok();
        return json(&signed.body) == json(&request.body);
    }
    signed.headers.iter().all(|(name, right)| {
        let sent = request.headers.iter().filter(|(sent, _)| sent == name);
        let mut sent = sent.map(|(_, value)| String::from_utf8_lossy(value));
        // A list may hold signatures of several keys, and hexadecimal may be in capitals.
        let mut items = right.split([' ', ',', ';']);
        let holds = |sent: &str, item: &str| {
            let is_hex = item.bytes().rev().take(40).all(|byte| byte.is_ascii_hexdigit());
            sent.contains(item) || is_hex && sent.to_lowercase().contains(&item.to_lowercase())
        };
        sent.any(|sent| items.all(|item| holds(&sent, item)))
            || !ready.scheme.signs_id()
                && Some(right.as_str()) == delivery.unverified_id().as_deref()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the property would check nothing.
    #[test]
    fn the_seed_of_every_sender_is_accepted() {
        let seeds = infallible(crate::seeds::seeds("known_senders"));
        for sender in senders::ALL {
            let seed = seeds.iter().find(|(name, _)| name == sender.name());
            let verdict = seed.and_then(|(_, seed)| receive(seed)).map(|(_, _, verdict)| verdict);
            let taken = verdict.map(|verdict| verdict.map(|_| ()));
            assert_eq!(taken, Some(Ok(())), "{}", sender.name());
        }
    }
}
