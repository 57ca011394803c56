//! `explain` on the command line: its arguments and its output.

#![allow(clippy::unwrap_used)]

mod common;

use common::{SECRET, call, file, signed_stripe};

const BODY: &str = "{\n  \"id\": \"evt_1\",\n  \"type\": \"charge.paid\"\n}";

/// A request whose body was parsed and re-serialized.
fn reserialized() -> String {
    let request = signed_stripe(BODY);
    let (head, _) = request.split_once("\r\n\r\n").unwrap();
    let head: Vec<_> = head.lines().filter(|line| !line.starts_with("content-length")).collect();
    format!("{}\n\n{}", head.join("\n"), r#"{"id":"evt_1","type":"charge.paid"}"#)
}

#[test]
fn a_proved_cause_is_printed_with_what_to_do() {
    let explain = call("explain -s stripe --secret-env SECRET --now 1700000042");
    let output = explain.input(reserialized()).run();
    output
        .is(1, "rejected  signature_mismatch\n")
        .is(1, "cause     ")
        .is(1, "(body_reserialized)\nnext      ");
}

#[test]
fn a_request_that_verifies_has_no_cause() {
    let explain = call("explain -s stripe --secret-env SECRET --now 1700000042");
    let output = explain.input(signed_stripe(BODY)).run();
    output.is(0, "ok        nothing is wrong");
    assert_eq!(output.out.lines().count(), 1, "{output:?}");
}

#[test]
fn with_json_it_is_one_object() {
    let explain = call("explain -s stripe --secret-env SECRET --now 1700000042 --json");
    let found = explain.input(reserialized()).run().json();
    assert_eq!(found["verdict"], "signature_mismatch");
    assert_eq!(found["findings"][0]["kind"], "body_reserialized");
    assert_eq!(found["findings"][0]["certain"], true);
}

#[test]
fn changes_of_which_any_may_have_been_made_are_listed_as_several() {
    let request = format!("POST / HTTP/1.1\nx-gitlab-token: {SECRET}\n\n{{}}");
    let explain = || {
        let longer = format!("{SECRET}x");
        call("explain -s gitlab --secret-env LONGER").secret("LONGER", &longer)
    };
    let output = explain().input(request.as_str()).run();
    output
        .is(1, "several   the request verifies after each of 2 changes")
        .is(1, "\neither    ")
        .is(1, "(secret_truncated)\nnext      ")
        .is(1, "\nor        ")
        .is(1, "(token_altered)\nnext      ");
    assert!(!output.out.contains("cause"), "{output:?}");
    let found = explain().input(request).arg("--json").run().json();
    assert_eq!(found["ambiguous"], true);
    assert_eq!(found["findings"][0]["certain"], false);
    assert_eq!(found["alternatives"][0][0]["kind"], "token_altered");
}

#[test]
fn without_a_sender_it_is_guessed() {
    let explain = call("explain --secret-env SECRET --now 1700000042");
    explain.input(signed_stripe(BODY)).run().is(0, "--sender stripe`");
}

#[test]
fn the_header_that_omniai_does_not_document_is_found() {
    let request = format!("POST / HTTP/1.1\nx-hook-token: {SECRET}\n\n{{}}");
    call("explain -s omniai --secret-env SECRET").input(request).run().is(1, "`x-hook-token`");
}

#[test]
fn settings_are_verified_as_given() {
    let explain = call("explain -s stripe --secret-env SECRET --now 1700000042 --tolerance 10");
    explain.input(signed_stripe(BODY)).run().is(1, "stale_timestamp").is(1, "(clock_skew)");
    let toml = "name = \"acme\"\nalgorithm = \"hmac-sha256\"\nsigns = \"{url}|{body}\"\n[signature]\nheader = \"x-acme\"\n";
    let path = file("explained.toml", toml);
    let explain = || call("explain --secret-env SECRET --scheme").arg(path.to_str().unwrap());
    explain().input("POST / HTTP/1.1\n\n{}").run().is(1, "missing_setting").is(1, "(url_missing)");
    let url = explain().arg("--url").arg("https://example.com/");
    url.input("POST / HTTP/1.1\n\n{}").run().is(1, "missing_header");
}

#[test]
fn a_missing_secret_is_reported() {
    call("explain -s stripe").input("POST / HTTP/1.1\n\n{}").run().is(2, "no secret is given");
}

#[test]
fn a_handshake_that_no_key_has_signed_is_named() {
    let ping = "POST / HTTP/1.1\ncontent-type: application/x-www-form-urlencoded\n\nwebhook_id=5";
    let woocommerce = |command: &str| {
        call(&format!("{command} -s woocommerce --secret-env SECRET")).input(ping).run()
    };
    woocommerce("verify").is(1, "rejected  WooCommerce, handshake_rejected");
    let explained = woocommerce("explain");
    explained.is(1, "rejected  handshake_rejected\n").is(1, "(handshake_not_configured)\n");
    explained.is(1, "`answer_unsigned_handshakes`");
}
