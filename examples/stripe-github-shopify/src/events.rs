//! The parts of the events that the service reads, with the pages that document them.

use std::fmt;

use serde::Deserialize;

/// An event of Stripe about a `T` (<https://docs.stripe.com/api/events/object>).
#[derive(Deserialize)]
pub(crate) struct StripeEvent<T> {
    pub(crate) data: StripeData<T>,
}

#[derive(Deserialize)]
pub(crate) struct StripeData<T> {
    pub(crate) object: T,
}

/// <https://docs.stripe.com/api/invoices/object>
#[derive(Deserialize)]
pub(crate) struct Invoice {
    id: String,
    /// In the smallest unit of the currency.
    amount_paid: i64,
    currency: String,
}

/// <https://docs.stripe.com/api/subscriptions/object>
#[derive(Deserialize)]
pub(crate) struct Subscription {
    id: String,
    status: String,
}

/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#push>
#[derive(Deserialize)]
pub(crate) struct Push {
    r#ref: String,
    repository: Repository,
}

/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request>
///
/// GitHub's header names the event. What happened is the field `action` of the body, so it is a matter of
/// the type and not of the route.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(crate) enum PullRequest {
    Opened {
        number: u64,
        repository: Repository,
    },
    Closed {
        number: u64,
        pull_request: Merged,
        repository: Repository,
    },
    /// GitHub has many more actions, and adds new ones.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(crate) struct Merged {
    merged: bool,
}

#[derive(Deserialize)]
pub(crate) struct Repository {
    full_name: String,
}

/// <https://shopify.dev/docs/api/admin-rest/latest/resources/order>
#[derive(Deserialize)]
pub(crate) struct Order {
    id: u64,
    /// A decimal number as text.
    total_price: String,
    currency: String,
}

/// One of the requests that every Shopify app must handle
/// (<https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance>).
#[derive(Deserialize)]
pub(crate) struct PrivacyRequest {
    shop_domain: String,
}

impl fmt::Display for Invoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} paid with {} {}", self.id, self.amount_paid, self.currency)
    }
}

impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.id, self.status)
    }
}

impl fmt::Display for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "push to {} of {}", self.r#ref, self.repository.full_name)
    }
}

impl fmt::Display for PullRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { number, repository } => {
                write!(f, "pull request {number} of {} opened", repository.full_name)
            }
            Self::Closed { number, pull_request, repository } => {
                let what = if pull_request.merged { "merged" } else { "closed" };
                write!(f, "pull request {number} of {} {what}", repository.full_name)
            }
            Self::Other => f.write_str("another action on a pull request"),
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {} over {} {}", self.id, self.total_price, self.currency)
    }
}

impl fmt::Display for PrivacyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "privacy request from {}", self.shop_domain)
    }
}
