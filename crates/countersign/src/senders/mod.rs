//! Senders: the trait, the catalogue, and senders of your own.
//!
//! | type | purpose |
//! |---|---|
//! | [`SenderSpec`] | a sender as data; every entry of the catalogue is one |
//! | [`SenderConfig`] | the settings of a sender that needs more than keys |
//! | [`ConfiguredSender`] | a sender with its keys |
//! | [`Custom`] | a sender of your own: a [`Scheme`](crate::scheme::Scheme), keys and a [`Contract`](crate::Contract) |
//! | [`Sender`] | the trait that a [`Receiver`](crate::Receiver) uses |
//!
//! ```
//! use countersign::{Receiver, Secret, senders};
//!
//! let stripe = Receiver::new(senders::STRIPE.keys(Secret::new("whsec_of_your_endpoint")?)?);
//!
//! // A sender that signs its URL needs the public one: the client sets the `Host` header.
//! let twilio = senders::TWILIO.config().with_public_url("https://example.com/sms");
//! let twilio = Receiver::new(twilio.keys(Secret::new("the account's auth token")?)?);
//! # Ok::<(), countersign::ConfigError>(())
//! ```
//!
//! Each entry links its vendor's documentation. The
//! [table of senders](https://github.com/countersign/countersign/blob/main/docs/senders.md) shows what
//! each of them signs and how its events are deduplicated. Where a vendor does not document a fact, the
//! entry says so and uses a default that rejects no genuine delivery.

pub mod ainexlayer;
mod adyen;
mod airtable;
mod asana;
mod auth0;
mod box_com;
mod catalogue;
mod challenge;
mod config;
mod config_handshake;
mod configured;
mod custom;
mod discord;
mod dropbox;
mod field_location;
mod github;
mod gitlab;
mod gocardless;
mod handshake;
mod handshake_response;
mod hubspot;
mod identity;
mod intercom;
mod known_challenges;
mod line;
mod linear;
mod meta;
mod mux;
mod notion;
mod okta;
mod paddle;
mod pagerduty;
mod razorpay;
mod request_values;
mod respond;
mod ringcentral;
mod sanity;
mod secret_callback;
mod sender;
mod sendgrid;
mod shopify;
mod slack;
mod spec;
mod square;
mod standard_webhooks;
mod stripe;
mod telegram;
mod trello;
mod twilio;
mod typeform;
mod unsigned_challenge;
mod unsigned_handshake;
mod woocommerce;
mod x;
mod zendesk;
mod zoom;
pub mod omniai;

pub use self::adyen::{ADYEN, ADYEN_PLATFORM};
pub use self::ainexlayer::AINEXLAYER;
pub use self::airtable::AIRTABLE;
pub use self::asana::ASANA;
pub use self::auth0::AUTH0;
pub use self::box_com::BOX;
pub use self::catalogue::{ALL, find};
pub use self::challenge::{BodyResponse, Challenge};
pub use self::configured::ConfiguredSender;
pub use self::custom::Custom;
pub use self::discord::{DISCORD, DISCORD_EVENTS};
pub use self::dropbox::DROPBOX;
pub use self::field_location::FieldLocation;
pub use self::github::GITHUB;
pub use self::gitlab::{GITLAB, GITLAB_SIGNED};
pub use self::gocardless::GOCARDLESS;
pub use self::handshake::Handshake;
pub use self::handshake_response::HandshakeResponse;
pub use self::hubspot::{DANGER_HUBSPOT_V1, DANGER_HUBSPOT_V2, HUBSPOT};
pub use self::intercom::INTERCOM;
pub use self::line::LINE;
pub use self::linear::LINEAR;
pub use self::meta::META;
pub use self::mux::MUX;
pub use self::notion::NOTION;
pub use self::okta::OKTA;
pub use self::omniai::OMNIAI;
pub use self::paddle::PADDLE;
pub use self::pagerduty::PAGERDUTY;
pub use self::razorpay::RAZORPAY;
pub use self::ringcentral::RINGCENTRAL;
pub use self::sanity::SANITY;
pub use self::sender::Sender;
pub use self::sendgrid::SENDGRID;
pub use self::shopify::{SHOPIFY, SHOPIFY_EVENTS};
pub use self::slack::SLACK;
pub use self::spec::{SenderConfig, SenderSpec};
pub use self::square::SQUARE;
pub use self::standard_webhooks::{
    CLERK, OPENAI, RESEND, STANDARD_WEBHOOKS, STANDARD_WEBHOOKS_V1A, SVIX, StandardWebhooks,
};
pub use self::stripe::STRIPE;
pub use self::telegram::TELEGRAM;
pub use self::trello::TRELLO;
pub use self::twilio::TWILIO;
pub use self::typeform::TYPEFORM;
pub use self::unsigned_challenge::{
    ChallengeCondition, ChallengeResponse, ChallengeSource, UnsignedChallenge,
};
pub(crate) use self::unsigned_handshake::{MAX_HANDSHAKE_BYTES, UnsignedPost, UnverifiedRequest};
pub use self::woocommerce::WOOCOMMERCE;
pub use self::x::X;
pub use self::zendesk::ZENDESK;
pub use self::zoom::ZOOM;
pub use crate::verify::Verifier;
