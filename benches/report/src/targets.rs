//! What the project has set out to reach, and whether the results show it.

use crate::Results;
use crate::names::{
    self, ACTIX_MEMORY, ALLOCATIONS, BARE_ACTIX, BARE_AXUM, BY_HAND, CLAIM, COMMIT, COUNTERSIGN,
    DECODE, MEMORY, MEMORY_BYTES, MEMORY_RATES, MOST_BYTES, PEERS, POSTGRES, REDIS, SERDE_JSON,
    SQLITE,
};
use crate::number::number;
use crate::table::markdown;

/// The bound of a target.
#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    Below(f64),
    AtLeast(f64),
}
use Bound::{AtLeast, AtMost, Below};

/// A bound for a figure that the results show, or `None` if they lack it.
struct Target {
    name: &'static str,
    bound: Bound,
    measured: fn(&Results) -> Option<f64>,
}

const fn target(name: &'static str, bound: Bound, measured: fn(&Results) -> Option<f64>) -> Target {
    Target { name, bound, measured }
}

const KIB: usize = 1024;

const TARGETS: [Target; 36] = [
    target("CPU, 1 KiB, memory store ÷ bare axum", AtMost(1.25), |results| {
        axum(results, KIB, BARE_AXUM, "cpu_us")
    }),
    target("CPU, 1 KiB, memory store ÷ hand-written check", AtMost(1.0), |results| {
        axum(results, KIB, BY_HAND, "cpu_us")
    }),
    target("CPU, 60 KiB, memory store ÷ bare axum", AtMost(1.42), |results| {
        axum(results, 60 * KIB, BARE_AXUM, "cpu_us")
    }),
    target("CPU, 60 KiB, memory store ÷ hand-written check", AtMost(1.0), |results| {
        axum(results, 60 * KIB, BY_HAND, "cpu_us")
    }),
    target("CPU, 1 KiB, memory store on actix-web ÷ bare actix-web", AtMost(1.3), |results| {
        let case = names::server("actix-web", KIB, 32);
        results.ratio(&case, ACTIX_MEMORY, BARE_ACTIX, "cpu_us")
    }),
    target("p99, 1 KiB, 32 connections, memory store ÷ bare axum", AtMost(1.4), |results| {
        axum(results, KIB, BARE_AXUM, "p99_us")
    }),
    target("allocations, 1 KiB, memory store − bare axum", AtMost(6.0), |results| {
        let count = |contender| results.value(ALLOCATIONS, contender, "allocations");
        Some(count(MEMORY)? - count(BARE_AXUM)?)
    }),
    target("verify, 256 B ÷ keyed HMAC", AtMost(1.3), |results| {
        hmac(results, &names::verify(256))
    }),
    target("verify, 1 KiB ÷ keyed HMAC", AtMost(1.1), |results| {
        hmac(results, &names::verify(KIB))
    }),
    target("verify, 1 KiB, 2 keys, the first one signs ÷ keyed HMAC", AtMost(1.15), |results| {
        hmac(results, &names::keys(2, "first"))
    }),
    target("verify, 1 KiB, 2 keys, the last one signs ÷ keyed HMAC", AtMost(1.15), |results| {
        hmac(results, &names::keys(2, "last"))
    }),
    target("verify, 1 KiB, 8 keys, the first one signs ÷ keyed HMAC", AtMost(1.15), |results| {
        hmac(results, &names::keys(8, "first"))
    }),
    target("verify, 1 KiB, 8 keys, the last one signs ÷ keyed HMAC", AtMost(1.15), |results| {
        hmac(results, &names::keys(8, "last"))
    }),
    target("verify, any row ÷ `standardwebhooks`", Below(1.0), |results| peer(results, 0)),
    target("verify, any row ÷ `svix`", Below(1.0), |results| peer(results, 1)),
    target("verify, any row ÷ `webhook-verify`", Below(1.0), |results| peer(results, 2)),
    target("decode, any typed event ÷ `serde_json` into the same struct", AtMost(1.15), decoding),
    target("memory store, claims with commits a second, to 1 M", AtLeast(3e6), |results| {
        results.value(MEMORY_RATES, "claim and commit, from empty to 1 M", "per_second")
    }),
    target("memory store, bytes of an event, from 1 M", AtMost(64.0), |results| {
        results.value(MEMORY_BYTES, MOST_BYTES, "bytes")
    }),
    target("SQLite, claims a second ÷ a transaction each", AtLeast(5.0), |results| {
        rate(results, SQLITE, CLAIM)
    }),
    target("SQLite, claims a second beside 600,000 events ÷ few", AtLeast(0.8), |results| {
        results.ratio(SQLITE, names::CLAIM_GROWN, CLAIM, "per_second")
    }),
    target("PostgreSQL, claims a second ÷ a bare insert", AtLeast(0.8), |results| {
        rate(results, POSTGRES, CLAIM)
    }),
    target("inbox, PostgreSQL, enqueue ÷ a bare insert", AtLeast(0.55), |results| {
        results.ratio(names::INBOX_POSTGRES, names::ENQUEUE, names::BARE_INSERT, "per_second")
    }),
    target("inbox, PostgreSQL, enqueue ÷ claim and commit", AtLeast(1.3), |results| {
        results.ratio(names::INBOX_POSTGRES, names::ENQUEUE, names::CLAIM_AND_COMMIT, "per_second")
    }),
    target("inbox, SQLite, enqueue ÷ a bare insert, a transaction each", AtLeast(4.0), |results| {
        results.ratio(names::INBOX_SQLITE, names::ENQUEUE, names::BARE_INSERT, "per_second")
    }),
    target("inbox, PostgreSQL, drain of 64 at a time ÷ one at a time", AtLeast(3.0), |results| {
        results.ratio(names::INBOX_DRAIN, names::DRAIN, names::DRAIN_SINGLY, "per_second")
    }),
    target("inbox, PostgreSQL, drain beside done messages ÷ empty", AtLeast(0.8), |results| {
        results.ratio(names::INBOX_DRAIN, names::DRAIN_FULL, names::DRAIN, "per_second")
    }),
    target("inbox, PostgreSQL, enqueue ÷ `apalis-postgres`", AtLeast(5.0), |results| {
        results.ratio(names::INBOX_PUSH, names::ENQUEUE, names::APALIS, "per_second")
    }),
    target("inbox, PostgreSQL, worker ÷ `apalis-postgres`", AtLeast(2.0), |results| {
        worker(results, names::APALIS)
    }),
    target("inbox, PostgreSQL, worker ÷ `graphile_worker`", AtLeast(2.0), |results| {
        worker(results, names::GRAPHILE)
    }),
    target("inbox, PostgreSQL, worker ÷ its local queue", AtLeast(0.8), |results| {
        worker(results, names::GRAPHILE_LOCAL_QUEUE)
    }),
    target("inbox, SQLite, request to handler in one process, ms", AtMost(5.0), |results| {
        results.value(names::INBOX_LATENCY, names::IN_PROCESS, "ms")
    }),
    target("inbox, SQLite, received with a delivery log ÷ without", AtLeast(0.95), |results| {
        results.ratio(names::LOG_SQLITE, names::WITH_LOG, names::WITHOUT_LOG, "per_second")
    }),
    target("console, a page beside many lines ÷ beside 1,000, ms", AtMost(2.0), |results| {
        results.ratio(names::CONSOLE_LIST, names::MANY_LINES, names::FEW_LINES, "ms")
    }),
    target("Redis, claims a second ÷ a bare `SET`", AtLeast(0.6), |results| {
        rate(results, REDIS, CLAIM)
    }),
    target("Redis, commits a second ÷ a bare `SET`", AtLeast(0.5), |results| {
        rate(results, REDIS, COMMIT)
    }),
];

/// Returns a table of the targets that the results show as held or missed.
#[must_use]
pub fn targets(results: &Results) -> String {
    let mut rows = vec![["Target", "bound", "measured", "holds"].map(str::to_owned).to_vec()];
    for Target { name, bound, measured } in TARGETS {
        if let Some(measured) = measured(results) {
            let (text, holds) = bound.check(measured);
            let mark = if holds { "yes" } else { "**no**" };
            rows.push(vec![name.to_owned(), text, number(measured), mark.to_owned()]);
        }
    }
    markdown(&rows)
}

impl Bound {
    /// Returns the text, and whether a value is within the bound.
    ///
    /// The value is compared unrounded.
    fn check(self, value: f64) -> (String, bool) {
        match self {
            AtMost(bound) => (format!("≤ {}", number(bound)), value <= bound),
            Below(bound) => (format!("< {}", number(bound)), value < bound),
            AtLeast(bound) => (format!("≥ {}", number(bound)), value >= bound),
        }
    }
}

fn axum(results: &Results, bytes: usize, base: &str, quantity: &str) -> Option<f64> {
    results.ratio(&names::server("axum", bytes, 32), MEMORY, base, quantity)
}

fn hmac(results: &Results, case: &str) -> Option<f64> {
    results.ratio(case, COUNTERSIGN, results.contenders(case).first()?, "ns")
}

/// Returns the highest ratio to a peer in all cases of the verification.
fn peer(results: &Results, index: usize) -> Option<f64> {
    let peer = PEERS.get(index)?;
    let cases = results.cases("verify, ").into_iter();
    let ratios = cases.filter_map(|case| results.ratio(case, COUNTERSIGN, peer, "ns"));
    ratios.reduce(f64::max)
}

/// Returns the highest ratio to `serde_json` of the typed events.
fn decoding(results: &Results) -> Option<f64> {
    let cases = results.cases("decode, ").into_iter();
    let ratios = cases.filter_map(|case| results.ratio(case, DECODE, SERDE_JSON, "ns"));
    ratios.reduce(f64::max)
}

fn worker(results: &Results, peer: &str) -> Option<f64> {
    results.ratio(names::INBOX_WORKERS, names::WORKER, peer, "per_second")
}

fn rate(results: &Results, case: &str, contender: &str) -> Option<f64> {
    results.ratio(case, contender, results.contenders(case).first()?, "per_second")
}

#[cfg(test)]
mod tests {
    use super::targets;
    use crate::names::{self, ALLOCATIONS, BARE_AXUM, MEMORY};
    use crate::{Results, Run};

    fn marks(results: &Results) -> Vec<String> {
        let table = targets(results);
        let rows = table.lines().skip(2);
        let cell = |row: &str, index: usize| {
            row.split('|').nth(index).map(|cell| cell.trim().to_owned()).unwrap_or_default()
        };
        rows.map(|row| format!("{} {} {}", cell(row, 2), cell(row, 3), cell(row, 4))).collect()
    }

    #[test]
    fn only_targets_that_the_results_show_are_listed() {
        assert_eq!(marks(&Results::new(Run::default())), [""; 0]);
    }

    #[test]
    fn a_target_holds_up_to_its_bound() {
        let case = names::server("axum", 1024, 32);
        for (own, mark) in [(12.5, "≤ 1.25 1.25 yes"), (12.6, "≤ 1.25 1.26 **no**")] {
            let mut results = Results::new(Run::default());
            results.add(&case, BARE_AXUM, "cpu_us", &[10.0]);
            results.add(&case, MEMORY, "cpu_us", &[own]);
            assert_eq!(marks(&results), [mark]);
        }
    }

    #[test]
    fn the_ratio_to_a_peer_is_that_of_the_worst_row() {
        let mut results = Results::new(Run::default());
        for (case, peer) in [("verify, a", 20.0), ("verify, b", 10.0), ("verify, c", 40.0)] {
            results.add(case, "countersign", "ns", &[10.0]);
            results.add(case, "svix", "ns", &[peer]);
        }
        assert!(marks(&results).contains(&"< 1.00 1.00 **no**".to_owned()));
    }

    #[test]
    fn allocations_are_those_above_bare_axum() {
        let mut results = Results::new(Run::default());
        results.add(ALLOCATIONS, BARE_AXUM, "allocations", &[10.0]);
        results.add(ALLOCATIONS, MEMORY, "allocations", &[17.0]);
        assert_eq!(marks(&results), ["≤ 6.00 7.00 **no**"]);
    }
}
