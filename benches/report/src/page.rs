//! The page of results, with its charts.

use std::collections::BTreeMap;

use crate::chart::{Chart, Group};
use crate::names::{
    self, ALLOCATIONS, AXUM_PEER, BARE_AXUM, BY_HAND, COUNTERSIGN, MEMORY, MEMORY_BYTES,
    MEMORY_PAUSES, MEMORY_RATES, PEERS, POSTGRES, REDIS, SQLITE,
};
use crate::{Column, Results, table, targets};

const SIZES: [usize; 4] = [256, 1024, 16 * 1024, 60 * 1024];

/// The columns of a server's table.
const SERVER: [Column; 8] = [
    Column::of("CPU µs", "cpu_us"),
    Column::ratio("× bare", "cpu_us"),
    Column::of("a second", "per_second"),
    Column::ratio("× bare", "per_second"),
    Column::of("p50 µs", "p50_us"),
    Column::ratio("× bare", "p50_us"),
    Column::of("p99 µs", "p99_us"),
    Column::ratio("× bare", "p99_us"),
];
const TIMES: [Column; 2] = [Column::of("ns", "ns"), Column::ratio("× first row", "ns")];
const RATES: [Column; 2] =
    [Column::of("a second", "per_second"), Column::ratio("× first row", "per_second")];

/// Returns the text of each file below `docs`, by its path there.
#[must_use]
pub fn page(results: &Results) -> BTreeMap<String, String> {
    let mut page = Page { results, text: String::new(), files: BTreeMap::new() };
    page.write(include_str!("page/introduction.md"));
    if results.run().is_quick {
        page.write("**The numbers are of a quick run, which has few rounds.**\n");
    }
    page.write("## Targets\n");
    page.write(&targets(results));
    page.servers();
    page.verification();
    page.stores();
    page.run();
    page.files.insert("benchmarks.md".to_owned(), page.text);
    page.files
}

struct Page<'r> {
    results: &'r Results,
    text: String,
    files: BTreeMap<String, String>,
}

impl Page<'_> {
    /// Adds a paragraph, a heading or a table.
    fn write(&mut self, block: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block);
    }

    /// Adds the tables of these cases below a heading; nothing if there are no results.
    fn table(&mut self, heading: &str, cases: &[&str], columns: &[Column]) {
        if cases.iter().any(|case| !self.results.contenders(case).is_empty()) {
            self.write(&format!("### {heading}\n"));
            self.write(&table(self.results, cases, columns));
        }
    }

    fn chart(&mut self, chart: &Chart) {
        let Chart { file, title, .. } = chart;
        if let Some(svg) = chart.svg() {
            self.write(&format!("![{title}](benchmarks/{file}.svg)\n"));
            self.files.insert(format!("benchmarks/{file}.svg"), svg);
        }
    }

    fn servers(&mut self) {
        self.write(include_str!("page/servers.md"));
        let at_1_kib = |framework: &str| names::server(framework, 1024, 32);
        let both = ["axum", "actix-web"];
        self.chart(&Chart {
            file: "cpu",
            title: "CPU time of the server for a request of 1 KiB".to_owned(),
            axis: "µs of CPU time for a request, 32 connections: less is better",
            groups: both.map(|name| self.medians(name, &at_1_kib(name), "cpu_us")).into(),
        });
        self.chart(&Chart {
            file: "cpu-by-size",
            title: "CPU time of the server for a request, by the size of the body".to_owned(),
            axis: "CPU time ÷ that of bare axum, 32 connections: less is better",
            groups: SIZES.map(|size| self.cpu_ratios(size)).into(),
        });
        self.chart(&Chart {
            file: "latency",
            title: "Time to the response for a request of 1 KiB".to_owned(),
            axis: "µs, 32 connections that each send one request after the other: less is better",
            groups: [("median", "p50_us"), ("99th percentile", "p99_us")]
                .map(|(name, quantity)| self.medians(name, &at_1_kib("axum"), quantity))
                .into(),
        });
        self.chart(&Chart {
            file: "rate",
            title: "Requests of 1 KiB in a second, with one core for the server".to_owned(),
            axis: "requests in a second, 32 connections: more is better",
            groups: both.map(|name| self.medians(name, &at_1_kib(name), "per_second")).into(),
        });
        for connections in [32, 256] {
            for size in SIZES {
                let cases = both.map(|name| names::server(name, size, connections));
                let heading = format!("{}, {connections} connections", names::size(size));
                self.table(&heading, &cases.each_ref().map(String::as_str), &SERVER);
            }
        }
        self.table("Allocations", &[ALLOCATIONS], &[Column::of("for a request", "allocations")]);
    }

    fn verification(&mut self) {
        self.write(include_str!("page/verification.md"));
        let cases = self.results.cases("verify, ");
        let ratios = |name: &str| {
            let all = self.results.cases(name).into_iter();
            all.map(|case| self.hmac_ratios(case)).collect::<Vec<_>>()
        };
        let (by_size, by_keys): (Vec<_>, Vec<_>) =
            ratios("verify, ").into_iter().partition(|group| !group.name.contains("key"));
        self.chart(&Chart {
            file: "verify",
            title: "Time of a verification, by the size of the body".to_owned(),
            axis: "time ÷ that of one keyed HMAC-SHA256 over the signed bytes: less is better",
            groups: by_size.into_iter().filter(|group| !group.name.contains("listed")).collect(),
        });
        self.chart(&Chart {
            file: "keys",
            title: "Time of a verification with several keys".to_owned(),
            axis: "time ÷ that of one keyed HMAC-SHA256 over the signed bytes: less is better",
            groups: by_keys,
        });
        for case in cases {
            self.table(case.trim_start_matches("verify, "), &[case], &TIMES);
        }
        for prefix in ["decode, ", "from the headers, "] {
            for case in self.results.cases(prefix) {
                self.table(case, &[case], &TIMES);
            }
        }
        let tenants = self.results.cases("rejected, ");
        self.table("Rejecting at an endpoint with many tenants, 1 KiB", &tenants, &TIMES);
    }

    fn stores(&mut self) {
        self.write(include_str!("page/stores.md"));
        self.chart(&Chart {
            file: "stores",
            title: "Events in a second, compared with the least that each database does".to_owned(),
            axis: "events in a second ÷ those of the first bar: more is better",
            groups: [SQLITE, POSTGRES, REDIS].map(|case| self.rate_ratios(case)).into(),
        });
        for case in [SQLITE, POSTGRES, REDIS, MEMORY_RATES] {
            self.table(case, &[case], &RATES);
        }
        self.table(MEMORY_BYTES, &[MEMORY_BYTES], &[Column::of("bytes of an event", "bytes")]);
        self.table(MEMORY_PAUSES, &[MEMORY_PAUSES], &[Column::of("ns", "ns")]);
    }

    fn run(&mut self) {
        let run = self.results.run();
        let machine = &run.machine;
        let cores = machine.cores;
        let mut lines = format!("- {}, {cores} cores\n", machine.processor);
        for line in [&machine.kernel, &machine.compiler].into_iter().chain(&run.conditions) {
            lines += &format!("- {line}\n");
        }
        let versions: Vec<_> =
            run.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        self.write("## Machine and versions\n");
        self.write(&lines);
        self.write(&format!("{}.\n", versions.join(", ")));
    }

    /// Returns the medians of all contenders.
    fn medians(&self, name: &str, case: &str, quantity: &str) -> Group {
        let contenders = self.results.contenders(case).into_iter();
        let bars = contenders.filter_map(|contender| {
            Some((contender.to_owned(), self.results.value(case, contender, quantity)?))
        });
        Group { name: name.to_owned(), bars: bars.collect() }
    }

    fn ratios(&self, name: &str, case: &str, contenders: &[&str], quantity: &str) -> Group {
        let base = self.results.contenders(case).first().copied().unwrap_or_default();
        let bars = contenders.iter().filter_map(|contender| {
            let ratio = self.results.ratio(case, contender, base, quantity)?;
            Some(((*contender).to_owned(), ratio))
        });
        Group { name: name.to_owned(), bars: bars.collect() }
    }

    fn cpu_ratios(&self, size: usize) -> Group {
        let case = names::server("axum", size, 32);
        let contenders = [BARE_AXUM, BY_HAND, MEMORY, AXUM_PEER];
        self.ratios(&names::size(size), &case, &contenders, "cpu_us")
    }

    fn hmac_ratios(&self, case: &str) -> Group {
        let contenders = [[COUNTERSIGN].as_slice(), &PEERS].concat();
        self.ratios(case.trim_start_matches("verify, "), case, &contenders, "ns")
    }

    fn rate_ratios(&self, case: &str) -> Group {
        self.ratios(case, case, &self.results.contenders(case), "per_second")
    }
}
