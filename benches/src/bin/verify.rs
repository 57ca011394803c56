//! The cost of verifying a Standard Webhooks request, as a multiple of a bare keyed HMAC.
//!
//! `cargo run --release --bin verify`, with `-- --quick` for fewer rounds.

use countersign_benches::{
    Event, KNOWN, Program, Request, Result, UNKNOWN, bare, handled, race, receiver, rejected,
    standard_webhooks, svix, tenants, verified, webhook_verify,
};
use report::{Column, names};

/// The number of different events for the contender that also claims them.
const EVENTS: usize = 1024;

const COLUMNS: [Column; 2] = [Column::of("ns", "ns"), Column::ratio("× first row", "ns")];

fn main() -> Result<()> {
    let mut program = Program::new()?;
    println!("# Verifying Standard Webhooks");
    for length in [256, 1024, 16 * 1024, 256 * 1024] {
        by_size(&mut program, length)?;
    }
    for signatures in [1, 16, 300] {
        let request = Request::new("msg_list", &Event::json(16 * 1024), 0, signatures)?;
        let case = format!("verify, 16 KiB, {signatures} signatures listed, the last one valid");
        verifying(&mut program, &case, &request, 1)?;
    }
    for (keys, signer, which) in
        [(1, 0, "only"), (2, 0, "first"), (2, 1, "last"), (8, 0, "first"), (8, 7, "last")]
    {
        let request = Request::new("msg_rotation", &Event::json(1024), signer, 1)?;
        verifying(&mut program, &names::keys(keys, which), &request, keys)?;
    }
    let forgery = Request::new("msg_rotation", &Event::json(1024), 8, 1)?;
    verifying(&mut program, "verify, 1 KiB, 8 keys, a forgery", &forgery, 8)?;
    in_turns(&mut program)?;
    rejecting(&mut program)?;
    program.finish("verify")
}

fn by_size(program: &mut Program, length: usize) -> Result<()> {
    let body = Event::json(length);
    let mut requests = Vec::with_capacity(EVENTS);
    for number in 0..EVENTS {
        requests.push(Request::new(&format!("msg_{number:024}"), &body, 0, 1)?);
    }
    let request = requests.first().ok_or("there are no requests")?;
    let builder = receiver(1)?;
    let receiver = builder.clone().build()?;
    let contenders = vec![
        bare(request)?,
        verified(&receiver, request),
        handled(builder, &requests)?,
        standard_webhooks(1, request)?,
        svix(1, request)?,
        webhook_verify(1, request),
    ];
    run(program, &names::verify(length), contenders);
    Ok(())
}

fn verifying(program: &mut Program, case: &str, request: &Request, keys: u8) -> Result<()> {
    let receiver = receiver(keys)?.build()?;
    let contenders = vec![
        bare(request)?,
        verified(&receiver, request),
        standard_webhooks(keys, request)?,
        svix(keys, request)?,
        webhook_verify(keys, request),
    ];
    run(program, case, contenders);
    Ok(())
}

/// Verifies requests of two keys in turns.
fn in_turns(program: &mut Program) -> Result<()> {
    let body = Event::json(1024);
    let (first, second) =
        (Request::new("msg_rotation", &body, 0, 1)?, Request::new("msg_rotation", &body, 1, 1)?);
    let receiver = receiver(2)?.build()?;
    let contenders = vec![
        bare(&first)?.in_turns(bare(&second)?),
        verified(&receiver, &first).in_turns(verified(&receiver, &second)),
        standard_webhooks(2, &first)?.in_turns(standard_webhooks(2, &second)?),
        svix(2, &first)?.in_turns(svix(2, &second)?),
        webhook_verify(2, &first).in_turns(webhook_verify(2, &second)),
    ];
    run(program, "verify, 1 KiB, 2 keys, in turns", contenders);
    Ok(())
}

/// Measures the rejection of an unknown tenant. It should cost as much as that of a wrong signature for a
/// known tenant: otherwise the response time reveals which tenants exist.
fn rejecting(program: &mut Program) -> Result<()> {
    let request = Request::new("msg_tenant", &Event::json(1024), 1, 1)?;
    let tenants = tenants()?;
    let contenders =
        vec![rejected(&tenants, KNOWN, &request)?, rejected(&tenants, UNKNOWN, &request)?];
    run(program, "rejected, wrong signature or unknown tenant", contenders);
    Ok(())
}

fn run(program: &mut Program, case: &str, contenders: Vec<countersign_benches::Contender<'_>>) {
    let rounds = program.rounds(15, 3);
    race(&mut program.results, case, rounds, contenders);
    program.print(case, &[case], &COLUMNS);
}
