//! Deduplication for [`countersign`] on Redis or Valkey: one server, a master with sentinels, or a
//! cluster.
//!
//! | | for |
//! |---|---|
//! | [`RedisStore::connect`] | one server, or a managed one behind one address |
//! | [`RedisStore::sentinel`] | a master and its replicas, watched by sentinels |
//! | [`RedisStore::cluster`] | a cluster: each event has one key, on the node that its hash gives |
//!
//! The `with_…` constructors take a client or a connection that was set up otherwise.
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
//! # What holds
//!
//! - Each operation is one script: one round trip, one atomic step of the server. It may be repeated, so
//!   a call whose connection was lost is sent once more over a new one.
//! - Leases are judged by the **server's clock**, in its whole milliseconds, whatever those of the
//!   clients say: a lease ends a day before its key expires.
//! - An event is handled at least once, and one at a time within a lease, **as long as the server
//!   keeps what it answered**. What follows says when it does not.
//! - Every key expires by itself: that of a handled event at the end of its retention, that of a claim
//!   which nobody settled a day after its lease, that of an event which was given up after an hour.
//! - **Fencing tokens** are the server's time in microseconds, or one more than the event's last fencing token where
//!   that is higher. So they rise even where the key is gone, expired or lost in a crash or
//!   fail-over; there a counter would begin anew, and an old handler would pass for the new one.
//!   Each client reads that time in the script of a claim, with `TIME`, and counts on from it by its own
//!   steady clock for a second at most, so that the other claims of new events are a single `SET NX`.
//!   What it counts is behind the server's clock by as long as that script's answer took, and ahead
//!   of it only by what a clock drifts in a second. So this needs that an event's key lived longer
//!   than an answer takes, and than the server's clock is set back, or is behind on the next master or
//!   another node: a key lives for an hour, or for the retention. A client that stood still with its
//!   clocks, as a paused virtual machine may, is behind by its pause until that second is over.
//! - At its `maxmemory` the server rejects new claims ([`Full`](countersign::dedup::StoreErrorKind::Full)) and
//!   still knows the events that it holds, **if** its `maxmemory-policy` is `noeviction`, the default.
//!   Under any other policy it forgets events before their time, and handles them again.
//!
//! # What a server loses
//!
//! Redis answers before it has the answer on disk or on a replica, unless it is set up otherwise. What it
//! loses it never had: a handled event is handled **again** if it is delivered again, and a claim in
//! progress may be granted to another while its handler runs. The first handler's commit is then
//! [`Stale`](countersign::Settled::Stale), for the fencing token is another one.
//!
//! | set-up | lost in a crash of the server |
//! |---|---|
//! | `appendonly yes`, `appendfsync always` | nothing that was answered |
//! | `appendonly yes`, `appendfsync everysec` (the default of `appendfsync`) | about a second, up to two |
//! | `appendonly yes`, `appendfsync no` | what the system had not yet written: on Linux often 30 seconds |
//! | `appendonly no`, with `save` points | all since the last snapshot: minutes to an hour |
//! | neither | everything |
//!
//! A crash of the Redis process alone loses less: what it had handed to the system is written.
//! (Source: [Redis persistence](https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/).)
//!
//! **Fail-over**, by sentinels or in a cluster: replication is asynchronous, so a replica that takes over
//! lacks what the master answered in its last moments, however that writes to disk. A master that is
//! cut off from the others goes on answering those who still reach it, and all of that is lost.
//! `min-replicas-to-write` with `min-replicas-max-lag` bounds how long it does so. The command `WAIT` makes
//! such a loss less likely but does not rule it out, and costs a round trip more; this store does not
//! send it. (Sources: [replication](https://redis.io/docs/latest/operate/oss_and_stack/management/replication/),
//! [`WAIT`](https://redis.io/docs/latest/commands/wait/).)
//!
//! Where an event must not be handled twice, make its effects guarded by the delivery's fencing token, or keep
//! events beside them in one database: that is what `countersign-sqlx` is for.
//!
//! # Time limits
//!
//! Opening a connection and each answer may take a second, half of what a receiver gives its store
//! ([`Receiver::store_timeout`](countersign::Receiver::store_timeout), 2 seconds). A connection that is
//! silent for so long is given up, and the next call opens another one.
//!
//! # Servers
//!
//! Redis 5 or later, or Valkey. A user under an access list needs `EVAL`, `EVALSHA`, `GET`, `SET`, `PTTL`,
//! `PEXPIRE`, `TIME` and `PING` on the store's keys; in a cluster also `CLUSTER SLOTS` and `ASKING`, behind
//! sentinels `ROLE` and `INFO`, and of the sentinels `SENTINEL`. An operator's look needs `SCAN` and `DBSIZE`.
//!
//! # Encryption
//!
//! For `rediss://` enable a TLS feature of redis in your own `Cargo.toml`: `tokio-rustls-comp`, where the
//! application also installs the `CryptoProvider` of its choice, or `tokio-native-tls-comp`.

mod clock;
mod error;
mod inspect;
mod link;
mod nodes;
mod script;
mod store;
mod value;

pub use countersign;
pub use redis;

pub use self::store::RedisStore;
