//! Serves the three endpoints with axum until the process is told to end.

use std::sync::Arc;

use stripe_github_shopify::{
    ADDRESS, GRACE, Ledger, Receivers, Result, Secrets, axum::app, terminated,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let ledger = Arc::new(Ledger::new(|entry| println!("{entry}")));
    let (app, [stripe, github, shopify]) = app(Receivers::new(Secrets::from_env()?)?, ledger);
    let listener = TcpListener::bind(ADDRESS).await?;
    println!("listening on http://{ADDRESS}/webhooks/{{stripe,github,shopify}}");

    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async { drop(stopped.await) });
    let mut serving = tokio::spawn(server.into_future());
    tokio::select! {
        ended = &mut serving => return Ok(ended??),
        () = terminated() => drop(stop),
    }
    let drained = timeout(GRACE, async {
        // A client that sent half a request keeps the server up until it disconnects. So the server
        // has only a part of the grace; the handlers have the rest.
        drop(timeout(GRACE / 4, &mut serving).await);
        tokio::join!(stripe.drain(), github.drain(), shopify.drain());
    });
    if drained.await.is_err() {
        tokio::join!(stripe.stop(), github.stop(), shopify.stop());
    }
    serving.abort();
    Ok(())
}
