//! Serves the three endpoints with actix-web until the process is told to end.

use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};
use stripe_github_shopify::actix::Endpoints;
use stripe_github_shopify::{ADDRESS, GRACE, Ledger, Receivers, Result, Secrets, terminated};
use tokio::time::timeout;

/// How long the server waits for open connections once the handlers have ended, in seconds.
const CLOSE_SECS: u64 = 5;

#[actix_web::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let ledger = Data::new(Ledger::new(|entry| println!("{entry}")));
    let endpoints = Endpoints::new(Receivers::new(Secrets::from_env()?)?);
    let [stripe, github, shopify] = endpoints.shutdowns();
    let server =
        HttpServer::new(move || App::new().configure(endpoints.clone().routes(ledger.clone())));
    let server = server.disable_signals().shutdown_timeout(CLOSE_SECS).bind(ADDRESS)?.run();
    println!("listening on http://{ADDRESS}/webhooks/{{stripe,github,shopify}}");

    let handle = server.handle();
    let mut serving = rt::spawn(server);
    tokio::select! {
        ended = &mut serving => return Ok(ended??),
        () = terminated() => {}
    }
    // Handlers are tasks of the server's workers, so they end before the server is stopped.
    let drain = async { tokio::join!(stripe.drain(), github.drain(), shopify.drain()) };
    if timeout(GRACE, drain).await.is_err() {
        tokio::join!(stripe.stop(), github.stop(), shopify.stop());
    }
    handle.stop(true).await;
    Ok(())
}
