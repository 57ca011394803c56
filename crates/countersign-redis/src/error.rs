//! What an error of the client or the server means for a claim.

use countersign::dedup::{StoreError, StoreErrorKind};
use redis::{ErrorKind, RedisError};

/// For the operator: what the server or the client says, which holds no value of ours.
pub(crate) fn store_error(error: &RedisError) -> StoreError {
    if says(error, "OOM") {
        return StoreError::new(
            StoreErrorKind::Full,
            "the redis server is at its `maxmemory`: raise it, or shorten the retention",
        );
    }
    if error.is_timeout() {
        let message = format!("the redis server did not answer in time: {error}");
        return StoreError::new(StoreErrorKind::Timeout, message);
    }
    StoreError::new(StoreErrorKind::Unavailable, format!("the redis server failed: {error}"))
}

/// A set-up that cannot work; what was given is not repeated, for it may hold a password.
pub(crate) fn not_an_address(error: &RedisError) -> StoreError {
    let why = match error.kind() {
        ErrorKind::EmptySentinelList => "no address was given",
        _ => "expected `redis://`, `unix://`, or `rediss://` with a TLS feature of the crate redis",
    };
    StoreError::new(
        StoreErrorKind::Unavailable,
        format!("not the address of a redis server: {why}"),
    )
}

pub(crate) fn unexpected() -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        "the redis server holds or answered something else than this store writes: \
         has anything else keys under its prefix?",
    )
}

/// Whether the error is of that code, be it the script's own or that of a command in it, which
/// servers before Redis 7 put into the text.
pub(crate) fn says(error: &RedisError, code: &str) -> bool {
    error.code() == Some(code)
        || error.detail().is_some_and(|text| text.contains(&format!("-{code} ")))
}
