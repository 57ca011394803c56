//! The routes for a load balancer.

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service};
use countersign_actix::inbox::MemoryInbox;
use countersign_actix::{Health, Inbox, health_routes};

#[actix_web::test]
async fn a_service_without_its_worker_is_alive_and_not_ready() {
    let store = MemoryInbox::danger_new();
    let health = Health::new().store("events", store.clone());
    let health = health.worker("webhooks", &Inbox::new(store));
    let app = init_service(App::new().configure(health_routes(health))).await;
    let get = async |path: &str| {
        call_service(&app, TestRequest::get().uri(path).to_request()).await.status().as_u16()
    };
    assert_eq!((get("/health").await, get("/ready").await), (200, 503));
}
