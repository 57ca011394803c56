//! The service in axum.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use countersign_tower::{Delivery, Events, Shutdown, Webhook, WebhookLayer};

use crate::events::{Invoice, Order, PrivacyRequest, PullRequest, Push, StripeEvent, Subscription};
use crate::{Ledger, Receivers};

/// Returns the service, and the handles that shut down its three endpoints.
pub fn app(receivers: Receivers, ledger: Arc<Ledger>) -> (Router, [Shutdown; 3]) {
    let Receivers { stripe, github, shopify } = receivers;
    let [stripe, github, shopify] = [stripe, github, shopify].map(WebhookLayer::new);
    let shutdowns = [&stripe, &github, &shopify].map(WebhookLayer::shutdown);
    let app = Router::new()
        .route("/webhooks/stripe", stripe_events().into_method_router().layer(stripe))
        .route("/webhooks/github", github_events().into_method_router().layer(github))
        .route("/webhooks/shopify", shopify_events().into_method_router().layer(shopify))
        .with_state(ledger);
    (app, shutdowns)
}

/// Stripe sends the events that the endpoint is subscribed to. All others are ignored.
fn stripe_events() -> Events<Arc<Ledger>> {
    Events::new().on("invoice.paid", on_invoice_paid).on("customer.subscription.*", on_subscription)
}

/// Events of GitHub that this service does not know are written down.
fn github_events() -> Events<Arc<Ledger>> {
    Events::new()
        .on("push", on_push)
        .on("pull_request", on_pull_request)
        .ignore("ping")
        .otherwise(on_other)
}

fn shopify_events() -> Events<Arc<Ledger>> {
    Events::new()
        .on("orders/create", on_order)
        .on("customers/*", on_privacy_request)
        .on("shop/redact", on_privacy_request)
}

async fn on_invoice_paid(
    State(ledger): State<Arc<Ledger>>,
    Webhook(event): Webhook<StripeEvent<Invoice>>,
) {
    ledger.write(event.data.object.to_string());
}

async fn on_subscription(
    State(ledger): State<Arc<Ledger>>,
    Webhook(event): Webhook<StripeEvent<Subscription>>,
) {
    ledger.write(event.data.object.to_string());
}

async fn on_push(State(ledger): State<Arc<Ledger>>, Webhook(push): Webhook<Push>) {
    ledger.write(push.to_string());
}

async fn on_pull_request(
    State(ledger): State<Arc<Ledger>>,
    Webhook(pull_request): Webhook<PullRequest>,
) {
    ledger.write(pull_request.to_string());
}

async fn on_order(State(ledger): State<Arc<Ledger>>, Webhook(order): Webhook<Order>) {
    ledger.write(order.to_string());
}

async fn on_privacy_request(
    State(ledger): State<Arc<Ledger>>,
    Webhook(request): Webhook<PrivacyRequest>,
) {
    ledger.write(request.to_string());
}

async fn on_other(State(ledger): State<Arc<Ledger>>, Webhook(delivery): Webhook<Delivery>) {
    let name = delivery.event_type().unwrap_or_default();
    ledger.write(format!("unexpected event {name} of {}", delivery.sender()));
}
