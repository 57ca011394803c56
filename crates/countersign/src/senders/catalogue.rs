//! The list of every sender of the catalogue.

use super::ainexlayer::AINEXLAYER;
use super::omniai::OMNIAI;
use super::{
    ADYEN, ADYEN_PLATFORM, AIRTABLE, ASANA, AUTH0, BOX, CLERK, DANGER_HUBSPOT_V1,
    DANGER_HUBSPOT_V2, DISCORD, DISCORD_EVENTS, DROPBOX, GITHUB, GITLAB, GITLAB_SIGNED, GOCARDLESS,
    HUBSPOT, INTERCOM, LINE, LINEAR, META, MUX, NOTION, OKTA, OPENAI, PADDLE, PAGERDUTY, RAZORPAY,
    RESEND, RINGCENTRAL, SANITY, SENDGRID, SHOPIFY, SHOPIFY_EVENTS, SLACK, SQUARE,
    STANDARD_WEBHOOKS, STANDARD_WEBHOOKS_V1A, STRIPE, SVIX, SenderSpec, TELEGRAM, TRELLO, TWILIO,
    TYPEFORM, WOOCOMMERCE, X, ZENDESK, ZOOM,
};

/// Every sender of the catalogue, sorted by name.
///
/// ```
/// use countersign::senders;
///
/// for sender in senders::ALL {
///     println!("{}: responds within {:?}", sender.display_name(), sender.response_deadline());
/// }
/// ```
pub static ALL: &[SenderSpec] = &[
    ADYEN,
    ADYEN_PLATFORM,
    AINEXLAYER,
    AIRTABLE,
    ASANA,
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
    NOTION,
    OKTA,
    OMNIAI,
    OPENAI,
    PADDLE,
    PAGERDUTY,
    RAZORPAY,
    RESEND,
    RINGCENTRAL,
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
    TRELLO,
    TWILIO,
    TYPEFORM,
    WOOCOMMERCE,
    X,
    ZENDESK,
    ZOOM,
];

/// Returns the sender of this name.
///
/// ```
/// use countersign::senders;
///
/// assert_eq!(senders::find("github").unwrap().display_name(), "GitHub");
/// assert!(senders::find("no-such-sender").is_none());
/// ```
#[must_use]
pub fn find(name: &str) -> Option<SenderSpec> {
    ALL.iter().find(|sender| sender.name == name).copied()
}
