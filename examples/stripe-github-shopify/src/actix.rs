//! The service in actix-web.

use actix_web::web::{Data, ServiceConfig, post, resource};
use actix_web::{HttpResponse, Responder};
use countersign_actix::{Delivery, Shutdown, Webhook, Webhooks, event, ignored};

use crate::events::{Invoice, Order, PrivacyRequest, PullRequest, Push, StripeEvent, Subscription};
use crate::{Ledger, Receivers};

/// The middleware of the three endpoints, which is made once and cloned into the app of each worker.
#[derive(Clone, Debug)]
pub struct Endpoints([Webhooks; 3]);

impl Endpoints {
    /// Creates the middleware.
    #[must_use]
    pub fn new(receivers: Receivers) -> Self {
        let Receivers { stripe, github, shopify } = receivers;
        Self([stripe, github, shopify].map(Webhooks::new))
    }

    /// Returns the handles that shut the endpoints down.
    pub fn shutdowns(&self) -> [Shutdown; 3] {
        self.0.each_ref().map(Webhooks::shutdown)
    }

    /// Returns what adds the routes to an app.
    ///
    /// actix tries the routes of a resource in their order: the last one takes all other events.
    pub fn routes(self, ledger: Data<Ledger>) -> impl FnOnce(&mut ServiceConfig) {
        let Self([stripe, github, shopify]) = self;
        let stripe = resource("/webhooks/stripe")
            .wrap(stripe)
            .route(post().guard(event("invoice.paid")).to(on_invoice_paid))
            .route(post().guard(event("customer.subscription.*")).to(on_subscription))
            .route(ignored());
        let github = resource("/webhooks/github")
            .wrap(github)
            .route(post().guard(event("push")).to(on_push))
            .route(post().guard(event("pull_request")).to(on_pull_request))
            .route(ignored().guard(event("ping")))
            .route(post().to(on_other));
        let shopify = resource("/webhooks/shopify")
            .wrap(shopify)
            .route(post().guard(event("orders/create")).to(on_order))
            .route(post().guard(event("customers/*")).to(on_privacy_request))
            .route(post().guard(event("shop/redact")).to(on_privacy_request))
            .route(ignored());
        |config| {
            config.app_data(ledger).service(stripe).service(github).service(shopify);
        }
    }
}

async fn on_invoice_paid(
    ledger: Data<Ledger>,
    Webhook(event): Webhook<StripeEvent<Invoice>>,
) -> impl Responder {
    ledger.write(event.data.object.to_string());
    HttpResponse::Ok()
}

async fn on_subscription(
    ledger: Data<Ledger>,
    Webhook(event): Webhook<StripeEvent<Subscription>>,
) -> impl Responder {
    ledger.write(event.data.object.to_string());
    HttpResponse::Ok()
}

async fn on_push(ledger: Data<Ledger>, Webhook(push): Webhook<Push>) -> impl Responder {
    ledger.write(push.to_string());
    HttpResponse::Ok()
}

async fn on_pull_request(
    ledger: Data<Ledger>,
    Webhook(pull_request): Webhook<PullRequest>,
) -> impl Responder {
    ledger.write(pull_request.to_string());
    HttpResponse::Ok()
}

async fn on_order(ledger: Data<Ledger>, Webhook(order): Webhook<Order>) -> impl Responder {
    ledger.write(order.to_string());
    HttpResponse::Ok()
}

async fn on_privacy_request(
    ledger: Data<Ledger>,
    Webhook(request): Webhook<PrivacyRequest>,
) -> impl Responder {
    ledger.write(request.to_string());
    HttpResponse::Ok()
}

async fn on_other(ledger: Data<Ledger>, Webhook(delivery): Webhook<Delivery>) -> impl Responder {
    let name = delivery.event_type().unwrap_or_default();
    ledger.write(format!("unexpected event {name} of {}", delivery.sender()));
    HttpResponse::Ok()
}
