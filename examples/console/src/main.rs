//! A service with two senders, an inbox, a delivery log and the console, which delivers to itself.
//!
//! Run `cargo run -p console`, and open the address that it prints.

use std::io::Write;

use console::{Result, Service};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let service = Service::open(&dir.path().join("webhooks.db")).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(
        std::io::stdout(),
        "The console is at http://{}/console\nIt shows deliveries of OmniAI and AINexLayer that this program sends to itself. Stop with Ctrl-C.",
        listener.local_addr()?
    )?;
    let worker = service.start_worker();
    service.deliver().await?;
    tokio::spawn(service.clone().deliver_now_and_then());
    axum::serve(listener, service.app())
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .await?;
    service.stop().await;
    Ok(worker.await?)
}
