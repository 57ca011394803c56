//! Senders whose grammars are loosened by a setting. Every class of mutations applies to them as well.

use countersign::RejectionKind as Kind;
use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
use countersign::senders::SenderSpec;

use crate::forge::By;
use crate::shape::{Around, Body, Key, Made, PLAIN, Shape, Text, Time, Unit, standard};
use crate::{Class, Mutant, accepted, class, rejected};

/// The setting that loosens the grammar of a sender, and the sender.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Setting {
    /// A sender of the catalogue as it is.
    Strict,
    SeparatorInId(&'static str),
    Method(&'static str, &'static str),
    /// Another public URL than that of the other tests.
    Url(&'static str),
    /// Another event of the same sender.
    Report(&'static str),
    /// A sender of these tests.
    Own(&'static SenderSpec),
}

const DOCS: &str = "https://example.com/docs";

/// `t=…, v1=…` with white space ([workos-node](https://github.com/workos/workos-node)).
static WORKOS: SenderSpec = SenderSpec::new("workos", "WorkOS", DOCS, |config| {
    let signature = SignatureLocation::header("workos-signature", Encoding::Hex).pairs("v1");
    Scheme::hmac_sha256(config.name(), signature.allow_white_space())
        .timestamp_pair("t", TimestampFormat::Millis)
        .signs([Part::Timestamp, ".".into(), Part::Body])
});

/// `sha256=…, t=…` over the body and the time ([Ghost](https://github.com/TryGhost/Ghost)).
static GHOST: SenderSpec = SenderSpec::new("ghost", "Ghost", DOCS, |config| {
    let signature = SignatureLocation::header("x-ghost-signature", Encoding::Hex).pairs("sha256");
    Scheme::hmac_sha256(config.name(), signature.allow_white_space())
        .timestamp_pair("t", TimestampFormat::Millis)
        .signs([Part::Body, Part::Timestamp])
});

/// Id, time and body without separators
/// ([Twitch](https://dev.twitch.tv/docs/eventsub/handling-webhook-events)).
static TWITCH: SenderSpec = SenderSpec::new("twitch", "Twitch", DOCS, |config| {
    let name = "twitch-eventsub-message-signature";
    let signature = SignatureLocation::header(name, Encoding::Hex).prefix("sha256=");
    Scheme::hmac_sha256(config.name(), signature)
        .id_header("twitch-eventsub-message-id")
        .id_length(36)
        .timestamp_header("twitch-eventsub-message-timestamp", TimestampFormat::Rfc3339)
        .signs([Part::Id, Part::Timestamp, Part::Body])
});

const WITH_QUERY: &str = "https://example.com/hooks/one%3Ax?b=4+56&a=123";

pub(crate) const LOOSENED: &[Shape] = &[
    Shape {
        setting: Setting::SeparatorInId("standard-webhooks"),
        event_id: "org.evt.1",
        ..standard("standard-webhooks, dots in ids")
    },
    Shape {
        setting: Setting::Own(&WORKOS),
        name: "workos",
        header: "workos-signature",
        around: Around::Pairs(',', Some("t"), "v1"),
        allows_white_space: true,
        signs: "{t}.{body}",
        time: Time::Pair,
        unit: Unit::Millis,
        ..PLAIN
    },
    Shape {
        setting: Setting::Own(&GHOST),
        name: "ghost",
        header: "x-ghost-signature",
        around: Around::Pairs(',', Some("t"), "sha256"),
        allows_white_space: true,
        signs: "{body}{t}",
        time: Time::Pair,
        unit: Unit::Millis,
        ..PLAIN
    },
    Shape {
        setting: Setting::Own(&TWITCH),
        name: "twitch",
        header: "twitch-eventsub-message-signature",
        around: Around::Prefix("sha256="),
        signs: "{id}{t}{body}",
        time: Time::Header("twitch-eventsub-message-timestamp"),
        unit: Unit::Rfc3339,
        id: Some("twitch-eventsub-message-id"),
        event_id: "e76c6bd4-55c9-4987-8304-da1588d8988b",
        ..PLAIN
    },
    Shape {
        setting: Setting::Report("adyen"),
        name: "adyen, report",
        key: Key::Hex,
        around: Around::Body,
        text: Text::Base64,
        signs: "{fields}",
        body: Body::Adyen,
        ..PLAIN
    },
    Shape {
        setting: Setting::Url("twilio"),
        name: "twilio, query",
        url: WITH_QUERY,
        made: Made::HmacSha1,
        header: "x-twilio-signature",
        text: Text::Base64,
        signs: "{url}{form}",
        body: Body::Form,
        ..PLAIN
    },
    Shape {
        setting: Setting::Method("twilio", "GET"),
        name: "twilio, GET",
        made: Made::HmacSha1,
        header: "x-twilio-signature",
        text: Text::Base64,
        signs: "{url}?{query}",
        body: Body::Query,
        ..PLAIN
    },
    Shape {
        setting: Setting::Url("hubspot"),
        name: "hubspot, query",
        url: WITH_QUERY,
        header: "x-hubspot-signature-v3",
        text: Text::Base64,
        signs: "POST{url}{body}{t}",
        time: Time::Header("x-hubspot-request-timestamp"),
        unit: Unit::Millis,
        ..PLAIN
    },
    Shape {
        setting: Setting::Method("hubspot", "GET"),
        name: "hubspot, GET",
        header: "x-hubspot-signature-v3",
        text: Text::Base64,
        signs: "GET{url}?{query}{t}",
        time: Time::Header("x-hubspot-request-timestamp"),
        unit: Unit::Millis,
        body: Body::Query,
        ..PLAIN
    },
];

pub(crate) fn classes() -> Vec<Class> {
    vec![
        class("fields-moved", fields_moved),
        class("query-reordered", query_reordered),
        class("query-changed", query_changed),
        class("query-event", query_event),
        class("url-decoded", url_decoded),
        class("white-space", white_space),
    ]
}

/// The text of Adyen's fields under its own signature, split differently into fields.
fn fields_moved(shape: &Shape) -> Vec<Mutant> {
    if shape.body != Body::Adyen {
        return Vec::new();
    }
    let plan = shape.good();
    let text = String::from_utf8(plan.message()).unwrap();
    let pieces: Vec<_> = text.split(':').collect();
    let mut mutants = Vec::new();
    // Every way to join the pieces to eight fields.
    for bits in 0_u32..1 << (pieces.len() - 1) {
        if bits.count_ones() != 7 {
            continue;
        }
        let mut fields = vec![pieces[0].to_owned()];
        for (at, piece) in pieces[1..].iter().enumerate() {
            match fields.last_mut() {
                Some(last) if bits & 1 << at == 0 => *last = format!("{last}:{piece}"),
                _ => fields.push((*piece).to_owned()),
            }
        }
        let names = [
            "pspReference",
            "originalReference",
            "merchantAccountCode",
            "merchantReference",
            "value",
            "currency",
            "eventCode",
            "success",
        ];
        let mut item = serde_json::json!({"additionalData": {}, "amount": {}});
        for (name, text) in names.into_iter().zip(&fields) {
            let is_amount = matches!(name, "value" | "currency");
            let parent = if is_amount { &mut item["amount"] } else { &mut item };
            parent[name] = text.as_str().into();
        }
        let body = serde_json::json!({"notificationItems": [{"NotificationRequestItem": item}]});
        let moved = plan.clone().carrying(body.to_string());
        assert_eq!(moved.message(), plan.message(), "{fields:?}");
        let is_own = fields == crate::bytes::fields_of(&plan.body);
        let what = format!("{fields:?}");
        mutants.push(match is_own {
            true => accepted(what, moved.request()),
            false => rejected(what, moved.request(), Kind::SignatureMismatch),
        });
    }
    assert_eq!(mutants.iter().filter(|mutant| mutant.expect == crate::Expect::Accepted).count(), 1);
    mutants
}

/// The parameters of the configured URL in another order and with other escapes.
fn query_reordered(shape: &Shape) -> Vec<Mutant> {
    if !shape.url.contains('?') {
        return Vec::new();
    }
    ["a=123&b=4+56", "b=4%2056&a=123", "%61=12%33&b=4%2056"]
        .into_iter()
        .flat_map(|query| {
            let mut plan = shape.good();
            plan.query = query.to_owned();
            // The sender signed the configured URL, or the URL that it called.
            let message = String::from_utf8(plan.message()).unwrap();
            let called = message.replace("b=4+56&a=123", query);
            let called = plan.clone().under(plan.sign(By::Own, called.as_bytes()));
            [accepted(query, plan.request()), accepted(query, called.request())]
        })
        .collect()
}

/// Other parameters than those of the configured URL.
fn query_changed(shape: &Shape) -> Vec<Mutant> {
    if !shape.url.contains('?') {
        return Vec::new();
    }
    ["", "a=123", "b=4+56&a=124", "b=4+56&a=123&c=1", "b=4%2B56&a=123", "b=4+56%26a=123"]
        .into_iter()
        .flat_map(|query| {
            let mut plan = shape.good();
            plan.query = query.to_owned();
            let message = String::from_utf8(plan.message()).unwrap();
            let called = message.replace("b=4+56&a=123", query);
            let called = plan.clone().under(plan.sign(By::Own, called.as_bytes()));
            // Only Twilio's form is signed together with the query of the request.
            let own = match shape.body {
                Body::Form => rejected(query, plan.request(), Kind::SignatureMismatch),
                _ => accepted(query, plan.request()),
            };
            [own, rejected(query, called.request(), Kind::SignatureMismatch)]
        })
        .collect()
}

/// Another query than the signed one, where the query is the event.
fn query_event(shape: &Shape) -> Vec<Mutant> {
    if shape.body != Body::Query {
        return Vec::new();
    }
    let good = shape.good();
    let own = good.query.clone();
    let (start, end) = own.split_at(own.len() - 3);
    let with = |query: &str, body: &str| {
        let mut plan = good.clone().carrying(body);
        plan.query = query.to_owned();
        rejected(format!("{query}, {body}"), plan.request(), Kind::SignatureMismatch)
    };
    let mut mutants = vec![
        accepted("as signed", good.request()),
        with("", ""),
        with("", &own),
        with(start, end),
        with(&own, "x"),
        with(&format!("{own}&x=1"), ""),
        with(&format!("{own}&"), ""),
        with(&own.replace('&', "%26"), ""),
        with(&own.replace("%2B", "+"), ""),
        with(&own.split('&').rev().collect::<Vec<_>>().join("&"), ""),
    ];
    mutants.extend((0..own.len()).step_by(5).map(|at| {
        let mut query = own.clone().into_bytes();
        query[at] ^= 1;
        with(std::str::from_utf8(&query).unwrap(), "")
    }));
    mutants
}

/// The configured URL with the escapes that HubSpot decodes, and with all decoded.
fn url_decoded(shape: &Shape) -> Vec<Mutant> {
    if !shape.url.contains("%3A") || shape.body == Body::Form {
        return Vec::new();
    }
    let plan = shape.good();
    let message = String::from_utf8(plan.message()).unwrap();
    let signed = |text: &str| {
        plan.clone().under(plan.sign(By::Own, message.replace("%3A", text).as_bytes())).request()
    };
    vec![
        accepted("decoded", signed(":")),
        rejected("in lower case", signed("%3b"), Kind::SignatureMismatch),
        rejected("removed", signed(""), Kind::SignatureMismatch),
    ]
}

/// White space around the separators of pairs, and within values.
fn white_space(shape: &Shape) -> Vec<Mutant> {
    let Around::Pairs(joint, time, name) = shape.around else { return Vec::new() };
    let plan = shape.good();
    let time = time.map(|time| format!("{time}={}", plan.time));
    let signature = format!("{name}={}", plan.signature);
    let values = |joint: &str| {
        [time.clone(), Some(signature.clone())]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(joint)
    };
    let outer = [
        values(&format!("{joint} ")),
        values(&format!(" {joint}\t")),
        format!("\t{}", values(&joint.to_string())),
        values(&joint.to_string()).replace('=', " = "),
    ];
    let mut mutants: Vec<_> = outer
        .into_iter()
        .filter(|value| value.contains([' ', '\t']))
        .map(|value| match shape.allows_white_space {
            true => accepted(value.escape_debug().to_string(), plan.request_with(value)),
            false => rejected(
                value.escape_debug().to_string(),
                plan.request_with(value),
                Kind::MalformedHeader,
            ),
        })
        .collect();
    let (start, end) = plan.signature.split_at(9);
    let inner = values(&joint.to_string()).replace(&plan.signature, &format!("{start} {end}"));
    mutants.push(rejected("within", plan.request_with(inner), Kind::MalformedHeader));
    mutants
}
