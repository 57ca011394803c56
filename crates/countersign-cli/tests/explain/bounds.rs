//! For any capture: no panic, and no more work than the limit.

use countersign::scheme::{Encoding, Scheme, SignatureLocation};
use countersign::{Timestamp, senders};
use countersign_cli::explain::{Question, explain};
use countersign_cli::request::Captured;
use countersign_cli::sender::{SenderChoice, Settings};
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::valid::{NOW, RAW, Recipe, Rng};

/// Headers that the repairs read, and any other.
fn header() -> impl Strategy<Value = (String, String)> {
    let names: Vec<String> = senders::ALL
        .iter()
        .flat_map(|sender| Recipe::new(sender.name(), &mut Rng::new(1)).send().request.headers)
        .map(|(name, _)| name)
        .chain(
            ["content-encoding", "content-length", "x-original-uri", "authorization"]
                .map(str::to_owned),
        )
        .collect();
    let name = prop_oneof![4 => proptest::sample::select(names), 1 => any::<String>()];
    let value = prop_oneof![
        any::<String>(),
        "(t=)?[0-9]{1,20}(\\.[0-9]{0,3})?(,v1=[0-9a-f]{64})?",
        "(sha256=|v0=|v1,)?[0-9a-f]{64}([, ]+[0-9a-f]{64})?",
        "[A-Za-z0-9+/_-]{42,44}=?",
        "2026-01-31T12:00:00(\\.[0-9]{1,9})?(Z|\\+01:00|é)?",
        Just("gzip".to_owned()),
        "/[a-z/%?&=é]{0,20}",
    ];
    (name, value)
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        any::<String>().prop_map(String::into_bytes),
        "[{}\\[\\]\",:\\\\ue0-9d8 \n]{0,60}".prop_map(String::into_bytes),
        "\\{\"a\":\"(\\\\u[d][89a-f][0-9a-f]{2}|\\\\/|é|<){0,6}\"\\}".prop_map(String::into_bytes),
        "[a-z%=&+0-9A-F]{0,60}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..60).prop_map(|tail| [
            &[0x1f, 0x8b, 8],
            &tail[..]
        ]
        .concat()),
    ]
}

fn sender() -> impl Strategy<Value = Option<String>> {
    let names: Vec<_> = senders::ALL.iter().map(|sender| sender.name().to_owned()).collect();
    prop_oneof![
        4 => proptest::sample::select(names).prop_map(Some),
        1 => Just(None),
        1 => Just(Some("omniai".to_owned())),
        1 => Just(Some("ainexlayer".to_owned())),
        1 => any::<String>().prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 48 } else { 1024 }))]

    #[test]
    fn nothing_that_is_captured_makes_it_panic(
        method in prop_oneof![Just("POST".to_owned()), any::<String>()],
        url in proptest::option::of(prop_oneof![any::<String>(), "https?://[a-z.:0-9]{0,12}(/[a-z%?&=]{0,20})?"]),
        configured in proptest::option::of(prop_oneof![any::<String>(), "https?://[a-z.:0-9]{1,12}(/[a-z%?&=]{0,20})?"]),
        headers in proptest::collection::vec(header(), 0..8),
        body in body(),
        sender in sender(),
        secrets in proptest::collection::vec((any::<String>(), prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            "(whsec_){0,2}[A-Za-z0-9+/]{0,40}={0,2}\n?".prop_map(String::into_bytes),
            "[0-9a-f]{64}".prop_map(String::into_bytes),
        ]), 0..3),
        header in proptest::option::of(any::<String>()),
        own in any::<bool>(),
        now in any::<u64>(),
    ) {
        let mut secrets: Vec<_> =
            secrets.into_iter().map(|(name, secret)| (name, Zeroizing::new(secret))).collect();
        let others = secrets.split_off(secrets.len().div_ceil(2));
        let scheme = Scheme::hmac_sha256("own", SignatureLocation::header("x-own", Encoding::Hex));
        let own = own.then(|| SenderChoice::Scheme(Box::new(scheme.build().unwrap())));
        let known = sender.as_deref().and_then(SenderChoice::named);
        let explanation = explain(&Question {
            request: &Captured { method, url, headers, body },
            secrets: &secrets,
            others: &others,
            sender: own.or(known).as_ref(),
            settings: &Settings { url: configured, header, ..Settings::default() },
            now: Timestamp::from_millis(now),
        });
        // Unusable settings are an error.
        let Ok(explanation) = explanation else { return Ok(()) };
        prop_assert!(explanation.verdict == "ok" || !explanation.findings.is_empty(), "{:?}", explanation);
    }
}

/// 100 KiB of JSON to which every repair of the body applies.
fn large(rng: &mut Rng) -> Vec<u8> {
    let item =
        "{\n  \"name\": \"Zoë / <Łukasz> & \\\"co\\\"\",\n  \"b\": 1.50,\n  \"a\": [1, 2]\n}";
    let items = vec![item; 100 * 1024 / item.len()];
    format!("[{}, {}]", items.join(",\n"), rng.below(1000)).into_bytes()
}

#[test]
fn the_work_on_a_large_body_that_cannot_be_repaired_is_bounded() {
    for name in RAW.iter().copied().chain(["ainexlayer"]) {
        let rng = &mut Rng::new(11);
        let mut recipe = Recipe::new(if name == "ainexlayer" { "github" } else { name }, rng);
        recipe.body = large(rng);
        let mut case = recipe.send();
        case.sender = Some(name.to_owned());
        // Changes one digit in the middle of the body.
        let at = case.request.body.len() / 2;
        let digit = case.request.body.iter().skip(at).position(u8::is_ascii_digit).unwrap();
        case.request.body[at + digit] ^= 1;
        let start = std::time::Instant::now();
        let explanation = case.explain();
        let took = start.elapsed();
        assert!(explanation.findings.iter().all(|finding| !finding.certain), "{name}");
        assert_eq!(case.now, NOW);
        if cfg!(debug_assertions) {
            // A debug build is not measured; one sender covers the code.
            break;
        }
        println!("{name}: {took:?}");
        assert!(took.as_secs_f64() < 5.0, "{name}: {took:?}");
    }
}

#[test]
fn a_large_body_is_repaired_like_a_small_one() {
    for (name, size) in [("github", 100), ("svix", 400), ("discord", 400), ("intercom", 700)] {
        let rng = &mut Rng::new(12);
        let item = "{\"name\":\"Zoë / <Łukasz>\",\"b\":1.50,\"a\":[1,2]}";
        let mut recipe = Recipe::new(name, rng);
        recipe.body = format!("[{}]", vec![item; size * 1024 / item.len()].join(",")).into_bytes();
        let mut case = recipe.send();
        let body = String::from_utf8(case.request.body.clone()).unwrap();
        case.request.body = body.replace("\":", "\": ").replace(',', ", ").into_bytes();
        let kinds: Vec<_> =
            case.explain().findings.iter().map(|finding| finding.kind.as_str()).collect();
        assert_eq!(kinds, ["body_reserialized"], "{name}");
    }
}

#[test]
fn a_very_large_or_very_deep_body_is_rejected_normally() {
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let bomb = super::breaks::gzip(&vec![b' '; 20 * 1024 * 1024]);
    for body in [deep, bomb, vec![b'"'; 300_000], b"\\".repeat(100_000)] {
        let mut case = Recipe::new("github", &mut Rng::new(2)).send();
        case.request.body = body;
        assert_eq!(case.explain().verdict, "signature_mismatch");
    }
}

#[test]
fn an_oversized_signature_header_is_not_searched() {
    let mut case = Recipe::new("github", &mut Rng::new(2)).send();
    let right = case.signature().1.clone();
    for (extra, kinds) in
        [(0, vec!["header_joined"]), (9_000, vec!["malformed_header", "no_cause_found"])]
    {
        case.signature().1 = format!("{right}, {right}{}", " ".repeat(extra));
        let explanation = case.explain();
        let found: Vec<_> =
            explanation.findings.iter().map(|finding| finding.kind.as_str()).collect();
        assert_eq!(found, kinds, "{extra}");
    }
}
