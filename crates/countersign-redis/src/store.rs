//! Events in Redis.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreId, UpdateOutcome,
};
use redis::aio::ConnectionLike;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClient, SentinelServerType};
use redis::{Client, RedisResult, Value, cmd, from_redis_value};

use crate::clock::ServerClock;
use crate::connection::{ReconnectingConnection, TIMEOUT, Target};
use crate::error::{invalid_address, store_error, unexpected};
use crate::script::{CLAIM, COMMIT, RELEASE, RENEW};
use crate::server::Server;
use crate::topology::{Topology, UserConnection};
use crate::value::{
    claim_key_millis, claim_value, committed, fencing_token_digits, read_claim, read_time,
    released_millis, unsettled_millis,
};

/// The default prefix of every key. The number is the version of the values' format.
const PREFIX: &str = "countersign:1:";

/// How often a call to a cluster is retried if its node is unreachable or the key has moved.
const CLUSTER_RETRIES: u32 = 4;

/// Stores events in Redis or Valkey, for many machines.
///
/// Each operation is one script, sent in one round trip over a shared connection. Leases follow the
/// server's clock. See the [crate's documentation](crate) for the guarantees and for what a failed server
/// may lose, and [Choosing a store] for the server's configuration.
///
/// ```no_run
/// # async fn run(sender: countersign::StandardWebhooks) -> Result<(), Box<dyn std::error::Error>> {
/// use countersign::Receiver;
/// use countersign_redis::RedisStore;
///
/// let store = RedisStore::connect("redis://cache:6379").await?;
/// let receiver = Receiver::builder(sender).dedup(store.clone()).build()?;
/// # Ok(())
/// # }
/// ```
///
/// Clones share the connection. The store needs a tokio runtime.
///
/// [Choosing a store]: https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md#redis-and-valkey
#[derive(Clone)]
pub struct RedisStore {
    pub(crate) topology: Topology,
    pub(crate) prefix: Arc<str>,
    server: Server,
    clock: Arc<ServerClock>,
}

impl RedisStore {
    /// Connects to a single server at `url`: `redis://user:password@host:6379/0`, `unix:///path`, or,
    /// [encrypted](crate#encryption), `rediss://…`.
    ///
    /// The next call after a lost connection opens another one.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the address is invalid, or the server cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(|error| invalid_address(&error))?;
        Self::with_client(client).checked().await
    }

    /// Connects to the master of that name that the sentinels at `urls` report, and to its successor
    /// after a failover.
    ///
    /// If the master needs a password or TLS, build a client for
    /// [`with_sentinel`](Self::with_sentinel).
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if an address is invalid, or no master can be reached.
    pub async fn sentinel(urls: &[&str], master: &str) -> Result<Self, StoreError> {
        let kind = SentinelServerType::Master;
        let client = SentinelClient::build(urls.to_vec(), String::from(master), None, kind)
            .map_err(|error| invalid_address(&error))?;
        let store = Self::with_sentinel(client).checked().await?;
        Ok(Self { server: Server::of_nodes(master, urls)?, ..store })
    }

    /// Connects to the cluster of the nodes at `urls`, of which one must be reachable.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if an address is invalid, or no node can be reached.
    pub async fn cluster(urls: &[&str]) -> Result<Self, StoreError> {
        let client = ClusterClientBuilder::new(urls.to_vec())
            .connection_timeout(TIMEOUT)
            .response_timeout(TIMEOUT)
            .overall_response_timeout(Some(TIMEOUT * 2))
            .retries(CLUSTER_RETRIES)
            .build()
            .map_err(|error| invalid_address(&error))?;
        let connection = client.get_async_connection().await;
        let store = Self::with_cluster(connection.map_err(|error| store_error(&error))?);
        Ok(Self { server: Server::of_nodes("cluster", urls)?, ..store })
    }

    /// Creates a store for a single server from a client with its own configuration, such as certificates.
    ///
    /// The first call connects.
    #[must_use]
    pub fn with_client(client: Client) -> Self {
        let server = Server::of_client(&client);
        let connection = ReconnectingConnection::new(Target::Server(client));
        Self { server, ..Self::with_topology(Topology::Single(Arc::new(connection))) }
    }

    /// Creates a store from a sentinel client with its own configuration, such as a password for the
    /// master.
    ///
    /// Build the client with `SentinelServerType::Master`. The first call connects.
    #[must_use]
    pub fn with_sentinel(client: SentinelClient) -> Self {
        Self::with_topology(Topology::Single(Arc::new(ReconnectingConnection::new(
            Target::Master(client),
        ))))
    }

    /// Creates a store over the application's own connection to a cluster.
    #[must_use]
    pub fn with_cluster(connection: ClusterConnection) -> Self {
        Self::with_topology(Topology::Cluster(connection))
    }

    /// Creates a store over the application's own connection to a single server, such as redis'
    /// `ConnectionManager`.
    ///
    /// Its response timeout should be below the receiver's `store_timeout`. The store does not reopen the
    /// connection: a `ConnectionManager` reconnects by itself, a `MultiplexedConnection` does not.
    #[must_use]
    pub fn with_connection<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self::with_topology(Topology::Single(Arc::new(UserConnection(connection))))
    }

    /// Sets the prefix of the keys, `countersign:1:` by default.
    ///
    /// Call it before the first claim: events under another prefix are unknown. Services that share a
    /// server may share a prefix if their endpoints have different names. In a cluster, a prefix with a
    /// hash tag in braces puts every event on one node.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    fn with_topology(topology: Topology) -> Self {
        Self { topology, prefix: PREFIX.into(), server: Server::default(), clock: Arc::default() }
    }

    /// Checks that the server responds.
    async fn checked(self) -> Result<Self, StoreError> {
        DedupStore::ping(&self).await?;
        Ok(self)
    }

    pub(crate) fn key(&self, event: &EventKey) -> String {
        format!("{}{event}", self.prefix)
    }
}

impl DedupStore for RedisStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.topology.call(&cmd("PING")).await.map(drop).map_err(|error| store_error(&error))
    }

    /// Stores on one server have one id: with the same address, database and prefix. A store over the
    /// application's own connection shares its id with its clones only.
    fn id(&self) -> Option<StoreId> {
        Some(self.server.store_id(&self.prefix))
    }

    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let proposed = self.clock.now().map(FencingToken::new);
        let args =
            (claim_value(proposed, fingerprint), claim_key_millis(lease), unsettled_millis());
        let response: String = read(CLAIM.run(&self.topology, &self.key(key), args).await)?;
        if let Some(time) = read_time(&response) {
            self.clock.set(time);
        }
        read_claim(&response, proposed, fingerprint).ok_or_else(unexpected)
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let args = (fencing_token_digits(fencing_token), claim_key_millis(lease));
        update_outcome(RENEW.run(&self.topology, &self.key(key), args).await)
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let args = (fencing_token_digits(fencing_token), committed(retention));
        update_outcome(COMMIT.run(&self.topology, &self.key(key), args).await)
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        let args = (fencing_token_digits(fencing_token), released_millis());
        update_outcome(RELEASE.run(&self.topology, &self.key(key), args).await)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

pub(crate) fn read<T: redis::FromRedisValue>(result: RedisResult<Value>) -> Result<T, StoreError> {
    let value = result.map_err(|error| store_error(&error))?;
    from_redis_value(value).map_err(|_| unexpected())
}

fn update_outcome(result: RedisResult<Value>) -> Result<UpdateOutcome, StoreError> {
    Ok(if read(result)? { UpdateOutcome::Applied } else { UpdateOutcome::StaleToken })
}
