//! Webhook deduplication for [`countersign`] on Redis or Valkey: a single server, a master with
//! sentinels, or a cluster.
//!
//! | | for |
//! |---|---|
//! | [`RedisStore::connect`] | a single server, or a managed service behind one address |
//! | [`RedisStore::sentinel`] | a master and its replicas, monitored by sentinels |
//! | [`RedisStore::cluster`] | a cluster: each event is one key, on the node of its hash slot |
//!
//! The `with_…` constructors take a client or a connection with its own configuration. The guide
//! [Choosing a store] compares the stores.
//!
//! ```no_run
//! use axum::{Router, http::StatusCode, routing::post};
//! use countersign_redis::RedisStore;
//! use countersign_tower::{Receiver, Secret, Webhook, WebhookLayer, omniai};
//!
//! async fn on_event(Webhook(event): Webhook<omniai::Event>) -> StatusCode {
//!     println!("{}", event.name());
//!     StatusCode::OK
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let store = RedisStore::connect(&std::env::var("REDIS_URL")?).await?;
//!     let secret = Secret::from_env("OMNIAI_WEBHOOK_SECRET")?;
//!     let receiver = Receiver::builder(omniai::OmniAi::new("x-webhook-secret", secret)?).dedup(store).build()?;
//!     let app = Router::new()
//!         .route("/webhooks/omniai", post(on_event))
//!         .route_layer(WebhookLayer::new(receiver));
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     Ok(axum::serve(listener, app).await?)
//! }
//! ```
//!
//! # Guarantees
//!
//! - Each operation is one script: one round trip, and one atomic step of the server. All operations are
//!   idempotent, so a call whose connection was lost is sent once more over a new one.
//! - Leases follow the **server's clock**, in whole milliseconds, whatever the clients' clocks show: a
//!   lease ends a day before its key expires.
//! - An event is handled at least once, and by one handler at a time within a lease, **as long as the
//!   server keeps what it acknowledged**. The next section says when it does not.
//! - Every key expires by itself: that of a handled event at the end of its retention, that of a claim
//!   which was never settled a day after its lease, and that of a released event after an hour.
//! - At its `maxmemory` the server rejects new claims ([`Full`](countersign::dedup::StoreErrorKind::Full))
//!   and still recognises the events that it has, **if** its `maxmemory-policy` is `noeviction`, the
//!   default. Under any other policy it evicts events before their retention ends, and they are handled
//!   again.
//!
//! # Fencing tokens
//!
//! A fencing token is the server's time in microseconds, or one more than the event's last token if that
//! is higher. So tokens rise even after the key is gone, whether it expired or was lost in a crash or a
//! failover. A counter would start again, and a handler from before the loss would pass for the current
//! one.
//!
//! A client reads the server's time in the script of a claim, by `TIME`. For up to a second it then adds
//! the time that its own monotonic clock measured, so that other claims of new events take a single
//! `SET NX`. This estimate is behind the server's clock by the duration of the script's response, and ahead
//! of it only by what a clock drifts in a second. Tokens therefore rise under two conditions: an event's
//! key lives longer than a response takes, and longer than the server's clock is set back or is behind on
//! the next master or on another node. A key lives for an hour, or for the retention. If a client and its
//! clocks are suspended, as in a paused virtual machine, its estimate is behind by the length of the pause,
//! until that second has passed.
//!
//! # What a server loses
//!
//! By default Redis responds before a write is on disk or on a replica. After a loss, the server behaves as
//! if it never had the event: a handled event is handled **again** if it is delivered again, and a claim in
//! progress may be granted again while its handler runs. The first handler's commit then returns
//! [`StaleToken`](countersign::dedup::UpdateOutcome::StaleToken), since the current fencing token is a
//! higher one.
//!
//! | configuration | lost in a crash of the machine |
//! |---|---|
//! | `appendonly yes`, `appendfsync always` | nothing that was acknowledged |
//! | `appendonly yes`, `appendfsync everysec` (the default of `appendfsync`) | about a second, up to two |
//! | `appendonly yes`, `appendfsync no` | what the system had not written yet: on Linux often 30 seconds |
//! | `appendonly no`, with `save` points | everything since the last snapshot: minutes to an hour |
//! | neither | everything |
//!
//! A crash of the Redis process alone loses less: the system still writes what it was given.
//! (Source: [Redis persistence](https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/).)
//!
//! **Failover**, by sentinels or in a cluster: replication is asynchronous, so a promoted replica lacks the
//! last writes that the master acknowledged, whatever the persistence settings. A master that is cut off
//! from the other nodes continues to accept writes from clients that still reach it, and all of them are
//! lost. `min-replicas-to-write` with `min-replicas-max-lag` limits for how long. The command `WAIT` makes
//! such a loss less likely but does not exclude it, and costs another round trip; this store does not send
//! it. (Sources: [replication](https://redis.io/docs/latest/operate/oss_and_stack/management/replication/),
//! [`WAIT`](https://redis.io/docs/latest/commands/wait/).)
//!
//! If an event must not be handled twice, check the delivery's fencing token where the effects are applied,
//! or keep events and effects in one database with `countersign-sqlx`.
//!
//! # Timeouts
//!
//! Opening a connection and each response may take a second, half of a receiver's default `store_timeout`
//! of 2 seconds. A connection that is silent for longer is closed, and the next call opens another one.
//!
//! # Servers
//!
//! Redis 5 or later, or Valkey. A user with an access control list needs `EVAL`, `EVALSHA`, `GET`, `SET`,
//! `PTTL`, `PEXPIRE`, `TIME` and `PING` on the store's keys; in a cluster also `CLUSTER SLOTS` and `ASKING`;
//! with sentinels `ROLE` and `INFO`, and on the sentinels `SENTINEL`. Inspecting the store needs `SCAN` and
//! `DBSIZE`.
//!
//! # Encryption
//!
//! For `rediss://` enable a TLS feature of redis 1 in your own `Cargo.toml`: `tokio-rustls-comp`, with which
//! the application also installs the rustls `CryptoProvider` of its choice, or `tokio-native-tls-comp`.
//!
//! [Choosing a store]: https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md

mod clock;
mod connection;
mod error;
mod inspect;
mod script;
mod server;
mod store;
mod topology;
mod value;

pub use countersign;
pub use redis;

pub use self::store::RedisStore;
