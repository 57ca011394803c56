//! Tenants and batches by way of an inbox.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::post;
use countersign_tower::inbox::{InspectInbox, MessageState};
use countersign_tower::scheme::SigningRequest;
use countersign_tower::tenants::{KeyResolver, ResolveError, Tenant, TenantFrom, Tenants};
use countersign_tower::time::FixedClock;
use countersign_tower::{
    Delivery, Inbox, Item, ItemsResponse, Keyring, Outcome, Receiver, Secret, Webhook,
    WebhookLayer, senders,
};
use tower::ServiceExt;

use crate::support::{NOW, Running, at_once, in_state, outcomes, until};

fn secret(name: &str) -> Secret {
    Secret::new(format!("the secret of {name}, long enough")).unwrap()
}

struct Keys;

impl KeyResolver for Keys {
    async fn resolve(&self, tenant: &str) -> Result<Option<Tenant>, ResolveError> {
        Ok(Some(Tenant::new(tenant, Keyring::from(secret(tenant)))))
    }
}

pub(crate) async fn an_event_of_a_tenant_is_handled_as_that_tenants(
    store: impl InspectInbox + Clone,
) {
    let inbox = Inbox::new(store.clone());
    let tenants = Tenants::builder(TenantFrom::PathPrefix("/hooks/".into()), Keys, |keys| {
        senders::GITHUB.keys(keys)
    });
    let layer = WebhookLayer::new(tenants.build().unwrap()).clock(FixedClock::new(NOW));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let handler = async move |Webhook(delivery): Webhook<Delivery>| {
        noted.lock().unwrap().extend(delivery.tenant().map(str::to_owned));
    };
    let app = Router::new().route("/hooks/{tenant}", post(handler));
    let app = app.route_layer(layer.inbox(inbox.clone()));
    for tenant in ["acme", "globex"] {
        let scheme = senders::GITHUB.config().scheme().unwrap();
        let mut request =
            Request::post(format!("/hooks/{tenant}")).header("x-github-event", "push");
        for (name, value) in SigningRequest::new(b"{}").sign(&scheme, &secret(tenant)).unwrap() {
            request = request.header(name, value);
        }
        let response = app.clone().oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap();
        assert_eq!(response.extensions().get(), Some(&Outcome::Stored));
    }
    let worker = Running::start(inbox.worker(app));
    until(&store, MessageState::Done, 2).await;
    worker.drain().await;
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    assert_eq!(seen, ["acme", "globex"]);
}

pub(crate) async fn only_the_items_that_failed_are_handled_again(store: impl InspectInbox + Clone) {
    let receiver = Receiver::builder(senders::META.keys(secret("Meta")).unwrap());
    let receiver = receiver.endpoint("pages").build().unwrap();
    let inbox = Inbox::new(store.clone());
    let layer = WebhookLayer::new(receiver).clock(FixedClock::new(NOW)).inbox(inbox.clone());
    let handled = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&handled);
    let handler = async move |Webhook(delivery): Webhook<Delivery>| {
        let attempt = delivery.attempt();
        let ended = delivery.for_each_item(|item: Item| {
            let noted = Arc::clone(&noted);
            async move {
                let page = item.event::<serde_json::Value>().unwrap()["value"].to_string();
                if page == "\"b\"" && attempt == 1 {
                    return Err("fails once".into());
                }
                noted.lock().unwrap().push(page);
                Ok(())
            }
        });
        ItemsResponse::from(ended.await)
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer);
    let entry = |page: &str| {
        format!(r#"{{"id":"{page}","time":1,"changes":[{{"field":"feed","value":"{page}"}}]}}"#)
    };
    let body = format!(r#"{{"object":"page","entry":[{},{}]}}"#, entry("a"), entry("b"));
    let scheme = senders::META.config().scheme().unwrap();
    let mut request = Request::post("/");
    for (name, value) in
        SigningRequest::new(body.as_bytes()).sign(&scheme, &secret("Meta")).unwrap()
    {
        request = request.header(name, value);
    }
    let response = app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    assert_eq!(response.extensions().get(), Some(&Outcome::Stored));
    let worker = Running::start(inbox.worker(app).retry(at_once(3)));
    until(&store, MessageState::Done, 1).await;
    worker.drain().await;
    let done = in_state(&store, MessageState::Done).await.remove(0);
    assert_eq!(outcomes(&store, done.id).await, ["retry", "done"]);
    assert_eq!(*handled.lock().unwrap(), ["\"a\"", "\"b\""]);
}
