//! A way to a server that is cut after so many bytes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use countersign::testing::store::NetworkLink;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// Where the server is.
#[derive(Clone)]
pub(crate) enum To {
    Port(u16),
    Socket(PathBuf),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// How connections are cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) way: Way,
    /// Whether the connections that follow are cut as well, each after as many bytes.
    pub(crate) each: bool,
    /// Of so many places for a cut, one is tried; of the next call another.
    pub(crate) stride: usize,
}

pub(crate) struct Proxy {
    port: u16,
    knife: Arc<Knife>,
    cut: Cut,
}

#[derive(Default)]
struct Knife(Mutex<State>);

#[derive(Default)]
struct State {
    cut: Option<(Cut, Place)>,
    /// Tells one cut's bytes from another's.
    number: usize,
    cuts: usize,
}

/// So many bytes get through, and the next does not.
type Place = usize;

impl Proxy {
    pub(crate) async fn to(server: To) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let knife = Arc::new(Knife::default());
        let own = Arc::clone(&knife);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                client.set_nodelay(true).unwrap();
                let (server, knife) = (server.clone(), Arc::clone(&own));
                tokio::spawn(async move {
                    match server {
                        To::Port(port) => {
                            let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                            server.set_nodelay(true).unwrap();
                            join(client, server, &knife).await;
                        }
                        To::Socket(path) => {
                            join(client, UnixStream::connect(path).await.unwrap(), &knife).await;
                        }
                    }
                });
            }
        });
        Self { port, knife, cut: Cut { way: Way::ToServer, each: false, stride: 1 } }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts so from here on.
    pub(crate) fn cuts(&mut self, cut: Cut) {
        self.cut = cut;
    }
}

impl NetworkLink for Proxy {
    fn cut(&self, place: usize) {
        let mut state = self.knife.0.lock().unwrap();
        state.number += 1;
        let after = place * self.cut.stride + state.number % self.cut.stride;
        state.cut = Some((self.cut, after));
        state.cuts = 0;
    }

    fn restore(&self) -> bool {
        let mut state = self.knife.0.lock().unwrap();
        state.cut = None;
        state.cuts > 0
    }
}

/// Until one side ends, or the knife falls: then both are closed.
async fn join(client: TcpStream, server: impl AsyncRead + AsyncWrite, knife: &Knife) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = split(server);
    tokio::select! {
        () = carry(from_client, to_server, knife, Way::ToServer) => {}
        () = carry(from_server, to_client, knife, Way::ToClient) => {}
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    knife: &Knife,
    way: Way,
) {
    let mut bytes = vec![0; 1 << 14];
    let mut meter = Meter::default();
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let passed = knife.let_through(way, count, &mut meter);
        let is_sent = to.write_all(bytes.get(..passed).unwrap()).await.is_ok();
        if passed < count || !is_sent {
            return;
        }
    }
}

/// How many bytes went one way over one connection since a cut was asked for.
#[derive(Default)]
struct Meter {
    number: usize,
    bytes: usize,
}

impl Knife {
    /// How many of the bytes get through.
    fn let_through(&self, way: Way, count: usize, meter: &mut Meter) -> usize {
        let mut state = self.0.lock().unwrap();
        let Some((cut, after)) = state.cut.filter(|(cut, _)| cut.way == way) else {
            return count;
        };
        if meter.number != state.number {
            *meter = Meter { number: state.number, bytes: 0 };
        }
        let left = after - meter.bytes;
        if count <= left {
            meter.bytes += count;
            return count;
        }
        state.cuts += 1;
        state.cut = state.cut.filter(|_| cut.each);
        left
    }
}
