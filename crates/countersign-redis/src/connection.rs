//! A connection to one node that is opened again after it was lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::sentinel::SentinelClient;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, RedisResult, Value};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::error::has_code;
use crate::topology::{CallFuture, Node};

/// The timeout for opening a connection and for each response. It is half of a receiver's default
/// `store_timeout`, so that a call over a silent connection fails before the receiver's timeout.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);

/// A connection that all callers share: their calls are pipelined, and none waits for another's
/// response.
#[derive(Clone)]
pub(crate) struct ReconnectingConnection(Arc<ConnectionInner>);

struct ConnectionInner {
    /// `None` before the first call, and after the connection was lost.
    open: Mutex<Option<OpenConnection>>,
    opener: Arc<AsyncMutex<Opener>>,
    /// How often a connection was opened, successfully or not.
    attempts: AtomicU64,
}

/// A connection, with the number of the attempt that opened it.
#[derive(Clone)]
struct OpenConnection {
    connection: MultiplexedConnection,
    attempt: u64,
}

struct Opener {
    target: Target,
    /// The error of the last failed attempt.
    error: RedisError,
}

/// The node that a connection is opened to.
pub(crate) enum Target {
    Server(Client),
    /// The current master, as the sentinels report it.
    Master(SentinelClient),
}

impl ReconnectingConnection {
    pub(crate) fn new(target: Target) -> Self {
        let error = RedisError::from((ErrorKind::Io, "the connection was closed immediately"));
        Self(Arc::new(ConnectionInner {
            open: Mutex::new(None),
            opener: Arc::new(AsyncMutex::new(Opener { target, error })),
            attempts: AtomicU64::new(0),
        }))
    }

    /// Sends the call, and once more if the connection is lost or the node is no longer the master.
    ///
    /// Every call is idempotent, so it may be sent twice. A call that timed out is not repeated: its
    /// caller has no time left.
    async fn send(&self, call: &Cmd) -> RedisResult<Value> {
        let mut first = self.open().await?;
        let error = match call.query_async(&mut first.connection).await {
            Err(error) if is_lost(&error) => error,
            result => return result,
        };
        self.0.discard(first.attempt);
        if error.is_timeout() {
            return Err(error);
        }
        let mut second = self.open().await?;
        let result = call.query_async(&mut second.connection).await;
        if result.as_ref().is_err_and(is_lost) {
            self.0.discard(second.attempt);
        }
        result
    }

    /// Returns the open connection, or opens one. Concurrent callers wait for one attempt.
    async fn open(&self) -> RedisResult<OpenConnection> {
        let attempts = self.0.attempts.load(Ordering::Acquire);
        if let Some(open) = self.0.current() {
            return Ok(open);
        }
        let opener = self.0.opener.clone().lock_owned().await;
        if self.0.attempts.load(Ordering::Acquire) != attempts {
            return self.0.current().ok_or_else(|| opener.error.clone());
        }
        // A task of its own: a caller that is cancelled does not cancel the attempt of all others.
        let opening = tokio::spawn(self.0.clone().try_open(opener));
        opening.await.unwrap_or_else(|_| {
            Err(RedisError::from((ErrorKind::Client, "the task that connects was cancelled")))
        })
    }
}

impl ConnectionInner {
    async fn try_open(
        self: Arc<Self>,
        mut opener: OwnedMutexGuard<Opener>,
    ) -> RedisResult<OpenConnection> {
        let attempt = self.attempts.load(Ordering::Acquire) + 1;
        let connection = opener.target.connect().await;
        let opened = connection.map(|connection| OpenConnection { connection, attempt });
        match &opened {
            Ok(open) => *self.lock() = Some(open.clone()),
            Err(error) => opener.error = error.clone(),
        }
        self.attempts.store(attempt, Ordering::Release);
        opened
    }

    fn current(&self) -> Option<OpenConnection> {
        self.lock().clone()
    }

    /// Discards the connection of that attempt, unless another caller has already replaced it.
    fn discard(&self, attempt: u64) {
        let mut open = self.lock();
        if open.as_ref().is_some_and(|open| open.attempt == attempt) {
            *open = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<OpenConnection>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Target {
    async fn connect(&mut self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        match self {
            Self::Server(client) => {
                client.get_multiplexed_async_connection_with_config(&config).await
            }
            Self::Master(client) => client.get_async_connection_with_config(&config).await,
        }
    }
}

impl Node for ReconnectingConnection {
    fn call<'c>(&'c self, call: &'c Cmd) -> CallFuture<'c> {
        Box::pin(self.send(call))
    }
}

/// Returns whether a call should be sent over another connection: this one is closed or silent, or its
/// node is no longer the master.
fn is_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error() || has_code(error, "READONLY")
}
