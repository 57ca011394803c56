//! The committed page is what `report` makes of the committed results.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use report::{Result, Results, page};

const BENCHES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn the_page_and_its_charts_are_made_of_the_results() -> Result<()> {
    let docs = Path::new(BENCHES).join("../docs");
    let made = page(&Results::read(&Path::new(BENCHES).join("results"))?);
    let mut committed = BTreeMap::new();
    committed.insert("benchmarks.md".to_owned(), fs::read_to_string(docs.join("benchmarks.md"))?);
    for chart in fs::read_dir(docs.join("benchmarks"))? {
        let chart = chart?;
        let name = format!("benchmarks/{}", chart.file_name().to_string_lossy());
        committed.insert(name, fs::read_to_string(chart.path())?);
    }
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&made), "run `cargo run --bin report` in `benches`");
    for (name, text) in made {
        assert_eq!(committed.get(&name), Some(&text), "run `cargo run --bin report` in `benches`");
    }
    Ok(())
}
