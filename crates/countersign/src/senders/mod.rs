//! The catalogue: senders as data, one short file each.
//!
//! ```
//! use countersign::{Receiver, Secret, senders};
//!
//! let stripe = Receiver::new(senders::STRIPE.keys(Secret::new("whsec_of_your_endpoint")?)?);
//!
//! // A sender that signs the URL is told the public one: the `Host` header is the caller's word.
//! let twilio = senders::TWILIO.config().with_public_url("https://example.com/sms");
//! let twilio = Receiver::new(twilio.keys(Secret::new("the account's auth token")?)?);
//! # Ok::<(), countersign::ConfigError>(())
//! ```
//!
//! Each says where its documentation is, and the table of all is in the repository's
//! `docs/senders.md`. What a sender does not document is said so; nothing is guessed to be narrower
//! than it may be.

pub mod ainexlayer;
mod adyen;
mod auth0;
mod box_com;
mod catalogue;
mod config;
mod configured;
mod custom;
mod discord;
mod dropbox;
mod github;
mod gitlab;
mod gocardless;
mod handshake;
mod hubspot;
mod identity;
mod intercom;
mod line;
mod linear;
mod meta;
mod mux;
mod okta;
mod paddle;
mod pagerduty;
mod razorpay;
mod sanity;
mod sender;
mod sendgrid;
mod shopify;
mod slack;
mod spec;
mod square;
mod standard_webhooks;
mod standard_webhooks_sender;
mod stripe;
mod telegram;
mod twilio;
mod typeform;
mod zendesk;
mod zoom;
pub mod omniai;

pub use self::adyen::{ADYEN, ADYEN_PLATFORM};
pub use self::auth0::AUTH0;
pub use self::box_com::BOX;
pub use self::catalogue::{ALL, find};
pub use self::config::SenderConfig;
pub use self::configured::ConfiguredSender;
pub use self::custom::Custom;
pub use self::discord::{DISCORD, DISCORD_EVENTS};
pub use self::dropbox::DROPBOX;
pub use self::github::GITHUB;
pub use self::gitlab::{GITLAB, GITLAB_SIGNED};
pub use self::gocardless::GOCARDLESS;
pub use self::handshake::{BodyResponse, Challenge, Handshake, HandshakeResponse};
pub use self::hubspot::{DANGER_HUBSPOT_V1, DANGER_HUBSPOT_V2, HUBSPOT};
use self::identity::{body_without, fields, ids_of_list, time_and_body};
pub use self::intercom::INTERCOM;
pub use self::line::LINE;
pub use self::linear::LINEAR;
pub use self::meta::META;
pub use self::mux::MUX;
pub use self::okta::OKTA;
pub use self::paddle::PADDLE;
pub use self::pagerduty::PAGERDUTY;
pub use self::razorpay::RAZORPAY;
pub use self::sanity::SANITY;
pub use self::sender::Sender;
pub use self::sendgrid::SENDGRID;
pub use self::shopify::{SHOPIFY, SHOPIFY_EVENTS};
pub use self::slack::SLACK;
pub use self::spec::SenderSpec;
use self::spec::{days, secs};
pub use self::square::SQUARE;
pub use self::standard_webhooks::{
    CLERK, OPENAI, RESEND, STANDARD_WEBHOOKS, STANDARD_WEBHOOKS_V1A, SVIX,
};
pub use self::standard_webhooks_sender::StandardWebhooks;
pub use self::stripe::STRIPE;
pub use self::telegram::TELEGRAM;
pub use self::twilio::TWILIO;
pub use self::typeform::TYPEFORM;
pub use self::zendesk::ZENDESK;
pub use self::zoom::ZOOM;
pub use crate::verify::Verifier;
