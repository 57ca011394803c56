//! The Lua scripts, one for each operation. The server executes each as one atomic step.

use std::sync::LazyLock;

use redis::{Cmd, RedisResult, ToRedisArgs, Value, cmd};

use crate::error::has_code;
use crate::topology::Topology;

pub(crate) static CLAIM: LazyScript = lazy(|| Script::new(include_str!("scripts/claim.lua")));
pub(crate) static RENEW: LazyScript = lazy(|| Script::new(include_str!("scripts/renew.lua")));
pub(crate) static COMMIT: LazyScript = lazy(|| Script::new(include_str!("scripts/commit.lua")));
pub(crate) static RELEASE: LazyScript = lazy(|| Script::new(include_str!("scripts/release.lua")));
pub(crate) static GET: LazyScript = lazy(|| Script::new(include_str!("scripts/get.lua")));
pub(crate) static FORGET: LazyScript = lazy(|| Script::new(include_str!("scripts/forget.lua")));
pub(crate) static COUNT: LazyScript = lazy(|| Script::new(include_str!("scripts/count.lua")));

/// The capacity of a call, in arguments and bytes, so that its buffers are allocated once.
const ARGS: usize = 8;
const BYTES: usize = 256;

/// A script that is called by its digest, and sent whole only to a server that does not have it.
pub(crate) struct Script {
    source: &'static str,
    digest: String,
}

type LazyScript = LazyLock<Script>;

const fn lazy(script: fn() -> Script) -> LazyScript {
    LazyLock::new(script)
}

impl Script {
    fn new(source: &'static str) -> Self {
        Self { source, digest: redis::Script::new(source).get_hash().to_owned() }
    }

    /// Runs the script for the event at `key`, on the node that has the key.
    pub(crate) async fn run(
        &self,
        topology: &Topology,
        key: &str,
        args: impl ToRedisArgs,
    ) -> RedisResult<Value> {
        match topology.call(self.by_digest().arg(1).arg(key).arg(&args)).await {
            // The server was restarted, or its scripts were flushed.
            Err(error) if has_code(&error, "NOSCRIPT") => {
                topology.call(self.by_source().arg(1).arg(key).arg(&args)).await
            }
            result => result,
        }
    }

    fn by_digest(&self) -> Cmd {
        let mut call = Cmd::with_capacity(ARGS, BYTES);
        call.arg("EVALSHA").arg(&self.digest);
        call
    }

    pub(crate) fn by_source(&self) -> Cmd {
        let mut call = cmd("EVAL");
        call.arg(self.source);
        call
    }
}
