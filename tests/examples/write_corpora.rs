//! Writes the seed corpora of all fuzz targets: `cargo run -p countersign-tests --example write_corpora`.

use std::fs;
use std::io;

use countersign_tests::properties;
use countersign_tests::seeds::{corpus, seeds};

fn main() -> io::Result<()> {
    for (target, _) in properties::ALL {
        let folder = corpus(target);
        fs::create_dir_all(&folder)?;
        for (name, bytes) in seeds(target)? {
            fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}
