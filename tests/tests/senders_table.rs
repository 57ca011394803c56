//! The table of senders in the docs is what the data says. `BLESS=1` writes it anew.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use countersign::scheme::{Algorithm, Encoding, Scheme};
use countersign::senders::{self, SenderSpec};
use countersign::senders::{Challenge, Sender};
use countersign::{Contract, Secret, ainexlayer, omniai};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/senders.md");
const START: &str = "<!-- table: made from the data, see tests/tests/senders_table.rs -->\n";
const END: &str = "<!-- end of table -->\n";
const URL: &str = "https://example.com/hook";

fn table() -> String {
    let mut table = String::from(
        "| sender | set up as | what it signs | time signed | id signed | replays are stopped by | handshake |\n|---|---|---|---|---|---|---|\n",
    );
    for sender in senders::ALL {
        let scheme = sender.config().with_public_url(URL).scheme().unwrap();
        let contract = sender.contract().unwrap();
        let constant = sender.name().to_uppercase().replace('-', "_");
        let danger = if scheme.algorithm() == Algorithm::PrefixedSha256 { "DANGER_" } else { "" };
        let title = format!("[{}]({})", sender.display_name(), sender.docs_url());
        let set_up = format!("`senders::{danger}{constant}`");
        row(&mut table, &title, &set_up, &scheme, &contract, Some(sender));
    }
    let secret = || Secret::new("a secret of theirs, for the table").unwrap();
    let omniai = omniai::OmniAi::new("x-of-your-choice", secret()).unwrap();
    let scheme = omniai.verifier().scheme();
    row(&mut table, "OmniAI", "`omniai::OmniAi`", scheme, Sender::contract(&omniai), None);
    let ainexlayer = ainexlayer::AiNexLayer::builder(secret())
        .signature_header("x-of-your-choice")
        .encoding(Encoding::Hex)
        .prefix("")
        .assumed_envelope()
        .build()
        .unwrap();
    let scheme = ainexlayer.verifier().scheme();
    let set_up = "`ainexlayer::AiNexLayer`, with `assumed_envelope()`";
    row(&mut table, "AINexLayer", set_up, scheme, Sender::contract(&ainexlayer), None);
    table
}

fn row(
    table: &mut String,
    title: &str,
    set_up: &str,
    scheme: &Scheme,
    contract: &Contract,
    sender: Option<&SenderSpec>,
) {
    let signs = scheme.to_string().replace(URL, "{url}").replace("POST", "{method}");
    let signs = signs.replace('|', "\\|");
    let time = scheme.tolerance().map_or("no".to_owned(), |tolerance| {
        format!("yes, to {} back and {} ahead", span(tolerance.past()), span(tolerance.future()))
    });
    let id = if scheme.signs_id() { "yes" } else { "no" };
    let repeats = span(contract.retry_window());
    let own = match sender {
        Some(sender) => sender.dedup_key_description(),
        None if scheme.signs_id() => None,
        None => Some("the fields that name it"),
    };
    let digest = span(contract.digest_retention());
    let identity = match own {
        Some(words) => format!("{words}, for {repeats}"),
        None if scheme.signs_id() => format!("its id, for {repeats}"),
        None if scheme.algorithm() == Algorithm::StaticToken => {
            format!("the digest of its body, for {digest}")
        }
        None => format!("the digest of what is signed, for {digest}"),
    };
    let unsigned =
        if scheme.algorithm() == Algorithm::StaticToken { "; nothing is signed" } else { "" };
    let handshake = match sender.and_then(SenderSpec::handshake) {
        None => "",
        Some(Challenge::Query(_) | Challenge::WebSubVerify | Challenge::Header { .. }) => {
            "`GET`, answered"
        }
        Some(Challenge::Head) => "`HEAD`, answered",
        Some(_) => "signed `POST`, verified and answered",
    };
    writeln!(
        table,
        "| {title} | {set_up} | {signs} | {time} | {id} | {identity}{unsigned} | {handshake} |"
    )
    .unwrap();
}

/// A span in the unit that it is a whole number of.
fn span(span: Duration) -> String {
    let secs = span.as_secs();
    let units = [(24 * 60 * 60, "day"), (60 * 60, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| secs.is_multiple_of(*unit)).unwrap();
    let plural = if secs == unit { "" } else { "s" };
    format!("{} {name}{plural}", secs / unit)
}

#[test]
fn the_docs_have_the_table_of_the_data() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(START).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os("BLESS").is_some() {
        fs::write(PAGE, [before, START, &table, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(
        written, table,
        "run `BLESS=1 cargo test -p countersign-tests --test senders_table`"
    );
}

#[test]
fn every_sender_says_where_it_is_documented() {
    for sender in senders::ALL {
        assert!(sender.docs_url().starts_with("https://"), "{}", sender.name());
        assert_eq!(senders::find(sender.name()).unwrap().display_name(), sender.display_name());
    }
    let mut names: Vec<_> = senders::ALL.iter().map(SenderSpec::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), senders::ALL.len());
}
