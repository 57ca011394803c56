//! The scripts, one for each operation: each is one atomic step of the server.

use std::sync::LazyLock;

use redis::{Cmd, RedisResult, ToRedisArgs, Value, cmd};

use crate::error::says;
use crate::nodes::Nodes;

pub(crate) static CLAIM: LazyScript = lazy(|| Script::new(include_str!("scripts/claim.lua")));
pub(crate) static RENEW: LazyScript = lazy(|| Script::new(include_str!("scripts/renew.lua")));
pub(crate) static COMMIT: LazyScript = lazy(|| Script::new(include_str!("scripts/commit.lua")));
pub(crate) static RELEASE: LazyScript = lazy(|| Script::new(include_str!("scripts/release.lua")));
pub(crate) static GET: LazyScript = lazy(|| Script::new(include_str!("scripts/get.lua")));
pub(crate) static FORGET: LazyScript = lazy(|| Script::new(include_str!("scripts/forget.lua")));
pub(crate) static COUNT: LazyScript = lazy(|| Script::new(include_str!("scripts/count.lua")));

/// Room for the parts of a call and their text, so that it is not moved about while it is put together.
const PARTS: usize = 8;
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

    /// Runs it on the event at `key`, at the node that has it.
    pub(crate) async fn run(
        &self,
        nodes: &Nodes,
        key: &str,
        args: impl ToRedisArgs,
    ) -> RedisResult<Value> {
        match nodes.call(self.by_digest().arg(1).arg(key).arg(&args)).await {
            // The server was started anew, or its scripts were flushed.
            Err(error) if says(&error, "NOSCRIPT") => {
                nodes.call(self.whole().arg(1).arg(key).arg(&args)).await
            }
            result => result,
        }
    }

    fn by_digest(&self) -> Cmd {
        let mut call = Cmd::with_capacity(PARTS, BYTES);
        call.arg("EVALSHA").arg(&self.digest);
        call
    }

    pub(crate) fn whole(&self) -> Cmd {
        let mut call = cmd("EVAL");
        call.arg(self.source);
        call
    }
}
