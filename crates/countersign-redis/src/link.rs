//! A connection to one node that is opened anew when it is lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::sentinel::SentinelClient;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, RedisResult, Value};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::error::says;
use crate::nodes::{Calling, Node};

/// How long opening a connection and one answer may take: half of what a receiver gives its store
/// unless set otherwise, so that a connection that is silently dead is found out.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);

/// Shared by all its callers, who send over one connection without waiting for each other's answers.
#[derive(Clone)]
pub(crate) struct Link(Arc<Shared>);

struct Shared {
    /// None before the first call, and after a connection was lost.
    open: Mutex<Option<Open>>,
    opener: Arc<AsyncMutex<Opener>>,
    /// How many connections were tried to open.
    tries: AtomicU64,
}

/// The connection of a try's number.
#[derive(Clone)]
struct Open {
    connection: MultiplexedConnection,
    number: u64,
}

/// Finds the node; with sentinels, whichever is the master at that time.
struct Opener {
    to: To,
    /// Why it could not, the last time.
    error: RedisError,
}

pub(crate) enum To {
    Server(Client),
    Master(SentinelClient),
}

impl Link {
    pub(crate) fn new(to: To) -> Self {
        let error = RedisError::from((ErrorKind::Io, "the connection was lost at once"));
        Self(Arc::new(Shared {
            open: Mutex::new(None),
            opener: Arc::new(AsyncMutex::new(Opener { to, error })),
            tries: AtomicU64::new(0),
        }))
    }

    /// Sends the call once more where its connection, or the node's role, turns out to be lost: every
    /// call may be repeated.
    async fn send(&self, call: &Cmd) -> RedisResult<Value> {
        let mut first = self.open().await?;
        let error = match call.query_async(&mut first.connection).await {
            Err(error) if is_lost(&error) => error,
            answer => return answer,
        };
        self.0.drop_open(first.number);
        if error.is_timeout() {
            return Err(error);
        }
        let mut second = self.open().await?;
        let answer = call.query_async(&mut second.connection).await;
        if answer.as_ref().is_err_and(is_lost) {
            self.0.drop_open(second.number);
        }
        answer
    }

    /// The open connection, or a new one. Who comes while one is being opened waits for that one.
    async fn open(&self) -> RedisResult<Open> {
        let tries = self.0.tries.load(Ordering::Acquire);
        if let Some(open) = self.0.opened() {
            return Ok(open);
        }
        let opener = self.0.opener.clone().lock_owned().await;
        if self.0.tries.load(Ordering::Acquire) != tries {
            return self.0.opened().ok_or_else(|| opener.error.clone());
        }
        // In a task of its own: a caller that gives up does not end it.
        let opening = tokio::spawn(self.0.clone().try_open(opener));
        opening.await.unwrap_or_else(|_| {
            Err(RedisError::from((ErrorKind::Client, "the task that connects was ended")))
        })
    }
}

impl Shared {
    async fn try_open(self: Arc<Self>, mut opener: OwnedMutexGuard<Opener>) -> RedisResult<Open> {
        let number = self.tries.load(Ordering::Acquire) + 1;
        let opened = opener.to.connect().await.map(|connection| Open { connection, number });
        match &opened {
            Ok(open) => *self.lock() = Some(open.clone()),
            Err(error) => opener.error = error.clone(),
        }
        self.tries.store(number, Ordering::Release);
        opened
    }

    fn opened(&self) -> Option<Open> {
        self.lock().clone()
    }

    /// Unless another has already put a new one in its place.
    fn drop_open(&self, number: u64) {
        let mut open = self.lock();
        if open.as_ref().is_some_and(|open| open.number == number) {
            *open = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl To {
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

impl Node for Link {
    fn call<'c>(&'c self, call: &'c Cmd) -> Calling<'c> {
        Box::pin(self.send(call))
    }
}

/// Whether a call had better be sent over another connection: this one is closed or silent, or leads
/// to what is no longer the master.
fn is_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error() || says(error, "READONLY")
}
