//! The cost of verifying a Standard Webhooks request, as a multiple of a bare keyed HMAC.

use bytes::Bytes;
use countersign_benches::{
    Finish, KNOWN, Request, Result, UNKNOWN, bare, handled, print_table, race, receiver, rejected,
    standard_webhooks, svix, tenants, verified, webhook_verify,
};

/// The highest ratio that verifying 1 KiB may have, in quiet rounds.
const TARGET: f64 = 1.25;

/// The highest ratio with several keys of which one signs, in quiet rounds.
const STEADY_TARGET: f64 = 1.15;

/// The number of different events for the contender that also claims them.
const EVENTS: usize = 1024;

fn main() -> Result<()> {
    println!("# Verifying Standard Webhooks\n\n## By the size of the body");
    for (name, length) in
        [("1/4 KiB", 256), ("1 KiB", 1024), ("16 KiB", 16 * 1024), ("256 KiB", 256 * 1024)]
    {
        let finishes = by_size(&Request::event(length))?;
        print_table(name, &finishes);
        if length == 1024 {
            print_target(name, &finishes, TARGET);
        }
    }

    println!("\n## By the number of signatures the header lists: 16 KiB, the last one is valid");
    for signatures in [1, 16, 300] {
        let request = Request::new("msg_list", &Request::event(16 * 1024), 0, signatures)?;
        print_table(&format!("{signatures} listed"), &verifying(&request, 1)?);
    }

    println!("\n## By the number of keys in rotation: 1 KiB");
    for (keys, signer, title) in [
        (1, 0, "1 key"),
        (2, 0, "2 keys, the first signs steadily"),
        (2, 1, "2 keys, the second signs steadily"),
        (8, 0, "8 keys, the first signs steadily"),
        (8, 7, "8 keys, the last signs steadily"),
        (8, 8, "8 keys, a forgery"),
    ] {
        let request = Request::new("msg_rotation", &Request::event(1024), signer, 1)?;
        let finishes = verifying(&request, keys)?;
        print_table(title, &finishes);
        if signer == keys - 1 && keys > 1 {
            print_target(title, &finishes, STEADY_TARGET);
        }
    }
    print_table("2 keys, in turns", &in_turns()?);

    println!("\n## By the tenant: 1 KiB, the signature is wrong");
    print_unknown_tenant()
}

/// Prints the cost of rejecting an unknown tenant. It should equal that of a wrong signature for a known
/// tenant: otherwise the response time reveals which tenants exist.
fn print_unknown_tenant() -> Result<()> {
    let request = Request::new("msg_tenant", &Request::event(1024), 1, 1)?;
    let tenants = tenants()?;
    let finishes =
        race(vec![rejected(&tenants, KNOWN, &request)?, rejected(&tenants, UNKNOWN, &request)?]);
    if let Some(unknown) = finishes.last() {
        println!(
            "\nRejecting an unknown tenant costs {:.2} times (quiet: {:.2} times) as much as a wrong signature for a known one.",
            unknown.ratio, unknown.quiet_ratio
        );
    }
    Ok(())
}

fn by_size(body: &Bytes) -> Result<Vec<Finish>> {
    let mut requests = Vec::with_capacity(EVENTS);
    for number in 0..EVENTS {
        requests.push(Request::new(&format!("msg_{number:024}"), body, 0, 1)?);
    }
    let Some(request) = requests.first() else { return Ok(Vec::new()) };
    let builder = receiver(1)?;
    let receiver = builder.clone().build()?;
    Ok(race(vec![
        bare(request)?,
        verified(&receiver, request),
        handled(builder, &requests)?,
        standard_webhooks(1, request)?,
        svix(1, request)?,
        webhook_verify(1, request),
    ]))
}

fn verifying(request: &Request, keys: u8) -> Result<Vec<Finish>> {
    let receiver = receiver(keys)?.build()?;
    Ok(race(vec![
        bare(request)?,
        verified(&receiver, request),
        standard_webhooks(keys, request)?,
        svix(keys, request)?,
        webhook_verify(keys, request),
    ]))
}

/// Verifies requests of two keys in turns.
fn in_turns() -> Result<Vec<Finish>> {
    let body = Request::event(1024);
    let (first, second) =
        (Request::new("msg_rotation", &body, 0, 1)?, Request::new("msg_rotation", &body, 1, 1)?);
    let receiver = receiver(2)?.build()?;
    Ok(race(vec![
        bare(&first)?.in_turns(bare(&second)?),
        verified(&receiver, &first).in_turns(verified(&receiver, &second)),
        standard_webhooks(2, &first)?.in_turns(standard_webhooks(2, &second)?),
        svix(2, &first)?.in_turns(svix(2, &second)?),
        webhook_verify(2, &first).in_turns(webhook_verify(2, &second)),
    ]))
}

fn print_target(title: &str, finishes: &[Finish], target: f64) {
    if let Some(ours) = finishes.iter().find(|finish| finish.name == "countersign") {
        let ratio = ours.quiet_ratio;
        let verdict = if ratio <= target { "met" } else { "MISSED" };
        println!("\nTarget: {title}: {ratio:.2} times the bare HMAC; at most {target}: {verdict}.");
    }
}
