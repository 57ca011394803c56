//! Whole servers: the processor time of each for a request, and the times to its responses.
//!
//! Each contender is a process of its own with the same handler, which decodes a JSON event. The
//! contenders take turns within each round, so that a slow minute of the machine is every contender's.
//!
//! `cargo run --release --bin server`, with `-- --quick` for fewer rounds. Words choose what is measured:
//! a number is a size in bytes, `32c` a number of connections, and anything else a part of the names of
//! contenders, each of which is measured with its framework's baseline.

use countersign_benches::server::{
    Contender, Databases, Settings, measure, pin_load, serve_contender,
};
use countersign_benches::{Program, Result};
use report::{Column, names};

/// The sizes of the bodies, in bytes, with the number of requests in a round.
const SIZES: [(usize, usize); 4] = [(256, 2000), (1024, 2000), (16 * 1024, 1000), (60 * 1024, 500)];

/// The numbers of connections, with the number of rounds, and that of a quick run.
const CONNECTIONS: [(usize, usize, usize); 2] = [(32, 41, 5), (256, 15, 2)];

const COLUMNS: [Column; 8] = [
    Column::of("CPU µs", "cpu_us"),
    Column::ratio("× bare", "cpu_us"),
    Column::of("a second", "per_second"),
    Column::ratio("× bare", "per_second"),
    Column::of("p50 µs", "p50_us"),
    Column::ratio("× bare", "p50_us"),
    Column::of("p99 µs", "p99_us"),
    Column::ratio("× bare", "p99_us"),
];

/// What the words of the command line choose; nothing of a kind means all of it.
#[derive(Default)]
struct Choice {
    sizes: Vec<usize>,
    connections: Vec<usize>,
    contenders: Vec<Contender>,
}

fn main() -> Result<()> {
    if serve_contender()? {
        return Ok(());
    }
    let mut program = Program::new()?;
    let Choice { sizes, connections, mut contenders } = Choice::new(&program.words)?;
    println!("# Whole servers");
    pin_load(&mut program);
    let databases = Databases::start(&mut program, &mut contenders)?;
    for (connections, usual, quick) in
        CONNECTIONS.into_iter().filter(|(number, ..)| includes(&connections, number))
    {
        for (size, requests) in SIZES.into_iter().filter(|(size, _)| includes(&sizes, size)) {
            let rounds = program.rounds(usual, quick);
            let settings = Settings { size, connections, requests, rounds };
            measure(&mut program, settings, &contenders, &databases)?;
            let cases = ["axum", "actix-web"].map(|name| names::server(name, size, connections));
            let heading = format!("{}, {connections} connections", names::size(size));
            program.print(&heading, &cases.each_ref().map(String::as_str), &COLUMNS);
        }
    }
    program.finish("server")
}

impl Choice {
    fn new(words: &[String]) -> Result<Self> {
        let mut choice = Self::default();
        for word in words {
            if let Ok(size) = word.parse() {
                choice.sizes.push(size);
            } else if let Some(Ok(connections)) = word.strip_suffix('c').map(str::parse) {
                choice.connections.push(connections);
            } else {
                let is_named = |contender: &Contender| contender.name().contains(word.as_str());
                if !Contender::ALL.iter().any(is_named) {
                    return Err(format!("no contender is named `{word}`").into());
                }
                choice.contenders.extend(Contender::ALL.into_iter().filter(is_named));
            }
        }
        let Self { contenders, .. } = &choice;
        let is_chosen = |own: &Contender| {
            let is_base =
                |other: &Contender| own.is_baseline() && own.framework() == other.framework();
            contenders.is_empty() || contenders.contains(own) || contenders.iter().any(is_base)
        };
        choice.contenders = Contender::ALL.into_iter().filter(is_chosen).collect();
        Ok(choice)
    }
}

/// Returns whether a number is among the chosen ones.
fn includes(chosen: &[usize], number: &usize) -> bool {
    chosen.is_empty() || chosen.contains(number)
}
