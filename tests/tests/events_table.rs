//! The table in `docs/events.md` matches the catalogue. `BLESS=1` rewrites it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use countersign::scheme::Location;
use countersign::senders;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/events.md");
const START: &str =
    "<!-- table: generated from the catalogue, see tests/tests/events_table.rs -->\n";
const END: &str = "<!-- end of table -->\n";

/// Returns the senders that name their events, by the place of the name: first headers, then fields.
fn table() -> String {
    let named = senders::ALL.iter().filter_map(|sender| {
        let scheme = sender.example_config().scheme().unwrap();
        let place = match scheme.event_type()? {
            Location::Header(name) => format!("header `{name}`"),
            Location::Body(pointer) => format!("the body at `{pointer}`"),
            other => panic!("{other:?} is a new kind of place: describe it here"),
        };
        Some((!place.starts_with("header"), place, sender.display_name()))
    });
    let mut named: Vec<_> = named.collect();
    named.sort_unstable();
    let mut table = String::from("| the name is in | sent by |\n|---|---|\n");
    for places in named.chunk_by(|(_, place, _), (_, other, _)| place == other) {
        let senders: Vec<_> = places.iter().map(|(_, _, sender)| *sender).collect();
        let place = &places.first().unwrap().1;
        table.push_str(&format!("| {place} | {} |\n", senders.join("; ")));
    }
    table
}

#[test]
fn the_page_says_where_each_sender_of_the_catalogue_names_its_events() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(START).unwrap();
    let (old, after) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os("BLESS").is_some() {
        fs::write(PAGE, format!("{before}{START}{table}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(old, table, "BLESS=1 rewrites the table");
}
