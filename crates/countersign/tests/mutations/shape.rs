//! How each sender of the catalogue signs, written a second time from the senders' own pages.

use crate::forge::URL;
use crate::loosened::Setting;

/// How a credential is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Made {
    Token,
    HmacSha256,
    HmacSha1,
    /// SHA-256 over the secret and the message.
    PrefixedSha256,
    Ed25519,
    P256,
}

/// How a signature is encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Text {
    Hex,
    Base64,
    UrlUnpadded,
    /// The secret itself.
    Plain,
}

/// The grammar around signatures in their header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Around {
    Prefix(&'static str),
    /// Items of this version, separated by spaces.
    Versioned(&'static str),
    /// Pairs with this separator: the name of the timestamp, if it is in a pair, and of the signature.
    Pairs(char, Option<&'static str>, &'static str),
    /// The signature is in the body, without a header.
    Body,
}

/// The location of the signed timestamp.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Time {
    Absent,
    Header(&'static str),
    Pair,
    Body,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unit {
    Seconds,
    Millis,
    Rfc3339,
}

/// The form of the operator's key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Key {
    Text,
    Hex,
    /// Base64 after this prefix.
    Base64(&'static str),
}

/// The format of the sender's bodies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Body {
    Json,
    /// JSON with a timestamp in it.
    Timed,
    Adyen,
    Form,
    /// No body: the query is the event.
    Query,
}

/// The shape of one sender's requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) made: Made,
    pub(crate) key: Key,
    pub(crate) header: &'static str,
    pub(crate) around: Around,
    pub(crate) text: Text,
    /// The signed content, with `{id}`, `{t}`, `{body}`, `{url}`, `{query}`, `{form}` and `{fields}`.
    pub(crate) signs: &'static str,
    pub(crate) time: Time,
    pub(crate) unit: Unit,
    /// The tolerated age of a timestamp, and how far it may be ahead, in seconds.
    pub(crate) tolerance: (u64, u64),
    /// The header of a signed id.
    pub(crate) id: Option<&'static str>,
    pub(crate) fixed: &'static [(&'static str, &'static str)],
    pub(crate) conflicting_headers: &'static [&'static str],
    pub(crate) body: Body,
    /// The id of the signed events.
    pub(crate) event_id: &'static str,
    pub(crate) url: &'static str,
    /// Whether pairs may have white space around them.
    pub(crate) allows_white_space: bool,
    pub(crate) setting: Setting,
}

pub(crate) const PLAIN: Shape = Shape {
    name: "",
    made: Made::HmacSha256,
    key: Key::Text,
    header: "",
    around: Around::Prefix(""),
    text: Text::Hex,
    signs: "{body}",
    time: Time::Absent,
    unit: Unit::Seconds,
    tolerance: (300, 300),
    id: None,
    fixed: &[],
    conflicting_headers: &[],
    body: Body::Json,
    event_id: "msg_1",
    url: URL,
    allows_white_space: false,
    setting: Setting::Strict,
};

const fn hex(name: &'static str, header: &'static str) -> Shape {
    Shape { name, header, ..PLAIN }
}

const fn base64(name: &'static str, header: &'static str) -> Shape {
    Shape { text: Text::Base64, ..hex(name, header) }
}

const fn token(name: &'static str, header: &'static str) -> Shape {
    Shape { made: Made::Token, text: Text::Plain, signs: "", ..hex(name, header) }
}

const fn pairs(name: &'static str, header: &'static str) -> Shape {
    let around = Around::Pairs(',', Some("t"), "v1");
    Shape { around, signs: "{t}.{body}", time: Time::Pair, ..hex(name, header) }
}

pub(crate) const fn standard(name: &'static str) -> Shape {
    Shape {
        key: Key::Base64("whsec_"),
        around: Around::Versioned("v1"),
        signs: "{id}.{t}.{body}",
        time: Time::Header("webhook-timestamp"),
        id: Some("webhook-id"),
        conflicting_headers: &["svix-id", "svix-timestamp", "svix-signature"],
        ..base64(name, "webhook-signature")
    }
}

const fn svix(name: &'static str) -> Shape {
    Shape {
        header: "svix-signature",
        time: Time::Header("svix-timestamp"),
        id: Some("svix-id"),
        conflicting_headers: &["webhook-id", "webhook-timestamp", "webhook-signature"],
        ..standard(name)
    }
}

const fn discord(name: &'static str) -> Shape {
    Shape {
        made: Made::Ed25519,
        key: Key::Hex,
        signs: "{t}{body}",
        time: Time::Header("x-signature-timestamp"),
        tolerance: (900, 300),
        ..hex(name, "x-signature-ed25519")
    }
}

const fn v0(name: &'static str, header: &'static str, time: &'static str) -> Shape {
    let around = Around::Prefix("v0=");
    Shape { around, signs: "v0:{t}:{body}", time: Time::Header(time), ..hex(name, header) }
}

/// One shape for each of `senders::ALL`.
pub(crate) const SHAPES: &[Shape] = &[
    Shape {
        key: Key::Hex,
        around: Around::Body,
        signs: "{fields}",
        body: Body::Adyen,
        ..base64("adyen", "")
    },
    Shape { key: Key::Hex, ..base64("adyen-platform", "hmacsignature") },
    // The header and the encoding are those of `example_config`.
    hex("ainexlayer", "x-of-your-choice"),
    Shape {
        key: Key::Base64(""),
        around: Around::Prefix("hmac-sha256="),
        ..hex("airtable", "x-airtable-content-mac")
    },
    hex("asana", "x-hook-signature"),
    token("auth0", "authorization"),
    Shape {
        signs: "{body}{t}",
        time: Time::Header("box-delivery-timestamp"),
        unit: Unit::Rfc3339,
        tolerance: (600, 60),
        fixed: &[("box-signature-version", "1"), ("box-signature-algorithm", "HmacSHA256")],
        ..base64("box", "box-signature-primary")
    },
    svix("clerk"),
    discord("discord"),
    discord("discord-events"),
    hex("dropbox", "x-dropbox-signature"),
    Shape { around: Around::Prefix("sha256="), ..hex("github", "x-hub-signature-256") },
    token("gitlab", "x-gitlab-token"),
    standard("gitlab-signed"),
    hex("gocardless", "webhook-signature"),
    Shape {
        signs: "POST{url}{body}{t}",
        time: Time::Header("x-hubspot-request-timestamp"),
        unit: Unit::Millis,
        ..base64("hubspot", "x-hubspot-signature-v3")
    },
    Shape {
        made: Made::PrefixedSha256,
        fixed: &[("x-hubspot-signature-version", "v1")],
        ..hex("hubspot-v1", "x-hubspot-signature")
    },
    Shape {
        made: Made::PrefixedSha256,
        signs: "POST{url}{body}",
        fixed: &[("x-hubspot-signature-version", "v2")],
        ..hex("hubspot-v2", "x-hubspot-signature")
    },
    Shape {
        made: Made::HmacSha1,
        around: Around::Prefix("sha1="),
        ..hex("intercom", "x-hub-signature")
    },
    base64("line", "x-line-signature"),
    Shape {
        time: Time::Body,
        unit: Unit::Millis,
        tolerance: (60, 60),
        body: Body::Timed,
        ..hex("linear", "linear-signature")
    },
    Shape { around: Around::Prefix("sha256="), ..hex("meta", "x-hub-signature-256") },
    pairs("mux", "mux-signature"),
    Shape { around: Around::Prefix("sha256="), ..hex("notion", "x-notion-signature") },
    token("okta", "authorization"),
    token("omniai", "x-of-your-choice"),
    standard("openai"),
    Shape {
        around: Around::Pairs(';', Some("ts"), "h1"),
        signs: "{t}:{body}",
        ..pairs("paddle", "paddle-signature")
    },
    Shape { around: Around::Pairs(',', None, "v1"), ..hex("pagerduty", "x-pagerduty-signature") },
    hex("razorpay", "x-razorpay-signature"),
    svix("resend"),
    token("ringcentral", "verification-token"),
    Shape {
        text: Text::UrlUnpadded,
        unit: Unit::Millis,
        ..pairs("sanity", "sanity-webhook-signature")
    },
    Shape {
        made: Made::P256,
        key: Key::Base64(""),
        signs: "{t}{body}",
        time: Time::Header("x-twilio-email-event-webhook-timestamp"),
        tolerance: (25 * 60 * 60, 300),
        ..base64("sendgrid", "x-twilio-email-event-webhook-signature")
    },
    base64("shopify", "x-shopify-hmac-sha256"),
    base64("shopify-events", "shopify-hmac-sha256"),
    v0("slack", "x-slack-signature", "x-slack-request-timestamp"),
    Shape { signs: "{url}{body}", ..base64("square", "x-square-hmacsha256-signature") },
    standard("standard-webhooks"),
    Shape {
        made: Made::Ed25519,
        key: Key::Base64("whpk_"),
        around: Around::Versioned("v1a"),
        conflicting_headers: &["svix-id", "svix-timestamp", "svix-signature"],
        ..standard("standard-webhooks-v1a")
    },
    pairs("stripe", "stripe-signature"),
    svix("svix"),
    token("telegram", "x-telegram-bot-api-secret-token"),
    Shape { made: Made::HmacSha1, signs: "{body}{url}", ..base64("trello", "x-trello-webhook") },
    Shape {
        made: Made::HmacSha1,
        signs: "{url}{form}",
        body: Body::Form,
        ..base64("twilio", "x-twilio-signature")
    },
    Shape { around: Around::Prefix("sha256="), ..base64("typeform", "typeform-signature") },
    base64("woocommerce", "x-wc-webhook-signature"),
    Shape { around: Around::Prefix("sha256="), ..base64("x", "x-twitter-webhooks-signature") },
    Shape {
        signs: "{t}{body}",
        time: Time::Header("x-zendesk-webhook-signature-timestamp"),
        unit: Unit::Rfc3339,
        tolerance: (3600, 300),
        ..base64("zendesk", "x-zendesk-webhook-signature")
    },
    Shape { tolerance: (7200, 300), ..v0("zoom", "x-zm-signature", "x-zm-request-timestamp") },
];

impl Shape {
    /// Whether the signature covers every byte of the body.
    pub(crate) fn signs_body(&self) -> bool {
        !matches!(self.made, Made::Token) && self.body != Body::Adyen
    }

    /// Whether the timestamp is next to another part without a separator.
    pub(crate) fn time_touches(&self) -> bool {
        self.signs.contains("{t}{")
            || self.signs.contains("}{t}")
            || matches!(self.setting, Setting::SeparatorInId(_))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.around, Around::Versioned(_) | Around::Pairs(..))
    }

    /// The required headers.
    pub(crate) fn required(&self) -> Vec<&'static str> {
        let signature = (self.around != Around::Body).then_some(self.header);
        let time = match self.time {
            Time::Header(name) => Some(name),
            _ => None,
        };
        let fixed = self.fixed.iter().map(|(name, _)| *name);
        signature.into_iter().chain(time).chain(self.id).chain(fixed).collect()
    }
}
