//! Public URLs that are signed: equal in meaning to the arriving one, with credentials, and with the
//! event in the query of a `GET`.

#![allow(clippy::unwrap_used)]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::receive;
use countersign::scheme::{
    Encoding, Part, Scheme, SchemeBuilder, SignatureLocation, SigningRequest,
};
use countersign::senders::{self, ConfiguredSender, Sender, SenderConfig};
use countersign::{
    ConfigErrorKind, Custom, Delivery, Headers, Receiver, Rejection, RejectionKind, Secret,
    Timestamp,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

const TOKEN: &str = "the account's auth token";
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

/// A request's headers and query.
struct Head<'h>(Vec<(&'h str, String)>, &'h str);

impl Headers for Head<'_> {
    fn each<'h>(&'h self, mut visit: impl FnMut(&'h str, &'h [u8])) {
        self.0.iter().for_each(|(name, value)| visit(name, value.as_bytes()));
    }

    fn query(&self) -> Option<&str> {
        Some(self.1)
    }
}

fn secret() -> Secret {
    Secret::new(TOKEN).unwrap()
}

fn hmac_sha1(text: &str) -> String {
    let mut mac: Hmac<Sha1> = Hmac::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn hmac_sha256(text: &str) -> String {
    let mut mac: Hmac<Sha256> = Hmac::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[track_caller]
fn rejects(verdict: Result<Delivery, Rejection>, kind: RejectionKind) {
    let rejection = verdict.unwrap_err();
    assert_eq!(rejection.kind(), kind, "{rejection}");
}

mod form {
    use super::*;

    const DIGEST: &str = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";

    fn twilio(url: &str) -> ConfiguredSender {
        senders::TWILIO.config().with_public_url(url).keys(secret()).unwrap()
    }

    /// Verifies a request with this query and body, signed over `signed`.
    fn verdict(url: &str, signed: &str, query: &str, body: &str) -> Result<Delivery, Rejection> {
        let headers =
            vec![("x-twilio-signature", hmac_sha1(signed)), ("host", "another.example".to_owned())];
        receive(&twilio(url), &Head(headers, query), body.as_bytes(), NOW)
    }

    #[test]
    fn a_configured_query_is_accepted_in_any_order_and_escaping() {
        let accepts = |query: &str, received: &str| {
            let url = format!("https://example.com/v?{query}");
            let verdict = verdict(&url, &format!("{url}Bodyhello"), received, "Body=hello");
            assert_eq!(verdict.unwrap().body(), "Body=hello", "{query}, {received}");
        };
        accepts("b=456&a=123", "a=123&b=456");
        accepts("b=456&a=123", "b=456&a=123");
        accepts("q=a+b&n=J%C3%BC", "n=J%c3%bc&q=a%20b");
        accepts("q=%7Ename", "q=~name");
        accepts("a&b", "b=&a=");
        accepts("a=1&a=2", "a=2&a=1");
        accepts("a=1", "a=1&");
        accepts("a=1", "&a=1");
    }

    #[test]
    fn a_query_with_other_parameters_is_rejected() {
        let url = "https://example.com/v?b=456&a=123";
        for query in [
            "",
            "a=123",
            "a=123&b=457",
            "a=123&b=456&c=1",
            "a=123&b=456&b=456",
            "A=123&b=456",
            "a=123&b=456%26",
            "b=456%26a%3D123",
            "a=123&b=456Bodyhello",
        ] {
            for signed in
                [format!("{url}Bodyhello"), format!("https://example.com/v?{query}Bodyhello")]
            {
                let verdict = verdict(url, &signed, query, "Body=hello");
                rejects(verdict, RejectionKind::SignatureMismatch);
            }
        }
    }

    #[test]
    fn a_query_of_equal_meaning_may_be_the_signed_one() {
        let url = "https://example.com/v?q=%7ea&b=1";
        for query in ["q=~a&b=1", "b=1&q=%7Ea"] {
            let signed = format!("https://example.com/v?{query}Bodyhello");
            assert!(verdict(url, &signed, query, "Body=hello").is_ok(), "{query}");
        }
    }

    #[test]
    fn a_digest_beside_a_configured_query_may_be_at_any_position() {
        let (url, body) = ("https://example.com/v?b=456&a=123", r#"{"a":1}"#);
        let signed = format!("{url}&bodySHA256={DIGEST}");
        for query in [
            format!("b=456&a=123&bodySHA256={DIGEST}"),
            format!("a=123&b=456&bodySHA256={DIGEST}"),
            format!("a=123&bodySHA256={DIGEST}&b=456"),
        ] {
            assert!(verdict(url, &signed, &query, body).is_ok(), "{query}");
            rejects(verdict(url, &signed, &query, "{}"), RejectionKind::SignatureMismatch);
        }
        for query in [
            format!("b=456&a=123&bodySHA256={DIGEST}&bodySHA256={DIGEST}"),
            format!("b=456&bodySHA256={DIGEST}"),
        ] {
            rejects(verdict(url, &signed, &query, body), RejectionKind::SignatureMismatch);
        }
    }

    #[test]
    fn an_order_of_parameters_does_not_make_another_event() {
        let url = "https://example.com/v?b=456&a=123";
        let identity = |query| {
            let verdict = verdict(url, &format!("{url}Bodyhello"), query, "Body=hello");
            twilio(url).identity(&verdict.unwrap())
        };
        assert_eq!(identity("b=456&a=123"), identity("a=123&b=456"));
    }

    #[test]
    fn forms_of_the_url_that_are_equal_in_meaning_are_accepted() {
        let accepts = |own: &str, signed: &str| {
            let query = signed.split_once('?').map_or("", |(_, query)| query);
            let verdict = verdict(own, &format!("{signed}Bodyhello"), query, "Body=hello");
            assert!(verdict.is_ok(), "{own}, {signed}");
        };
        accepts("https://EXAMPLE.com/V", "https://example.com/V");
        accepts("https://EXAMPLE.com/V", "https://EXAMPLE.com/V");
        accepts("HTTPS://Example.com/V", "https://example.com:443/V");
        accepts("https://example.com", "https://example.com/");
        accepts("https://example.com?a=1", "https://example.com:443/?a=1");
        accepts("https://example.com/v?", "https://example.com/v?");
        accepts("https://example.com/v?", "https://example.com/v");
        accepts("https://example.com/a%7eb%c3%bc", "https://example.com/a~b%C3%BC");
        accepts("https://[2001:DB8::1]:8443/v", "https://[2001:db8::1]:8443/v");
        accepts("https://bücher.example/v", "https://bücher.example/v");
        accepts("https://example.com/v?a=1#rc=2&rp=all", "https://example.com/v?a=1");
        accepts("https://example.com#rc=2", "https://example.com/");
    }

    /// The differences combine: credentials, case, escapes and the port.
    #[test]
    fn every_combination_of_differences_is_accepted() {
        let own = "https://user:pw@Example.com/a%7eb?b=2&a=1";
        for credentials in ["user:pw@", ""] {
            for host in ["Example.com", "example.com"] {
                for path in ["a%7eb", "a~b"] {
                    for port in ["", ":443"] {
                        for query in ["b=2&a=1", "a=1&b=2"] {
                            let signed =
                                format!("https://{credentials}{host}{port}/{path}?{query}");
                            let signed = format!("{signed}Bodyhello");
                            let verdict = verdict(own, &signed, "a=1&b=2", "Body=hello");
                            assert!(verdict.is_ok(), "{signed}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn other_urls_are_rejected() {
        for (own, signed) in [
            ("https://example.com/v", "https://example.com/V"),
            ("https://example.com/v", "https://example.com/v/"),
            ("https://example.com/v", "https://example.com/v?"),
            ("https://example.com/a%2fb", "https://example.com/a/b"),
            ("https://example.com/a/%2e%2e/b", "https://example.com/a/../b"),
            ("https://example.com/a/../b", "https://example.com/b"),
            ("https://example.com:8443/v", "https://example.com:443/v"),
            ("https://another.example/v", "https://example.com/v"),
            ("http://example.com/v", "https://example.com/v"),
        ] {
            let verdict = verdict(own, &format!("{signed}Bodyhello"), "", "Body=hello");
            rejects(verdict, RejectionKind::SignatureMismatch);
        }
    }

    /// Every text after the URL over a small alphabet, in every way to split it into query and form.
    #[test]
    fn every_signed_text_has_at_most_one_reading() {
        const PIECES: [&str; 5] = ["a", "=1", "&", "?", "%61"];
        let url = "https://example.com";
        let escaped =
            |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let mut readable = 0;
        for own in
            [format!("{url}/?a=1"), format!("{url}?a=1&a"), format!("{url}/v?"), url.to_owned()]
        {
            let (base, _) = own.split_once('?').unwrap_or((&own, ""));
            let receiver = Receiver::new(twilio(&own));
            for number in 0..PIECES.len().pow(5) {
                let piece = |place| PIECES[number / PIECES.len().pow(place) % PIECES.len()];
                let text: String = (0..5).map(piece).collect();
                let signature = hmac_sha1(&format!("{base}?{text}"));
                let readings = (0..=text.len()).filter(|at| {
                    let (query, form) = text.split_at(*at);
                    let headers = vec![("x-twilio-signature", signature.clone())];
                    receiver.verify(&Head(headers, query), escaped(form), NOW).is_ok()
                });
                let readings: Vec<_> = readings.collect();
                // Without a configured query, the request's own query is signed, so text may move
                // between query and form; the event stays the same.
                if own.contains('?') {
                    assert!(readings.len() <= 1, "{own} {text} {readings:?}");
                }
                readable += readings.len();
            }
        }
        assert!(readable > 100, "{readable}");
    }

    #[test]
    fn bytes_do_not_move_from_the_end_of_the_url_to_the_form() {
        let url = "https://example.com";
        for (signed, form) in [
            ("https://example.com:443Body", "%3A443Body"),
            ("https://example.com/Body", "%2FBody"),
            ("https://example.com?a=1Body", "%3Fa%3D1Body"),
        ] {
            rejects(verdict(url, signed, "", form), RejectionKind::SignatureMismatch);
        }
        let (url, body) = ("https://example.com/v?a=1", format!("%26bodySHA256%3D{DIGEST}"));
        let signed = format!("{url}&bodySHA256={DIGEST}");
        rejects(verdict(url, &signed, "a=1", &body), RejectionKind::SignatureMismatch);
    }
}

mod credentials {
    use super::*;

    const URL: &str = "https://user:pa55word@example.com/v?a=1";

    fn config() -> SenderConfig {
        senders::TWILIO.config().with_public_url(URL)
    }

    #[test]
    fn a_url_with_credentials_is_accepted_as_the_signed_one() {
        for signed in [
            "https://user:pa55word@example.com/v?a=1Bodyhello",
            "https://user:pa55word@example.com:443/v?a=1Bodyhello",
            "https://example.com/v?a=1Bodyhello",
        ] {
            let head = Head(vec![("x-twilio-signature", hmac_sha1(signed))], "a=1");
            let verdict = receive(&config().keys(secret()).unwrap(), &head, b"Body=hello", NOW);
            assert!(verdict.is_ok(), "{signed}");
        }
        for signed in [
            "https://user:other@example.com/v?a=1Bodyhello",
            "https://user@example.com/v?a=1Bodyhello",
        ] {
            let head = Head(vec![("x-twilio-signature", hmac_sha1(signed))], "a=1");
            let verdict = receive(&config().keys(secret()).unwrap(), &head, b"Body=hello", NOW);
            rejects(verdict, RejectionKind::SignatureMismatch);
        }
        for url in
            ["https://user@example.com/v", "https://:p@[::1]:8080/v", "https://a:b@c@example.com"]
        {
            assert!(senders::TWILIO.config().with_public_url(url).scheme().is_ok(), "{url}");
        }
    }

    #[test]
    fn credentials_appear_in_no_text() {
        let sender = config().keys(secret()).unwrap();
        let hubspot = senders::HUBSPOT.config().with_public_url(URL);
        let square = senders::SQUARE.config().with_public_url(URL).scheme().unwrap();
        let builder = Scheme::hmac_sha1("acme", SignatureLocation::header("x", Encoding::Hex))
            .signs([Part::UrlAndForm(URL.into())]);
        let broken = [
            "https://user:pa55word@",
            "user:pa55word@example.com",
            "https://user:pa55word/@example.com",
        ];
        let errors = broken.map(|url| {
            senders::TWILIO.config().with_public_url(url).scheme().unwrap_err().to_string()
        });
        let mut texts = vec![
            format!("{:?}", config()),
            format!("{sender:?}"),
            format!("{:?} {}", sender.verifier().scheme(), sender.verifier().scheme()),
            format!("{:?}", Receiver::new(sender.clone())),
            format!("{:?} {}", hubspot.scheme().unwrap(), hubspot.scheme().unwrap()),
            format!("{square:?} {square}"),
            format!("{builder:?}"),
            format!("{:?}", Part::Url(URL.into())),
        ];
        texts.extend(errors);
        for text in &texts {
            assert!(!text.contains("pa55word") && !text.contains("user"), "{text}");
        }
        assert!(texts[0].contains("https://***@example.com/v?a=1"), "{}", texts[0]);
    }
}

mod query_events {
    use super::*;

    const URL: &str = "https://example.com/voice";
    const QUERY: &str = "CallSid=CA1&From=%2B14158675309&To=%2B18005551212";

    fn twilio(url: &str) -> ConfiguredSender {
        senders::TWILIO.config().with_public_url(url).with_method("GET").keys(secret()).unwrap()
    }

    fn verdict(url: &str, signed: &str, query: &str, body: &str) -> Result<Delivery, Rejection> {
        let head = Head(vec![("x-twilio-signature", hmac_sha1(signed))], query);
        receive(&twilio(url), &head, body.as_bytes(), NOW)
    }

    #[test]
    fn a_signed_get_is_accepted_with_its_query_as_the_event() {
        let delivery = verdict(URL, &format!("{URL}?{QUERY}"), QUERY, "").unwrap();
        assert_eq!(delivery.signed_query().unwrap(), QUERY);
        assert_eq!(delivery.body(), "");
        let ported = format!("https://example.com:443/voice?{QUERY}");
        assert!(verdict(URL, &ported, QUERY, "").is_ok());
        assert!(verdict(URL, URL, "", "").is_ok());
    }

    #[test]
    fn the_fields_of_the_query_are_the_event() {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Call {
            call_sid: String,
            from: String,
        }
        let delivery = verdict(URL, &format!("{URL}?{QUERY}"), QUERY, "").unwrap();
        let call: Call = delivery.event().unwrap();
        assert_eq!((&*call.call_sid, &*call.from), ("CA1", "+14158675309"));
        let broken = "CallSid=%zz";
        let delivery = verdict(URL, &format!("{URL}?{broken}"), broken, "").unwrap();
        let rejection = delivery.event::<serde_json::Value>().unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::Undecodable, "{rejection}");
    }

    #[test]
    fn another_query_or_a_body_is_rejected() {
        let signed = format!("{URL}?{QUERY}");
        for (query, body) in [
            ("", ""),
            ("CallSid=CA1", ""),
            (&QUERY[..QUERY.len() - 1], &QUERY[QUERY.len() - 1..]),
            (&format!("{QUERY}&x=1"), ""),
            (&QUERY.replace("%2B", "+"), ""),
            ("To=%2B18005551212&CallSid=CA1&From=%2B14158675309", ""),
            (QUERY, "x"),
            ("", QUERY),
        ] {
            rejects(verdict(URL, &signed, query, body), RejectionKind::SignatureMismatch);
        }
    }

    #[test]
    fn a_configured_query_may_arrive_anywhere_among_the_events_parameters() {
        let url = "https://example.com/voice?b=4%206&a=1";
        let signed = format!("{url}&{QUERY}");
        for query in [
            format!("b=4%206&a=1&{QUERY}"),
            format!("a=1&b=4+6&{QUERY}"),
            QUERY.replace("&From", "&a=1&From") + "&b=4%206",
        ] {
            let delivery = verdict(url, &signed, &query, "").unwrap();
            assert_eq!(
                delivery.signed_query().unwrap(),
                &format!("b=4%206&a=1&{QUERY}"),
                "{query}"
            );
        }
        for query in
            [QUERY.to_owned(), format!("a=1&{QUERY}"), format!("a=1&b=4%206&b=4%206&{QUERY}")]
        {
            rejects(verdict(url, &signed, &query, ""), RejectionKind::SignatureMismatch);
        }
    }

    #[test]
    fn the_signed_query_identifies_the_event() {
        let identity = |query: &str| {
            let delivery = verdict(URL, &format!("{URL}?{query}"), query, "").unwrap();
            twilio(URL).identity(&delivery)
        };
        assert_eq!(identity(QUERY), identity(QUERY));
        assert_ne!(identity(QUERY), identity("CallSid=CA2"));
    }

    #[test]
    fn signing_calls_the_configured_url_with_the_event() {
        let signed = |url: &str, query| {
            let config = senders::TWILIO.config().with_public_url(url).with_method("GET");
            let scheme = config.scheme().unwrap();
            let signed = SigningRequest::new(b"").query(query).request(&scheme, &secret()).unwrap();
            (signed.query.unwrap(), signed.headers.first().unwrap().1.clone())
        };
        let url = "https://example.com/voice?a=1";
        let called = format!("a=1&{QUERY}");
        let signature = hmac_sha1(&format!("https://example.com/voice?{called}"));
        assert_eq!(signed(url, QUERY), (called.clone(), signature.clone()));
        assert_eq!(signed(url, &called), (called.clone(), signature));
        assert_eq!(signed(URL, QUERY), (QUERY.to_owned(), hmac_sha1(&format!("{URL}?{QUERY}"))));
    }

    #[test]
    fn only_the_configured_method_is_accepted() {
        let by_get = Receiver::new(twilio(URL));
        by_get.check_method("GET").unwrap();
        for method in ["POST", "HEAD", "get", "PUT"] {
            let rejection = by_get.check_method(method).unwrap_err();
            assert_eq!(rejection.kind(), RejectionKind::MethodNotAllowed, "{method}");
            assert_eq!(
                rejection.to_string(),
                "method is not GET: have the sender deliver with GET"
            );
        }
        let by_post = senders::TWILIO.config().with_public_url(URL).keys(secret()).unwrap();
        let rejection = Receiver::new(by_post).check_method("GET").unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::MethodNotAllowed);
    }

    #[test]
    fn a_method_that_the_sender_does_not_have_is_rejected_at_startup() {
        for (sender, method) in [
            (senders::STRIPE, "GET"),
            (senders::META, "GET"),
            (senders::SQUARE, "GET"),
            (senders::TWILIO, "PUT"),
            (senders::TWILIO, "get"),
        ] {
            let config = sender.config().with_public_url(URL).with_method(method);
            let error = config.keys(secret()).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme, "{error}");
        }
        let unsigned = Scheme::hmac_sha256("acme", SignatureLocation::header("x-s", Encoding::Hex));
        let error = unsigned.method("GET").build().unwrap_err();
        assert!(error.to_string().contains("query"), "{error}");
    }
}

mod parts {
    use super::*;

    const TIME: &str = "1700000000000";

    fn hubspot(
        config: SenderConfig,
        signed: &str,
        query: &str,
        body: &str,
    ) -> Result<Delivery, Rejection> {
        let headers = vec![
            ("x-hubspot-signature-v3", hmac_sha256(signed)),
            ("x-hubspot-request-timestamp", TIME.to_owned()),
        ];
        receive(&config.keys(secret()).unwrap(), &Head(headers, query), body.as_bytes(), NOW)
    }

    fn at(url: &str) -> SenderConfig {
        senders::HUBSPOT.config().with_public_url(url)
    }

    #[test]
    fn hubspot_signs_the_url_with_some_escapes_decoded() {
        let url = "https://example.com/a%3Ab%2Fc?u=https%3A%2F%2Fx.example%2F%3Fq%26r%20s";
        for signed in [
            url,
            "https://example.com/a:b/c?u=https://x.example/?q%26r%20s",
            "https://example.com/a:b/c?u=https://x.example/?q&r s",
        ] {
            let query = url.split_once('?').unwrap().1;
            let verdict = hubspot(at(url), &format!("POST{signed}[]{TIME}"), query, "[]");
            assert!(verdict.is_ok(), "{signed}");
        }
        let lower = "https://example.com/a:b%2Fc?u=https%3A%2F%2Fx.example%2F%3Fq%26r%20s";
        rejects(
            hubspot(at(url), &format!("POST{lower}[]{TIME}"), "", "[]"),
            RejectionKind::SignatureMismatch,
        );
    }

    #[test]
    fn the_configured_query_or_one_of_equal_meaning_is_signed() {
        let url = "https://example.com/v?b=456&a=123";
        for (signed, query) in [
            ("https://example.com/v?b=456&a=123", "a=123&b=456"),
            ("https://example.com/v?a=123&b=456", "a=123&b=456"),
            ("https://example.com/v?b=456&a=123", ""),
        ] {
            assert!(
                hubspot(at(url), &format!("POST{signed}[]{TIME}"), query, "[]").is_ok(),
                "{signed}"
            );
        }
        for (signed, query) in [
            ("https://example.com/v?a=123&b=456&c=1", "a=123&b=456&c=1"),
            ("https://example.com/v?a=123", "a=123"),
            ("https://example.com/v?a=123&b=456", "b=456&a=123"),
        ] {
            rejects(
                hubspot(at(url), &format!("POST{signed}[]{TIME}"), query, "[]"),
                RejectionKind::SignatureMismatch,
            );
        }
    }

    #[test]
    fn bytes_do_not_move_between_the_url_and_the_body() {
        for url in
            ["https://example.com/v?a=1", "https://example.com/v%3A", "https://example.com:443"]
        {
            let signed = format!("POST{url}2&[]{TIME}");
            let query = url.split_once('?').map_or("", |(_, query)| query);
            assert!(hubspot(at(url), &signed, query, "2&[]").is_ok(), "{url}");
            for (query, body) in
                [("a=12", "&[]"), ("a=12&", "[]"), ("a=", "12&[]"), ("", "[]"), (query, ":4432&[]")]
            {
                rejects(hubspot(at(url), &signed, query, body), RejectionKind::SignatureMismatch);
            }
        }
    }

    #[test]
    fn hubspot_by_get_signs_the_method_and_the_query() {
        let url = "https://example.com/card";
        let query = "userId=1&email=a%40b.example";
        let by_get = || at(url).with_method("GET");
        for signed in [query, "userId=1&email=a@b.example"] {
            let delivery =
                hubspot(by_get(), &format!("GET{url}?{signed}{TIME}"), query, "").unwrap();
            assert_eq!(delivery.signed_query().unwrap(), query);
        }
        let signed = format!("GET{url}?{query}{TIME}");
        for (query, body) in
            [("userId=1", ""), (&query[..5], &query[5..]), ("", query), (query, "x")]
        {
            rejects(hubspot(by_get(), &signed, query, body), RejectionKind::SignatureMismatch);
        }
        let joined = format!("GET{url}?a=1&b=2{TIME}");
        rejects(hubspot(by_get(), &joined, "a=1%26b=2", ""), RejectionKind::SignatureMismatch);
        rejects(
            hubspot(by_get(), &format!("POST{url}?{query}{TIME}"), query, ""),
            RejectionKind::SignatureMismatch,
        );
    }

    fn over(parts: &[Part]) -> SchemeBuilder {
        Scheme::hmac_sha256("acme", SignatureLocation::header("x-s", Encoding::Base64))
            .signs(parts.to_vec())
    }

    #[test]
    fn a_url_may_be_signed_after_the_body() {
        let url = || Part::Url("https://example.com/v?b=1&a=2".into());
        let sender = Custom::new(over(&[Part::Body, url()]).build().unwrap(), secret()).unwrap();
        for query in ["b=1&a=2", "a=2&b=1"] {
            let signature = hmac_sha256(&format!("{{}}https://example.com/v?{query}"));
            let head = Head(vec![("x-s", signature)], query);
            assert!(receive(&sender, &head, b"{}", NOW).is_ok(), "{query}");
        }
    }

    #[test]
    fn a_value_before_a_url_needs_a_literal_between_them() {
        let url = || Part::Url("https://example.com/v".into());
        over(&[Part::Header("x-a".into()), "|".into(), url(), Part::Body]).build().unwrap();
        for parts in [
            vec![Part::Header("x-a".into()), url(), Part::Body],
            vec![url(), url(), Part::Body],
            vec![url()],
        ] {
            let error = over(&parts).build().unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme, "{error}");
        }
        let error = over(&[Part::Url("/v".into()), Part::Body]).build().unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::MissingSetting, "{error}");
    }

    #[test]
    fn signing_uses_the_configured_url() {
        let scheme = senders::SQUARE.config().with_public_url("https://example.com/v?b=1").scheme();
        let headers = SigningRequest::new(b"{}").sign(&scheme.unwrap(), &secret()).unwrap();
        let (_, value) = headers.first().unwrap();
        assert_eq!(*value, hmac_sha256("https://example.com/v?b=1{}"));
    }
}
