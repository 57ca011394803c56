//! Where the store sends its calls: one node, or those of a cluster.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo, SingleNodeRoutingInfo};
use redis::{Cmd, ErrorKind, RedisError, RedisResult, Value, cmd, from_redis_value};

/// Cheap to clone; clones share their connections.
#[derive(Clone)]
pub(crate) enum Nodes {
    One(Arc<dyn Node>),
    Cluster(ClusterConnection),
}

/// One that can be asked at any time, by many at once.
pub(crate) trait Node: Send + Sync {
    fn call<'c>(&'c self, call: &'c Cmd) -> Calling<'c>;
}

pub(crate) type Calling<'c> = Pin<Box<dyn Future<Output = RedisResult<Value>> + Send + 'c>>;

/// A connection of the application's own.
pub(crate) struct Given<C>(pub(crate) C);

impl<C: ConnectionLike + Clone + Send + Sync> Node for Given<C> {
    fn call<'c>(&'c self, call: &'c Cmd) -> Calling<'c> {
        let mut connection = self.0.clone();
        Box::pin(async move { call.query_async(&mut connection).await })
    }
}

impl Nodes {
    /// To the node that has the call's key.
    pub(crate) async fn call(&self, call: &Cmd) -> RedisResult<Value> {
        match self {
            Self::One(node) => node.call(call).await,
            Self::Cluster(connection) => call.query_async(&mut connection.clone()).await,
        }
    }

    /// To one of [`primaries`](Self::primaries).
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

    /// The nodes that together have every key once.
    pub(crate) async fn primaries(&self) -> RedisResult<Vec<Primary>> {
        let Self::Cluster(connection) = self else { return Ok(vec![None]) };
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let pongs = connection.clone().route_command(cmd("PING"), all).await?;
        let pongs: Vec<(String, Value)> = from_redis_value(pongs)?;
        pongs.into_iter().map(|(address, _)| Ok(Some(parse(&address)?))).collect()
    }
}

/// A node of a cluster by its address, or the one node there is.
pub(crate) type Primary = Option<(String, u16)>;

fn parse(address: &str) -> RedisResult<(String, u16)> {
    let parts = address.rsplit_once(':');
    let parsed = parts.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
    parsed.ok_or_else(|| {
        RedisError::from((ErrorKind::UnexpectedReturnType, "a node's address has no port"))
    })
}
