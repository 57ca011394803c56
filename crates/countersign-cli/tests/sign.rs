//! `sign`: what is signed verifies, in every form, for every sender.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{call, call_list, file};
use countersign::scheme::Algorithm;
use countersign::senders;

/// A body that every sender can sign, with the fields that Adyen signs.
const BODY: &str = r#"{"id":"evt_1","webhookTimestamp":1700000000000,"notificationItems":[{"NotificationRequestItem":{
    "additionalData":{},"amount":{"currency":"EUR","value":100},"eventCode":"AUTHORISATION","success":"true",
    "merchantAccountCode":"m","merchantReference":"r","pspReference":"p"}}]}"#;

/// A secret in the sender's format.
fn secret(name: &str) -> &'static str {
    match name {
        "adyen" | "adyen-platform" => {
            "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
        }
        "airtable" => "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        _ => "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    }
}

#[test]
fn a_signed_request_verifies_for_every_sender_with_a_shared_secret() {
    let mut count = 0;
    for sender in senders::ALL {
        let scheme = sender.example_config().scheme().unwrap();
        if matches!(scheme.algorithm(), Algorithm::Ed25519 | Algorithm::EcdsaP256) {
            continue;
        }
        let mut set_up = vec![
            "-s",
            sender.name(),
            "--secret-env",
            "MINE",
            "--url",
            "https://example.com/hook",
            "--now",
            "1700000000",
        ];
        if sender.requires_header() {
            set_up.extend(["--header", "x-of-your-choice"]);
        }
        if sender.requires_encoding() {
            set_up.extend(["--encoding", "hex"]);
        }
        let sign = call_list(&[&["sign", "--danger-print-secret"], &set_up[..]].concat())
            .arg("--body")
            .arg(BODY);
        // This secret is printed on purpose.
        let signed = sign.env("MINE", secret(sender.name())).run();
        assert_eq!(signed.code, 0, "{}: {signed:?}", sender.name());
        let verify =
            call_list(&[&["verify"], &set_up[..]].concat()).secret("MINE", secret(sender.name()));
        let verified = verify.input(signed.out).run();
        assert_eq!(verified.code, 0, "{}: {verified:?}", sender.name());
        count += 1;
    }
    assert!(count > 30, "{count}");
}

#[test]
fn a_private_key_signs_what_its_public_key_verifies() {
    // RFC 8032, section 7.1, test 1.
    let private = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let signed = call("sign -s discord --secret-env PRIVATE --now 1700000000 --body {}")
        .secret("PRIVATE", private)
        .run();
    assert_eq!(signed.code, 0, "{signed:?}");
    let verify =
        call("verify -s discord --secret-env PUBLIC --now 1700000000").env("PUBLIC", public);
    verify.input(signed.out).run().is(0, "Discord interactions, key `PUBLIC`");
}

#[test]
fn a_secret_that_is_sent_is_printed_only_on_request() {
    let sign = "sign -s gitlab --secret-env SECRET --body {}";
    call(sign).run().is(0, "x-gitlab-token: <the secret>").is(0, "--danger-print-secret");
    call(sign).arg("--json").run().is(0, r#"["x-gitlab-token","<the secret>"]"#);
    let line = call(sign).arg("--curl").run();
    line.is(0, r#"-H 'x-gitlab-token: '"${SECRET}""#);
}

#[test]
#[should_panic(expected = "a secret was printed")]
fn the_test_helper_detects_a_printed_secret() {
    call("sign -s gitlab --secret-env SECRET --danger-print-secret --body {}").run();
}

#[test]
fn a_binary_body_is_preserved_in_every_format() {
    let path = common::file("binary-body", b"\x00\xff'\\\n\r\x1b");
    let path = path.to_str().unwrap();
    for form in [&[][..], &["--curl"], &["--json"]] {
        let sign = ["sign", "-s", "github", "--secret-env", "SECRET", "--body-file", path];
        let signed =
            call_list(&[&sign[..], form].concat()).arg("-H").arg("X-GitHub-Event: push").run();
        assert_eq!(signed.code, 0, "{signed:?}");
        let verify = "verify -s github --secret-env SECRET";
        // The helper's output is text, so a binary body is tested with `curl` and JSON only.
        if !form.is_empty() {
            call(verify).input(signed.out).run().is(0, "push");
        }
    }
}

#[test]
fn signed_headers_can_be_given() {
    let sign =
        "sign -s twilio --secret-env SECRET --to https://example.com/sms?a=1 --body Digits=1";
    let signed = call(sign).arg("-H").arg("I-Twilio-Idempotency-Token: t-1").run();
    let verify = call("verify -s twilio --secret-env SECRET --url https://example.com/sms?a=1");
    verify.input(signed.out).run().is(0, "t-1 (not signed");
    let json =
        call("sign -s twilio --secret-env SECRET --to https://example.com/sms --body {}").run();
    json.is(0, "POST /sms?bodySHA256=");
}

#[test]
fn an_unsignable_request_is_reported_with_what_is_missing() {
    call("sign -s stripe --secret-env SECRET").run().is(2, "--body");
    call("sign -s square --secret-env SECRET --body {}")
        .run()
        .is(2, "`--url`: `square` signs the public URL");
    call("sign -s adyen --secret-env SECRET --body {}").run().is(2, "error: ");
    call("sign -s stripe --secret-env SECRET --body {} --now soon")
        .run()
        .is(2, "`--now`: is not a time");
}

#[test]
fn an_invalid_header_is_rejected_in_one_line() {
    let sign = |flag: &str, value: &str| {
        call("sign -s svix --secret-env SECRET --body {}").arg(flag).arg(value).run()
    };
    for (flag, value, piece) in [
        ("-H", "a: b\r\nx-injected: 1", "`--request-header`: has an invalid value"),
        ("-H", "a\nb: c", "`--request-header`: has an invalid name"),
        ("-H", "a b: c", "`--request-header`: has an invalid name"),
        ("-H", "a: \u{1}", "`--request-header`: has an invalid value"),
        ("--id", "1\r\nx-injected: 1", "`--id`: is not a valid header value"),
        ("--to", "https://a.example/\r\nx-injected: 1", "the URL: is not a URL"),
        ("--to", "https://a example/", "the URL: is not a URL"),
        ("--to", "https://a.example:99999/", "`--to`: has the port 99999: ports are 1 to 65535"),
        ("--url", "https://a.example:0/", "`--url`: has the port 0"),
    ] {
        let output = sign(flag, value);
        output.is(2, piece);
        assert_eq!(output.err.lines().count(), 1, "{output:?}");
    }
    let verify = call("verify -s svix --secret-env SECRET --body {}");
    verify.arg("-H").arg("a: b\nc: d").run().is(2, "`--request-header`: has an invalid value");
}

#[test]
fn a_password_in_the_url_is_not_printed() {
    let url = "https://ann:pass-of-ann@example.com/hook?a=1";
    for extra in ["", "--curl", "--json"] {
        let sign = call("sign -s github --secret-env SECRET --body {} --to").arg(url).args(extra);
        let output = sign.never("pass-of-ann").run();
        output.is(0, "example.com").is(0, "/hook?a=1");
    }
    let toml = "name = \"acme\"\nalgorithm = \"hmac-sha256\"\nsigns = \"{url}{body}\"\n[signature]\nheader = \"x-acme\"\n";
    let path = file("url.toml", toml);
    let settings = format!("--secret-env SECRET --scheme {} --url {url}", path.display());
    let request = call("sign --body {}").args(&settings).never("pass-of-ann").run().out;
    let verify = call("verify").args(&settings).never("pass-of-ann");
    verify.input(request).run().is(0, "HMAC-SHA256 over `{url}{body}`");
}
