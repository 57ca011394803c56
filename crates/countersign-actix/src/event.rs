//! Routing by the name of an event.

use std::borrow::Cow;
use std::rc::Rc;

use actix_web::guard::{Guard, GuardContext};
use actix_web::{HttpResponse, Route, web};
use countersign::adapter::report_ignored;
use countersign::{Delivery, EventPattern};

use crate::extract::Webhook;

/// Guards a route by the event's name, in a resource that is wrapped in [`Webhooks`](crate::Webhooks).
///
/// The [pattern](EventPattern) is an exact name, or a prefix with a `*` at its end. The name is
/// [`Delivery::event_type`], in the body or in a header as the sender has it, and is compared with its
/// case. [The guide] says what a name in an unsigned header is worth.
///
/// actix tries the routes **in their order**, so an exact name belongs before a prefix that matches it. The
/// last route takes all other events: a handler of your own, or [`ignored`]. Without it actix responds with
/// 405 to an event that no route matches, the event is released, and the sender retries it.
///
/// ```
/// use actix_web::web;
/// use countersign_actix::{Delivery, Webhook, Webhooks, event, ignored};
///
/// #[derive(serde::Deserialize)]
/// struct Invoice {
///     id: String,
/// }
///
/// async fn on_paid(Webhook(invoice): Webhook<Invoice>) -> &'static str {
///     println!("{} is paid", invoice.id);
///     "thanks"
/// }
///
/// async fn on_customer(Webhook(delivery): Webhook<Delivery>) -> &'static str {
///     println!("{}", delivery.event_type().unwrap_or_default());
///     "thanks"
/// }
///
/// fn routes(config: &mut web::ServiceConfig, webhooks: Webhooks) {
///     config.service(
///         web::resource("/webhooks/stripe")
///             .wrap(webhooks)
///             .route(web::post().guard(event("invoice.paid")).to(on_paid))
///             .route(web::post().guard(event("customer.*")).to(on_customer))
///             .route(ignored()),
///     );
/// }
/// ```
///
/// # Panics
///
/// Panics if the [pattern](EventPattern) is invalid.
///
/// [The guide]: https://github.com/countersign/countersign/blob/main/docs/events.md
#[track_caller]
pub fn event(pattern: impl Into<Cow<'static, str>>) -> EventGuard {
    match EventPattern::new(pattern) {
        Ok(pattern) => EventGuard(pattern),
        Err(error) => panic!("{error}"),
    }
}

/// A guard that matches an event's name, which [`event`] returns.
#[derive(Clone, Debug)]
#[must_use]
pub struct EventGuard(EventPattern);

impl Guard for EventGuard {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        event_name(context).is_some_and(|name| self.0.matches(&name))
    }
}

/// The name of a request's event, which the first guard leaves for the others: to find it, the body is
/// read.
#[derive(Clone)]
struct EventName(Option<Rc<str>>);

/// Returns the name of the event; `None` for an event without one, and in front of the middleware.
fn event_name(context: &GuardContext<'_>) -> Option<Rc<str>> {
    let known = context.req_data().get::<EventName>().cloned();
    if let Some(EventName(name)) = known {
        return name;
    }
    let name = {
        let data = context.req_data();
        data.get::<Delivery>()?.event_type().map(Rc::from)
    };
    context.req_data_mut().insert(EventName(name.clone()));
    name
}

/// Returns the route for all other events, which acknowledges them without a handler.
///
/// An event that reaches this route gets 200 or the status that the sender counts as success, and is
/// committed as handled, counted in the metric `countersign_ignored_total`, logged with its name, and
/// marked with an [`IgnoredEvent`](crate::IgnoredEvent) in the response's extensions.
///
/// Put the route last in a resource that is wrapped in [`Webhooks`](crate::Webhooks). With a guard it
/// ignores certain events alone, before a last route with a handler:
///
/// ```
/// use actix_web::{HttpResponse, web};
/// use countersign_actix::{Webhooks, event, ignored};
///
/// async fn on_event() -> HttpResponse {
///     HttpResponse::NoContent().finish()
/// }
///
/// fn routes(config: &mut web::ServiceConfig, webhooks: Webhooks) {
///     config.service(
///         web::resource("/webhooks/stripe")
///             .wrap(webhooks)
///             .route(ignored().guard(event("charge.updated")))
///             .route(web::post().to(on_event)),
///     );
/// }
/// ```
pub fn ignored() -> Route {
    web::to(ignore)
}

async fn ignore(Webhook(delivery): Webhook<Delivery>) -> HttpResponse {
    let mut response = HttpResponse::Ok().finish();
    response.extensions_mut().insert(report_ignored(&delivery));
    response
}
