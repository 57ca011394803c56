//! How requests are read: every form of a capture, and every way in which one can be malformed.

#![allow(clippy::unwrap_used)]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{CommandOutput, call, call_list, file, signed_stripe};
use serde_json::json;

const BODY: &str = r#"{"id":"evt_1","type":"charge.paid","text":"it's é"}"#;
const VERIFY: &str = "verify -s stripe --secret-env SECRET --now 1700000042";

#[track_caller]
fn is_accepted(output: &CommandOutput) {
    output.is(0, "evt_1 (signed)").is(0, "charge.paid").is(0, "42 s ago").is(0, "key `SECRET`");
}

fn signature() -> String {
    let request = signed_stripe(BODY);
    let line = request.lines().find(|line| line.starts_with("stripe-signature: ")).unwrap();
    line.split_once(": ").unwrap().1.to_owned()
}

#[test]
fn raw_http_is_read_from_a_file_and_from_standard_input() {
    let request = signed_stripe(BODY);
    is_accepted(&call(VERIFY).input(request.as_str()).run());
    is_accepted(&call(VERIFY).arg("-").input(request.as_str()).run());
    let path = file("raw.http", &request);
    is_accepted(&call(VERIFY).arg(path.to_str().unwrap()).run());
}

#[test]
fn line_breaks_of_the_head_may_be_lf() {
    is_accepted(&call(VERIFY).input(signed_stripe(BODY).replace("\r\n", "\n")).run());
}

#[test]
fn a_body_of_another_length_than_announced_is_read_whole() {
    // The body has 52 bytes, as saved by an editor.
    let longer = call(VERIFY).input(signed_stripe(BODY) + "\n").run();
    longer
        .is(1, "body_altered")
        .is(1, "note      the body has 53 bytes, but `content-length` is 52");
    let wrong = signed_stripe(BODY).replace("content-length: 52", "content-length: 1");
    is_accepted(&call(VERIFY).input(wrong.as_str()).run());
    let json = call(VERIFY).arg("--json").input(wrong).run().json();
    assert_eq!(
        json["note"],
        "the body has 52 bytes, but `content-length` is 1; it is verified as it is"
    );
}

#[test]
fn a_body_without_chunks_is_read_whole() {
    let request = signed_stripe(BODY).replace("content-length: 52", "transfer-encoding: chunked");
    let output = call(VERIFY).input(request).run();
    is_accepted(&output);
    output.is(
        0,
        "note      `transfer-encoding` announces a chunked body, but the body is not chunked",
    );
}

#[test]
fn a_chunked_body_is_decoded() {
    let head = format!(
        "POST /hook HTTP/1.1\r\nTransfer-Encoding: chunked\r\nStripe-Signature: {}\r\n\r\n",
        signature()
    );
    let (left, right) = BODY.split_at(10);
    let chunks = format!(
        "{:x}\r\n{left}\r\n{:X};ext=1\r\n{right}\r\n0\r\nTrailer: x\r\n\r\n",
        left.len(),
        right.len()
    );
    is_accepted(&call(VERIFY).input(head.clone() + &chunks).run());
    is_accepted(&call(VERIFY).input((head.clone() + &chunks).replace("\r\n", "\n")).run());
    call(VERIFY)
        .input(head.clone() + "2\r\nab\r\nzz\r\n")
        .run()
        .is(2, "the chunk after 2 bytes of body: has no size");
    call(VERIFY)
        .input(head.clone() + "ff\r\nshort")
        .run()
        .is(2, "announces 255 bytes, but 5 follow");
    call(VERIFY).input(head.clone() + "2\r\nabc\r\n").run().is(2, "is longer than announced");
    call(VERIFY)
        .input(head.clone() + "2\r\nab\r\n")
        .run()
        .is(2, "after 2 bytes of body: is missing");
    call(VERIFY).input(head + "2\r\nab\r\nffffffffffffffffff\r\n").run().is(2, "has no size");
}

#[test]
fn a_curl_command_is_read() {
    let signed = call("sign -s stripe --secret-env SECRET --now 1700000000 --to https://example.com/ --curl --body").arg(BODY).run();
    is_accepted(&call(VERIFY).input(signed.out).run());
    let path = file("curl-body.json", BODY);
    for data in [
        format!("--data-raw $'{}'", BODY.replace('\'', r"\'").replace('é', r"\u00e9")),
        format!("--data-binary '@{}'", path.display()),
        format!("-d'@{}'", path.display()),
        format!("--data=@{}", path.display()),
        format!("--json @{}", path.display()),
    ] {
        let line = format!(
            "curl --compressed -sS -X POST 'https://example.com/' \\\n  -H \"Stripe-Signature: {}\" {data}\n",
            signature()
        );
        is_accepted(&call(VERIFY).input(line).run());
    }
}

#[test]
fn options_of_curl_do_not_affect_their_neighbors() {
    let (header, data) =
        (format!("Stripe-Signature: {}", signature()), BODY.replace('\'', r"'\''"));
    for line in [
        format!("curl -sSXPOST -H '{header}' --data-raw '{data}' https://example.com/"),
        format!("curl -sSLX POST -sH '{header}' -d '{data}' https://example.com/"),
        format!("curl -sH'{header}' -d'{data}' -- https://example.com/"),
        format!("curl -kvH '{header}' -isd '{data}' https://example.com/"),
        format!(
            "curl -c jar -E cert.pem -D head.txt -r 0-9 -m 5 -x http://127.0.0.1:1 -A agent -e https://r/ -b 'a=b' -b jar -o out -w '%{{http_code}}' -C 0 -K= -y 1 -Y 2 -z now -U a:b -P - -Q x -t y https://example.com/ -H '{header}' -d '{data}'"
        )
        .replace("-K= ", ""),
        format!(
            "curl --cookie-jar jar --cert c --dump-header h --range 0-9 --connect-to a:1:b:2 --retry-delay 3 --max-redirs 2 --interface eth0 --limit-rate 1k --proxy-header 'x: y' --url https://example.com/ --header '{header}' --data-binary '{data}' --tlsv1.2 --http2 --retry-all-errors --no-keepalive"
        ),
        format!("curl --compressed -#fgijklnNOpqRaBJ0 -4 -6 'https://example.com/' -H '{header}' -d '{data}'"),
    ] {
        is_accepted(&call(VERIFY).input(line).run());
    }
    // A given method takes precedence over the data's.
    let line = format!("curl -sXPUT https://a.b -H '{header}' -d '{data}'");
    call(VERIFY).input(line).run().is(0, "the method is not POST");
}

#[test]
fn an_unsupported_curl_command_names_the_option() {
    for (line, piece) in [
        ("curl", "has no URL"),
        ("curl https://a.b -H", "`-H`: has no value"),
        ("curl https://a.b --header", "`--header`: has no value"),
        ("curl https://a.b -sX", "`-X`: has no value"),
        ("curl https://a.b -: https://c.d", "`--next`: is not supported"),
        ("curl https://a.b -sFa=b", "`--form`: is not supported"),
        ("curl https://a.b --expand-data x", "`--expand-data`: is not supported"),
        ("curl https://a.b -H 'no colon'", "`-H`: is not `name: value`"),
        ("curl https://a.b 'https://c.d'", "has two URLs"),
        ("curl https://a.b -F a=b", "`--form`: is not supported"),
        ("curl https://a.b -d @/nowhere/at/all", "`@`: the given file: cannot be read"),
        ("curl https://a.b -H \"x: $TOKEN\"", "a shell expansion"),
        ("curl 'https://a.b", "a quote that is not closed"),
    ] {
        call(VERIFY).input(line).run().is(2, piece);
    }
}

fn har(entries: &[serde_json::Value]) -> String {
    json!({ "log": { "version": "1.2", "entries": entries } }).to_string()
}

fn entry(method: &str, data: &serde_json::Value) -> serde_json::Value {
    json!({ "request": {
        "method": method,
        "url": "https://example.com/hook",
        "headers": [{ "name": "Stripe-Signature", "value": signature() }],
        "postData": data,
    } })
}

#[test]
fn the_only_post_of_a_har_is_read_or_an_entry_by_number() {
    let text = entry("POST", &json!({ "mimeType": "application/json", "text": BODY }));
    let base64 = entry("POST", &json!({ "text": STANDARD.encode(BODY), "encoding": "base64" }));
    let get = entry("GET", &json!({}));
    is_accepted(&call(VERIFY).input(har(&[get.clone(), text.clone()])).run());
    is_accepted(&call(VERIFY).input(har(std::slice::from_ref(&base64))).run());
    is_accepted(
        &call(VERIFY)
            .arg("--entry")
            .arg("3")
            .input(har(&[get.clone(), text.clone(), base64.clone()]))
            .run(),
    );
    call(VERIFY)
        .input(har(&[text.clone(), base64]))
        .run()
        .is(2, "choose one of its 2 requests with `--entry N`");
    call(VERIFY).arg("--entry").arg("9").input(har(&[text])).run().is(2, "`--entry` with 1 to 1");
    call(VERIFY).arg("--entry").arg("0").input(har(&[get])).run().is(2, "`--entry` with 1 to 1");
    call(VERIFY).input(r#"{"log":{}}"#).run().is(2, "`/log/entries`: is not a list");
}

#[test]
fn a_json_object_is_read() {
    let request = json!({ "headers": [["Stripe-Signature", signature()]], "body": BODY });
    is_accepted(&call(VERIFY).input(request.to_string()).run());
    let request = json!({ "headers": { "Stripe-Signature": signature() }, "body_b64": STANDARD.encode(BODY) });
    is_accepted(&call(VERIFY).input(request.to_string()).run());
    call(VERIFY).input("{}").run().is(2, "field `headers`: is missing");
    call(VERIFY).input("{").run().is(2, "is truncated JSON, at line 1 column 1");
    call(VERIFY).input(r#"{"headers":[],"body":{}}"#).run().is(2, "field `body`: is not a string");
}

#[test]
fn a_byte_order_mark_is_not_part_of_a_capture() {
    let json = json!({ "headers": [["Stripe-Signature", signature()]], "body": BODY }).to_string();
    let har = har(&[entry("POST", &json!({ "text": BODY }))]);
    for capture in [json, har, signed_stripe(BODY)] {
        is_accepted(&call(VERIFY).input(format!("\u{feff}{capture}")).run());
    }
    let wide: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    call(VERIFY).input(wide).run().is(2, "standard input: is UTF-16");
}

#[test]
fn flags_are_read() {
    let header = format!("Stripe-Signature: {}", signature());
    let path = file("flags-body.json", BODY);
    let flags: Vec<_> = VERIFY.split(' ').chain(["-H", &header]).collect();
    is_accepted(&call_list(&flags).arg("--body").arg(BODY).run());
    is_accepted(&call_list(&flags).arg("--body-file").arg(path.to_str().unwrap()).run());
    is_accepted(&call_list(&flags).arg("--body-file").arg("-").input(BODY).run());
    call_list(&flags)
        .arg("-H")
        .arg("nonsense")
        .run()
        .is(2, "`--request-header`: is not `name: value`");
}

#[test]
fn a_malformed_raw_request_names_the_line() {
    for (request, piece) in [
        ("", "is empty"),
        ("hello\n\n", "line 1: is not an HTTP/1 request line"),
        ("POST / HTTP/2\n\n", "line 1: is not an HTTP/1 request line"),
        ("POST / HTTP/1.1\na: b\n", "the head is not terminated"),
        ("POST / HTTP/1.1\na: b\nc d\n\n", "line 3: the header's name"),
        ("POST / HTTP/1.1\na: b\nc: \x01\n\n", "line 3: the header's value"),
        ("POST / HTTP/1.1\ncontent-length: -5\n\nabc", "header `content-length`: is not a number"),
        (
            "POST / HTTP/1.1\ntransfer-encoding: gzip\n\nabc",
            "header `transfer-encoding`: is not `chunked`",
        ),
    ] {
        let output = call(VERIFY).input(request).run();
        output.is(2, piece).is(2, "standard input: ");
        assert_eq!(output.err.lines().count(), 1, "{output:?}");
    }
    let many = "a: b\n".repeat(300);
    call(VERIFY).input(format!("POST / HTTP/1.1\n{many}\n")).run().is(2, "more than 256 headers");
    call(VERIFY).arg("/nowhere/at/all").run().is(2, "the given file: cannot be read");
}

#[test]
fn headers_that_are_not_ascii_are_rejected() {
    let request = b"POST / HTTP/1.1\nstripe-signature: t=1,v1=\xff\xe9\n\n{}".to_vec();
    call(VERIFY).input(request).run().is(1, "malformed_header");
}

#[test]
fn with_json_malformed_input_is_one_object() {
    let output = call(VERIFY).arg("--json").input("hello").run();
    assert_eq!(
        (output.code, &output.json()["verdict"]),
        (2, &json!("malformed_input")),
        "{output:?}"
    );
    assert_eq!(output.err, "");
}

#[test]
fn a_curl_command_may_have_a_prompt_or_a_path() {
    let signed = call("sign -s github --secret-env SECRET --id 1 --body {} --curl").run().out;
    for line in [format!("$ {signed}"), format!("/usr/bin/{signed}"), format!("\n  {signed}")] {
        call("verify -s github --secret-env SECRET").input(line.clone()).run().is(0, "GitHub");
    }
    for end in ["| jq .", "> out.txt", "; curl https://b.example"] {
        let line = format!("{} {end}", signed.trim_end());
        let output = call("verify -s github --secret-env SECRET").input(line).run();
        output.is(2, "use the `curl` command alone");
    }
}

#[test]
fn a_body_that_is_given_twice_is_an_error() {
    let capture = r#"{"headers":[],"body":"a","body_b64":"Yg=="}"#;
    let output = call("verify -s github --secret-env SECRET").input(capture).run();
    output.is(2, "field `body_b64`: is given besides `body`: keep one of the two");
}

#[test]
fn a_body_is_read_byte_for_byte_in_every_format() {
    let parts =
        "--b\r\nContent-Disposition: form-data; name=\"payload\"\r\n\r\n{\"a\":1}\n\r\n--b--\r\n";
    let bodies =
        ["\u{feff}{\"a\":1}", parts, "payload=%7B%22a%22%3A1%7D&x=a+b", "a\r\n\n", "\r\n{}"];
    for (number, body) in bodies.into_iter().enumerate() {
        let path = file(&format!("exact-{number}.txt"), body);
        let sign = "sign -s meta --secret-env SECRET --to https://example.com/ --body-file";
        let raw = call(sign).arg(path.to_str().unwrap()).run().out;
        let line = raw.lines().find(|line| line.starts_with("x-hub-signature-256")).unwrap();
        let (name, value) = line.split_once(": ").unwrap();
        let headers = json!([[name, value]]);
        let text = json!({ "headers": headers, "body": body });
        let base64 = json!({ "headers": headers, "body_b64": STANDARD.encode(body) });
        let har = json!({ "log": { "entries": [{ "request": {
            "method": "POST",
            "headers": [{ "name": name, "value": value }],
            "postData": { "mimeType": "multipart/form-data; boundary=b", "text": body },
        }}]}});
        for capture in [raw, text.to_string(), base64.to_string(), har.to_string()] {
            let verify = call("verify -s meta --secret-env SECRET").input(capture).run();
            assert_eq!(verify.code, 0, "{body:?}: {verify:?}");
        }
    }
}

#[test]
fn a_har_without_the_bytes_of_a_multipart_body_is_rejected() {
    let har = json!({ "log": { "entries": [{ "request": {
        "method": "POST",
        "headers": [],
        "postData": {
            "mimeType": "multipart/form-data; boundary=b",
            "params": [{ "name": "payload", "value": "{}" }],
        },
    }}]}});
    let verify = call("verify -s meta --secret-env SECRET").input(har.to_string());
    verify.run().is(2, "has the fields of a multipart body, but not its bytes");
}

#[test]
fn a_request_by_get_is_read_in_every_format() {
    let sign = "sign -s twilio --method GET --secret-env SECRET --url https://example.com/voice --to https://example.com/voice?CallSid=CA1&From=%2B15550100";
    let formats = ["", " --curl", " --json"];
    for format in formats {
        let signed = call(&format!("{sign}{format}")).run().out;
        let run = |command: &str, request: &str| {
            let flags = "-s twilio --secret-env SECRET --url https://example.com/voice";
            call(&format!("{command} {flags}")).input(request).run()
        };
        run("verify", &signed).is(0, "with_method(\"GET\")");
        run("explain", &signed).is(0, "note").is(0, "with_method(\"GET\")");
        run("verify", &signed.replace("CA1", "CA2")).is(1, "signature_mismatch");
    }
    call("sign -s github --method GET --secret-env SECRET")
        .run()
        .is(2, "`--method`: is not a method by which `github` delivers: use POST");
}
