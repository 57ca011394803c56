//! The meaning of a client's or a server's errors for a claim.

use countersign::dedup::{StoreError, StoreErrorKind};
use redis::{ErrorKind, RedisError};

/// Returns the error with the server's or the client's own text, which holds none of the store's values.
pub(crate) fn store_error(error: &RedisError) -> StoreError {
    if has_code(error, "OOM") {
        return StoreError::new(
            StoreErrorKind::Full,
            "the redis server is at its `maxmemory`: raise it, or shorten the retention",
        );
    }
    if error.is_timeout() {
        let message = format!("the redis server did not respond in time: {error}");
        return StoreError::new(StoreErrorKind::Timeout, message);
    }
    StoreError::new(StoreErrorKind::Unavailable, format!("the redis server failed: {error}"))
}

/// Returns the error for an invalid address. It does not repeat the address, which may hold a password.
pub(crate) fn invalid_address(error: &RedisError) -> StoreError {
    let why = match error.kind() {
        ErrorKind::EmptySentinelList => "no address was given",
        _ => "expected `redis://`, `unix://`, or `rediss://` with a TLS feature of the crate redis",
    };
    StoreError::new(
        StoreErrorKind::Unavailable,
        format!("invalid address of a redis server: {why}"),
    )
}

/// Returns the error for a value or a response that this store does not write.
pub(crate) fn unexpected() -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        "the redis server holds or returned a value that this store does not write: \
         check that no other application has keys under the store's prefix",
    )
}

/// Returns whether the error has the code. Servers before Redis 7 put the code of a command that failed
/// within a script into the text.
pub(crate) fn has_code(error: &RedisError, code: &str) -> bool {
    error.code() == Some(code)
        || error.detail().is_some_and(|text| text.contains(&format!("-{code} ")))
}
