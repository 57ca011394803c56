//! Events in Redis.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, UpdateOutcome,
};
use redis::aio::ConnectionLike;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClient, SentinelServerType};
use redis::{Client, RedisResult, Value, cmd, from_redis_value};

use crate::clock::ServerClock;
use crate::error::{not_an_address, store_error, unexpected};
use crate::link::{Link, TIMEOUT, To};
use crate::nodes::{Given, Nodes};
use crate::script::{CLAIM, COMMIT, RELEASE, RENEW};
use crate::value::{
    claimed, claimed_millis, committed, fencing_token_digits, given_up_millis, read_claim,
    read_time, unsettled_millis,
};

/// What every key begins with unless set otherwise; the number is that of the values' format.
const PREFIX: &str = "countersign:1:";

/// How often a cluster's call is sent again where its node is away or has handed the key on.
const CLUSTER_RETRIES: u32 = 4;

/// Remembers events in Redis or Valkey, for many machines.
///
/// Each operation is one script, sent in one round trip over a shared connection, and judged by the
/// server's clock. See the [crate's page](crate) for what it guarantees, and what a server that
/// fails may lose.
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
/// Clones share the connection. It needs a tokio runtime.
#[derive(Clone)]
pub struct RedisStore {
    pub(crate) nodes: Nodes,
    pub(crate) prefix: Arc<str>,
    clock: Arc<ServerClock>,
}

impl RedisStore {
    /// Connects to the one server at `url`: `redis://user:password@host:6379/0`, `unix:///path`, or,
    /// [encrypted](crate#encryption), `rediss://…`.
    ///
    /// A connection that is lost is opened anew by the next call.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if it is not such an address, or the server cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(|error| not_an_address(&error))?;
        Self::with_client(client).greeted().await
    }

    /// Connects to the master of that name, which the sentinels at `urls` tell, and to the next one
    /// after a fail-over.
    ///
    /// Where the master asks for a password or TLS, build a client of your own for
    /// [`with_sentinel`](Self::with_sentinel).
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if these are no addresses, or no master can be reached.
    pub async fn sentinel(urls: &[&str], master: &str) -> Result<Self, StoreError> {
        let kind = SentinelServerType::Master;
        let client = SentinelClient::build(urls.to_vec(), String::from(master), None, kind)
            .map_err(|error| not_an_address(&error))?;
        Self::with_sentinel(client).greeted().await
    }

    /// Connects to the cluster that the nodes at `urls` belong to; one that is up is enough.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if these are no addresses, or no node can be reached.
    pub async fn cluster(urls: &[&str]) -> Result<Self, StoreError> {
        let client = ClusterClientBuilder::new(urls.to_vec())
            .connection_timeout(TIMEOUT)
            .response_timeout(TIMEOUT)
            .overall_response_timeout(Some(TIMEOUT * 2))
            .retries(CLUSTER_RETRIES)
            .build()
            .map_err(|error| not_an_address(&error))?;
        let connection = client.get_async_connection().await;
        Ok(Self::with_cluster(connection.map_err(|error| store_error(&error))?))
    }

    /// The same as [`connect`](Self::connect) for a client that was set up otherwise, such as with
    /// certificates. It connects with the first call.
    #[must_use]
    pub fn with_client(client: Client) -> Self {
        Self::over(Nodes::One(Arc::new(Link::new(To::Server(client)))))
    }

    /// The same as [`sentinel`](Self::sentinel) for a client that was set up otherwise, such as with a
    /// password for the master. It is to ask for the master, and connects with the first call.
    #[must_use]
    pub fn with_sentinel(client: SentinelClient) -> Self {
        Self::over(Nodes::One(Arc::new(Link::new(To::Master(client)))))
    }

    /// Over the application's own connection to a cluster.
    #[must_use]
    pub fn with_cluster(connection: ClusterConnection) -> Self {
        Self::over(Nodes::Cluster(connection))
    }

    /// Over the application's own connection to one server, such as a `ConnectionManager` of redis'.
    ///
    /// Its time limit for an answer had better be below [`Receiver::store_timeout`], and whether it
    /// comes back once it is lost is its own affair: a `MultiplexedConnection` does not.
    ///
    /// [`Receiver::store_timeout`]: countersign::Receiver::store_timeout
    #[must_use]
    pub fn with_connection<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self::over(Nodes::One(Arc::new(Given(connection))))
    }

    /// The same, with keys that begin otherwise than with `countersign:1:`.
    ///
    /// Services that share a server need not differ, for the keys of events never meet. In a cluster
    /// a prefix with a part in braces puts every event on one node.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    fn over(nodes: Nodes) -> Self {
        Self { nodes, prefix: PREFIX.into(), clock: Arc::default() }
    }

    /// Once the server has answered.
    async fn greeted(self) -> Result<Self, StoreError> {
        self.nodes.call(&cmd("PING")).await.map_err(|error| store_error(&error))?;
        Ok(self)
    }

    pub(crate) fn key(&self, event: &EventKey) -> String {
        format!("{}{event}", self.prefix)
    }
}

impl DedupStore for RedisStore {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let proposed = self.clock.now().map(FencingToken::new);
        let args =
            (claimed(proposed, fingerprint), claimed_millis(lease), unsettled_millis());
        let answer: String = read(CLAIM.run(&self.nodes, &self.key(key), args).await)?;
        if let Some(time) = read_time(&answer) {
            self.clock.set(time);
        }
        read_claim(&answer, proposed, fingerprint).ok_or_else(unexpected)
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let args = (fencing_token_digits(fencing_token), claimed_millis(lease));
        settled(RENEW.run(&self.nodes, &self.key(key), args).await)
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let args = (fencing_token_digits(fencing_token), committed(retention));
        settled(COMMIT.run(&self.nodes, &self.key(key), args).await)
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        let args = (fencing_token_digits(fencing_token), given_up_millis());
        settled(RELEASE.run(&self.nodes, &self.key(key), args).await)
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

pub(crate) fn read<T: redis::FromRedisValue>(answer: RedisResult<Value>) -> Result<T, StoreError> {
    let value = answer.map_err(|error| store_error(&error))?;
    from_redis_value(value).map_err(|_| unexpected())
}

fn settled(answer: RedisResult<Value>) -> Result<UpdateOutcome, StoreError> {
    Ok(if read(answer)? { UpdateOutcome::Applied } else { UpdateOutcome::StaleToken })
}
