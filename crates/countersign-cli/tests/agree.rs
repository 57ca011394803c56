//! `verify`, `explain` and `verify --jsonl` agree on every request.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::path::Path;

use common::snake::snake;
use common::{Call, SECRET, call, call_list, file, signed_stripe};
use serde_json::{Value, json};

/// Runs both commands on a request, and returns their common verdict. The secrets are in `$SECRET` and
/// `$OTHER`.
#[track_caller]
fn verdict(flags: &[&str], secrets: [&str; 2], request: &str) -> String {
    let call = |command: &str| {
        let arguments: Vec<_> = [command, "--json"].iter().chain(flags).copied().collect();
        let call = secrets.iter().zip(["SECRET", "OTHER"]).fold(
            call_list(&arguments),
            |call: Call, (secret, name)| match secret.len() {
                0..8 => call.env(name, secret),
                _ => call.secret(name, secret),
            },
        );
        let output = call.input(request).run();
        (output.json()["verdict"].as_str().unwrap().to_owned(), output.code)
    };
    let (verify, explain) = (call("verify"), call("explain"));
    assert_eq!(verify.0, explain.0, "{flags:?}: {request}");
    // `explain` searches for a missing setting.
    let is_sought = ["missing_setting", "invalid_secret"].contains(&verify.0.as_str());
    assert_eq!(explain.1, if is_sought { 1 } else { verify.1 }, "{flags:?}: {request}");
    verify.0
}

/// Returns the first vector of each outcome, for each sender of the catalogue.
fn vectors() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../countersign/tests/vectors/senders");
    let mut list = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let document: Value =
            serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let mut seen = Vec::new();
        for vector in document["vectors"].as_array().unwrap() {
            if !seen.contains(&&vector["ours"]) {
                seen.push(&vector["ours"]);
                let sender = vector["sender"].as_str().or(document["sender"].as_str()).unwrap();
                list.push((sender.to_owned(), vector.clone()));
            }
        }
    }
    list
}

#[test]
fn both_agree_over_the_catalogue() {
    let vectors = vectors();
    assert!(vectors.len() > 100, "{}", vectors.len());
    for (sender, vector) in vectors {
        let now = vector["now"].to_string();
        let tolerance = vector["tolerance"].to_string();
        let mut flags = vec!["-s", &sender, "--secret-env", "SECRET", "--now", &now];
        if vector["tolerance"].is_u64() {
            flags.extend(["--tolerance", &tolerance]);
        }
        for (flag, setting) in
            [("--header", "header"), ("--encoding", "encoding"), ("--prefix", "prefix")]
        {
            if let Some(text) = vector[setting].as_str() {
                flags.extend([flag, text]);
            }
        }
        let secret = vector["secret"].as_str().unwrap();
        // `verify` reports white space before it verifies, and one vector's secret is the text of its
        // verdict.
        let is_padded = secret.trim() != secret && !secret.trim().is_empty();
        if is_padded || secret == "invalid_secret" {
            continue;
        }
        let found = verdict(&flags, [secret, ""], &vector.to_string());
        // The command responds to a handshake before it verifies, as a receiver does.
        let is_handshake = found == "handshake_rejected"
            && vector["name"].as_str().is_some_and(|name| name.contains("handshake"));
        let wanted = snake(vector["ours"].as_str().unwrap());
        assert!(is_handshake || found == wanted, "{sender}: {}: {found}", vector["name"]);
    }
}

const STRIPE: [&str; 6] = ["-s", "stripe", "--secret-env", "SECRET", "--now", "1700000042"];

#[test]
fn any_key_of_a_rotation_is_accepted() {
    let request = signed_stripe("{}");
    let both = [&STRIPE[..], &["--secret-env", "OTHER"]].concat();
    assert_eq!(verdict(&both, ["the one before this one", SECRET], &request), "ok");
    assert_eq!(verdict(&both, [SECRET, "the one before this one"], &request), "ok");
    let neither = ["the one before this one", "and yet another of them"];
    assert_eq!(verdict(&both, neither, &request), "signature_mismatch");
    // The cause is found whichever key signed the request.
    let explain = || call_list(&[&["explain"], &both[..]].concat()).input(request.clone() + "\n");
    let [first, second] = ["SECRET", "OTHER"].map(|own| {
        let old = if own == "SECRET" { "OTHER" } else { "SECRET" };
        explain().secret(own, SECRET).secret(old, "the one before this one").run()
    });
    for output in [first, second] {
        output
            .is(1, "cause     White space, probably a line break, was added")
            .is(1, "(trailing_newline)");
        assert!(!output.out.contains("other_key"), "{output:?}");
    }
    let twice = [&STRIPE[..], &["--secret-env", "SECRET"]].concat();
    assert_eq!(verdict(&twice, [SECRET, ""], &request), "invalid_keyring");
}

#[test]
fn the_public_url_is_not_guessed() {
    let sign = "sign -s twilio --secret-env SECRET --to https://example.com/sms --body From=1";
    let request = call(sign).run().out;
    let flags = ["-s", "twilio", "--secret-env", "SECRET"];
    assert_eq!(verdict(&flags, [SECRET, ""], &request), "missing_setting");
    let known = [&flags[..], &["--url", "https://example.com/sms"]].concat();
    assert_eq!(verdict(&known, [SECRET, ""], &request), "ok");
    // A correct guess is also reported.
    let explain = call("explain -s twilio --secret-env SECRET").input(request).run();
    explain
        .is(1, "rejected  missing_setting\ncause     The sender signs its public URL")
        .is(1, "(url_missing)");
}

#[test]
fn unusable_settings_are_reported_by_both() {
    let request = signed_stripe("{}");
    for extra in [["--encoding", "hex"], ["--prefix", "v1="], ["--header", "x-mine"]] {
        let flags = [&STRIPE[..], &extra].concat();
        assert_eq!(verdict(&flags, [SECRET, ""], &request), "malformed_input");
        let output = call_list(&[&["explain"], &flags[..]].concat()).input(&*request).run();
        output.is(2, "is not for `stripe`: leave it out");
    }
    for secret in ["", " "] {
        assert_eq!(verdict(&STRIPE, [secret, ""], &request), "empty_secret");
    }
    assert_eq!(verdict(&STRIPE[..2], [SECRET, ""], &request), "malformed_input");
}

#[test]
fn undocumented_senders_are_verified_by_their_configuration() {
    let request = format!("POST / HTTP/1.1\nx-hook: Bearer {SECRET}\n\n{{\"event\":\"a\"}}");
    let omniai = ["-s", "omniai", "--secret-env", "SECRET"];
    let with = |extra: &[&str]| verdict(&[&omniai[..], extra].concat(), [SECRET, ""], &request);
    assert_eq!(with(&[]), "missing_setting");
    assert_eq!(with(&["--header", "x-other"]), "missing_header");
    assert_eq!(with(&["--header", "x-hook"]), "signature_mismatch");
    assert_eq!(with(&["--header", "x-hook", "--prefix", "Bearer "]), "ok");
    let settings =
        "-s ainexlayer --secret-env SECRET --header x-sig --encoding base64 --time-at x-time";
    let signed = call(&format!("sign {settings} --now 1700000000 --body {{}}")).run().out;
    let with = |flags: &str| {
        let flags: Vec<_> = flags.split(' ').collect();
        verdict(&flags, [SECRET, ""], &signed)
    };
    let now = "--now 1700000009";
    assert_eq!(with(&format!("{settings} {now}")), "ok");
    assert_eq!(with(settings), "stale_timestamp");
    assert_eq!(with("-s ainexlayer --secret-env SECRET"), "missing_setting");
    assert_eq!(with("-s ainexlayer --secret-env SECRET --header x-sig"), "missing_setting");
    assert_eq!(with(&format!("{} {now}", settings.replace("base64", "hex"))), "malformed_header");
}

#[test]
fn handshakes_and_other_methods() {
    let get =
        "GET /hook?hub.mode=subscribe&hub.verify_token=our-own-token&hub.challenge=77 HTTP/1.1\n\n";
    let flags = ["-s", "meta", "--secret-env", "SECRET", "--verify-token-env", "OTHER"];
    assert_eq!(verdict(&flags, [SECRET, "our-own-token"], get), "ok");
    assert_eq!(verdict(&flags, [SECRET, "another-token"], get), "signature_mismatch");
    assert_eq!(verdict(&flags[..4], [SECRET, ""], get), "missing_header");
    let explain = |flags: &[&str], token: &str| {
        let call = call_list(&[&["explain"], flags].concat()).secret("OTHER", token);
        call.input(get).run()
    };
    explain(&flags, "our-own-token").is(0, "nothing is wrong");
    explain(&flags, "another-token").is(1, "(handshake_token)");
    explain(&flags[..4], "another-token").is(1, "(handshake_not_configured)");
    for (method, expected) in [("PUT", "ok"), ("BREW", "method_not_allowed")] {
        let request = signed_stripe("{}").replacen("POST", method, 1);
        assert_eq!(verdict(&STRIPE, [SECRET, ""], &request), expected);
        let explain = call_list(&[&["explain"], &STRIPE[..]].concat()).input(request).run();
        assert!(explain.out.contains("(method_not_post)"), "{explain:?}");
    }
}

#[test]
fn a_wrong_length_and_a_custom_scheme() {
    let request = signed_stripe("{}").replace("content-length: 2", "content-length: 3");
    assert_eq!(verdict(&STRIPE, [SECRET, ""], &request), "ok");
    let longer = signed_stripe("{}") + "\n";
    assert_eq!(verdict(&STRIPE, [SECRET, ""], &longer), "body_altered");
    let toml = "name = \"acme\"\nalgorithm = \"hmac-sha256\"\nsigns = \"{url}|{body}\"\n[signature]\nheader = \"x-acme\"\n";
    let path = file("agree.toml", toml);
    let own = ["--scheme", path.to_str().unwrap(), "--secret-env", "SECRET"];
    let request = json!({ "headers": [["x-acme", "00"]], "body": "{}" }).to_string();
    assert_eq!(verdict(&own, [SECRET, ""], &request), "missing_setting");
    let with_url = [&own[..], &["--url", "https://example.com/"]].concat();
    assert_eq!(verdict(&with_url, [SECRET, ""], &request), "malformed_header");
}
