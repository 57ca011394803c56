//! `verify`: verdicts, exit codes, senders and secrets.

#![allow(clippy::unwrap_used)]

mod common;

use common::{SECRET, call, file, signed_stripe};
use serde_json::json;

const BODY: &str = r#"{"id":"evt_1","type":"charge.paid"}"#;
const VERIFY: &str = "verify -s stripe --secret-env SECRET --now 1700000042";

#[test]
fn a_rejection_has_a_reason_and_a_next_step() {
    let request = signed_stripe(BODY).replace("paid", "void");
    let output = call(VERIFY).input(request).run();
    output
        .is(1, "rejected  Stripe, signature_mismatch")
        .is(1, "check the secret, and that nothing in front changes the body")
        .is(1, "countersign explain");
}

#[test]
fn with_json_a_verdict_is_one_object() {
    let output = call(VERIFY).arg("--json").input(signed_stripe(BODY)).run();
    let expected = json!({
        "verdict": "ok", "sender": "stripe", "key": "SECRET", "id": "evt_1", "id_signed": true,
        "event_type": "charge.paid", "timestamp": 1_700_000_000,
    });
    assert_eq!(output.json(), expected);
    let output =
        call("verify -s stripe --secret-env SECRET --json").input(signed_stripe(BODY)).run();
    assert_eq!(output.json()["verdict"], "stale_timestamp");
    assert_eq!((output.code, &output.json()["status"]), (1, &json!(401)));
}

#[test]
fn the_time_may_be_given_in_text() {
    let call = call("verify -s stripe --secret-env SECRET --now 2023-11-14T22:13:25Z");
    call.input(signed_stripe(BODY)).run().is(0, "5 s ago (within 5 min back, 5 min ahead)");
}

#[test]
fn the_tolerance_may_be_given() {
    call(VERIFY)
        .arg("--tolerance")
        .arg("41")
        .input(signed_stripe(BODY))
        .run()
        .is(1, "stale_timestamp");
    call(VERIFY)
        .arg("--tolerance")
        .arg("42")
        .input(signed_stripe(BODY))
        .run()
        .is(0, "within 42 s back");
}

#[test]
fn secrets_come_from_named_variables_and_files() {
    let path = file("secret.txt", format!("{SECRET}\r\n"));
    let path = path.to_str().unwrap();
    let verify = || call("verify -s stripe --now 1700000042").input(signed_stripe(BODY));
    verify().arg("--secret-env").arg("new=SECRET").run().is(0, "key `new`");
    verify().arg("--secret-file").arg(path).run().is(0, "key `secret.txt`");
    let both =
        verify().arg("--secret-env").arg("old=OLD").secret("OLD", "another secret of theirs");
    both.arg("--secret-file").arg(&format!("new={path}")).run().is(0, "key `new`");
    let request = file("for-secret-stdin.http", signed_stripe(BODY));
    let stdin =
        call("verify -s stripe --now 1700000042 --secret-stdin").arg(request.to_str().unwrap());
    stdin.input(format!("{SECRET}\n")).run().is(0, "key `stdin`");
}

#[test]
fn an_unusable_secret_is_named() {
    let padded = file("padded.txt", format!(" {SECRET}\n")).to_str().unwrap().to_owned();
    for (flags, piece) in [
        (vec![], "no secret is given: use `--secret-env NAME`"),
        (vec!["--secret-env", "NOWHERE"], "environment variable `NOWHERE`: is not set"),
        (vec!["--secret-env", "whsec_abc"], "the given environment variable: is not set"),
        (vec!["--secret-env", "EMPTY"], "secret `EMPTY`: secret is empty"),
        (vec!["--secret-file", "/nowhere/at/all"], "secret file: cannot be read"),
        (vec!["--secret-file", &padded], "secret `padded.txt`: has white space around it"),
        (vec!["--secret-env", "SECRET", "--secret-env", "SECRET"], "two keys are named `SECRET`"),
        (vec!["--secret-stdin"], "`--secret-stdin`: standard input is the request"),
    ] {
        let call = flags.iter().fold(call("verify -s stripe"), |call, flag| call.arg(flag));
        call.env("EMPTY", " ").input(signed_stripe(BODY)).run().is(2, piece);
    }
}

#[test]
fn the_secret_cannot_be_given_on_the_command_line() {
    call("verify -s stripe --secret hunter22").run().is(2, "`--secret`: is not known");
}

#[test]
fn an_unknown_sender_points_to_the_list() {
    call("verify -s strip --secret-env SECRET")
        .run()
        .is(2, "sender `strip`: is not known: `countersign senders`");
    call("verify --secret-env SECRET").run().is(2, "no sender is named");
    // The name may be a misplaced secret.
    let output = call("verify --secret-env SECRET -s").arg(SECRET).run();
    output.is(2, "the sender: is not known");
}

#[test]
fn unsupported_settings_are_an_error() {
    for (flag, value) in [("--header", "x-mine"), ("--encoding", "hex"), ("--prefix", "v1=")] {
        call(VERIFY)
            .arg(flag)
            .arg(value)
            .input(signed_stripe(BODY))
            .run()
            .is(2, "is not for `stripe`: leave it out");
    }
}

#[test]
fn a_signed_url_is_read_from_the_flag_or_the_capture() {
    let sign = "sign -s square --secret-env SECRET --to https://example.com/square --body {}";
    let raw = call(sign).run().out;
    let verify = "verify -s square --secret-env SECRET";
    call(verify).input(raw.as_str()).run().is(2, "`--url`: `square` signs the public URL");
    call(verify)
        .arg("--url")
        .arg("https://example.com/square")
        .input(raw.as_str())
        .run()
        .is(0, "Square");
    call(verify)
        .arg("--url")
        .arg("https://example.com/other")
        .input(raw)
        .run()
        .is(1, "signature_mismatch");
    let line = call(sign).arg("--curl").run().out;
    call(verify).input(line).run().is(0, "Square");
}

#[test]
fn omniai_needs_the_header_and_accepts_a_prefix() {
    let request = format!(
        "POST / HTTP/1.1\nauthorization: Bearer {SECRET}\n\n{{\"event\":\"lead.created\"}}"
    );
    let verify = "verify -s omniai --secret-env SECRET --header authorization";
    call(verify)
        .arg("--prefix")
        .arg("Bearer ")
        .input(request.as_str())
        .run()
        .is(0, "lead.created")
        .is(0, "200 within 4 s");
    call(verify).input(request.as_str()).run().is(1, "signature_mismatch");
    call("verify -s omniai --secret-env SECRET")
        .input(request)
        .run()
        .is(2, "`--header`: OmniAI does not document");
}

#[test]
fn ainexlayer_needs_its_undocumented_settings() {
    let settings = "-s ainexlayer --secret-env SECRET --header x-sig --encoding base64 --prefix v1= --type-at /event --id-at x-id --time-at x-time";
    let signed = call(&format!("sign {settings} --now 1700000000 --id d-1"))
        .arg("--body")
        .arg(r#"{"event":"user.login"}"#)
        .run();
    signed.is(0, "x-sig: v1=").is(0, "x-time: 1700000000");
    let verify =
        call(&format!("verify {settings} --now 1700000009")).input(signed.out.as_str()).run();
    verify
        .is(0, "user.login")
        .is(0, "d-1 (not signed: only for logs)")
        .is(0, "9 s ago")
        .is(0, "any 2xx within 25 s");
    call("verify -s ainexlayer --secret-env SECRET")
        .input(signed.out.as_str())
        .run()
        .is(2, "`--header`: AINexLayer does not");
    call("verify -s ainexlayer --secret-env SECRET --header x-sig")
        .input(signed.out)
        .run()
        .is(2, "`--encoding`: AINexLayer does not");
}

#[test]
fn an_unknown_method_is_rejected() {
    let request = signed_stripe(BODY).replacen("POST", "BREW", 1);
    call(VERIFY).input(request).run().is(1, "method_not_allowed");
    let request = signed_stripe(BODY).replacen("POST", "PUT", 1);
    call(VERIFY).input(request).run().is(0, "the method is not POST");
}

#[test]
fn a_handshake_is_verified_by_its_token() {
    let get =
        "GET /hook?hub.mode=subscribe&hub.verify_token=our-own-token&hub.challenge=77 HTTP/1.1\n\n";
    let verify = || call("verify -s meta --secret-env SECRET --verify-token-env TOKEN").input(get);
    verify().secret("TOKEN", "our-own-token").run().is(0, "Meta, handshake").is(0, "response  200");
    verify().secret("TOKEN", "another-token").run().is(1, "signature_mismatch");
    let json = verify().secret("TOKEN", "our-own-token").arg("--json").run().json();
    assert_eq!(json, json!({ "verdict": "ok", "sender": "meta", "handshake": 200 }));
    let challenge =
        signed_zoom(r#"{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}"#);
    let verify = call("verify -s zoom --secret-env SECRET --now 1700000000").input(challenge);
    verify.run().is(0, "the request is the sender's handshake");
}

fn signed_zoom(body: &str) -> String {
    call("sign -s zoom --secret-env SECRET --now 1700000000 --body").arg(body).run().out
}

#[test]
fn content_of_a_body_cannot_control_the_terminal() {
    let request = signed_stripe(r#"{"id":"evt\u001b[31m\u202e","type":"a\nb"}"#);
    let output = call(VERIFY).input(request).run();
    output.is(0, r"evt\u{1b}[31m\u{202e} (signed)").is(0, r"a\u{a}b");
    assert!(!output.out.contains('\u{1b}'));
}

#[test]
fn colour_is_for_terminals() {
    assert!(!call(VERIFY).input(signed_stripe(BODY)).run().out.contains('\u{1b}'));
    let coloured = call(VERIFY).env("CLICOLOR_FORCE", "1").input(signed_stripe(BODY)).run();
    coloured.is(0, "\u{1b}[1m\u{1b}[32mok");
}

#[test]
fn a_secret_instead_of_a_path_or_an_id_is_not_printed() {
    // `Call::run` checks that no secret is printed.
    for flag in ["", "--scheme", "--body-file"] {
        let sender = if flag == "--scheme" { "" } else { "-s github" };
        let call = call("verify --secret-env SECRET").args(sender).args(flag).arg(SECRET);
        call.run().is(2, "the given file: cannot be read (entity not found)");
    }
    let line = format!("curl https://a.example -d @{SECRET}");
    let curl = call("verify -s github --secret-env SECRET").input(line);
    curl.run().is(2, "`@`: the given file: cannot be read");
    let plain = "abcdefgh-abcdefgh-1234";
    let sign = call("sign -s github --secret-env S --body {} --id").env("S", plain).arg(plain);
    let request = sign.run().out;
    for output in ["", "--json"] {
        let verify = call("verify -s github").secret("S", plain).args(output);
        let verify = verify.arg("--secret-env").arg(&format!("{plain}=S")).input(request.clone());
        verify.run().is(0, "not shown: it reveals a secret").is(0, "key-1");
    }
}

#[cfg(unix)]
#[test]
fn a_file_in_a_capture_must_be_regular() {
    for path in ["/dev/zero", "/"] {
        let line = format!("curl https://a.example --data-binary @{path}");
        let curl = call("verify -s github --secret-env SECRET").input(line);
        curl.run().is(2, "is not a regular file: put the body in one");
    }
}
