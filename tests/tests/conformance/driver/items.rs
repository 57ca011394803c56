//! Handlers that handle each item of a delivery on its own.

use std::convert::Infallible;

use actix_web::{HttpResponse, web};
use bytes::Bytes;
use countersign::{Delivery, adapter};
use countersign_tower::{ItemsResponse, Webhook};
use http::{Request, Response};
use http_body_util::Full;

use super::{Script, Site};

pub(super) async fn on_axum(script: Script, Webhook(delivery): Webhook<Delivery>) -> ItemsResponse {
    let handled = delivery.for_each_item(async |item| script.item(&item).await);
    handled.await.into()
}

pub(super) async fn on_actix(
    site: web::Data<Site>,
    countersign_actix::Webhook(delivery): countersign_actix::Webhook<Delivery>,
) -> Result<HttpResponse, countersign_actix::WebhookRejection> {
    delivery.for_each_item(async |item| site.script.item(&item).await).await?;
    Ok(HttpResponse::Ok().finish())
}

/// Without axum there is no conversion into a response of its type.
pub(super) async fn on_hyper(
    script: Script,
    request: Request<Full<Bytes>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let delivery = request.extensions().get::<Delivery>().unwrap().clone();
    let handled = delivery.for_each_item(async |item| script.item(&item).await);
    let own = match handled.await {
        Ok(outcome) => adapter::Response::from(outcome),
        Err(error) => adapter::Response::from(error),
    };
    let mut response = Response::builder().status(own.status());
    for (name, value) in own.headers() {
        response = response.header(*name, &**value);
    }
    let mut response = response.body(Full::default()).unwrap();
    if let Some(rejection) = own.rejection() {
        response.extensions_mut().insert(rejection.clone());
    }
    Ok(response)
}
