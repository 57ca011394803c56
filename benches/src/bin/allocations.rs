//! The allocations of a request, counted within one process and without a network.

use allocation_counter::measure;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use countersign_benches::server::{Contender, PATH, router};
use countersign_benches::{Event, Program, Request, Result};
use report::{Column, names};
use tower::Service;

const CONTENDERS: [Contender; 5] = [
    Contender::BareAxum,
    Contender::ByHand,
    Contender::AxumStandardWebhooks,
    Contender::NoDedup,
    Contender::Memory,
];

/// The number of requests that are not counted: until then tables and buffers grow.
const WARM_UP: usize = 100;

const REQUESTS: usize = 101;

fn main() -> Result<()> {
    let mut program = Program::new()?;
    println!("# Allocations");
    for contender in CONTENDERS {
        let counts = count(contender)?;
        program.results.add(names::ALLOCATIONS, contender.name(), "allocations", &counts);
    }
    let columns = [Column::of("for a request", "allocations")];
    program.print(names::ALLOCATIONS, &[names::ALLOCATIONS], &columns);
    program.finish("allocations")
}

/// Returns the number of allocations from the parsed head and the body to the dropped response.
fn count(contender: Contender) -> Result<Vec<f64>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut router = runtime.block_on(router(contender))?;
    let body = Event::json(1024);
    let mut counts = Vec::with_capacity(REQUESTS);
    for number in 0..WARM_UP + REQUESTS {
        let signed = Request::new(&format!("msg_{number:024}"), &body, 0, 1)?;
        let mut request = axum::http::Request::post(PATH).body(Body::from(body.clone()))?;
        *request.headers_mut() = signed.headers;
        let mut status = None;
        let counted = measure(|| {
            status = runtime
                .block_on(router.call(request))
                .map(|response| Response::status(&response))
                .ok();
        });
        if status != Some(StatusCode::NO_CONTENT) {
            return Err(format!("{} responds with {status:?}", contender.name()).into());
        }
        if number >= WARM_UP {
            counts.push(counted.count_total as f64);
        }
    }
    Ok(counts)
}
