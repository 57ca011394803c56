//! `senders` and `completions`: the lists.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{call, file};
use countersign::senders;

#[test]
fn the_table_has_every_sender_and_its_documentation() {
    let table = call("senders").run().out;
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows.len(), senders::ALL.len() + 2, "{table}");
    for sender in senders::ALL {
        let row = rows.iter().find(|row| row.starts_with(&format!("{} ", sender.name()))).unwrap();
        assert!(row.ends_with(sender.docs_url().unwrap_or("-")), "{row}");
    }
    for name in ["omniai ", "ainexlayer "] {
        assert!(rows.iter().any(|row| row.starts_with(name)), "{name}");
    }
}

#[test]
fn with_json_the_table_is_one_object() {
    let table = call("senders --json").run().json();
    let rows = table["senders"].as_array().unwrap();
    assert_eq!(rows.len(), senders::ALL.len());
    let slack = rows.iter().find(|row| row["name"] == "slack").unwrap();
    assert_eq!(slack["algorithm"], "HMAC-SHA256");
    assert_eq!(slack["signs_time"], true);
    assert_eq!(slack["deadline_s"], 3);
    assert_eq!(slack["handshake"], "signed POST");
    let square = rows.iter().find(|row| row["name"] == "square").unwrap();
    assert_eq!(square["needs"][0], "--url");
}

#[test]
fn one_sender_is_told_whole() {
    let omniai = call("senders omniai").run();
    omniai
        .is(0, "the body is not protected")
        .is(0, "200 within 5 s")
        .is(0, "needs     --header")
        .is(0, "assumed");
    call("senders svix").run().is(0, "after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h\n");
    call("senders github").run().is(0, "retries   none").is(0, "bodies    json, form:payload\n");
    call("senders line").run().is(0, "batches   each event at /events/*\n");
    assert!(!call("senders stripe").run().out.contains("batches"));
    call("senders nobody").run().is(2, "sender `nobody`: is not known");
}

#[test]
fn a_sender_that_a_file_describes_is_told_too() {
    let path = file(
        "listed.toml",
        "name = \"listed\"\nalgorithm = \"static-token\"\n[signature]\nheader = \"x-token\"\n[contract]\nsuccess = \"200\"\nretries = [1, 60]\n",
    );
    let printed = call("senders --scheme").arg(path.to_str().unwrap()).run();
    printed
        .is(0, "static token in header `x-token`")
        .is(0, "200 within 10 s")
        .is(0, "after 1 s, 1 min\n");
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        call(&format!("completions {shell}")).run().is(0, "secret-env");
    }
}

#[test]
fn the_help_has_the_worked_example() {
    call("--help").run().is(0, "Capture, explain, fix, verify").is(0, "Exit codes");
    call("").run().is(2, "Usage: countersign");
}
