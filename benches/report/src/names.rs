//! The names in the results that the programs write and the targets read.

/// axum without any check of the signature.
pub const BARE_AXUM: &str = "bare axum";
/// axum with the check that people write by hand.
pub const BY_HAND: &str = "hand-written check";
/// The crate `axum-standardwebhooks`.
pub const AXUM_PEER: &str = "axum-standardwebhooks";
/// countersign on axum with the memory store.
pub const MEMORY: &str = "countersign, memory store";
/// actix-web without any check of the signature.
pub const BARE_ACTIX: &str = "bare actix-web";
/// countersign on actix-web with the memory store.
pub const ACTIX_MEMORY: &str = "countersign on actix-web, memory store";

/// The verification of a request by this project.
pub const COUNTERSIGN: &str = "countersign";
/// The verification of a request by the crates that are compared with it.
pub const PEERS: [&str; 3] = ["standardwebhooks", "svix", "webhook-verify"];

/// `serde_json` into the struct of the event.
pub const SERDE_JSON: &str = "serde_json::from_slice";
/// The typed event of a verified delivery.
pub const DECODE: &str = "countersign, decode";

/// The case of counted allocations.
pub const ALLOCATIONS: &str = "allocations, 1 KiB";

/// The case of the memory store's rates.
pub const MEMORY_RATES: &str = "memory store, rates";
/// The case of the memory store's heap.
pub const MEMORY_BYTES: &str = "memory store, heap";
/// The most bytes of an event, whatever their number from a million on.
pub const MOST_BYTES: &str = "the most, at any number from a million on";
/// The case of the memory store's single claims.
pub const MEMORY_PAUSES: &str = "memory store, one claim while it grows to 1 M";
/// The case of a new event for SQLite.
pub const SQLITE: &str = "SQLite, 64 callers";
/// The case of a new event for PostgreSQL.
pub const POSTGRES: &str = "PostgreSQL, 64 callers";
/// The case of the commands of Redis.
pub const REDIS: &str = "Redis, 64 callers";
/// A claim of a new event.
pub const CLAIM: &str = "countersign, claim";
/// A claim of a new event beside 600,000 others; beside 40,000 in a quick run.
pub const CLAIM_GROWN: &str = "countersign, claim, beside 600,000 events";
/// A claim of a new event and its commit.
pub const CLAIM_AND_COMMIT: &str = "countersign, claim and commit";
/// The commit of an event.
pub const COMMIT: &str = "countersign, commit";

/// Returns the case of a server on `framework`.
#[must_use]
pub fn server(framework: &str, bytes: usize, connections: usize) -> String {
    format!("{framework}, {}, {connections} connections", size(bytes))
}

/// Returns the case of the verification of a body.
#[must_use]
pub fn verify(bytes: usize) -> String {
    format!("verify, {}", size(bytes))
}

/// Returns the case of the verification of 1 KiB with several keys, of which `signer` is the signing one.
#[must_use]
pub fn keys(keys: u8, signer: &str) -> String {
    let plural = if keys == 1 { "" } else { "s" };
    format!("verify, 1 KiB, {keys} key{plural}, the {signer} one signed")
}

/// Returns a size in bytes or KiB.
#[must_use]
pub fn size(bytes: usize) -> String {
    if bytes < 1024 { format!("{bytes} B") } else { format!("{} KiB", bytes / 1024) }
}

/// Returns the case of decoding `event`.
#[must_use]
pub fn decode(bytes: usize, event: &str) -> String {
    format!("decode, {}, {event}", size(bytes))
}

/// Returns the case of everything from the headers to `event`.
#[must_use]
pub fn from_headers(bytes: usize, event: &str) -> String {
    format!("from the headers, {}, {event}", size(bytes))
}

/// The cases of the inbox: storing an event with 1 KiB.
pub const INBOX_SQLITE: &str = "inbox in SQLite, 1 KiB, 64 callers";
/// The same in PostgreSQL.
pub const INBOX_POSTGRES: &str = "inbox in PostgreSQL, 1 KiB, 64 callers";
/// The case of messages that are claimed and settled at once.
pub const INBOX_DRAIN: &str = "inbox in PostgreSQL, claimed and settled";
/// The case of an inbox and of job queues that store an event.
pub const INBOX_PUSH: &str = "stored in PostgreSQL, 1 KiB, 64 callers, beside job queues";
/// The case of whole workers, each with a handler that does nothing.
pub const INBOX_WORKERS: &str = "drained by a worker from PostgreSQL, 64 handlers at a time";
/// The worker of an inbox.
pub const WORKER: &str = "countersign, worker";
/// The crate `apalis-postgres`, with batches of 64.
pub const APALIS: &str = "apalis-postgres";
/// The crate `graphile_worker`, without batches.
pub const GRAPHILE: &str = "graphile_worker";
/// The same with its local queue and with completions in batches.
pub const GRAPHILE_LOCAL_QUEUE: &str = "graphile_worker, local queue";
/// The case of a layer that stores events in an inbox.
pub const LOG_SQLITE: &str = "received into an inbox in SQLite, 64 callers";
/// With a delivery log in the same file.
pub const WITH_LOG: &str = "with a delivery log";
/// Without one.
pub const WITHOUT_LOG: &str = "without a log";
/// A page of the console's list of deliveries.
pub const CONSOLE_LIST: &str = "console, a page of 50 deliveries, SQLite";
/// With a thousand lines in the log.
pub const FEW_LINES: &str = "1,000 lines";
/// With as many as the note says.
pub const MANY_LINES: &str = "many lines";
/// The time from a request to its handler.
pub const INBOX_LATENCY: &str = "inbox in SQLite, from request to handler";
/// A bare insert of a key and a body.
pub const BARE_INSERT: &str = "bare insert";
/// Storing an event in the inbox.
pub const ENQUEUE: &str = "countersign, enqueue";
/// Claiming and settling one message at a time.
pub const DRAIN_SINGLY: &str = "one at a time";
/// Claiming and settling many messages at a time.
pub const DRAIN: &str = "64 at a time";
/// The same beside many done messages.
pub const DRAIN_FULL: &str = "64 at a time, beside done messages";
/// A worker in the process that receives.
pub const IN_PROCESS: &str = "a worker in the same process";
