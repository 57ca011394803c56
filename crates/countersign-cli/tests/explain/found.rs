//! Valid requests, guessed senders, undocumented headers, and two causes at once.

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
use super::valid::{Case, NOW, RAW, Recipe, Rng, URL};

fn kinds(explanation: &Explanation) -> Vec<&str> {
    explanation.findings.iter().map(|finding| finding.kind.as_str()).collect()
}

#[test]
fn a_valid_request_of_every_sender_is_ok_and_nothing_is_found() {
    for sender in senders::ALL {
        for seed in 0..4 {
            let case = Recipe::new(sender.name(), &mut Rng::new(seed)).send();
            let explanation = case.explain();
            assert_eq!(explanation.verdict, "ok", "{}: {explanation:?}", sender.name());
            assert_eq!(explanation.findings, [], "{}", sender.name());
        }
    }
}

#[test]
fn a_sender_that_is_not_named_is_guessed() {
    // Adyen has no header of its own. A sender that does not document its header is searched for, which
    // the tests of OmniAI and AINexLayer below cover.
    let has_own_header =
        |sender: &&SenderSpec| sender.name() != "adyen" && !sender.requires_header();
    for sender in senders::ALL.iter().filter(has_own_header) {
        let mut case = Recipe::new(sender.name(), &mut Rng::new(3)).send();
        case.sender = None;
        let explanation = case.explain();
        assert_eq!(explanation.verdict, "ok", "{}: {explanation:?}", sender.name());
        assert_eq!(kinds(&explanation), ["sender_guessed"], "{}", sender.name());
        assert!(explanation.findings[0].certain, "{}", sender.name());
    }
}

#[test]
fn header_names_distinguish_senders_with_the_same_signature() {
    // GitHub's own headers, and a signature header that Intercom also uses.
    let legacy = |headers: &[(&str, &str)]| {
        let recipe = Recipe::new("intercom", &mut Rng::new(5));
        let mut case = recipe.send();
        for (name, value) in headers {
            case.request.headers.insert(0, ((*name).to_owned(), (*value).to_owned()));
        }
        case
    };
    for headers in [&[("X-GitHub-Event", "push")][..], &[("User-Agent", "GitHub-Hookshot/1")], &[]]
    {
        let mut case = legacy(headers);
        case.sender = Some("github".to_owned());
        let explanation = case.explain();
        assert_eq!(kinds(&explanation), ["header_missing"], "{explanation:?}");
        let what = &explanation.findings[0].what;
        assert!(
            what.contains("`x-hub-signature-256` is missing") && what.contains("SHA1"),
            "{what}"
        );
        if !headers.is_empty() {
            case.sender = None;
            let explanation = case.explain();
            assert_eq!(explanation.verdict, "missing_header");
            assert_eq!(kinds(&explanation), ["sender_guessed", "header_missing"]);
            assert!(explanation.findings[0].next.contains("--sender github`"), "{explanation:?}");
        }
    }
    // A header with Intercom's name identifies Intercom.
    let mut case = legacy(&[("Intercom-Webhook-Id", "1")]);
    case.sender = Some("github".to_owned());
    assert_eq!(kinds(&case.explain()), ["wrong_sender"]);
}

#[test]
fn a_shared_format_is_named_before_the_senders_that_share_it() {
    for (agent, guessed, alike) in [
        ("sender/1.0", "standard-webhooks", "`gitlab-signed`, `openai`"),
        ("GitLab/17.1", "gitlab-signed", ""),
        ("OpenAI/1.0", "openai", ""),
    ] {
        let mut case = Recipe::new("standard-webhooks", &mut Rng::new(6)).send();
        case.sender = None;
        *case.value("user-agent") = agent.to_owned();
        let explanation = case.explain();
        assert_eq!((&*explanation.verdict, kinds(&explanation)), ("ok", vec!["sender_guessed"]));
        let next = &explanation.findings[0].next;
        assert!(next.starts_with(&format!("Pass `--sender {guessed}`.")), "{next}");
        assert!(next.contains(alike), "{next}");
    }
    let mut case = Recipe::new("svix", &mut Rng::new(6)).send();
    case.sender = Some("standard-webhooks".to_owned());
    let explanation = case.explain();
    assert_eq!(kinds(&explanation), ["wrong_sender"]);
    let finding = &explanation.findings[0];
    assert!(finding.what.contains("one from `svix`"), "{finding:?}");
    assert!(finding.next.contains("also fit `clerk`, `resend`"), "{finding:?}");
}

#[test]
fn a_stray_header_with_the_name_of_another_sender_is_not_taken_for_the_sender() {
    for (name, value, guessed, verdict, found) in [
        ("svix-id", "msg_1", "standard-webhooks", "mixed_header_families", "headers_mixed"),
        (
            "svix-signature",
            "v1,AA==",
            "standard-webhooks",
            "mixed_header_families",
            "headers_mixed",
        ),
        ("svix-timestamp", "1", "standard-webhooks", "mixed_header_families", "headers_mixed"),
        ("x-shopify-topic", "orders/create", "standard-webhooks", "ok", ""),
        ("stripe-account", "acct_1", "standard-webhooks", "ok", ""),
        ("clerk-id", "1", "standard-webhooks", "ok", ""),
        // Svix also signs under these headers.
        ("user-agent", "Svix-Webhooks/1.24.0", "svix", "ok", ""),
        ("x-svix-region", "eu", "svix", "ok", ""),
    ] {
        let mut case = Recipe::new("standard-webhooks", &mut Rng::new(6)).send();
        case.sender = None;
        case.request.headers.retain(|(present, _)| present != name);
        case.request.headers.insert(0, (name.to_owned(), value.to_owned()));
        let explanation = case.explain();
        assert_eq!(explanation.verdict, verdict, "{name}: {explanation:?}");
        let expected: Vec<_> =
            ["sender_guessed", found].into_iter().filter(|kind| !kind.is_empty()).collect();
        assert_eq!(kinds(&explanation), expected, "{name}: {explanation:?}");
        assert!(!explanation.ambiguous, "{name}: {explanation:?}");
        let next = &explanation.findings[0].next;
        assert!(next.starts_with(&format!("Pass `--sender {guessed}`.")), "{name}: {next}");
    }
}

#[test]
fn only_a_content_coding_is_a_hint_to_a_decompressed_body() {
    for (value, is_hinted) in
        [("gzip", true), ("identity, br", true), ("UTF-8", false), ("none", false), ("", false)]
    {
        let mut case = Recipe::new("github", &mut Rng::new(9)).send();
        case.secret("another secret altogether");
        case.request.headers.push(("content-encoding".to_owned(), value.to_owned()));
        let explanation = case.explain();
        let has_hint = kinds(&explanation).contains(&"gzip_decoded");
        assert_eq!(has_hint, is_hinted, "{value}: {explanation:?}");
        assert!(kinds(&explanation).contains(&"no_cause_found"), "{value}: {explanation:?}");
    }
}

#[test]
fn keys_in_alphabetical_order_are_a_hint_and_not_a_proof() {
    for (body, is_hinted) in [
        (r#"{"a":1,"b":{"c":1,"d":2},"z":[{"e":1,"f":2}]}"#, true),
        (r#"{"a":1,"b":{"d":1,"c":2},"z":0}"#, false),
        (r#"{"a":1,"b":2}"#, false),
    ] {
        let mut recipe = Recipe::new("github", &mut Rng::new(9));
        recipe.body = br#"{"z":0,"b":1,"a":2.50}"#.to_vec();
        let mut case = recipe.send();
        case.request.body = body.into();
        case.request.headers.retain(|(name, _)| name != "content-length");
        let found = case.explain().findings;
        let hint = found.iter().find(|finding| finding.kind.as_str() == "body_reserialized");
        assert_eq!(hint.map(|finding| finding.certain), is_hinted.then_some(false), "{body}");
    }
}

#[test]
fn the_url_is_the_likeliest_cause_if_it_is_signed() {
    for (name, is_url) in [("twilio", true), ("square", true), ("hubspot", true), ("github", false)]
    {
        let mut case = Recipe::new(name, &mut Rng::new(9)).send();
        case.secret("another secret altogether");
        let found = case.explain().findings;
        let last = found.iter().find(|finding| finding.kind.as_str() == "no_cause_found").unwrap();
        assert_eq!(
            last.what.contains("most likely the configured URL"),
            is_url,
            "{name}: {last:?}"
        );
        assert_eq!(last.next.starts_with("Compare the URL"), is_url, "{name}: {last:?}");
    }
}

#[test]
fn a_request_without_any_header_of_the_sender_is_from_another_sender() {
    for name in ["stripe", "slack", "github", "shopify"] {
        let signature = SignatureLocation::header("x-ainex-signature", Encoding::Hex);
        let scheme = Scheme::hmac_sha256("x", signature).build().unwrap();
        let mut case = ainexlayer(&mut Rng::new(8), &scheme);
        case.sender = Some(name.to_owned());
        let explanation = case.explain();
        assert_eq!(kinds(&explanation), ["wrong_sender"], "{name}: {explanation:?}");
        let finding = &explanation.findings[0];
        assert!(finding.what.contains("`x-ainex-signature`, in hexadecimal"), "{finding:?}");
        assert!(finding.next.contains("--sender ainexlayer`"), "{finding:?}");
    }
}

#[test]
fn the_cause_is_found_without_a_named_sender() {
    for seed in 0..12 {
        let mut case = of(&mut Rng::new(seed), MACS);
        let name = case.sender.take().unwrap();
        case.request.body.push(b'\n');
        let explanation = case.explain();
        assert_eq!(kinds(&explanation), ["sender_guessed", "trailing_newline"], "{name}");
    }
}

#[test]
fn two_causes_are_found_together() {
    for seed in 0..12 {
        let rng = &mut Rng::new(seed);
        let mut case = of(rng, TEXT);
        let secret = case.secrets[0].1.clone();
        case.secret([&secret, b"\n".as_slice()].concat());
        case.request.body.extend(b"\n");
        let explanation = case.explain();
        assert_eq!(
            kinds(&explanation),
            ["secret_whitespace", "trailing_newline"],
            "{}",
            case.sender()
        );
        assert!(explanation.findings.iter().all(|finding| finding.certain));
    }
    for seed in 0..12 {
        let mut case = of(&mut Rng::new(seed), &["github", "slack", "typeform", "zoom", "meta"]);
        let secret = case.secrets[0].1.clone();
        case.secret([b" ", secret.as_slice()].concat());
        let value = &mut case.signature().1;
        *value = value.split_once('=').unwrap().1.to_owned();
        let explanation = case.explain();
        assert_eq!(
            kinds(&explanation),
            ["secret_whitespace", "signature_prefix"],
            "{}",
            case.sender()
        );
    }
}

#[test]
fn a_cause_and_a_clock_skew_are_found_together() {
    for seed in 0..12 {
        let mut case = of(&mut Rng::new(seed), &["stripe", "svix", "slack", "mux", "openai"]);
        let secret = case.secrets[0].1.clone();
        case.secret([b"\"", secret.as_slice(), b"\""].concat());
        case.now = Timestamp::from_secs(NOW.as_secs() + 421);
        let explanation = case.explain();
        assert_eq!(kinds(&explanation), ["secret_quoted", "clock_skew"], "{}", case.sender());
        let what = &explanation.findings[1].what;
        assert!(what.contains("421 s behind") && what.contains("300 s are allowed"), "{what}");
    }
}

#[test]
fn clock_skew_is_reported_in_both_directions_with_the_tolerance() {
    for (name, past, future) in [("stripe", 300, 300), ("box", 600, 60), ("discord", 900, 300)] {
        for (now, printed) in [
            (NOW.as_secs() + past + 5, format!("{} s behind", past + 5)),
            (NOW.as_secs() - future - 7, format!("{} s ahead", future + 7)),
        ] {
            let mut case = Recipe::new(name, &mut Rng::new(now)).send();
            case.now = Timestamp::from_secs(now);
            let explanation = case.explain();
            assert_eq!(kinds(&explanation), ["clock_skew"], "{name}");
            let what = &explanation.findings[0].what;
            let allowed = format!("{past} s are allowed behind and {future} s ahead");
            assert!(what.contains(&printed) && what.contains(&allowed), "{name}: {what}");
        }
    }
}

#[test]
fn a_time_within_the_tolerance_is_not_reported() {
    for (now, name) in [
        (NOW.as_secs() + 599, "box"),
        (NOW.as_secs() - 59, "box"),
        (NOW.as_secs() + 899, "discord"),
    ] {
        let mut case = Recipe::new(name, &mut Rng::new(now)).send();
        case.now = Timestamp::from_secs(now);
        case.request.body.push(b'\n');
        assert_eq!(kinds(&case.explain()), ["trailing_newline"], "{name} at {now}");
    }
}

#[test]
fn a_name_that_contains_a_secret_is_not_printed() {
    for seed in 0..10 {
        // The secret in the key's name, in the header's name, and twice in its value.
        let rng = &mut Rng::new(seed);
        let mut case = of(rng, &["github"]);
        let right = case.secrets[0].1.clone();
        case.secret(Recipe::new("github", rng).secret);
        case.others.push((format!("key {}", String::from_utf8_lossy(&right)), right));
        assert_eq!(kinds(&case.explain()), ["other_key"]);

        let mut case = omniai(rng, "x-hook-token", |secret| format!("{secret} {secret}"));
        let secret = String::from_utf8(case.secrets[0].1.clone()).unwrap();
        assert_eq!(kinds(&case.explain()), ["header_found"]);
        case.request.headers[3].0 = format!("x-{secret}");
        assert_eq!(kinds(&case.explain()), ["header_found"]);
    }
}

#[test]
fn another_key_and_another_sender_are_named() {
    for seed in 0..12 {
        let rng = &mut Rng::new(seed);
        let name = *rng.pick(MACS);
        let mut case = of(rng, &[name]);
        let right = case.secrets[0].1.clone();
        case.secret(Recipe::new(name, rng).secret);
        case.others.push(("tenant-b".to_owned(), right));
        let what = &case.explain().findings[0].what;
        assert!(what.contains("`tenant-b`"), "{name}: {what}");

        let mut case = of(rng, &["shopify", "slack", "zendesk", "line"]);
        let right = case.sender.replace("github".to_owned()).unwrap();
        let what = &case.explain().findings[0].what;
        assert!(what.contains(&format!("`{right}`")), "{what}");
    }
}

/// A request from OmniAI with the secret in `header`, written by `value`.
fn omniai(rng: &mut Rng, header: &str, value: fn(&str) -> String) -> Case {
    let mut case = of(rng, &["telegram"]);
    let secret = String::from_utf8(case.secrets[0].1.clone()).unwrap();
    *case.signature() = (header.to_owned(), value(&secret));
    case.hidden = vec![secret];
    case.request.headers.push(("x-request-id".to_owned(), "0b1f".to_owned()));
    case.sender = Some("omniai".to_owned());
    case
}

#[test]
fn the_header_with_the_secret_of_omniai_is_found() {
    type Way = (fn(&str) -> String, &'static str, &'static str);
    let ways: [Way; 6] = [
        (str::to_owned, "unencoded.", "OmniAi::new(\"x-hook-token\", secret)"),
        (
            |secret| format!("Bearer {secret}"),
            "unencoded, after `Bearer `.",
            ".prefix(\"Bearer \")",
        ),
        (
            |secret| format!("Token token={secret}"),
            "unencoded, after `Token token=`.",
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
            "in base64 with a user name, as in basic authentication, after `Basic `.",
            ".prefix(\"Basic \")",
        ),
    ];
    for (value, what, next) in ways {
        for seed in 0..10 {
            let case = omniai(&mut Rng::new(seed), "X-Hook-Token", value);
            let explanation = case.explain();
            assert_eq!(explanation.verdict, "missing_setting");
            assert_eq!(kinds(&explanation), ["header_found"], "{explanation:?}");
            let finding = &explanation.findings[0];
            assert!(
                finding.certain
                    && finding.what.starts_with("The secret is in header `x-hook-token`")
            );
            assert!(finding.what.ends_with(what), "{}", finding.what);
            assert!(finding.next.contains(next), "{}", finding.next);
        }
    }
}

#[test]
fn a_wrongly_configured_header_for_omniai_is_reported() {
    for seed in 0..10 {
        let mut case = omniai(&mut Rng::new(seed), "x-hook-token", str::to_owned);
        case.settings.header = Some("x-hook-token".to_owned());
        let explanation = case.explain();
        assert_eq!((explanation.verdict.as_str(), kinds(&explanation)), ("ok", vec![]));

        case.settings.header = Some("x-webhook-secret".to_owned());
        let explanation = case.explain();
        assert_eq!(
            (explanation.verdict.as_str(), kinds(&explanation)),
            ("missing_header", vec!["header_found"])
        );
    }
}

#[test]
fn a_secret_in_no_header_is_a_hint() {
    for seed in 0..10 {
        let case = omniai(&mut Rng::new(seed), "x-hook-token", |_| "something else".to_owned());
        let explanation = case.explain();
        assert_eq!(kinds(&explanation)[0], "header_not_found");
        assert!(explanation.findings.iter().all(|finding| !finding.certain));
    }
}

/// A request that AINexLayer may send, signed by this scheme.
fn ainexlayer(rng: &mut Rng, scheme: &Scheme) -> Case {
    let mut recipe = Recipe::new("github", rng);
    recipe.body = br#"{"event":"document.uploaded","id":"d-77","timestamp":"2026-02-02T02:40:00Z","data":{"name":"\u00dcber"}}"#.to_vec();
    let mut case = recipe.send_by(scheme);
    case.sender = Some("ainexlayer".to_owned());
    case
}

#[test]
fn the_header_with_the_signature_of_ainexlayer_is_found() {
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
                let case = ainexlayer(&mut Rng::new(prefix.len() as u64 + 40), &scheme);
                let explanation = case.explain();
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
fn the_signature_of_ainexlayer_is_found_with_a_broken_secret_or_body() {
    let scheme = || {
        let signature = SignatureLocation::header("x-signature", Encoding::Hex).prefix("sha256=");
        Scheme::hmac_sha256("x", signature).build().unwrap()
    };
    for seed in 0..10 {
        let mut case = ainexlayer(&mut Rng::new(seed), &scheme());
        let secret = case.secrets[0].1.clone();
        case.secret([&secret, b"\n".as_slice()].concat());
        assert_eq!(kinds(&case.explain()), ["secret_whitespace", "signature_found"]);

        let mut case = ainexlayer(&mut Rng::new(seed), &scheme());
        case.request.body.push(b'\n');
        assert_eq!(kinds(&case.explain()), ["signature_found", "trailing_newline"]);

        let mut case = ainexlayer(&mut Rng::new(seed), &scheme());
        case.secret("another one altogether");
        let explanation = case.explain();
        assert_eq!(kinds(&explanation)[0], "header_not_found");
    }
}

#[test]
fn a_configured_header_for_ainexlayer_is_verified() {
    let signature = SignatureLocation::header("x-signature", Encoding::Base64);
    let scheme = Scheme::hmac_sha256("x", signature).build().unwrap();
    for (header, verdict) in
        [("x-signature", "ok"), ("x-other", "missing_header"), ("user-agent", "malformed_header")]
    {
        let found = if verdict == "ok" { vec![] } else { vec!["signature_found"] };
        let mut case = ainexlayer(&mut Rng::new(9), &scheme);
        case.settings.header = Some(header.to_owned());
        case.settings.encoding = Some(Encoding::Base64);
        let explanation = case.explain();
        assert_eq!((explanation.verdict.as_str(), kinds(&explanation)), (verdict, found));
    }
}

#[test]
fn wrong_settings_for_ainexlayer_are_not_attributed_to_the_sender() {
    for seed in 0..10 {
        let signature = SignatureLocation::header("x-signature", Encoding::Base64).prefix("v1=");
        let scheme = Scheme::hmac_sha256("x", signature).build().unwrap();
        let mut case = ainexlayer(&mut Rng::new(seed), &scheme);
        case.settings.header = Some("x-signature".to_owned());
        for (encoding, prefix) in
            [(Encoding::Hex, "v1="), (Encoding::Base64, ""), (Encoding::Hex, "v0=")]
        {
            case.settings.encoding = Some(encoding);
            case.settings.prefix = Some(prefix.to_owned());
            let explanation = case.explain();
            assert_eq!(kinds(&explanation), ["signature_found"], "{encoding:?} {prefix}");
            let next = &explanation.findings[0].next;
            assert!(next.contains(".encoding(Encoding::Base64).prefix(\"v1=\")"), "{next}");
        }
    }
}

#[test]
fn senders_without_a_documented_header_are_guessed_as_well() {
    for seed in 0..10 {
        let mut case = omniai(&mut Rng::new(seed), "x-hook-token", str::to_owned);
        case.sender = None;
        let explanation = case.explain();
        assert_eq!(kinds(&explanation), ["sender_guessed", "header_found"]);
        assert!(explanation.findings[0].next.contains("--sender omniai`"), "{explanation:?}");

        for encoding in [Encoding::Hex, Encoding::Base64] {
            let signature = SignatureLocation::header("x-ainex-signature", encoding);
            let scheme = Scheme::hmac_sha256("x", signature).build().unwrap();
            let mut case = ainexlayer(&mut Rng::new(seed), &scheme);
            case.sender = None;
            let explanation = case.explain();
            assert_eq!(kinds(&explanation), ["sender_guessed", "signature_found"]);
            assert!(
                explanation.findings[0].next.contains("--sender ainexlayer`"),
                "{explanation:?}"
            );
            case.request.body.push(b'\n');
            let found = case.explain();
            assert_eq!(kinds(&found), ["sender_guessed", "signature_found", "trailing_newline"]);
        }
    }
}

#[test]
fn the_text_before_a_signature_is_printed_only_if_it_is_a_common_prefix() {
    let hidden = "0123456789abcdef0123456789abcdef0123456789abcdef";
    for before in [format!("{hidden},v1="), "tok_9f2c1b7e ".to_owned(), "t=17,s=abc,v1=".to_owned()]
    {
        let signature =
            SignatureLocation::header("x-signature", Encoding::Hex).prefix(before.clone());
        let scheme = Scheme::hmac_sha256("x", signature).build().unwrap();
        let case = ainexlayer(&mut Rng::new(3), &scheme);
        let explanation = case.explain();
        assert_eq!(kinds(&explanation), ["signature_found"]);
        let printed = format!("{explanation:?}");
        assert!(printed.contains("after a fixed prefix"), "{printed}");
        assert!(
            !printed.contains(&before) && !printed.contains("tok_") && !printed.contains("0123"),
            "{printed}"
        );
    }
    // No configured secret is printed, whichever one is tried.
    for place in 0..2 {
        let mut case = Recipe::new("github", &mut Rng::new(place)).send();
        case.signature().0 = "x-other-secret-of-ours".to_owned();
        let secret = ("second".to_owned(), b"x-other-secret-of-ours".to_vec());
        if place == 0 {
            case.secrets.push(secret)
        } else {
            case.others.push(secret)
        }
        assert_eq!(kinds(&case.explain()), ["header_renamed"]);
    }
}

#[test]
fn the_unit_of_a_time_is_reported_with_the_clock() {
    let mut recipe = Recipe::new("stripe", &mut Rng::new(5));
    recipe.time = Timestamp::from_secs(NOW.as_millis() - 3_600_000);
    let explanation = recipe.send().explain();
    assert_eq!(kinds(&explanation), ["seconds_and_milliseconds", "clock_skew"]);
}

#[test]
fn an_irrelevant_difference_is_not_reported() {
    // A token does not cover the body; Adyen signs eight of its fields.
    for name in ["telegram", "gitlab", "adyen"] {
        let mut case = Recipe::new(name, &mut Rng::new(1)).send();
        case.request.body.extend(b"\n");
        let explanation = case.explain();
        assert_eq!((explanation.verdict.as_str(), kinds(&explanation)), ("ok", vec![]), "{name}");
    }
}

#[test]
fn a_header_that_another_layer_added_is_not_reported() {
    for seed in 0..RAW.len() as u64 {
        let mut case = valid(&mut Rng::new(seed));
        case.request.headers.insert(0, ("x-forwarded-for".to_owned(), "10.0.0.1".to_owned()));
        case.request.headers.insert(0, ("X-Forwarded-For".to_owned(), "10.0.0.2".to_owned()));
        assert_eq!(case.explain().findings, [], "{}", case.sender());
    }
}

#[test]
fn another_tolerance_keeps_the_sender() {
    for seed in 0..10 {
        let mut case = Recipe::new("hubspot", &mut Rng::new(seed)).send();
        let url = URL.replace("https", "http");
        case.settings.tolerance = Some(600);
        case.settings.url = Some(url.clone());
        case.request.url = Some(url);
        assert_eq!(kinds(&case.explain()), ["url_changed"]);
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
    /// The verdict of countersign.
    ours: String,
}

/// The test vectors of the core, which include the published ones.
#[test]
fn every_vector_is_explained_with_its_verdict() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../countersign/tests/vectors");
    let files = fs::read_dir(folder.join("senders")).unwrap().map(|entry| entry.unwrap().path());
    let mut explained = 0;
    for path in files.chain([folder.join("published.json")]) {
        let file: File = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        // One vector's secret is the text of its verdict.
        for vector in file.vectors.into_iter().filter(|vector| vector.secret != "invalid_secret") {
            let name = if vector.sender.is_empty() { &file.sender } else { &vector.sender };
            let method = vector.method.clone().unwrap_or("POST".to_owned());
            let body = match (vector.body, vector.body_b64) {
                (Some(text), _) => text.into_bytes(),
                (None, text) => STANDARD.decode(text.unwrap_or_default()).unwrap(),
            };
            let case = Case {
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
            if let Err(failure) = case.try_explain() {
                assert_eq!(failure.verdict(), snake(&vector.ours), "{}", vector.name);
                continue;
            }
            let explanation = case.explain();
            let place = format!("{}, {}: {explanation:#?}", path.display(), vector.name);
            // The command responds to a handshake before it verifies, as a receiver does.
            let is_handshake =
                explanation.verdict == "handshake_rejected" && vector.name.contains("handshake");
            assert!(is_handshake || explanation.verdict == snake(&vector.ours), "{place}");
            let is_clear = vector.ours == "ok" && method == "POST" && !is_handshake;
            assert_eq!(explanation.findings.is_empty(), is_clear, "{place}");
            explained += 1;
        }
    }
    assert!(explained > 100, "{explained}");
}
