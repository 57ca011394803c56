//! The table in `docs/senders.md` matches the catalogue. `BLESS=1` rewrites it.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use countersign::Contract;
use countersign::scheme::{Algorithm, Scheme};
use countersign::senders::{self, Challenge, SenderSpec};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/senders.md");
const START: &str =
    "<!-- table: generated from the catalogue, see tests/tests/senders_table.rs -->\n";
const DAY: u64 = 24 * 60 * 60;
const END: &str = "<!-- end of table -->\n";

fn table() -> String {
    let mut table = String::from(
        "| sender | constant | what it signs | time signed | id signed | what identifies an event, and for how long | retries by itself | handshake |\n|---|---|---|---|---|---|---|---|\n",
    );
    for sender in senders::ALL {
        row(&mut table, sender);
    }
    table
}

fn row(table: &mut String, sender: &SenderSpec) {
    let scheme = sender.example_config().scheme().unwrap();
    let contract = sender.contract().unwrap();
    let title = match sender.docs_url() {
        Some(url) => format!("[{}]({url})", sender.display_name()),
        None => sender.display_name().to_owned(),
    };
    let constant = constant(sender, &scheme);
    let signs = scheme.to_string().replace("https://example.com/hook", "{url}");
    let signs = signs.replace("POST", "{method}").replace('|', "\\|");
    let time = scheme.tolerance().map_or("no".to_owned(), |tolerance| {
        let [past, future] = [tolerance.past(), tolerance.future()].map(text);
        format!("yes, up to {past} in the past and {future} in the future")
    });
    let id = if scheme.signs_id() { "yes" } else { "no" };
    let identity = identity(sender, &scheme, &contract);
    let retries = match sender.automatic_retry_horizon() {
        None => "not documented".to_owned(),
        Some(Duration::ZERO) => "no".to_owned(),
        // Rounded up to hours above a day.
        Some(horizon) if horizon.as_secs() > DAY => {
            format!("for {}", text(Duration::from_secs(horizon.as_secs().next_multiple_of(3600))))
        }
        Some(horizon) => format!("for {}", text(horizon)),
    };
    let handshake = match sender.handshake() {
        None => "",
        Some(Challenge::Body { .. }) => "signed `POST`",
        Some(Challenge::Unsigned(challenge)) if challenge.is_secret() => "`POST` with the secret",
        Some(challenge) if challenge.method() == "POST" => "unsigned `POST`",
        Some(challenge) => &format!("`{}`", challenge.method()),
    };
    writeln!(
        table,
        "| {title} | {constant} | {signs} | {time} | {id} | {identity} | {retries} | {handshake} |"
    )
    .unwrap();
}

/// The sender's constant, and the type that is a shorter way to configure it.
fn constant(sender: &SenderSpec, scheme: &Scheme) -> String {
    let name = sender.name().to_uppercase().replace('-', "_");
    let danger = if scheme.algorithm() == Algorithm::PrefixedSha256 { "DANGER_" } else { "" };
    let short = match sender.name() {
        "ainexlayer" => ", `ainexlayer::AiNexLayer`",
        "omniai" => ", `omniai::OmniAi`",
        "standard-webhooks" => ", `StandardWebhooks`",
        _ => "",
    };
    format!("`senders::{danger}{name}`{short}")
}

fn identity(sender: &SenderSpec, scheme: &Scheme, contract: &Contract) -> String {
    let retries = text(contract.retry_window());
    let digest = text(contract.digest_retention());
    let is_token = scheme.algorithm() == Algorithm::StaticToken;
    let identity = match sender.dedup_key_description() {
        Some(description) => format!("{description}, for {retries}"),
        None if scheme.signs_id() => format!("its id, for {retries}"),
        None if is_token => format!("the digest of its body, for {digest}"),
        None => format!("the digest of the signed content, for {digest}"),
    };
    // A sender with an identity of its own describes it.
    let identity =
        match scheme.identifies_by_event_type() && sender.dedup_key_description().is_none() {
            true => identity.replacen(", for", " and its event type, for", 1),
            false => identity,
        };
    if is_token { identity + "; nothing is signed" } else { identity }
}

/// A duration in the largest unit of which it is a whole multiple.
fn text(duration: Duration) -> String {
    let secs = duration.as_secs();
    let units = [(24 * 60 * 60, "day"), (60 * 60, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| secs.is_multiple_of(*unit)).unwrap();
    let plural = if secs == unit { "" } else { "s" };
    format!("{} {name}{plural}", secs / unit)
}

#[test]
fn the_docs_have_the_table_of_the_catalogue() {
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
fn every_sender_names_its_documentation() {
    for sender in senders::ALL {
        // AINexLayer's documentation has no public address that is stable.
        let is_documented = sender.docs_url().is_some_and(|url| url.starts_with("https://"));
        assert_eq!(is_documented, sender.name() != "ainexlayer", "{}", sender.name());
        assert_eq!(senders::find(sender.name()).unwrap().display_name(), sender.display_name());
    }
    let names: Vec<_> = senders::ALL.iter().map(SenderSpec::name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted, "sorted by name, each name once");
}
