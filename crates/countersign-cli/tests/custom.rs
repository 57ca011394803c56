//! Senders that a TOML file describes.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::{AtomicU32, Ordering};

use common::{CommandOutput, SECRET, call, file};

const LEAST: &str =
    "name = \"acme\"\nalgorithm = \"hmac-sha256\"\n[signature]\nheader = \"x-acme\"\n";

/// Signs and verifies a body by the description.
fn round_trip(toml: &str, id: &str) -> CommandOutput {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = file(&format!("custom-{number}.toml"), toml);
    let path = path.to_str().unwrap();
    let settings = "--secret-env SECRET --now 1700000000 --url https://example.com/hook --scheme";
    let body = r#"{"event":{"id":"e-1","kind":"a.b"}}"#;
    let signed = call(&format!("sign --id {id} --body {body} {settings}")).arg(path).run();
    if signed.code != 0 {
        return signed;
    }
    call(&format!("verify {settings}")).arg(path).input(signed.out).run()
}

#[test]
fn each_form_of_a_header_signs_and_verifies() {
    for signature in [
        "encoding = \"base64\"\nprefix = \"sha256=\"",
        "encoding = \"base64url\"\nversion = \"v1\"",
        "encoding = \"base64url-unpadded\"",
        "encoding = \"hex\"\npair = \"v1\"\nseparator = \";\"",
    ] {
        round_trip(&format!("{LEAST}{signature}\n"), "x").is(0, "acme, key `SECRET`");
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_file() {
    round_trip(&format!("\u{feff}{LEAST}"), "x").is(0, "acme, key `SECRET`");
}

#[test]
fn each_part_can_be_signed() {
    let head = "name = \"acme\"\nalgorithm = \"hmac-sha512\"\nsigns = \"{id}|{timestamp}.v0:{body}\"\n[signature]\nheader = \"x-acme\"\n";
    let places = "[timestamp]\nheader = \"x-time\"\nunit = \"milliseconds\"\ntolerance = 60\n[id]\nheader = \"x-id\"\n[event_type]\nfield = \"/event/kind\"\n";
    let output = round_trip(&format!("{head}{places}"), "id-7");
    output
        .is(0, "id-7 (signed)")
        .is(0, "a.b")
        .is(0, "within 1 min back")
        .is(0, "HMAC-SHA512 over `{x-id}|{x-time}.v0:{body}`");
    let url = "name = \"acme\"\nalgorithm = \"hmac-sha1\"\nsigns = \"{method} {url}\\n{body}\"\n[signature]\nheader = \"x-acme\"\n";
    round_trip(url, "x").is(0, "HMAC-SHA1 over `POST {url}");
    let secret = format!(
        "{LEAST}[secret]\nform = \"base64\"\nprefix = \"whsec_\"\n[id]\nfield = \"/event/id\"\n[contract]\nsuccess = \"200\"\ndeadline = 3\n"
    );
    round_trip(&secret, "x").is(0, "e-1 (signed)").is(0, "200 within 3 s");
    let empty = secret.replace("success = \"200\"", "success = \"204\"");
    round_trip(&empty, "x").is(0, "204 within 3 s");
    let pair = "name = \"acme\"\nalgorithm = \"hmac-sha256\"\nsigns = \"{timestamp}.{body}\"\n[signature]\nheader = \"x-acme\"\npair = \"v1\"\n[timestamp]\npair = \"t\"\n";
    round_trip(pair, "x").is(0, "1700000000, 0 s ago");
}

#[test]
fn bodies_may_be_forms_and_their_types_in_several_fields() {
    let toml = format!(
        "bodies = [\"json\", \"form:payload\"]\n{LEAST}[event_type]\nfield = \"/type\"\nor_fields = [\"/event/kind\"]\n"
    );
    round_trip(&toml, "x").is(0, "type      a.b");
    let path = file("forms.toml", &toml);
    call("senders --scheme")
        .arg(path.to_str().unwrap())
        .run()
        .is(0, "bodies    json, form:payload");
    let body = "payload=%7B%22type%22%3A%22form.sent%22%7D";
    let settings = "--secret-env SECRET --scheme";
    let sign =
        call(&format!("sign --id 1 --body {body} {settings}")).arg(path.to_str().unwrap()).run();
    let verify = call(&format!("verify {settings}")).arg(path.to_str().unwrap());
    verify.input(sign.out).run().is(0, "type      form.sent");
}

#[test]
fn each_event_of_a_batch_is_counted() {
    let toml = format!(
        "{LEAST}[[items]]\nat = \"/events/*\"\nid = [\"/id\"]\nwithout = [\"/attempt\"]\nevent_type = \"/kind\"\n[[items]]\nat = \"/more/*\"\n"
    );
    let path = file("batches.toml", &toml);
    let path = path.to_str().unwrap();
    call("senders --scheme").arg(path).run().is(0, "batches   each event at /events/* and /more/*");
    let body = r#"{"events":[{"id":1,"kind":"a"},{"id":2,"kind":"b"}],"more":[{}]}"#;
    let sign =
        call("sign --id 1 --secret-env SECRET --body").arg(body).arg("--scheme").arg(path).run();
    let verify = || call("verify --secret-env SECRET --scheme").arg(path).input(sign.out.as_str());
    verify().run().is(0, "batch     3 events");
    assert_eq!(verify().arg("--json").run().json()["items"], 3);
    let wrong = toml.replace("/events/*", "events");
    round_trip(&wrong, "x").is(2, "`events`");
}

#[test]
fn white_space_between_pairs_is_accepted_if_the_file_allows_it() {
    let toml = |more: &str| {
        format!(
            "name = \"acme\"\nalgorithm = \"hmac-sha256\"\nsigns = \"{{timestamp}}.{{body}}\"\n[signature]\nheader = \"x-acme\"\npair = \"v1\"\n{more}[timestamp]\npair = \"t\"\n"
        )
    };
    let strict = file("strict-pairs.toml", toml(""));
    let loose = file("loose-pairs.toml", toml("white_space = true\n"));
    let flags = "--secret-env SECRET --now 1700000000 --scheme";
    let sign = call(&format!("sign --body {{}} {flags}")).arg(strict.to_str().unwrap()).run().out;
    let spaced = sign.replace(",v1=", ", v1=");
    let run = |command: &str, path: &std::path::Path| {
        call(&format!("{command} {flags}")).arg(path.to_str().unwrap()).input(spaced.as_str()).run()
    };
    run("verify", &loose).is(0, "acme, key `SECRET`");
    run("explain", &strict).is(1, "(pair_whitespace)").is(1, "`white_space = true`");
}

#[test]
fn an_id_holds_its_separator_or_has_a_fixed_length_if_the_file_says_so() {
    let toml = |signs: &str, id: &str| {
        format!(
            "name = \"acme\"\nalgorithm = \"hmac-sha256\"\nsigns = \"{signs}\"\n[signature]\nheader = \"x-acme\"\n[timestamp]\nheader = \"x-time\"\n[id]\nheader = \"x-id\"\n{id}"
        )
    };
    let dotted = toml("{id}.{timestamp}.{body}", "may_hold_separator = true\n");
    round_trip(&dotted, "org.evt.1").is(0, "org.evt.1 (signed)");
    round_trip(&toml("{id}.{timestamp}.{body}", ""), "org.evt.1").is(1, "malformed_header");
    round_trip(&toml("{id}{timestamp}{body}", "length = 4\n"), "e-17").is(0, "e-17 (signed)");
    round_trip(&toml("{id}{timestamp}{body}", "length = 4\n"), "e-1").is(1, "malformed_header");
}

#[test]
fn an_event_may_be_delivered_by_get() {
    let toml = "name = \"acme\"\nalgorithm = \"hmac-sha256\"\nmethod = \"GET\"\nsigns = \"{url}{body}\"\n[signature]\nheader = \"x-acme\"\n";
    let path = file("by-get.toml", toml);
    let flags = "--secret-env SECRET --url https://example.com/hook --scheme";
    let sign = call(&format!("sign --method GET --to https://example.com/hook?paid=7 {flags}"));
    let signed = sign.arg(path.to_str().unwrap()).run().out;
    assert!(signed.starts_with("GET /hook?paid=7 HTTP/1.1"), "{signed}");
    let verify = |request: &str| {
        call(&format!("verify {flags}")).arg(path.to_str().unwrap()).input(request).run()
    };
    verify(&signed).is(0, "acme, key `SECRET`");
    verify(&signed.replace("paid=7", "paid=8")).is(1, "signature_mismatch");
}

#[test]
fn the_types_and_their_characters_are_settings_of_the_file() {
    let toml = |more: &str| format!("{LEAST}[event_type]\nheader = \"x-type\"\n{more}");
    for more in [
        "types = [\"order.paid\"]",
        "characters = \"a-z.\"",
        "types = [\"a.b\"]\ncharacters = \"a-z.\"",
    ] {
        round_trip(&toml(more), "x").is(0, "acme, key `SECRET`");
    }
    round_trip(&toml("types = [\"a.b\"]\ncharacters = \"a-z\""), "x").is(2, "`a.b`");
}

#[test]
fn a_body_that_is_compressed_after_it_is_signed_is_accepted_if_the_file_allows_it() {
    let plain = file("plain.toml", LEAST);
    let gzip = file("gzip.toml", format!("gzip = true\n{LEAST}"));
    let flags = "--secret-env SECRET --scheme";
    let sign = call(&format!("sign --body {{}} {flags}")).arg(plain.to_str().unwrap()).run().out;
    let signature = sign.lines().find_map(|line| line.strip_prefix("x-acme: ")).unwrap();
    // `{}` as `gzip` writes it.
    let packed = "H4sIAAAAAAACA6uuBQBDv6ajAgAAAA==";
    let headers = format!(r#"[["x-acme", "{signature}"], ["content-encoding", "gzip"]]"#);
    let capture = format!(r#"{{"headers": {headers}, "body_b64": "{packed}"}}"#);
    let run = |command: &str, path: &std::path::Path| {
        call(&format!("{command} {flags}"))
            .arg(path.to_str().unwrap())
            .input(capture.as_str())
            .run()
    };
    run("verify", &gzip).is(0, "acme, key `SECRET`");
    run("verify", &plain).is(1, "unsupported_encoding");
    run("explain", &plain).is(1, "(gzip_not_decoded)").is(1, "`gzip = true`");
}

#[test]
fn a_file_that_does_not_describe_a_sender_names_the_line_or_setting() {
    for (toml, piece) in [
        ("", "missing field `name`"),
        ("name = ", "line 1: "),
        ("name = \"a\"\nalgorithm = \"md5\"\n", "line 2: expected one of `hmac-sha256`"),
        (&format!("{LEAST}colour = 1\n"), "line 5: unknown field, expected one of `header`"),
        (
            &format!("{LEAST}prefix = \"a\"\nversion = \"b\"\n"),
            "`signature`: has two of `prefix`, `version` and `pair`",
        ),
        (&LEAST.replace("x-acme", "x acme"), "`x acme` is not a header name"),
        (
            &format!("signs = \"{{timestamp}}.{{body}}\"\n{LEAST}"),
            "the time is signed: configure where it is",
        ),
        (&format!("signs = \"{{body\"\n{LEAST}"), "`signs`: has a `{` without its `}`"),
        (
            &format!("signs = \"{{boddy}}\"\n{LEAST}"),
            "`signs`: has an unknown part in braces: use body",
        ),
        (
            &format!("{LEAST}[timestamp]\nunit = \"seconds\"\n"),
            "`timestamp`: needs one of `header`, `pair` and `field`",
        ),
        (&format!("bodies = [\"xml\"]\n{LEAST}"), "`bodies`: has an unknown format: use json"),
        (&format!("bodies = []\n{LEAST}"), "`body_formats` is empty"),
        (
            &format!("{LEAST}[event_type]\nheader = \"x-type\"\nor_fields = [\"/type\"]\n"),
            "`event_type`: needs one of `header` and `field`",
        ),
        (
            &format!("method = \"get\"\n{LEAST}"),
            "`method`: is not a method by which a sender delivers",
        ),
        (&format!("method = \"GET\"\n{LEAST}"), "does not cover the query"),
        (&format!("{LEAST}white_space = true\n"), "white space can only surround pairs"),
        (&format!("{LEAST}separator = \";\"\n"), "`signature.separator`: applies to `pair` only"),
        (
            &format!("{LEAST}[event_type]\nfield = \"/type\"\ncharacters = \"a-z\"\n"),
            "`event_type.characters`: applies to `header` only",
        ),
        (
            &format!("{LEAST}[id]\nheader = \"x-id\"\nlength = 4\n"),
            "`id_length` must be 1 to 256 bytes",
        ),
        (&format!("{LEAST}[id]\n"), "`id`: needs one of `header` and `field`"),
        (&format!("{LEAST}[contract]\ndeadline = 0\n"), "`response_deadline` is zero"),
        (
            &format!("{LEAST}[contract]\ndeadline = 9223372036854775807\n"),
            "`contract.deadline`: exceeds one hour",
        ),
        (
            &format!("{LEAST}[contract]\nretries = [5, 9223372036854775807]\n"),
            "`contract.retries`: exceeds 30 days",
        ),
        (
            &format!("{LEAST}[contract]\nretries = [{}]\n", "1, ".repeat(101)),
            "`contract.retries`: exceeds 100 retries",
        ),
    ] {
        round_trip(toml, "x").is(2, piece);
    }
}

#[test]
fn a_field_around_the_items_is_described_as_the_page_shows_it() {
    let items = "[[items]]\nat = \"/entry/*/changes/*\"\nwithin = [\"/entry/*/id\"]\n";
    round_trip(&format!("{LEAST}{items}"), "x").is(0, "ok        acme");
}

#[test]
fn a_secret_that_strayed_into_the_file_is_not_printed() {
    for line in [
        format!("secret = \"{SECRET}\""),
        format!("[secret]\nform = \"{SECRET}\""),
        format!("[timestamp]\ntolerance = \"{SECRET}\""),
        format!("x {SECRET}"),
    ] {
        round_trip(&format!("{LEAST}{line}\n"), "x").is(2, "line ");
    }
}
