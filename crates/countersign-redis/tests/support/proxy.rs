//! A proxy that can stop forwarding, and that records what was sent to the server.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Proxy {
    port: u16,
    silent: watch::Sender<bool>,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let (silent, silence) = watch::channel(false);
        let sent = Arc::new(Mutex::new(Vec::new()));
        let log = sent.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                // A connection that was silent once stays silent.
                let alive = silence.clone();
                tokio::spawn(forward(from_client, to_server, alive.clone(), Some(log.clone())));
                tokio::spawn(forward(from_server, to_client, alive, None));
            }
        });
        Self { port: own_port, silent, sent }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sets whether bytes of current and later connections are discarded.
    pub(crate) fn silence(&self, silent: bool) {
        self.silent.send_replace(silent);
    }

    /// Returns what was sent to the server since the last call.
    pub(crate) fn take_sent(&self) -> Vec<u8> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    silence: watch::Receiver<bool>,
    log: Option<Arc<Mutex<Vec<u8>>>>,
) {
    let mut bytes = vec![0; 1 << 16];
    let mut is_silent = false;
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let read = bytes.get(..count).unwrap();
        is_silent |= *silence.borrow();
        if is_silent {
            continue;
        }
        if let Some(log) = &log {
            log.lock().unwrap().extend_from_slice(read);
        }
        if to.write_all(read).await.is_err() {
            return;
        }
    }
}
