//! The ways in which requests are broken, each with the finding that it must have.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::Timestamp;
use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

use super::valid::{Case, NOW, RAW, Recipe, Rng, URL, document, form};

/// One way to break a request.
pub(crate) struct Break {
    pub(crate) kind: &'static str,
    /// Whether the finding is proved.
    pub(crate) certain: bool,
    pub(crate) make: fn(&mut Rng) -> Case,
}

const fn proved(kind: &'static str, make: fn(&mut Rng) -> Case) -> Break {
    Break { kind, certain: true, make }
}

const fn hinted(kind: &'static str, make: fn(&mut Rng) -> Case) -> Break {
    Break { kind, certain: false, make }
}

pub(crate) const ALL: &[Break] = &[
    proved("body_reserialized", |rng| {
        let document = document(rng);
        let prints: Vec<_> = document.prints.values().collect();
        let signed = *rng.pick(&prints);
        let others: Vec<_> = prints.iter().filter(|print| print.trim() != signed.trim()).collect();
        let received = rng.pick(&others).as_bytes().to_vec();
        raw(rng, signed.as_bytes()).body(received)
    }),
    proved("body_reserialized", |rng| {
        let document = document(rng);
        let sorted: Vec<_> = document.sorted.values().collect();
        let signed = rng.pick(&sorted).as_bytes();
        let received = document.prints["node, 2 spaces"].as_bytes().to_vec();
        raw(rng, signed).body(received)
    }),
    proved("trailing_newline", |rng| {
        let end = *rng.pick(&["\n", "\r\n", "\n\n", " "]);
        let case = valid(rng);
        let body = [&case.request.body, end.as_bytes()].concat();
        case.body(body)
    }),
    proved("trailing_newline", |rng| {
        let end = *rng.pick(&["\n", "\r\n"]);
        let body = document(rng).prints["node"].clone();
        raw(rng, format!("{body}{end}").as_bytes()).body(body.into_bytes())
    }),
    proved("line_ends_changed", |rng| {
        let unix = format!("note=one\ntwo {}\nthree\n", rng.below(1000));
        let windows = unix.replace('\n', "\r\n");
        if rng.below(2) == 0 {
            raw(rng, unix.as_bytes()).body(windows.into_bytes())
        } else {
            raw(rng, windows.as_bytes()).body(unix.into_bytes())
        }
    }),
    proved("charset_changed", |rng| {
        let text = format!("{{\"n\":{},\"name\":\"Zoë Łukasz café €\"}}", rng.below(1000));
        let mojibake: String = text.bytes().map(char::from).collect();
        // As Windows-1252 reads the bytes of the euro sign.
        let mojibake = match rng.below(2) {
            0 => mojibake,
            _ => mojibake.replace("\u{e2}\u{82}\u{ac}", "\u{e2}\u{201a}\u{ac}"),
        };
        raw(rng, text.as_bytes()).body(mojibake.into_bytes())
    }),
    proved("charset_changed", |rng| {
        let text = format!("{{\"n\":{},\"name\":\"Zoë café\"}}", rng.below(1000));
        let latin = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
        raw(rng, text.as_bytes()).body(latin)
    }),
    proved("charset_changed", |rng| {
        let case = valid(rng);
        let body = [b"\xef\xbb\xbf", case.request.body.as_slice()].concat();
        case.body(body)
    }),
    hinted("charset_changed", |rng| {
        let text = format!("{{\"n\":{},\"name\":\"Zoë café\"}}", rng.below(1000));
        let replaced = text.replace('ë', "\u{fffd}");
        raw(rng, text.as_bytes()).body(replaced.into_bytes())
    }),
    hinted("gzip_decoded", |rng| {
        let plain = document(rng).prints["node"].clone().into_bytes();
        raw(rng, &gzip(&plain)).body(plain).header("content-encoding", "gzip")
    }),
    proved("gzip_decoded", |rng| valid(rng).header("content-encoding", "gzip")),
    proved("gzip_not_decoded", |rng| {
        let case = valid(rng);
        let body = gzip(&case.request.body);
        let case = case.body(body);
        if rng.below(2) == 0 { case } else { case.header("content-encoding", "gzip") }
    }),
    proved("body_compressed", |rng| {
        let body = gzip(document(rng).prints["node"].as_bytes());
        raw(rng, &body).header("content-encoding", "gzip")
    }),
    proved("secret_whitespace", |rng| {
        let mut case = of(rng, TEXT);
        let secret = case.secrets[0].1.clone();
        let [before, after] =
            *rng.pick(&[["", "\n"], [" ", ""], ["", "\r\n"], ["\t", " "], ["\u{feff}", ""]]);
        case.secret([before.as_bytes(), &secret, after.as_bytes()].concat());
        case
    }),
    proved("secret_whitespace", |rng| {
        // The key is decoded, so the configuration itself is rejected.
        let mut case =
            of(rng, &["adyen", "svix", "discord", "sendgrid", "telegram", "adyen-platform"]);
        let secret = case.secrets[0].1.clone();
        case.secret([&secret, b"\n".as_slice()].concat());
        case
    }),
    proved("secret_quoted", |rng| {
        let mut case = of(rng, TEXT);
        let secret = case.secrets[0].1.clone();
        let quote = rng.pick(&["\"", "'", "`"]).as_bytes();
        case.secret([quote, &secret, quote].concat());
        case
    }),
    proved("secret_prefix_doubled", |rng| {
        let mut case = of(rng, PREFIXED);
        let secret = case.secrets[0].1.clone();
        case.secret([b"whsec_", secret.as_slice()].concat());
        case
    }),
    proved("secret_prefix_missing", |rng| {
        let mut case = of(rng, &["stripe"]);
        let secret = case.secrets[0].1.clone();
        case.secret(secret.strip_prefix(b"whsec_").unwrap());
        case
    }),
    proved("secret_prefix_wrong", |rng| {
        let mut case = of(rng, PREFIXED);
        let secret = case.secrets[0].1.clone();
        let label = *rng.pick(&["v1,", "Bearer ", "WEBHOOK_SECRET="]);
        case.secret([label.as_bytes(), &secret].concat());
        case
    }),
    proved("secret_not_decoded", |rng| {
        // The signer uses the text as the key.
        let name = *rng.pick(BASE64);
        let mut recipe = Recipe::new(name, rng);
        recipe.signing = format!("whsec_{}", STANDARD.encode(&recipe.secret));
        recipe.send()
    }),
    proved("secret_not_decoded", |rng| {
        // The sender decodes the secret, and the configured scheme does not.
        let secret = rng.bytes(32);
        own(rng, STANDARD.encode(&secret), |scheme| scheme.base64_key(""), |scheme| scheme)
    }),
    proved("secret_not_decoded", |rng| {
        let secret: String = rng.bytes(32).iter().map(|byte| format!("{byte:02x}")).collect();
        own(rng, secret, |scheme| scheme.hex_key(), |scheme| scheme)
    }),
    proved("secret_decoded_twice", |rng| {
        // The secret was decoded before it was configured.
        let mut case = of(rng, BASE64);
        let secret = String::from_utf8(case.secrets[0].1.clone()).unwrap();
        case.secret(STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap());
        case
    }),
    proved("secret_decoded_twice", |rng| {
        // The signer decodes the secret twice.
        let name = *rng.pick(BASE64);
        let mut recipe = Recipe::new(name, rng);
        let once = STANDARD.encode(rng.bytes(24));
        recipe.signing = format!("whsec_{once}");
        recipe.secret = format!("whsec_{}", STANDARD.encode(once));
        recipe.send()
    }),
    proved("secret_case", |rng| {
        let mut recipe = Recipe::one_of(rng, TEXT);
        recipe.signing = recipe.signing.to_lowercase();
        recipe.secret = recipe.signing.to_uppercase();
        recipe.send()
    }),
    proved("secret_truncated", |rng| {
        let mut case = of(rng, TEXT);
        let secret = case.secrets[0].1.clone();
        match rng.below(3) {
            0 => case.secret(&secret[..secret.len() - 1]),
            1 => case.secret([&secret, b"x".as_slice()].concat()),
            _ => case.secret([b"x", secret.as_slice()].concat()),
        }
        case
    }),
    proved("other_key", |rng| {
        let name = *rng.pick(MACS);
        let mut case = of(rng, &[name]);
        let own = Recipe::new(name, rng).secret;
        let right = case.secrets[0].1.clone();
        case.secret(own);
        let third = Recipe::new(name, rng).secret;
        case.others.push(("tenant-c".to_owned(), third.into_bytes()));
        case.others.push(("tenant-b".to_owned(), right));
        case
    }),
    proved("signature_encoding", |rng| {
        let mut case =
            of(rng, &["github", "stripe", "slack", "zoom", "paddle", "mux", "dropbox", "intercom"]);
        let value = &mut case.signature().1;
        let hex = value.rsplit('=').next().unwrap().to_owned();
        let written = if rng.below(2) == 0 {
            STANDARD.encode(unhex(&hex))
        } else {
            URL_SAFE_NO_PAD.encode(unhex(&hex))
        };
        *value = value.replace(&hex, &written);
        case
    }),
    proved("signature_encoding", |rng| {
        let mut case =
            of(rng, &["shopify", "svix", "line", "square", "hubspot", "zendesk", "clerk"]);
        let value = &mut case.signature().1;
        let text = value.rsplit(',').next().unwrap().to_owned();
        let bytes = STANDARD.decode(&text).unwrap();
        let written = if rng.below(2) == 0 { hex(&bytes) } else { URL_SAFE_NO_PAD.encode(&bytes) };
        *value = value.replace(&text, &written);
        case
    }),
    proved("signature_prefix", |rng| {
        let mut case = of(rng, &["github", "slack", "zoom", "typeform", "intercom", "meta"]);
        let value = &mut case.signature().1;
        let (_, text) = value.split_once('=').unwrap();
        *value = format!("{}{text}", rng.pick(&["", "hmac-sha256=", "v1=", "SHA256:"]));
        case
    }),
    proved("signature_prefix", |rng| {
        let mut case =
            of(rng, &["shopify", "dropbox", "razorpay", "line", "gocardless", "svix", "pagerduty"]);
        let value = &mut case.signature().1;
        let text = value.rsplit(',').next().unwrap();
        let text = text.strip_prefix("v1=").unwrap_or(text);
        *value = format!("{}{text}", rng.pick(&["sha256=", "HMAC ", "v2="]));
        case
    }),
    proved("header_whitespace", |rng| {
        let mut case = valid(rng);
        let value = &mut case.signature().1;
        *value = if rng.below(2) == 0 { format!("\"{value}\"") } else { format!(" {value}\t") };
        case
    }),
    proved("header_renamed", |rng| {
        let mut case = valid(rng);
        let has_hyphen = case.signature().0.contains('-');
        let how = if has_hyphen { rng.below(3) } else { 1 + rng.below(2) };
        for (name, _) in &mut case.request.headers {
            let plain = name.replace('-', "_");
            *name = match how {
                0 => plain,
                1 => format!("HTTP_{}", plain.to_uppercase()),
                _ => format!("x-amzn-remapped-{name}"),
            };
        }
        case
    }),
    proved("header_renamed", |rng| {
        let mut case = of(rng, &["github", "shopify", "line", "dropbox", "razorpay", "typeform"]);
        case.signature().0 = "x-upstream-signature".to_owned();
        case
    }),
    proved("header_duplicated", |rng| {
        let mut case = valid(rng);
        let copy = case.signature().clone();
        case.request.headers.push(copy);
        case
    }),
    proved("header_joined", |rng| {
        let mut case = of(rng, JOINABLE);
        let value = &mut case.signature().1;
        // Pairs are accepted with a space after the comma.
        let comma = if value.starts_with("t=") { "," } else { ", " };
        *value = format!("{value}{comma}{value}");
        case
    }),
    proved("headers_mixed", |rng| {
        let mut case = of(rng, &["svix", "clerk", "resend", "standard-webhooks", "openai"]);
        let (own, rival) = if case.signature().0.starts_with("svix") {
            ("svix", "webhook")
        } else {
            ("webhook", "svix")
        };
        let copies: Vec<_> = case
            .request
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with(own))
            .cloned()
            .collect();
        for (name, value) in copies {
            case.request.headers.insert(0, (name.replace(own, rival), value));
        }
        case
    }),
    proved("version_header_wrong", |rng| {
        let name = *rng.pick(&["box", "hubspot-v1", "hubspot-v2"]);
        let mut case = of(rng, &[name]);
        let header =
            if name == "box" { "box-signature-version" } else { "x-hubspot-signature-version" };
        *case.value(header) = "7".to_owned();
        case
    }),
    proved("signed_header_altered", |rng| {
        let mut case =
            of(rng, &["svix", "clerk", "standard-webhooks", "openai", "gitlab-signed", "resend"]);
        let header = case.request.headers[3].0.clone();
        assert!(header.ends_with("-id"), "{header}");
        let value = case.value(&header);
        *value = match rng.below(3) {
            0 => format!("<{value}>"),
            1 => value.replace('_', "-"),
            _ => format!("{} {}", &value[..3], &value[3..]),
        };
        case
    }),
    proved("signed_header_altered", |rng| {
        let mut case = of(rng, &["slack", "zoom", "svix", "openai", "zendesk", "box"]);
        let header = case.request.headers.iter().find(|(name, _)| name.contains("timestamp"));
        let header = header.unwrap().0.clone();
        let value = case.value(&header);
        *value = if value.ends_with('Z') {
            let zone = *rng.pick(&["+00:00", ".000Z", ".000+00:00"]);
            value.replace('Z', zone)
        } else {
            rng.pick(&["{}.0", "0{}", "{}.000000"]).replace("{}", value)
        };
        case
    }),
    proved("signed_header_altered", |rng| {
        let mut case = of(rng, &["stripe", "mux", "paddle"]);
        let value = &mut case.signature().1;
        *value = value.replacen("1770000000", "1770000000.0", 1);
        case
    }),
    proved("seconds_and_milliseconds", |rng| {
        // The signer writes the other unit.
        let name = *rng.pick(&[
            "stripe", "mux", "paddle", "svix", "slack", "openai", "zoom", "discord", "sendgrid",
        ]);
        let mut recipe = Recipe::new(name, rng);
        recipe.time = Timestamp::from_secs(NOW.as_millis());
        recipe.send()
    }),
    proved("seconds_and_milliseconds", |rng| {
        let name = *rng.pick(&["sanity", "hubspot"]);
        let mut recipe = Recipe::new(name, rng);
        recipe.time = Timestamp::from_millis(NOW.as_secs());
        recipe.send()
    }),
    proved("seconds_and_milliseconds", |rng| {
        // A header that was rewritten in another unit.
        let mut case = of(rng, &["svix", "slack", "zoom"]);
        let header = case.request.headers.iter().find(|(name, _)| name.contains("timestamp"));
        let header = header.unwrap().0.clone();
        case.value(&header).push_str("000");
        case
    }),
    proved("seconds_and_milliseconds", |rng| {
        // A custom sender that is configured with the other unit.
        let scheme = |unit| {
            Scheme::hmac_sha256("acme", SignatureLocation::header("acme-signature", Encoding::Hex))
                .timestamp_header("acme-time", unit)
                .signs([Part::Timestamp, ".".into(), Part::Body])
                .build()
                .unwrap()
        };
        let units = [TimestampFormat::Seconds, TimestampFormat::Millis];
        let sent = rng.below(2);
        let mut case = Recipe::new("github", rng).send_by(&scheme(units[sent]));
        case.custom = Some(scheme(units[1 - sent]));
        case
    }),
    proved("clock_skew", |rng| {
        let name = *rng.pick(TIMED);
        let mut recipe = Recipe::new(name, rng);
        let off = 200_000 + u64::try_from(rng.below(1_000_000)).unwrap();
        recipe.time = Timestamp::from_secs(if rng.below(2) == 0 {
            NOW.as_secs() - off
        } else {
            NOW.as_secs() + off
        });
        recipe.send()
    }),
    proved("clock_skew", |rng| {
        let mut case = of(rng, &["linear"]);
        case.now = Timestamp::from_secs(NOW.as_secs() + 61 + rng.next() % 1000);
        case
    }),
    proved("wrong_sender", |rng| {
        let mut case = of(rng, TEXT);
        let own = case.sender().to_owned();
        let family = |name: &str| {
            let scheme = Recipe::new(name, &mut Rng::new(1)).scheme();
            scheme.to_string()
        };
        let others: Vec<_> = TEXT.iter().filter(|name| family(name) != family(&own)).collect();
        case.sender = Some((**rng.pick(&others)).to_owned());
        case
    }),
    proved("url_changed", |rng| {
        let mut case = of(rng, &["square", "twilio", "hubspot", "hubspot-v2"]);
        let url = match rng.below(6) {
            0 => URL.replace("https://", "http://"),
            1 => URL.replace("example.com", "example.com:443"),
            2 => URL.replace("/webhook?", "/webhook/?"),
            3 => URL.replace("hooks.example.com", "10.0.0.7:8080").replace("https", "http"),
            4 => URL.replace("/in/webhook", "/webhook"),
            _ => URL.replace("/webhook?", "/webhook/?").replace("https", "http"),
        };
        case.header_at("x-forwarded-proto", "https");
        case.header_at("x-original-uri", "/in/webhook?tenant=a%20b&v=2");
        case.settings.url = Some(url.clone());
        case.request.url = Some(url);
        // A URL with the default port and without it is the same.
        if case.settings.url.as_deref().unwrap().contains(":443") {
            case.settings.url = Some(URL.replace("https", "http"));
        }
        case
    }),
    proved("url_changed", |rng| {
        let mut case = of(rng, &["square", "twilio", "hubspot", "hubspot-v2"]);
        let query = *rng.pick(&["", "?v=2&tenant=a%20b", "?tenant=a+b&v=2"]);
        let url = format!("https://hooks.example.com/in/webhook{query}");
        case.settings.url = Some(url.clone());
        case.request.url = Some(url);
        case.header_at("x-original-uri", "/in/webhook?tenant=a%20b&v=2");
        case
    }),
    proved("other_algorithm", |rng| {
        let recipe = Recipe::one_of(rng, &["github", "dropbox", "razorpay", "gocardless"]);
        let text = recipe.scheme().to_string();
        let header = text.rsplit('`').nth(1).unwrap().to_owned();
        let prefix = if header.starts_with("x-hub") { "sha256=" } else { "" };
        let signature = SignatureLocation::header(header, Encoding::Hex).prefix(prefix);
        let scheme = match rng.below(2) {
            0 => Scheme::hmac_sha1("x", signature),
            _ => Scheme::hmac_sha512("x", signature),
        };
        recipe.send_by(&scheme.build().unwrap())
    }),
    proved("signed_content", |rng| {
        // A script that signs the body alone, without the time.
        let recipe = Recipe::one_of(rng, &["slack", "zoom", "zendesk"]);
        let text = recipe.scheme().to_string();
        let header = text.rsplit('`').nth(1).unwrap().to_owned();
        let (prefix, encoding) = if header.contains("zendesk") {
            ("", Encoding::Base64)
        } else {
            ("v0=", Encoding::Hex)
        };
        let mut headers =
            Recipe { body: recipe.body.clone(), ..Recipe::new(recipe.sender.name(), rng) }
                .send()
                .request
                .headers;
        let scheme =
            Scheme::hmac_sha256("x", SignatureLocation::header(header, encoding).prefix(prefix));
        let mut case = recipe.send_by(&scheme.build().unwrap());
        let signature = case.signature().clone();
        headers.pop();
        headers.push(signature);
        case.request.headers = headers;
        case
    }),
    proved("form_and_json", |rng| {
        // A form parser passed on JSON.
        let name = *rng.pick(&["slack", "github", "shopify", "square", "typeform"]);
        let form = form(rng);
        let pairs = form.split('&').map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            let value = percent_decoded(value);
            format!(
                "{}:{}",
                serde_json::to_string(name).unwrap(),
                serde_json::to_string(&value).unwrap()
            )
        });
        let json = format!("{{{}}}", pairs.collect::<Vec<_>>().join(","));
        let mut recipe = Recipe::new(name, rng);
        recipe.body = form.into_bytes();
        recipe.send().body(json.into_bytes())
    }),
    proved("form_and_json", |rng| {
        // JSON was sent as the field of a form.
        let case = valid(rng);
        let escaped: String = case.request.body.iter().map(|byte| format!("%{byte:02X}")).collect();
        case.body(format!("payload={escaped}").into_bytes())
    }),
    proved("form_reencoded", |rng| {
        let name = *rng.pick(&["slack", "github", "shopify", "square", "typeform"]);
        let form = form(rng);
        let mut recipe = Recipe::new(name, rng);
        let received = if rng.below(2) == 0 {
            form.replace('+', "%20")
        } else {
            form.replace("%2B", "%2b").replace("%C3%A9", "%c3%a9").replace("%2F", "%2f")
        };
        recipe.body = form.into_bytes();
        let case = recipe.send();
        let same = case.request.body == received.as_bytes();
        case.body(if same {
            received.replace("%2B", "%2b").into_bytes()
        } else {
            received.into_bytes()
        })
    }),
    proved("body_base64", |rng| {
        let case = valid(rng);
        let body = STANDARD.encode(&case.request.body);
        case.body(body.into_bytes())
    }),
    proved("body_quoted", |rng| {
        let case = valid(rng);
        let text = String::from_utf8(case.request.body.clone()).unwrap();
        case.body(serde_json::to_vec(&text).unwrap())
    }),
    proved("content_length_wrong", |rng| {
        let case = of(rng, TOKENS);
        let length = case.request.body.len() + 1 + rng.below(50);
        case.header("content-length", &length.to_string())
    }),
    proved("method_not_post", |rng| {
        let mut case = of(rng, &["github", "stripe", "svix", "slack", "shopify", "telegram"]);
        case.request.method = (*rng.pick(&["GET", "PUT", "post-it"])).to_owned();
        case
    }),
    proved("timestamp_missing", |rng| {
        let mut recipe = Recipe::new("linear", rng);
        recipe.body = document(rng).prints["node"].clone().into_bytes();
        recipe.send()
    }),
    proved("body_too_large", |rng| {
        let name = *rng.pick(&["stripe", "slack", "typeform"]);
        let mut recipe = Recipe::new(name, rng);
        recipe.body = vec![b'x'; 1024 * 1024 + 1 + rng.below(100)];
        recipe.send()
    }),
    hinted("body_empty", |rng| valid(rng).body(Vec::new())),
    hinted("body_altered", |rng| {
        let case = valid(rng);
        let length = case.request.body.len();
        let cut = 1 + rng.below(length / 2);
        let body = case.request.body[..length - cut].to_vec();
        case.header("content-length", &length.to_string()).body(body)
    }),
    hinted("malformed_header", |rng| {
        // A truncated signature.
        let mut case = valid(rng);
        let value = &mut case.signature().1;
        value.truncate(value.len() - 5);
        case
    }),
    hinted("header_missing", |rng| {
        let mut case = valid(rng);
        case.request.headers.pop();
        case
    }),
    hinted("no_cause_found", |rng| {
        // Another secret altogether.
        let name = *rng.pick(MACS);
        let mut case = of(rng, &[name]);
        case.secret(Recipe::new(name, rng).secret);
        case
    }),
    hinted("no_cause_found", |rng| {
        // Another value in the body.
        let mut case = valid(rng);
        let at = case.request.body.iter().rposition(u8::is_ascii_alphanumeric).unwrap();
        case.request.body[at] ^= 1;
        case
    }),
    hinted("no_cause_found", |rng| {
        let mut case = of(rng, TOKENS);
        case.signature().1.push_str("-and-more");
        case
    }),
    hinted("configuration_rejected", |rng| {
        let mut case = of(rng, &["svix", "discord", "adyen-platform", "sendgrid", "openai"]);
        case.secret("this is / no key at all!");
        case
    }),
    hinted("url_missing", |rng| {
        let mut case = of(rng, &["twilio", "square", "hubspot"]);
        case.settings.url = None;
        case.request.url = None;
        case
    }),
    hinted("sender_unknown", |rng| {
        let mut case = of(rng, &["github", "stripe", "slack", "shopify", "line"]);
        case.sender = None;
        // The request has no header with the sender's name either.
        case.request.headers.truncate(3);
        case
    }),
];

/// Senders whose key is the text of the secret.
pub(crate) const TEXT: &[&str] = &[
    "github",
    "slack",
    "shopify",
    "dropbox",
    "typeform",
    "intercom",
    "zendesk",
    "box",
    "zoom",
    "razorpay",
    "pagerduty",
    "mux",
    "meta",
    "line",
    "gocardless",
    "paddle",
    "sanity",
];

/// Senders that sign with a shared key.
pub(crate) const MACS: &[&str] = &[
    "github",
    "slack",
    "shopify",
    "dropbox",
    "typeform",
    "intercom",
    "zendesk",
    "box",
    "stripe",
    "svix",
    "square",
    "hubspot",
    "standard-webhooks",
    "openai",
    "paddle",
    "adyen-platform",
];

const TOKENS: &[&str] = &["gitlab", "telegram", "auth0", "okta"];
const PREFIXED: &[&str] = &["svix", "stripe", "clerk", "openai", "resend", "standard-webhooks"];
const BASE64: &[&str] =
    &["svix", "clerk", "openai", "resend", "standard-webhooks", "gitlab-signed"];
const TIMED: &[&str] = &[
    "stripe", "svix", "slack", "zoom", "discord", "sendgrid", "hubspot", "zendesk", "box",
    "sanity", "mux",
];
const JOINABLE: &[&str] = &[
    "github", "shopify", "slack", "stripe", "typeform", "line", "zendesk", "discord", "hubspot",
    "square",
];

/// A request from one of `names`.
pub(crate) fn of(rng: &mut Rng, names: &[&str]) -> Case {
    let name = *rng.pick(names);
    Recipe::new(name, rng).send()
}

/// A request from any sender that signs the raw body.
pub(crate) fn valid(rng: &mut Rng) -> Case {
    of(rng, RAW)
}

fn raw(rng: &mut Rng, body: &[u8]) -> Case {
    let name = *rng.pick(RAW);
    let mut recipe = Recipe::new(name, rng);
    recipe.body = body.to_vec();
    recipe.send()
}

/// A custom sender that signs with `secret` by one scheme, and is configured with another.
fn own(
    rng: &mut Rng,
    secret: String,
    sent: fn(countersign::scheme::SchemeBuilder) -> countersign::scheme::SchemeBuilder,
    set_up: fn(countersign::scheme::SchemeBuilder) -> countersign::scheme::SchemeBuilder,
) -> Case {
    let encoding = *rng.pick(&[Encoding::Hex, Encoding::Base64]);
    let scheme =
        || Scheme::hmac_sha256("acme", SignatureLocation::header("acme-signature", encoding));
    let mut recipe = Recipe::new("github", rng);
    recipe.signing.clone_from(&secret);
    recipe.secret = secret;
    let mut case = recipe.send_by(&sent(scheme()).build().unwrap());
    case.custom = Some(set_up(scheme()).build().unwrap());
    case
}

impl Case {
    fn body(mut self, body: Vec<u8>) -> Self {
        self.request.body = body;
        self
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.header_at(name, value);
        self
    }

    /// Inserts the header before the others, since the last one is the signature's.
    fn header_at(&mut self, name: &str, value: &str) {
        self.request.headers.insert(0, (name.to_owned(), value.to_owned()));
    }
}

pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                rest = &tail[2..];
                unhex(std::str::from_utf8(&tail[..2]).unwrap())[0]
            }
            byte => *byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}
