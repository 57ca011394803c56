//! Where the store sends its calls: one node, or the nodes of a cluster.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo, SingleNodeRoutingInfo};
use redis::{Cmd, ErrorKind, RedisError, RedisResult, Value, cmd, from_redis_value};

/// The node or the cluster. Clones share their connections.
#[derive(Clone)]
pub(crate) enum Topology {
    Single(Arc<dyn Node>),
    Cluster(ClusterConnection),
}

/// A node that accepts concurrent calls.
pub(crate) trait Node: Send + Sync {
    fn call<'c>(&'c self, call: &'c Cmd) -> CallFuture<'c>;
}

pub(crate) type CallFuture<'c> = Pin<Box<dyn Future<Output = RedisResult<Value>> + Send + 'c>>;

/// A connection that the application opened.
pub(crate) struct UserConnection<C>(pub(crate) C);

impl<C: ConnectionLike + Clone + Send + Sync> Node for UserConnection<C> {
    fn call<'c>(&'c self, call: &'c Cmd) -> CallFuture<'c> {
        let mut connection = self.0.clone();
        Box::pin(async move { call.query_async(&mut connection).await })
    }
}

impl Topology {
    /// Sends the call to the node that has its key.
    pub(crate) async fn call(&self, call: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Single(node) => node.call(call).await,
            Self::Cluster(connection) => call.query_async(&mut connection.clone()).await,
        }
    }

    /// Sends the call to one of [`primaries`](Self::primaries).
    pub(crate) async fn call_at(&self, primary: &Primary, call: &Cmd) -> RedisResult<Value> {
        match (self, primary) {
            (Self::Cluster(connection), Some((host, port))) => {
                let (host, port) = (host.clone(), *port);
                let node = SingleNodeRoutingInfo::ByAddress { host, port };
                connection.clone().route_command(call.clone(), RoutingInfo::SingleNode(node)).await
            }
            _ => self.call(call).await,
        }
    }

    /// Returns the nodes that together have every key once.
    pub(crate) async fn primaries(&self) -> RedisResult<Vec<Primary>> {
        let Self::Cluster(connection) = self else { return Ok(vec![None]) };
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let pongs = connection.clone().route_command(cmd("PING"), all).await?;
        let pongs: Vec<(String, Value)> = from_redis_value(pongs)?;
        pongs.into_iter().map(|(address, _)| Ok(Some(parse(&address)?))).collect()
    }
}

/// The address of a cluster's node; `None` for a single node.
pub(crate) type Primary = Option<(String, u16)>;

fn parse(address: &str) -> RedisResult<(String, u16)> {
    let parts = address.rsplit_once(':');
    let parsed = parts.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
    parsed.ok_or_else(|| {
        RedisError::from((ErrorKind::UnexpectedReturnType, "a node's address has no port"))
    })
}
