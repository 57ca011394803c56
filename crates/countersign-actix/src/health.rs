//! Routes for a load balancer.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use countersign::Health;

use crate::timer::ActixTimer;

/// Configures the routes `/health` and `/ready`.
///
/// `/health` responds with 200 as long as the process can respond. `/ready` responds with 503 while the service is to
/// be sent no requests: a store cannot be reached, no worker runs, or it is shutting down. Both have the report as
/// JSON, which names what is wrong: serve them where the public does not reach.
///
/// ```
/// use actix_web::App;
/// use countersign_actix::{Health, health_routes};
///
/// let app = App::new().configure(health_routes(Health::new()));
/// # drop(app);
/// ```
pub fn health_routes(health: Health) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let ready = health.clone();
        config
            .route("/health", web::get().to(move || respond(health.clone(), true)))
            .route("/ready", web::get().to(move || respond(ready.clone(), false)));
    }
}

async fn respond(health: Health, is_alive: bool) -> HttpResponse {
    let report = health.check(&ActixTimer).await;
    let is_good = is_alive || report.is_ready();
    let mut response =
        if is_good { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((CACHE_CONTROL, "no-store"));
    response.content_type("application/json").body(report.to_json())
}
