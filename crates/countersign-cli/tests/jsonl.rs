//! `verify --jsonl`: a verdict a line, whatever the line is.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::sync::LazyLock;

use common::snake::snake;
use common::{Call, CommandOutput, SECRET, call, file};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use serde_json::{Value, json};

const PUBLISHED: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../countersign/tests/vectors/published.json");

fn lines(output: &CommandOutput) -> Vec<Value> {
    output.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

static VECTORS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let document: Value = serde_json::from_slice(&std::fs::read(PUBLISHED).unwrap()).unwrap();
    document["vectors"].as_array().unwrap().clone()
});

fn vectors() -> &'static [Value] {
    &VECTORS
}

fn guarded(call: Call, vectors: &[Value]) -> Call {
    let secrets = vectors.iter().filter_map(|vector| vector["secret"].as_str());
    secrets.filter(|secret| secret.trim().len() > 7).fold(call, Call::never)
}

#[track_caller]
fn agree(vectors: &[Value], output: &CommandOutput) {
    let verdicts = lines(output);
    assert_eq!(verdicts.len(), vectors.len(), "{}", output.err);
    for (vector, verdict) in vectors.iter().zip(verdicts) {
        let ours = snake(vector["ours"].as_str().unwrap());
        assert_eq!(verdict["verdict"], ours, "{}: {verdict}", vector["name"]);
    }
    assert_eq!(output.code, 0);
}

#[test]
fn the_published_vectors_are_verified_as_a_document() {
    let vectors = vectors();
    assert!(vectors.len() > 100);
    let output = guarded(call("verify --jsonl").arg(PUBLISHED), vectors).run();
    agree(vectors, &output);
}

#[test]
fn the_published_vectors_are_verified_line_by_line_with_their_older_field_names() {
    let vectors = vectors();
    let mut input = String::new();
    for vector in vectors {
        let mut vector = vector.clone();
        let fields = vector.as_object_mut().unwrap();
        let sender = fields.remove("sender").unwrap();
        fields.insert("scheme".to_owned(), sender);
        input += &format!("{vector}\n");
    }
    let output = guarded(call("verify --jsonl").input(input), vectors).run();
    agree(vectors, &output);
}

fn stripe() -> Value {
    json!({
        "sender": "stripe", "secret": SECRET, "now": 1_700_000_000,
        "headers": [["Stripe-Signature", "t=1700000000,v1=4d68db9d3b7a9c75a2a6ac9f9db3b8bbbcc7e2a2ec7f2ba70e8e5a4bbb5f4a0f"]],
        "body": "{\"id\":\"evt_1\"}",
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut request = stripe();
    request[field] = value;
    request
}

fn verify_line(request: &Value) -> Value {
    let output = call("verify --jsonl").input(format!("{request}\n")).run();
    let mut verdicts = lines(&output);
    assert_eq!(verdicts.len(), 1, "{output:?}");
    verdicts.remove(0)
}

/// Returns a line with a request that the command signed.
fn signed(body: &str) -> Value {
    let output =
        call("sign --json -s stripe --secret-env SECRET --now 1700000000 --body").arg(body).run();
    let mut request = output.json();
    request["sender"] = "stripe".into();
    request["secret"] = SECRET.into();
    request["now"] = 1_700_000_003.into();
    request
}

#[test]
fn an_accepted_line_has_sender_key_and_event() {
    let verdict = verify_line(&signed(r#"{"id":"evt_1","type":"a.b"}"#));
    let expected = json!({
        "line": 1, "verdict": "ok", "sender": "stripe", "key": "default", "id": "evt_1",
        "id_signed": true, "event_type": "a.b", "timestamp": 1_700_000_000,
    });
    assert_eq!(verdict, expected);
}

#[test]
fn secrets_may_be_a_list_or_have_names() {
    let mut request = signed("{}");
    request.as_object_mut().unwrap().remove("secret");
    request["secrets"] = json!(["another secret of theirs", SECRET]);
    assert_eq!(verify_line(&request)["key"], "key-2");
    request["secrets"] = json!({ "old": "another secret of theirs", "new": SECRET });
    assert_eq!(verify_line(&request)["key"], "new");
    request["secrets"] = json!([]);
    assert_eq!(verify_line(&request)["field"], "secret");
    request["secrets"] = json!([1]);
    assert_eq!(verify_line(&request)["field"], "secrets");
}

#[test]
fn a_form_is_encoded_where_there_is_no_body() {
    let mut request = vectors()
        .iter()
        .find(|vector| vector["sender"] == "twilio" && vector["ours"] == "ok")
        .unwrap()
        .clone();
    let fields = request.as_object_mut().unwrap();
    fields.remove("body");
    let form = json!({ "CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309", "To": "+18005551212" });
    fields.insert("form".to_owned(), form);
    assert_eq!(verify_line(&request)["verdict"], "ok");
    request["form"] = json!([["Digits", "9"]]);
    assert_eq!(verify_line(&request)["verdict"], "signature_mismatch");
    request["form"] = json!("a=b");
    assert_eq!(verify_line(&request)["field"], "form");
}

#[test]
fn a_malformed_line_names_the_field_and_does_not_stop_the_run() {
    let broken = [
        (with("sender", json!("nobody")), "sender"),
        (with("sender", json!(7)), "sender"),
        (with("secret", json!(12345)), "secret"),
        (with("secret", Value::Null), "secret"),
        (with("headers", json!("a: b")), "headers"),
        (with("headers", json!([["a"]])), "headers"),
        (with("headers", json!([["a", 1]])), "headers"),
        (with("headers", Value::Null), "headers"),
        (with("body", json!({})), "body"),
        (with("now", json!(-1)), "now"),
        (with("now", json!(1.5)), "now"),
        (with("now", json!("1700000000")), "now"),
        (with("now", json!(1e300)), "now"),
        (with("tolerance", json!("5")), "tolerance"),
        (with("url", json!(["x"])), "url"),
        (with("method", json!(0)), "method"),
        (with("encoding", json!("rot13")), "encoding"),
    ];
    let mut input = String::new();
    for (request, _) in &broken {
        input += &format!("{request}\n");
    }
    let mut no_body = stripe();
    no_body.as_object_mut().unwrap().remove("body");
    no_body["body_b64"] = "!".into();
    input += &format!("{no_body}\n\n{}\n", signed("{}"));
    let output = call("verify --jsonl").input(input).run();
    let verdicts = lines(&output);
    for ((request, field), verdict) in broken.iter().zip(&verdicts) {
        assert_eq!(verdict["verdict"], "malformed_input", "{request}");
        assert_eq!(verdict["field"], *field, "{request}");
    }
    assert_eq!(verdicts[broken.len()]["field"], "body_b64");
    let last = verdicts.last().unwrap();
    assert_eq!(
        (last["verdict"].as_str(), last["line"].as_u64()),
        (Some("ok"), Some(broken.len() as u64 + 3))
    );
    assert_eq!(output.code, 2);
}

#[test]
fn a_line_that_is_not_json_is_reported_with_its_position() {
    let line = format!("{{\"secret\":\"{SECRET}\",}}\n[]\n\u{7f}\n{{\n");
    let output = call("verify --jsonl").input(line).run();
    let verdicts = lines(&output);
    let reasons: Vec<_> =
        verdicts.iter().map(|verdict| verdict["reason"].as_str().unwrap()).collect();
    assert!(reasons[0].contains("is not JSON, at line 1 column"), "{}", reasons[0]);
    assert_eq!(reasons[1], "the request is not a JSON object");
    assert!(reasons[2].contains("is not JSON"), "{}", reasons[2]);
    assert!(reasons[3].contains("is truncated JSON"), "{}", reasons[3]);
    assert_eq!(output.code, 2);
}

#[test]
fn an_impossible_request_is_rejected() {
    let value = |value: &str| with("headers", json!([["Stripe-Signature", value]]));
    for text in ["é", "\u{0}", "t=1\r\nx: y", "\u{1f600}", "t=99999999999999999999,v1=00"] {
        assert_eq!(verify_line(&value(text))["verdict"], "malformed_header", "{text:?}");
    }
    assert_eq!(verify_line(&with("method", json!("BREW")))["verdict"], "method_not_allowed");
    assert_eq!(verify_line(&with("now", json!(u64::MAX)))["verdict"], "stale_timestamp");
    assert_eq!(verify_line(&with("tolerance", json!(u64::MAX)))["verdict"], "signature_mismatch");
    assert_eq!(verify_line(&with("secret", json!("")))["verdict"], "empty_secret");
    assert_eq!(verify_line(&with("sender", json!("square")))["verdict"], "missing_setting");
    assert_eq!(verify_line(&with("sender", json!("omniai")))["verdict"], "missing_setting");
}

#[test]
fn each_verdict_is_written_before_the_next_line_is_read() {
    let mut child = call("verify --jsonl").start();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut output = BufReader::new(output);
    for number in 1..=3 {
        writeln!(input, "{}", signed("{}")).unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let verdict: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (verdict["line"].as_u64(), verdict["verdict"].as_str()),
            (Some(number), Some("ok"))
        );
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_closed_output_does_not_panic() {
    let mut child = call("verify --jsonl").start();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    let line = format!("{}\n", stripe());
    while input.write_all(line.as_bytes()).is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()),
        (Some(0), "")
    );
}

#[test]
fn a_line_may_name_a_custom_sender() {
    let path = file(
        "own.toml",
        "name = \"own\"\nalgorithm = \"hmac-sha256\"\n[signature]\nheader = \"x-own\"\n",
    );
    let path = path.to_str().unwrap();
    let signed = call("sign --json --secret-env SECRET --body {} --scheme").arg(path).run();
    let mut request = signed.json();
    request["sender"] = "own".into();
    request["secret"] = SECRET.into();
    let output = call("verify --jsonl --scheme").arg(path).input(request.to_string()).run();
    assert_eq!(lines(&output)[0]["verdict"], "ok", "{output:?}");
}

#[test]
fn flags_are_the_defaults_of_lines() {
    let mut bare = signed(r#"{"id":"evt_1"}"#);
    for field in ["sender", "secret", "now"] {
        bare.as_object_mut().unwrap().remove(field);
    }
    let run_line = |flags: &str, request: &Value| {
        let output = call("verify --jsonl").args(flags).input(request.to_string()).run();
        lines(&output).remove(0)
    };
    let flags = "-s stripe --secret-env key=SECRET --now 1700000042";
    let verdict = run_line(flags, &bare);
    assert_eq!((&verdict["verdict"], &verdict["key"]), (&json!("ok"), &json!("key")));
    assert_eq!(run_line(&format!("{flags} --tolerance 41"), &bare)["verdict"], "stale_timestamp");
    assert_eq!(run_line("--secret-env SECRET", &bare)["field"], "sender");
    assert_eq!(run_line("-s stripe", &bare)["field"], "secret");
    // A line's own value takes precedence.
    for (field, value, verdict) in [
        ("now", json!(1_800_000_000), "stale_timestamp"),
        ("tolerance", json!(1), "stale_timestamp"),
        ("secret", json!("another secret of theirs"), "signature_mismatch"),
        ("sender", json!("github"), "missing_header"),
    ] {
        let mut request = bare.clone();
        request[field] = value;
        assert_eq!(run_line(flags, &request)["verdict"], verdict, "{field}");
    }
    let omniai = json!({ "headers": [["x-hook", format!("Bearer {SECRET}")]], "body": "{}" });
    let flags = "-s omniai --secret-env SECRET --header x-hook";
    assert_eq!(run_line(flags, &omniai)["verdict"], "signature_mismatch");
    let call = call("verify --jsonl").args(flags).arg("--prefix").arg("Bearer ");
    assert_eq!(lines(&call.input(omniai.to_string()).run())[0]["verdict"], "ok");
}

#[test]
fn flags_that_no_line_can_use_are_rejected() {
    for flags in ["--method GET", "--entry 1", "--format har", "-H a:b", "--body {}"] {
        call("verify --jsonl").args(flags).run().is(2, "cannot be used with");
    }
    call("verify --jsonl -s strip").run().is(2, "sender `strip`: is not known");
    call("verify --jsonl --secret-stdin").run().is(2, "`--secret-stdin`: standard input is");
    call("verify --jsonl --now soon").run().is(2, "`--now`: is not a time");
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_first_line() {
    let line = format!("\u{feff}{}\n", signed("{}"));
    let output = call("verify --jsonl").input(line.as_str()).run();
    assert_eq!(lines(&output)[0]["verdict"], "ok", "{output:?}");
    let path = file("marked.json", format!("\u{feff}[{}]", signed("{}")));
    let output = call("verify --jsonl").arg(path.to_str().unwrap()).run();
    assert_eq!(lines(&output)[0]["verdict"], "ok", "{output:?}");
}

/// Any JSON value, as a careless or hostile program may write it.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z0-9,=. ]{0,30}".prop_map(Value::from),
        proptest::sample::select(vec![
            "twilio",
            "adyen",
            "discord",
            "sendgrid",
            "omniai",
            "GET",
            "https://x/?"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

const FIELDS: &[&str] = &[
    "sender",
    "headers",
    "method",
    "url",
    "form",
    "body",
    "body_b64",
    "now",
    "tolerance",
    "header",
    "encoding",
    "prefix",
];

fn mangled() -> impl Strategy<Value = Vec<u8>> {
    let value = (
        0..vectors().len(),
        proptest::collection::vec((proptest::sample::select(FIELDS), anything()), 0..3),
    );
    let edits =
        proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..3);
    (value, edits).prop_map(|((at, fields), edits)| {
        let mut request = vectors()[at].clone();
        for (field, value) in fields {
            request[field] = value;
        }
        let mut line = request.to_string().into_bytes();
        for (place, byte, kind) in edits {
            let place = place.index(line.len().max(1));
            let byte = if byte == b'\n' { b' ' } else { byte };
            match kind {
                0 if place < line.len() => line[place] = byte,
                1 => line.truncate(place),
                _ => line.insert(place.min(line.len()), byte),
            }
        }
        line
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn mangled_lines_get_a_verdict_each(batch in proptest::collection::vec(mangled(), 60)) {
        let asked = batch.iter().filter(|line| !line.trim_ascii().is_empty()).count();
        let output = guarded(call("verify --jsonl").input(batch.join(&b'\n')), vectors()).run();
        let verdicts = lines(&output);
        prop_assert_eq!(verdicts.len(), asked, "{}", &output.err);
        let is_unread = verdicts.iter().any(|verdict| verdict["verdict"] == "malformed_input");
        prop_assert_eq!(output.code, if is_unread { 2 } else { 0 });
        prop_assert!(verdicts.iter().all(|verdict| verdict["verdict"].is_string()));
    }
}

#[test]
fn a_document_on_standard_input_is_verified_like_a_file() {
    let published = include_str!("../../countersign/tests/vectors/published.json");
    let document: Value = serde_json::from_str(published).unwrap();
    let count = document["vectors"].as_array().unwrap().len();
    let path = common::file("published-again.json", published);
    let wanted = call("verify --jsonl").arg(path.to_str().unwrap()).run();
    assert_eq!(wanted.out.lines().count(), count);
    let in_one_line = serde_json::to_string(&document).unwrap();
    for input in
        [published.to_owned(), serde_json::to_string_pretty(&document).unwrap(), in_one_line]
    {
        let output = call("verify --jsonl").input(input).run();
        assert_eq!((output.code, output.out), (wanted.code, wanted.out.clone()));
    }
}
