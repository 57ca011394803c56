//! The app on a free port of this machine, until it is stopped.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use countersign_tower::{Shutdown, WebhookLayer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Result;
use crate::app::{ainexlayer_receiver, app, omniai_receiver};
use crate::desk::Desk;
use crate::witness::{Witness, watch};

/// How long handlers may take to end once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
    layers: [Shutdown; 2],
}

impl Server {
    pub(crate) async fn start(desk: Arc<Desk>, witness: Witness) -> Result<Self> {
        let omniai = WebhookLayer::new(omniai_receiver()?);
        let ainexlayer = WebhookLayer::new(ainexlayer_receiver()?);
        let layers = [omniai.shutdown(), ainexlayer.shutdown()];
        let app = app(omniai, ainexlayer, desk).layer(from_fn_with_state(witness, watch));

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(listener, app).with_graceful_shutdown(async {
            drop(stopped.await);
        });
        Ok(Self { address, stop, serving: tokio::spawn(serving.into_future()), layers })
    }

    /// Takes no more requests, and waits for the handlers under way.
    pub(crate) async fn stop(self) -> Result<()> {
        drop(self.stop);
        tokio::time::timeout(DRAIN, async {
            self.serving.await??;
            for layer in &self.layers {
                layer.drain().await;
            }
            Ok(())
        })
        .await
        .map_err(|_| "a handler did not end in time: it is cut off")?
    }
}
