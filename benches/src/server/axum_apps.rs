//! The servers on axum.

use std::net::TcpListener;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRef, Json, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum_standardwebhooks::{SharedWebhook, StandardWebhook};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::ReceiverBuilder;
use countersign_redis::RedisStore;
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_tower::{Webhook, WebhookLayer};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::server::Contender;
use crate::server::databases::{POSTGRES_URL, REDIS_URL, SQLITE_FILE};
use crate::server::requests::PATH;
use crate::{Event, Result, receiver, secret};

pub(super) fn serve(contender: Contender, listener: TcpListener, workers: usize) -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    runtime.block_on(async {
        let app = router(contender).await?;
        listener.set_nonblocking(true)?;
        println!("{}", listener.local_addr()?.port());
        Ok(axum::serve(tokio::net::TcpListener::from_std(listener)?, app).await?)
    })
}

/// Creates the routes of a contender on axum, whose databases are those of the environment.
///
/// # Errors
///
/// An error if the contender's store cannot be opened.
pub async fn router(contender: Contender) -> Result<Router> {
    let guarded = |receiver: ReceiverBuilder| -> Result<Router> {
        let layer = WebhookLayer::new(receiver.build()?);
        Ok(Router::new().route(PATH, post(handled)).route_layer(layer))
    };
    let variable = |name| std::env::var(name);
    match contender {
        Contender::BareAxum => Ok(Router::new().route(PATH, post(bare))),
        Contender::ByHand => Ok(Router::new().route(PATH, post(by_hand)).with_state(Key::new()?)),
        Contender::AxumStandardWebhooks => {
            let webhook = standardwebhooks::Webhook::new(&secret(0))?;
            let state = Shared(SharedWebhook::new(webhook));
            Ok(Router::new().route(PATH, post(extracted)).with_state(state))
        }
        Contender::NoDedup => guarded(receiver(1)?.danger_without_dedup()),
        Contender::Memory => guarded(receiver(1)?),
        Contender::Sqlite => {
            guarded(receiver(1)?.dedup(SqliteStore::open(variable(SQLITE_FILE)?).await?))
        }
        Contender::Postgres => {
            let store = PostgresStore::connect(&variable(POSTGRES_URL)?).await?;
            store.migrate().await?;
            guarded(receiver(1)?.dedup(store))
        }
        Contender::Redis => {
            guarded(receiver(1)?.dedup(RedisStore::connect(&variable(REDIS_URL)?).await?))
        }
        Contender::BareActix | Contender::ActixMemory => {
            Err(format!("`{}` is not on axum", contender.name()).into())
        }
    }
}

/// Decodes as the handler that is written by hand: axum's `Json` would also track the path of each field.
async fn bare(body: Bytes) -> StatusCode {
    let Ok(event) = serde_json::from_slice::<Event>(&body) else {
        return StatusCode::UNPROCESSABLE_ENTITY;
    };
    event.handle();
    StatusCode::NO_CONTENT
}

async fn handled(Webhook(event): Webhook<Event>) -> StatusCode {
    event.handle();
    StatusCode::NO_CONTENT
}

async fn extracted(StandardWebhook(Json(event)): StandardWebhook<Json<Event>>) -> StatusCode {
    event.handle();
    StatusCode::NO_CONTENT
}

#[derive(Clone)]
struct Shared(SharedWebhook);

impl FromRef<Shared> for SharedWebhook {
    fn from_ref(shared: &Shared) -> Self {
        shared.0.clone()
    }
}

/// The secret of the handler that is written by hand.
#[derive(Clone)]
struct Key(std::sync::Arc<[u8]>);

impl Key {
    fn new() -> Result<Self> {
        let secret = secret(0);
        let text = secret.strip_prefix("whsec_").ok_or("the secret has no prefix")?;
        Ok(Self(STANDARD.decode(text)?.into()))
    }
}

/// The check that people write by hand, without deduplication.
async fn by_hand(State(key): State<Key>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(()) = check(&key.0, &headers, &body) else { return StatusCode::UNAUTHORIZED };
    let Ok(event) = serde_json::from_slice::<Event>(&body) else {
        return StatusCode::UNPROCESSABLE_ENTITY;
    };
    event.handle();
    StatusCode::NO_CONTENT
}

fn check(key: &[u8], headers: &HeaderMap, body: &[u8]) -> Option<()> {
    let header = |name| headers.get(name)?.to_str().ok();
    let id = header("webhook-id")?;
    let timestamp = header("webhook-timestamp")?;
    let signatures = header("webhook-signature")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    if now.abs_diff(timestamp.parse().ok()?) > 300 {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    signatures.split(' ').find_map(|signature| {
        let signature = STANDARD.decode(signature.strip_prefix("v1,")?).ok()?;
        mac.clone().verify_slice(&signature).ok()
    })
}
