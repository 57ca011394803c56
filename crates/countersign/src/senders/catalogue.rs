//! The list of every sender of the catalogue.

use super::*;

/// Every sender of the catalogue, by name.
pub static ALL: &[SenderSpec] = &[
    ADYEN,
    ADYEN_PLATFORM,
    AUTH0,
    BOX,
    CLERK,
    DISCORD,
    DISCORD_EVENTS,
    DROPBOX,
    GITHUB,
    GITLAB,
    GITLAB_SIGNED,
    GOCARDLESS,
    HUBSPOT,
    DANGER_HUBSPOT_V1,
    DANGER_HUBSPOT_V2,
    INTERCOM,
    LINE,
    LINEAR,
    META,
    MUX,
    OKTA,
    OPENAI,
    PADDLE,
    PAGERDUTY,
    RAZORPAY,
    RESEND,
    SANITY,
    SENDGRID,
    SHOPIFY,
    SHOPIFY_EVENTS,
    SLACK,
    SQUARE,
    STANDARD_WEBHOOKS,
    STANDARD_WEBHOOKS_V1A,
    STRIPE,
    SVIX,
    TELEGRAM,
    TWILIO,
    TYPEFORM,
    ZENDESK,
    ZOOM,
];

/// The sender of this name.
#[must_use]
pub fn find(name: &str) -> Option<SenderSpec> {
    ALL.iter().find(|sender| sender.name == name).copied()
}
