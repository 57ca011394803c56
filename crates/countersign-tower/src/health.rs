//! Routes for a load balancer.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use countersign::Health;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::timer::TokioTimer;

/// Returns the routes `/health` and `/ready` for axum.
///
/// `/health` responds with 200 as long as the process can respond. `/ready` responds with 503 while the service is to
/// be sent no requests: a store cannot be reached, no worker runs, or it is shutting down. Both have the report as
/// JSON, which names what is wrong: serve them where the public does not reach.
///
/// ```
/// use axum::Router;
/// use countersign_tower::{Health, health_routes};
///
/// let app: Router = Router::new().merge(health_routes(Health::new()));
/// # drop(app);
/// ```
pub fn health_routes<S: Clone + Send + Sync + 'static>(health: Health) -> Router<S> {
    let ready = health.clone();
    Router::new()
        .route("/health", get(async move || respond(&health, true).await))
        .route("/ready", get(async move || respond(&ready, false).await))
}

async fn respond(health: &Health, is_alive: bool) -> Response {
    let report = health.check(&TokioTimer).await;
    let is_good = is_alive || report.is_ready();
    let status = if is_good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers, report.to_json()).into_response()
}
