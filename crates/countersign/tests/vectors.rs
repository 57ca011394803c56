//! Published vectors and our own: one loop per file; a failure names the vector.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use countersign::omniai::OmniAi;
use countersign::scheme::{Encoding, Scheme, SignatureLocation};
use countersign::{Custom, Delivery, Rejection, Secret, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use common::receive;

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/");
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

fn read<T: DeserializeOwned>(file: &str) -> T {
    let text = fs::read(Path::new(TESTS).join("vectors").join(file)).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// The name of a result in the files.
fn name_of(result: &Result<Delivery, Rejection>) -> &'static str {
    result.as_ref().map_or_else(|rejection| rejection.kind().as_str(), |_| "ok")
}

#[derive(Deserialize)]
struct File<T> {
    vectors: Vec<T>,
}

#[derive(Deserialize)]
struct Mac {
    name: String,
    key: String,
    data: String,
    tag: String,
}

#[test]
fn rfc_4231() {
    let file: File<Mac> = read("rfc4231.json");
    assert_eq!(file.vectors.len(), 6);
    for vector in file.vectors {
        let signature = SignatureLocation::header("x-signature", Encoding::Hex);
        let scheme = Scheme::hmac_sha256("rfc4231", signature).build().unwrap();
        let sender = Custom::new(scheme, Secret::new(bytes(&vector.key)).unwrap()).unwrap();
        let headers = [("x-signature", &vector.tag)];
        let result = receive(&sender, &headers, &bytes(&vector.data), NOW);
        assert_eq!(name_of(&result), "ok", "{}", vector.name);
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    assert_eq!(rest, b"", "{hex}");
    pairs
        .iter()
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[derive(Deserialize)]
struct Tokens {
    header: String,
    secret: String,
    vectors: Vec<Token>,
}

#[derive(Deserialize)]
struct Token {
    name: String,
    value: Option<String>,
    ours: String,
}

#[test]
fn omniai() {
    let file: Tokens = read("omniai.json");
    let sender = OmniAi::new(file.header.clone(), Secret::new(file.secret).unwrap()).unwrap();
    let bodies = bodies();
    assert_eq!(bodies.len(), 15);
    for vector in file.vectors {
        let headers: Vec<_> = vector.value.iter().map(|value| (&file.header, value)).collect();
        for (fixture, body) in &bodies {
            let result = receive(&sender, &headers, body, NOW);
            assert_eq!(name_of(&result), vector.ours, "{} with {fixture}", vector.name);
            assert!(result.is_err() || result.is_ok_and(|delivery| delivery.body() == body));
        }
    }
}

fn bodies() -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(Path::new(TESTS).join("fixtures/omniai"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
        })
        .collect()
}
