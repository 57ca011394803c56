//! Makes `docs/benchmarks.md` and its charts from the raw results.
//!
//! `cargo run --bin report`, with a folder of results and one to write to, if they are others than
//! `benches/results` and `docs`.

use std::fs;
use std::path::PathBuf;

use report::{Result, Results, page};

fn main() -> Result<()> {
    let mut folders = std::env::args_os().skip(1).map(PathBuf::from);
    let mut folder = |default: &str| folders.next().unwrap_or_else(|| default.into());
    let results = folder(concat!(env!("CARGO_MANIFEST_DIR"), "/../results"));
    let docs = folder(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs"));
    fs::create_dir_all(docs.join("benchmarks"))?;
    for (path, text) in page(&Results::read(&results)?) {
        fs::write(docs.join(path), text)?;
    }
    Ok(())
}
