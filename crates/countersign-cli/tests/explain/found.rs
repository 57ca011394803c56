//! What is found rather than rejected: valid requests, senders, headers, and two causes at once.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::Timestamp;
use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
use countersign::senders::{self, SenderSpec};
use countersign_cli::explain::Explanation;
use countersign_cli::request::Captured;
use countersign_cli::sender::Settings;
use serde::Deserialize;

use super::breaks::{MACS, TEXT, of, valid};
use super::snake::snake;
use super::valid::{Asked, NOW, RAW, Recipe, Rng, URL};

fn kinds(explanation: &Explanation) -> Vec<&str> {
    explanation.findings.iter().map(|finding| finding.kind).collect()
}

#[test]
fn a_valid_request_of_every_sender_is_ok_and_nothing_is_found() {
    for sender in senders::ALL {
        for seed in 0..4 {
            let asked = Recipe::new(sender.name(), &mut Rng::new(seed)).send();
            let explanation = asked.explain();
            assert_eq!(explanation.verdict, "ok", "{}: {explanation:?}", sender.name());
            assert_eq!(explanation.findings, [], "{}", sender.name());
        }
    }
}

#[test]
fn a_sender_that_is_not_named_is_guessed() {
    // Adyen has no header of its own; a sender that does not document its header is searched for, which
    // the tests of OmniAI and AINexLayer below cover.
    let has_own_header =
        |sender: &&SenderSpec| sender.name() != "adyen" && !sender.requires_header();
    for sender in senders::ALL.iter().filter(has_own_header) {
        let mut asked = Recipe::new(sender.name(), &mut Rng::new(3)).send();
        asked.sender = None;
        let explanation = asked.explain();
        assert_eq!(explanation.verdict, "ok", "{}: {explanation:?}", sender.name());
        assert_eq!(kinds(&explanation), ["sender_guessed"], "{}", sender.name());
        assert!(explanation.findings[0].certain, "{}", sender.name());
    }
}

#[test]
fn headers_that_bear_a_sender_s_name_tell_it_from_others_with_the_same_signature() {
    // GitHub's own headers, and the signature that Intercom has as well.
    let legacy = |marks: &[(&str, &str)]| {
        let recipe = Recipe::new("intercom", &mut Rng::new(5));
        let mut asked = recipe.send();
        for (name, value) in marks {
            asked.request.headers.insert(0, ((*name).to_owned(), (*value).to_owned()));
        }
        asked
    };
    for marks in [&[("X-GitHub-Event", "push")][..], &[("User-Agent", "GitHub-Hookshot/1")], &[]] {
        let mut asked = legacy(marks);
        asked.sender = Some("github".to_owned());
        let explanation = asked.explain();
        assert_eq!(kinds(&explanation), ["header_missing"], "{explanation:?}");
        let what = &explanation.findings[0].what;
        assert!(
            what.contains("`x-hub-signature-256` is missing") && what.contains("SHA1"),
            "{what}"
        );
        if !marks.is_empty() {
            asked.sender = None;
            let explanation = asked.explain();
            assert_eq!(explanation.verdict, "missing_header");
            assert_eq!(kinds(&explanation), ["sender_guessed", "header_missing"]);
            assert!(explanation.findings[0].next.contains("`github`"), "{explanation:?}");
        }
    }
    // What bears Intercom's own name is its own.
    let mut asked = legacy(&[("Intercom-Webhook-Id", "1")]);
    asked.sender = Some("github".to_owned());
    assert_eq!(kinds(&asked.explain()), ["wrong_sender"]);
}

#[test]
fn the_form_that_senders_share_goes_before_those_that_share_it() {
    for (agent, guessed, alike) in [
        ("sender/1.0", "standard-webhooks", "`gitlab-signed`, `openai`"),
        ("GitLab/17.1", "gitlab-signed", ""),
        ("OpenAI/1.0", "openai", ""),
    ] {
        let mut asked = Recipe::new("standard-webhooks", &mut Rng::new(6)).send();
        asked.sender = None;
        *asked.value("user-agent") = agent.to_owned();
        let explanation = asked.explain();
        assert_eq!((&*explanation.verdict, kinds(&explanation)), ("ok", vec!["sender_guessed"]));
        let next = &explanation.findings[0].next;
        assert!(next.starts_with(&format!("Name the sender `{guessed}`.")), "{next}");
        assert!(next.contains(alike), "{next}");
    }
    let mut asked = Recipe::new("svix", &mut Rng::new(6)).send();
    asked.sender = Some("standard-webhooks".to_owned());
    let explanation = asked.explain();
    assert_eq!(kinds(&explanation), ["wrong_sender"]);
    let finding = &explanation.findings[0];
    assert!(finding.what.contains("one of `svix`"), "{finding:?}");
    assert!(finding.next.contains("also fit `clerk`, `resend`"), "{finding:?}");
}

#[test]
fn keys_in_alphabetical_order_are_a_hint_and_no_proof() {
    for (body, is_hinted) in [
        (r#"{"a":1,"b":{"c":1,"d":2},"z":[{"e":1,"f":2}]}"#, true),
        (r#"{"a":1,"b":{"d":1,"c":2},"z":0}"#, false),
        (r#"{"a":1,"b":2}"#, false),
    ] {
        let mut recipe = Recipe::new("github", &mut Rng::new(9));
        recipe.body = br#"{"z":0,"b":1,"a":2.50}"#.to_vec();
        let mut asked = recipe.send();
        asked.request.body = body.into();
        asked.request.headers.retain(|(name, _)| name != "content-length");
        let found = asked.explain().findings;
        let hint = found.iter().find(|finding| finding.kind == "body_reserialised");
        assert_eq!(hint.map(|finding| finding.certain), is_hinted.then_some(false), "{body}");
    }
}

#[test]
fn where_the_url_is_signed_it_is_the_likeliest_cause() {
    for (name, is_url) in [("twilio", true), ("square", true), ("hubspot", true), ("github", false)]
    {
        let mut asked = Recipe::new(name, &mut Rng::new(9)).send();
        asked.secret("another secret altogether");
        let found = asked.explain().findings;
        let last = found.iter().find(|finding| finding.kind == "no_cause_found").unwrap();
        assert_eq!(
            last.what.contains("most likely the configured one"),
            is_url,
            "{name}: {last:?}"
        );
        assert_eq!(last.next.starts_with("Compare the URL"), is_url, "{name}: {last:?}");
    }
}

#[test]
fn a_request_without_any_header_of_the_sender_is_of_another() {
    for name in ["stripe", "slack", "github", "shopify"] {
        let signature = SignatureLocation::header("x-ainex-signature", Encoding::Hex);
        let scheme = Scheme::hmac_sha256("x", signature).build().unwrap();
        let mut asked = ainexlayer(&mut Rng::new(8), &scheme);
        asked.sender = Some(name.to_owned());
        let explanation = asked.explain();
        assert_eq!(kinds(&explanation), ["wrong_sender"], "{name}: {explanation:?}");
        let finding = &explanation.findings[0];
        assert!(finding.what.contains("`x-ainex-signature`, in hexadecimal"), "{finding:?}");
        assert!(finding.next.contains("`ainexlayer`"), "{finding:?}");
    }
}

#[test]
fn what_is_wrong_is_found_for_a_sender_that_is_not_named() {
    for seed in 0..12 {
        let mut asked = of(&mut Rng::new(seed), MACS);
        let name = asked.sender.take().unwrap();
        asked.request.body.push(b'\n');
        let explanation = asked.explain();
        assert_eq!(kinds(&explanation), ["sender_guessed", "trailing_newline"], "{name}");
    }
}

#[test]
fn two_causes_are_found_together() {
    for seed in 0..12 {
        let rng = &mut Rng::new(seed);
        let mut asked = of(rng, TEXT);
        let secret = asked.secrets[0].1.clone();
        asked.secret([&secret, b"\n".as_slice()].concat());
        asked.request.body.extend(b"\n");
        let explanation = asked.explain();
        assert_eq!(
            kinds(&explanation),
            ["secret_whitespace", "trailing_newline"],
            "{}",
            asked.sender()
        );
        assert!(explanation.findings.iter().all(|finding| finding.certain));
    }
    for seed in 0..12 {
        let mut asked = of(&mut Rng::new(seed), &["github", "slack", "typeform", "zoom", "meta"]);
        let secret = asked.secrets[0].1.clone();
        asked.secret([b" ", secret.as_slice()].concat());
        let value = &mut asked.signature().1;
        *value = value.split_once('=').unwrap().1.to_owned();
        let explanation = asked.explain();
        assert_eq!(
            kinds(&explanation),
            ["secret_whitespace", "signature_prefix"],
            "{}",
            asked.sender()
        );
    }
}

#[test]
fn a_cause_and_a_clock_that_is_off_are_found_together() {
    for seed in 0..12 {
        let mut asked = of(&mut Rng::new(seed), &["stripe", "svix", "slack", "mux", "openai"]);
        let secret = asked.secrets[0].1.clone();
        asked.secret([b"\"", secret.as_slice(), b"\""].concat());
        asked.now = Timestamp::from_secs(NOW.as_secs() + 421);
        let explanation = asked.explain();
        assert_eq!(kinds(&explanation), ["secret_quoted", "clock_off"], "{}", asked.sender());
        let what = &explanation.findings[1].what;
        assert!(what.contains("421 s behind") && what.contains("300 s are allowed"), "{what}");
    }
}

#[test]
fn the_clock_is_told_both_ways_with_its_tolerance() {
    for (name, past, future) in [("stripe", 300, 300), ("box", 600, 60), ("discord", 900, 300)] {
        for (now, told) in [
            (NOW.as_secs() + past + 5, format!("{} s behind", past + 5)),
            (NOW.as_secs() - future - 7, format!("{} s ahead", future + 7)),
        ] {
            let mut asked = Recipe::new(name, &mut Rng::new(now)).send();
            asked.now = Timestamp::from_secs(now);
            let explanation = asked.explain();
            assert_eq!(kinds(&explanation), ["clock_off"], "{name}");
            let what = &explanation.findings[0].what;
            let allowed = format!("{past} s are allowed behind and {future} s ahead");
            assert!(what.contains(&told) && what.contains(&allowed), "{name}: {what}");
        }
    }
}

#[test]
fn a_time_within_the_tolerance_is_not_called_off() {
    for (now, name) in [
        (NOW.as_secs() + 599, "box"),
        (NOW.as_secs() - 59, "box"),
        (NOW.as_secs() + 899, "discord"),
    ] {
        let mut asked = Recipe::new(name, &mut Rng::new(now)).send();
        asked.now = Timestamp::from_secs(now);
        asked.request.body.push(b'\n');
        assert_eq!(kinds(&asked.explain()), ["trailing_newline"], "{name} at {now}");
    }
}

#[test]
fn a_name_that_holds_a_secret_is_not_told() {
    for seed in 0..10 {
        // The secret in the key's name, in the header's name, and twice in its value.
        let rng = &mut Rng::new(seed);
        let mut asked = of(rng, &["github"]);
        let right = asked.secrets[0].1.clone();
        asked.secret(Recipe::new("github", rng).secret);
        asked.others.push((format!("key {}", String::from_utf8_lossy(&right)), right));
        assert_eq!(kinds(&asked.explain()), ["other_key"]);

        let mut asked = omniai(rng, "x-hook-token", |secret| format!("{secret} {secret}"));
        let secret = String::from_utf8(asked.secrets[0].1.clone()).unwrap();
        assert_eq!(kinds(&asked.explain()), ["header_found"]);
        asked.request.headers[3].0 = format!("x-{secret}");
        assert_eq!(kinds(&asked.explain()), ["header_found"]);
    }
}

#[test]
fn another_key_and_another_sender_are_named() {
    for seed in 0..12 {
        let rng = &mut Rng::new(seed);
        let name = *rng.pick(MACS);
        let mut asked = of(rng, &[name]);
        let right = asked.secrets[0].1.clone();
        asked.secret(Recipe::new(name, rng).secret);
        asked.others.push(("tenant-b".to_owned(), right));
        let what = &asked.explain().findings[0].what;
        assert!(what.contains("`tenant-b`"), "{name}: {what}");

        let mut asked = of(rng, &["shopify", "slack", "zendesk", "line"]);
        let right = asked.sender.replace("github".to_owned()).unwrap();
        let what = &asked.explain().findings[0].what;
        assert!(what.contains(&format!("`{right}`")), "{what}");
    }
}

/// A request of OmniAI that holds the secret in `header`, made by `value`.
fn omniai(rng: &mut Rng, header: &str, value: fn(&str) -> String) -> Asked {
    let mut asked = of(rng, &["telegram"]);
    let secret = String::from_utf8(asked.secrets[0].1.clone()).unwrap();
    *asked.signature() = (header.to_owned(), value(&secret));
    asked.hidden = vec![secret];
    asked.request.headers.push(("x-request-id".to_owned(), "0b1f".to_owned()));
    asked.sender = Some("omniai".to_owned());
    asked
}

#[test]
fn the_header_that_holds_omniai_s_secret_is_found() {
    type Way = (fn(&str) -> String, &'static str, &'static str);
    let ways: [Way; 6] = [
        (str::to_owned, "as it is.", "OmniAi::new(\"x-hook-token\", secret)"),
        (
            |secret| format!("Bearer {secret}"),
            "as it is, behind `Bearer `.",
            ".prefix(\"Bearer \")",
        ),
        (
            |secret| format!("Token token={secret}"),
            "as it is, behind `Token token=`.",
            ".prefix(\"Token token=\")",
        ),
        (|secret| STANDARD.encode(secret), "in base64.", "OmniAi::new(\"x-hook-token\", secret)"),
        (
            |secret| super::breaks::hex(secret.as_bytes()),
            "in hexadecimal.",
            "OmniAi::new(\"x-hook-token\", secret)",
        ),
        (
            |secret| format!("Basic {}", STANDARD.encode(format!("omniai:{secret}"))),
            "in base64 with a user's name, as basic authentication has it, behind `Basic `.",
            ".prefix(\"Basic \")",
        ),
    ];
    for (value, what, next) in ways {
        for seed in 0..10 {
            let asked = omniai(&mut Rng::new(seed), "X-Hook-Token", value);
            let explanation = asked.explain();
            assert_eq!(explanation.verdict, "missing_setting");
            assert_eq!(kinds(&explanation), ["header_found"], "{explanation:?}");
            let finding = &explanation.findings[0];
            assert!(
                finding.certain
                    && finding.what.starts_with("The secret stands in header `x-hook-token`")
            );
            assert!(finding.what.ends_with(what), "{}", finding.what);
            assert!(finding.next.contains(next), "{}", finding.next);
        }
    }
}

#[test]
fn a_header_that_was_set_up_wrongly_for_omniai_is_told() {
    for seed in 0..10 {
        let mut asked = omniai(&mut Rng::new(seed), "x-hook-token", str::to_owned);
        asked.settings.header = Some("x-hook-token".to_owned());
        let explanation = asked.explain();
        assert_eq!((explanation.verdict.as_str(), kinds(&explanation)), ("ok", vec![]));

        asked.settings.header = Some("x-webhook-secret".to_owned());
        let explanation = asked.explain();
        assert_eq!(
            (explanation.verdict.as_str(), kinds(&explanation)),
            ("missing_header", vec!["header_found"])
        );
    }
}

#[test]
fn a_secret_in_no_header_is_a_hint() {
    for seed in 0..10 {
        let asked = omniai(&mut Rng::new(seed), "x-hook-token", |_| "something else".to_owned());
        let explanation = asked.explain();
        assert_eq!(kinds(&explanation)[0], "header_not_found");
        assert!(explanation.findings.iter().all(|finding| !finding.certain));
    }
}

/// A request of AINexLayer as it may come, by this scheme.
fn ainexlayer(rng: &mut Rng, scheme: &Scheme) -> Asked {
    let mut recipe = Recipe::new("github", rng);
    recipe.body = br#"{"event":"document.uploaded","id":"d-77","timestamp":"2026-02-02T02:40:00Z","data":{"name":"\u00dcber"}}"#.to_vec();
    let mut asked = recipe.send_by(scheme);
    asked.sender = Some("ainexlayer".to_owned());
    asked
}

#[test]
fn the_header_that_holds_ainexlayer_s_signature_is_found() {
    let encodings = [
        (Encoding::Hex, "Encoding::Hex"),
        (Encoding::Base64, "Encoding::Base64"),
        (Encoding::Base64UrlUnpadded, "Encoding::Base64UrlUnpadded"),
    ];
    for (encoding, code) in encodings {
        for prefix in ["", "sha256=", "v1=", "v0=", "hmac "] {
            for header in ["x-ainex-signature", "x-hub-signature-256"] {
                let signature = SignatureLocation::header(header, encoding).prefix(prefix);
                let scheme = Scheme::hmac_sha256("x", signature).build().unwrap();
                // An odd seed now and then gives base64 that is the same in both alphabets.
                let asked = ainexlayer(&mut Rng::new(prefix.len() as u64 + 40), &scheme);
                let explanation = asked.explain();
                assert_eq!(explanation.verdict, "missing_setting");
                assert_eq!(kinds(&explanation), ["signature_found"], "{header} {prefix} {code}");
                let next = &explanation.findings[0].next;
                let settings = format!(
                    ".signature_header(\"{header}\").encoding({code}).prefix(\"{prefix}\")"
                );
                assert!(next.contains(&settings), "{settings}\n{next}");
                let pointers = ".event_type(FieldLocation::field(\"/event\")).event_id(FieldLocation::field(\"/id\")).time(FieldLocation::field(\"/timestamp\"))";
                assert!(next.contains(pointers), "{next}");
            }
        }
    }
}

#[test]
fn a_time_that_ainexlayer_signs_in_a_header_is_found() {
    for seed in 0..10 {
        let scheme =
            Scheme::hmac_sha256("x", SignatureLocation::header("x-signature", Encoding::Hex))
                .timestamp_header("x-time", TimestampFormat::Seconds)
                .signs([Part::Timestamp, ".".into(), Part::Body])
                .build()
                .unwrap();
        let explanation = ainexlayer(&mut Rng::new(seed), &scheme).explain();
        assert_eq!(kinds(&explanation), ["signature_found"]);
        let finding = &explanation.findings[0];
        assert!(finding.what.contains("`{x-time}.{body}`"), "{}", finding.what);
        assert!(
            finding.next.contains(".time(FieldLocation::header(\"x-time\"))"),
            "{}",
            finding.next
        );
    }
}

#[test]
fn ainexlayer_s_signature_is_found_though_secret_or_body_are_broken() {
    let scheme = || {
        let signature = SignatureLocation::header("x-signature", Encoding::Hex).prefix("sha256=");
        Scheme::hmac_sha256("x", signature).build().unwrap()
    };
    for seed in 0..10 {
        let mut asked = ainexlayer(&mut Rng::new(seed), &scheme());
        let secret = asked.secrets[0].1.clone();
        asked.secret([&secret, b"\n".as_slice()].concat());
        assert_eq!(kinds(&asked.explain()), ["secret_whitespace", "signature_found"]);

        let mut asked = ainexlayer(&mut Rng::new(seed), &scheme());
        asked.request.body.push(b'\n');
        assert_eq!(kinds(&asked.explain()), ["signature_found", "trailing_newline"]);

        let mut asked = ainexlayer(&mut Rng::new(seed), &scheme());
        asked.secret("another one altogether");
        let explanation = asked.explain();
        assert_eq!(kinds(&explanation)[0], "header_not_found");
    }
}

#[test]
fn a_header_that_was_named_for_ainexlayer_is_judged() {
    let signature = SignatureLocation::header("x-signature", Encoding::Base64);
    let scheme = Scheme::hmac_sha256("x", signature).build().unwrap();
    for (header, verdict) in
        [("x-signature", "ok"), ("x-other", "missing_header"), ("user-agent", "malformed_header")]
    {
        let found = if verdict == "ok" { vec![] } else { vec!["signature_found"] };
        let mut asked = ainexlayer(&mut Rng::new(9), &scheme);
        asked.settings.header = Some(header.to_owned());
        asked.settings.encoding = Some(Encoding::Base64);
        let explanation = asked.explain();
        assert_eq!((explanation.verdict.as_str(), kinds(&explanation)), (verdict, found));
    }
}

#[test]
fn settings_that_are_wrong_for_ainexlayer_are_not_blamed_on_it() {
    for seed in 0..10 {
        let signature = SignatureLocation::header("x-signature", Encoding::Base64).prefix("v1=");
        let scheme = Scheme::hmac_sha256("x", signature).build().unwrap();
        let mut asked = ainexlayer(&mut Rng::new(seed), &scheme);
        asked.settings.header = Some("x-signature".to_owned());
        for (encoding, prefix) in
            [(Encoding::Hex, "v1="), (Encoding::Base64, ""), (Encoding::Hex, "v0=")]
        {
            asked.settings.encoding = Some(encoding);
            asked.settings.prefix = Some(prefix.to_owned());
            let explanation = asked.explain();
            assert_eq!(kinds(&explanation), ["signature_found"], "{encoding:?} {prefix}");
            let next = &explanation.findings[0].next;
            assert!(next.contains(".encoding(Encoding::Base64).prefix(\"v1=\")"), "{next}");
        }
    }
}

#[test]
fn senders_without_a_documented_header_are_guessed_as_well() {
    for seed in 0..10 {
        let mut asked = omniai(&mut Rng::new(seed), "x-hook-token", str::to_owned);
        asked.sender = None;
        let explanation = asked.explain();
        assert_eq!(kinds(&explanation), ["sender_guessed", "header_found"]);
        assert!(explanation.findings[0].next.contains("`omniai`"), "{explanation:?}");

        for encoding in [Encoding::Hex, Encoding::Base64] {
            let signature = SignatureLocation::header("x-ainex-signature", encoding);
            let scheme = Scheme::hmac_sha256("x", signature).build().unwrap();
            let mut asked = ainexlayer(&mut Rng::new(seed), &scheme);
            asked.sender = None;
            let explanation = asked.explain();
            assert_eq!(kinds(&explanation), ["sender_guessed", "signature_found"]);
            assert!(explanation.findings[0].next.contains("`ainexlayer`"), "{explanation:?}");
            asked.request.body.push(b'\n');
            let found = asked.explain();
            assert_eq!(kinds(&found), ["sender_guessed", "signature_found", "trailing_newline"]);
        }
    }
}

#[test]
fn what_stands_before_a_signature_is_shown_only_if_all_the_world_writes_it() {
    let hidden = "0123456789abcdef0123456789abcdef0123456789abcdef";
    for before in [format!("{hidden},v1="), "tok_9f2c1b7e ".to_owned(), "t=17,s=abc,v1=".to_owned()]
    {
        let signature =
            SignatureLocation::header("x-signature", Encoding::Hex).prefix(before.clone());
        let scheme = Scheme::hmac_sha256("x", signature).build().unwrap();
        let asked = ainexlayer(&mut Rng::new(3), &scheme);
        let explanation = asked.explain();
        assert_eq!(kinds(&explanation), ["signature_found"]);
        let told = format!("{explanation:?}");
        assert!(told.contains("behind a fixed text"), "{told}");
        assert!(
            !told.contains(&before) && !told.contains("tok_") && !told.contains("0123"),
            "{told}"
        );
    }
    // Nor any secret that was given, whichever it is that is tried.
    for place in 0..2 {
        let mut asked = Recipe::new("github", &mut Rng::new(place)).send();
        asked.signature().0 = "x-other-secret-of-ours".to_owned();
        let secret = ("second".to_owned(), b"x-other-secret-of-ours".to_vec());
        if place == 0 {
            asked.secrets.push(secret)
        } else {
            asked.others.push(secret)
        }
        assert_eq!(kinds(&asked.explain()), ["header_renamed"]);
    }
}

#[test]
fn the_unit_of_a_time_is_told_with_the_clock() {
    let mut recipe = Recipe::new("stripe", &mut Rng::new(5));
    recipe.time = Timestamp::from_secs(NOW.as_millis() - 3_600_000);
    let explanation = recipe.send().explain();
    assert_eq!(kinds(&explanation), ["seconds_and_milliseconds", "clock_off"]);
}

#[test]
fn what_does_not_matter_to_a_sender_is_not_called_wrong() {
    // A token proves no body; Adyen signs eight fields of it.
    for name in ["telegram", "gitlab", "adyen"] {
        let mut asked = Recipe::new(name, &mut Rng::new(1)).send();
        asked.request.body.extend(b"\n");
        let explanation = asked.explain();
        assert_eq!((explanation.verdict.as_str(), kinds(&explanation)), ("ok", vec![]), "{name}");
    }
}

#[test]
fn a_header_that_some_other_layer_added_is_not_called_wrong() {
    for seed in 0..RAW.len() as u64 {
        let mut asked = valid(&mut Rng::new(seed));
        asked.request.headers.insert(0, ("x-forwarded-for".to_owned(), "10.0.0.1".to_owned()));
        asked.request.headers.insert(0, ("X-Forwarded-For".to_owned(), "10.0.0.2".to_owned()));
        assert_eq!(asked.explain().findings, [], "{}", asked.sender());
    }
}

#[test]
fn a_sender_with_another_tolerance_is_looked_into_as_that_sender() {
    for seed in 0..10 {
        let mut asked = Recipe::new("hubspot", &mut Rng::new(seed)).send();
        let url = URL.replace("https", "http");
        asked.settings.tolerance = Some(600);
        asked.settings.url = Some(url.clone());
        asked.request.url = Some(url);
        assert_eq!(kinds(&asked.explain()), ["url_changed"]);
    }
}

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
    url: Option<String>,
    method: Option<String>,
    tolerance: Option<u64>,
    header: Option<String>,
    encoding: Option<String>,
    prefix: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_b64: Option<String>,
    now: u64,
    /// What countersign answers.
    ours: String,
}

/// The vectors of the core, published ones among them.
#[test]
fn every_vector_is_explained_as_it_is_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../countersign/tests/vectors");
    let files = fs::read_dir(folder.join("senders")).unwrap().map(|entry| entry.unwrap().path());
    let mut explained = 0;
    for path in files.chain([folder.join("published.json")]) {
        let file: File = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        // One has for a secret what the verdict is called.
        for vector in file.vectors.into_iter().filter(|vector| vector.secret != "invalid_secret") {
            let name = if vector.sender.is_empty() { &file.sender } else { &vector.sender };
            let method = vector.method.clone().unwrap_or("POST".to_owned());
            let body = match (vector.body, vector.body_b64) {
                (Some(text), _) => text.into_bytes(),
                (None, text) => STANDARD.decode(text.unwrap_or_default()).unwrap(),
            };
            let asked = Asked {
                sender: Some(name.clone()),
                custom: None,
                secrets: vec![("default".to_owned(), vector.secret.into_bytes())],
                others: Vec::new(),
                settings: Settings {
                    url: vector.url.clone(),
                    tolerance: vector.tolerance,
                    header: vector.header,
                    encoding: vector.encoding.map(|name| match &*name {
                        "hex" => Encoding::Hex,
                        "base64" => Encoding::Base64,
                        name => panic!("{}: unknown encoding {name}", vector.name),
                    }),
                    prefix: vector.prefix,
                    ..Settings::default()
                },
                request: Captured {
                    method: method.clone(),
                    url: vector.url,
                    headers: vector.headers,
                    body,
                },
                now: Timestamp::from_secs(vector.now),
                hidden: Vec::new(),
            };
            if let Err(failure) = asked.ask() {
                assert_eq!(failure.verdict(), snake(&vector.ours), "{}", vector.name);
                continue;
            }
            let explanation = asked.explain();
            let place = format!("{}, {}: {explanation:#?}", path.display(), vector.name);
            assert_eq!(explanation.verdict, snake(&vector.ours), "{place}");
            let is_clear = vector.ours == "ok" && method == "POST";
            assert_eq!(explanation.findings.is_empty(), is_clear, "{place}");
            explained += 1;
        }
    }
    assert!(explained > 100, "{explained}");
}
