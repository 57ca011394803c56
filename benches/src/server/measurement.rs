//! Contenders in turns.

use report::names;

use crate::server::load::{Load, Responses};
use crate::server::process::Process;
use crate::server::requests::Requests;
use crate::server::{Contender, Databases, processor};
use crate::{Program, Result};

/// The load of one measurement.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The size of a body, in bytes.
    pub size: usize,
    /// The number of connections.
    pub connections: usize,
    /// The number of requests in a round of each contender without a database, if each connection sends at
    /// least four.
    pub requests: usize,
    /// The number of rounds.
    pub rounds: usize,
}

/// A contender's server, and its values of each round.
struct Server {
    contender: Contender,
    process: Process,
    rounds: [Vec<f64>; 4],
}

/// The names of the values of a round.
const QUANTITIES: [&str; 4] = ["cpu_us", "per_second", "p50_us", "p99_us"];

/// Pins the load, and what it starts, to the first processor: the servers have the second.
pub fn pin_load(program: &mut Program) {
    let has_two = std::thread::available_parallelism().is_ok_and(|processors| processors.get() > 1);
    program.note(if has_two && processor::pin(0) {
        "The server is pinned to one processor, the load and the databases to another."
    } else {
        "Server and load are not pinned: the system cannot do that, or has one processor."
    });
}

/// Measures the contenders, and adds their values to the results of the program.
///
/// # Errors
///
/// An error if a server cannot be started, or responds with anything but 204.
pub fn measure(
    program: &mut Program,
    settings: Settings,
    contenders: &[Contender],
    databases: &Databases,
) -> Result<()> {
    let Settings { size, connections, rounds, .. } = settings;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let variables = databases.variables(&names::server("all", size, connections));
    let mut servers = Vec::new();
    for contender in contenders {
        let process = Process::start(*contender, &variables)?;
        servers.push(Server { contender: *contender, process, rounds: Default::default() });
    }
    // The first round warms up. Each round begins with another contender, so that none always follows the
    // same one.
    for round in 0..=rounds {
        for server in &mut servers {
            let values = runtime.block_on(server.turn(settings));
            let values = values.map_err(|error| format!("{}: {error}", server.contender.name()))?;
            if round > 0 {
                for (rounds, value) in server.rounds.iter_mut().zip(values) {
                    rounds.push(value);
                }
            }
        }
        servers.rotate_left(1);
    }
    for contender in contenders {
        let case = names::server(contender.framework(), size, connections);
        let server = servers.iter().find(|server| server.contender == *contender);
        for (quantity, rounds) in QUANTITIES.iter().zip(server.iter().flat_map(|own| &own.rounds)) {
            program.results.add(&case, contender.name(), quantity, rounds);
        }
    }
    Ok(())
}

impl Server {
    /// Returns the values of [`QUANTITIES`].
    async fn turn(&mut self, settings: Settings) -> Result<[f64; 4]> {
        let Settings { size, connections, .. } = settings;
        // A database is slow enough for fewer requests; each connection sends several in any case.
        let parts = if self.contender.has_database() { 4 } else { 1 };
        let requests = (settings.requests / parts).max(4 * connections);
        let load = Load::open(self.process.address, connections, size).await?;
        let requests = Requests::sign(requests, size)?;
        let before = self.process.used()?;
        let Responses { elapsed, latencies } = load.run(requests).await?;
        let used = self.process.used()?.saturating_sub(before);
        let count = latencies.len();
        let percentile = |hundredth: usize| {
            let latency = latencies.get(count * hundredth / 100).copied().unwrap_or_default();
            latency.as_secs_f64() * 1e6
        };
        Ok([
            used.as_secs_f64() * 1e6 / count as f64,
            count as f64 / elapsed.as_secs_f64(),
            percentile(50),
            percentile(99),
        ])
    }
}
