//! Grammars that a scheme loosens by a setting: what they accept, and that the signed content still has
//! exactly one reading.

#![allow(clippy::unwrap_used)]

mod common;

use common::receive;
use countersign::scheme::{
    Encoding, Part, Scheme, SchemeBuilder, SignatureLocation, SigningRequest, TimestampFormat,
};
use countersign::senders::Sender;
use countersign::{
    ConfigErrorKind, Custom, Delivery, Rejection, RejectionKind, Secret, StandardWebhooks,
    Timestamp, senders,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const KEY: &str = "a secret of twenty-four b";
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const BODY: &str = "{\"a\":1.5}";

fn secret() -> Secret {
    Secret::new(KEY).unwrap()
}

fn hex() -> SignatureLocation {
    SignatureLocation::header("x-signature", Encoding::Hex)
}

fn tag(message: &str) -> String {
    let mut mac: Hmac<Sha256> = Hmac::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn custom(scheme: SchemeBuilder) -> Custom {
    Custom::new(scheme.build().unwrap(), secret()).unwrap()
}

#[track_caller]
fn rejects(verdict: Result<Delivery, Rejection>, kind: RejectionKind, about: &str) {
    let rejection = verdict.unwrap_err();
    assert_eq!(rejection.kind(), kind, "{rejection}");
    assert!(rejection.to_string().contains(about), "{rejection}");
}

#[track_caller]
fn is_invalid(scheme: SchemeBuilder, about: &str) {
    let error = scheme.build().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme, "{error}");
    assert!(error.to_string().contains(about), "{error}");
}

mod white_space {
    use super::*;

    /// `WorkOS-Signature: t=<ms>, v1=<hex>` over `{t}.{body}`
    /// ([workos-node](https://github.com/workos/workos-node)).
    fn workos(location: SignatureLocation) -> Custom {
        let scheme = Scheme::hmac_sha256("workos", location.pairs("v1"))
            .timestamp_pair("t", TimestampFormat::Millis)
            .signs([Part::Timestamp, ".".into(), Part::Body]);
        custom(scheme)
    }

    /// `X-Ghost-Signature: sha256=<hex>, t=<ms>` over `{body}{t}`
    /// ([Ghost](https://github.com/TryGhost/Ghost)).
    fn ghost() -> Custom {
        let scheme = Scheme::hmac_sha256("ghost", hex().pairs("sha256").allow_white_space())
            .timestamp_pair("t", TimestampFormat::Millis)
            .signs([Part::Body, Part::Timestamp]);
        custom(scheme)
    }

    fn verdict(sender: &Custom, value: &str) -> Result<Delivery, Rejection> {
        receive(sender, &[("x-signature", value)], BODY.as_bytes(), NOW)
    }

    const TIME: &str = "1700000000000";

    fn signature() -> String {
        tag(&format!("{TIME}.{BODY}"))
    }

    #[test]
    fn blanks_around_separators_are_accepted_where_the_scheme_allows_them() {
        let sender = workos(hex().allow_white_space());
        let v1 = signature();
        for value in [
            format!("t={TIME}, v1={v1}"),
            format!("t={TIME},v1={v1}"),
            format!("t={TIME} , v1={v1}"),
            format!("t={TIME},\t v1={v1}"),
            format!("t = {TIME}, v1\t=\t{v1}"),
            format!(" t={TIME}, v1={v1} "),
            format!("v1={v1}, t={TIME}"),
            format!("t={TIME}, v1={}, v1={v1}", "00".repeat(32)),
            format!("t={TIME}, , v1={v1},"),
        ] {
            let delivery = verdict(&sender, &value).unwrap();
            assert_eq!(delivery.timestamp(), Some(NOW), "{value}");
        }
    }

    #[test]
    fn the_signature_covers_the_time_without_its_blanks() {
        let sender = workos(hex().allow_white_space());
        for signed in [format!(" {TIME}.{BODY}"), format!("{TIME} .{BODY}")] {
            let value = format!("t= {TIME} , v1={}", tag(&signed));
            rejects(verdict(&sender, &value), RejectionKind::SignatureMismatch, "");
        }
    }

    #[test]
    fn blanks_within_a_name_or_value_are_rejected() {
        use RejectionKind::{MalformedHeader, NoCandidate};
        let sender = workos(hex().allow_white_space());
        let v1 = signature();
        let (start, end) = v1.split_at(10);
        for (value, kind) in [
            (format!("t=1700 000000000, v1={v1}"), MalformedHeader),
            (format!("t={TIME}, v1={start} {end}"), MalformedHeader),
            (format!("t={TIME}, v 1={v1}"), NoCandidate),
            (format!("t={TIME}, v1={v1}\u{b}"), MalformedHeader),
            (format!("t={TIME},\u{a0}v1={v1}"), MalformedHeader),
            (format!("t={TIME} v1={v1}"), NoCandidate),
        ] {
            rejects(verdict(&sender, &value), kind, "");
        }
    }

    #[test]
    fn a_strict_scheme_rejects_blanks_and_names_them() {
        let sender = workos(hex());
        let v1 = signature();
        verdict(&sender, &format!("t={TIME},v1={v1}")).unwrap();
        for value in [
            format!("t={TIME}, v1={v1}"),
            format!(" t={TIME},v1={v1}"),
            format!("t={TIME} ,v1={v1}"),
            format!("t={TIME},v1 ={v1}"),
            format!("t={TIME},v1= {v1}"),
            format!("t={TIME},\tv1={v1}"),
        ] {
            let verdict = verdict(&sender, &value);
            rejects(verdict, RejectionKind::MalformedHeader, "white space beside a separator");
        }
        let stripe = senders::STRIPE.keys(secret()).unwrap();
        let value = format!("t=1700000000, v1={}", tag(&format!("1700000000.{BODY}")));
        let verdict = receive(&stripe, &[("stripe-signature", &*value)], BODY.as_bytes(), NOW);
        rejects(verdict, RejectionKind::MalformedHeader, "allow_white_space");
    }

    #[test]
    fn a_body_and_the_time_of_a_pair_are_signed_in_this_order() {
        let value = format!("sha256={}, t={TIME}", tag(&format!("{BODY}{TIME}")));
        assert_eq!(verdict(&ghost(), &value).unwrap().timestamp(), Some(NOW));
        let moved = format!("sha256={}, t={}", tag(&format!("{BODY}{TIME}")), &TIME[1..]);
        rejects(verdict(&ghost(), &moved), RejectionKind::MalformedHeader, "digits");
    }

    #[test]
    fn signing_writes_the_blank() {
        let sender = workos(hex().allow_white_space());
        let headers = SigningRequest::new(BODY.as_bytes()).timestamp(NOW);
        let headers = headers.sign(sender.verifier().scheme(), &secret()).unwrap();
        assert_eq!(headers, [("x-signature".into(), format!("t={TIME}, v1={}", signature()))]);
        assert!(sender.verifier().scheme().credential().unwrap().allows_white_space);
    }

    #[test]
    fn only_pairs_may_have_blanks() {
        for location in [hex(), hex().versioned("v1"), hex().pairs_with_separator(b' ', "v1")] {
            is_invalid(Scheme::hmac_sha256("acme", location.allow_white_space()), "white space");
        }
    }
}

mod ids {
    use super::*;

    fn dotted() -> Custom {
        let scheme = Scheme::hmac_sha256("acme", hex())
            .id_header("x-id")
            .timestamp_header("x-time", TimestampFormat::Seconds)
            .signs([Part::Id, ".".into(), Part::Timestamp, ".".into(), Part::Body])
            .allow_separator_in_id();
        custom(scheme)
    }

    fn verdict(
        sender: &Custom,
        [id, time, body]: [&str; 3],
        signature: &str,
    ) -> Result<Delivery, Rejection> {
        let headers = [("x-id", id), ("x-time", time), ("x-signature", signature)];
        receive(sender, &headers, body.as_bytes(), NOW)
    }

    fn signed(sender: &Custom, id: &str, time: &str) -> Result<Delivery, Rejection> {
        verdict(sender, [id, time, BODY], &tag(&format!("{id}.{time}.{BODY}")))
    }

    #[test]
    fn ids_may_hold_dots_where_the_scheme_allows_them() {
        let sender = dotted();
        for id in
            ["org.evt.1", "a", "a.", ".a", "..", "1700000000.a", "a.170000000", "a.17000000000"]
        {
            let delivery = signed(&sender, id, "1700000000").unwrap();
            assert_eq!(delivery.signed_id().as_deref(), Some(id));
        }
    }

    #[test]
    fn an_id_that_holds_a_separated_time_is_rejected() {
        use RejectionKind::MalformedHeader;
        for id in ["a.1700000000", "a.1600000000.b", "..0000000000"] {
            rejects(signed(&dotted(), id, "1700000000"), MalformedHeader, "separates");
        }
        for time in ["170000000", "17000000000"] {
            rejects(signed(&dotted(), "a.b", time), MalformedHeader, "digits");
        }
    }

    /// Every text of up to six of these pieces, under its own signature, in every way to split it.
    #[test]
    fn every_signed_text_has_at_most_one_reading() {
        const PIECES: [&str; 5] = [".", "a", "1700000000", "1699999999", "7"];
        let sender = dotted();
        let (mut readable, mut texts) = (0, 0);
        for number in 0..PIECES.len().pow(6) {
            let digit = |place: u32| PIECES[number / PIECES.len().pow(place) % PIECES.len()];
            let text: String = (0..6).map(digit).collect();
            let signature = tag(&text);
            let dots = || text.match_indices('.').map(|(at, _)| at);
            let splits = dots().flat_map(|first| dots().map(move |second| (first, second)));
            let accepted =
                splits.filter(|(first, second)| first < second).filter(|(first, second)| {
                    let parts = [&text[..*first], &text[first + 1..*second], &text[second + 1..]];
                    verdict(&sender, parts, &signature).is_ok()
                });
            let accepted = accepted.count();
            assert!(accepted <= 1, "{text}");
            (readable, texts) = (readable + accepted, texts + 1);
        }
        assert!(readable > 200, "{readable} of {texts}");
    }

    #[test]
    fn standard_webhooks_takes_dots_only_on_request() {
        let id = "org.evt.1";
        let plain = StandardWebhooks::named(
            "postel",
            Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap(),
        );
        let plain = plain.unwrap();
        let secret = || Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let headers = SigningRequest::new(BODY.as_bytes()).id(id).timestamp(NOW);
        let headers = headers.sign(plain.verifier().scheme(), &secret()).unwrap();
        let verdict = receive(&plain, &headers, BODY.as_bytes(), NOW);
        rejects(verdict, RejectionKind::MalformedHeader, "separates the signed values");
        let dotted = StandardWebhooks::with_dots_in_ids("postel", secret()).unwrap();
        let delivery = receive(&dotted, &headers, BODY.as_bytes(), NOW).unwrap();
        assert_eq!(delivery.signed_id().as_deref(), Some(id));
    }

    #[test]
    fn dots_in_ids_need_a_separated_time_in_digits() {
        let over = |parts: &[Part]| {
            Scheme::hmac_sha256("acme", hex())
                .id_header("x-id")
                .signs(parts.to_vec())
                .allow_separator_in_id()
        };
        let seconds =
            |scheme: SchemeBuilder| scheme.timestamp_header("x-time", TimestampFormat::Seconds);
        let dot = || Part::from(".");
        is_invalid(over(&[Part::Id, dot(), Part::Body]), "allow_separator_in_id");
        is_invalid(over(&[Part::Body]), "allow_separator_in_id");
        is_invalid(seconds(over(&[Part::Timestamp, dot(), Part::Id, dot(), Part::Body])), "time");
        is_invalid(
            seconds(over(&[Part::Id, dot(), Part::Timestamp, "1".into(), Part::Body])),
            "time",
        );
        is_invalid(seconds(over(&[Part::Id, dot(), Part::Timestamp, Part::Body])), "time");
        let rfc3339 = over(&[Part::Id, dot(), Part::Timestamp, dot(), Part::Body]);
        is_invalid(rfc3339.timestamp_header("x-time", TimestampFormat::Rfc3339), "time");
    }

    /// Twitch EventSub's grammar
    /// ([handling webhook events](https://dev.twitch.tv/docs/eventsub/handling-webhook-events)).
    fn unseparated() -> SchemeBuilder {
        Scheme::hmac_sha256("twitch", hex().prefix("sha256="))
            .id_header("x-id")
            .timestamp_header("x-time", TimestampFormat::Rfc3339)
            .signs([Part::Id, Part::Timestamp, Part::Body])
    }

    const UUID: &str = "e76c6bd4-55c9-4987-8304-da1588d8988b";

    #[test]
    fn an_id_of_a_fixed_length_may_touch_a_time_of_any_precision() {
        let sender = custom(unseparated().id_length(36));
        for time in [
            "2023-11-14T22:13:20Z",
            "2023-11-14T22:13:20.5Z",
            "2023-11-14T22:13:20.123456789Z",
            "2023-11-14T23:13:20+01:00",
        ] {
            let signature = format!("sha256={}", tag(&format!("{UUID}{time}{BODY}")));
            let delivery = verdict(&sender, [UUID, time, BODY], &signature).unwrap();
            assert_eq!(delivery.signed_id().as_deref(), Some(UUID), "{time}");
        }
    }

    #[test]
    fn bytes_do_not_move_between_an_id_of_a_fixed_length_a_time_and_the_body() {
        use RejectionKind::MalformedHeader;
        let sender = custom(unseparated().id_length(36));
        let time = "2023-11-14T22:13:20.5Z";
        let text = format!("{UUID}{time}Z{BODY}");
        let signature = format!("sha256={}", tag(&text));
        for (id, end) in (30..42).flat_map(|id| (50..67).map(move |end| (id, end))) {
            let parts = [&text[..id], &text[id..end], &text[end..]];
            match verdict(&sender, parts, &signature) {
                Ok(_) => assert_eq!((id, end), (36, 58)),
                Err(rejection) => assert_eq!(rejection.kind(), MalformedHeader, "{parts:?}"),
            }
        }
    }

    #[test]
    fn a_length_of_ids_needs_a_signed_id_before_the_body() {
        is_invalid(unseparated(), "touch");
        is_invalid(unseparated().id_length(0), "id_length");
        is_invalid(unseparated().id_length(257), "id_length");
        is_invalid(unseparated().signs([Part::Timestamp, Part::Body]).id_length(36), "id_length");
        is_invalid(
            unseparated().signs([Part::Body, Part::Id, Part::Timestamp]).id_length(36),
            "touch",
        );
    }
}
