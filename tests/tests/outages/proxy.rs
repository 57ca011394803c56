//! A proxy that cuts connections after a number of bytes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use countersign::testing::store::NetworkLink;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// The address of the server.
#[derive(Clone)]
pub(crate) enum Target {
    Port(u16),
    Socket(PathBuf),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Direction {
    ToServer,
    ToClient,
}

/// How connections are cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) direction: Direction,
    /// Whether every later connection is cut as well, each after as many bytes.
    pub(crate) each: bool,
    /// How many positions there are for each one that is tried. Successive calls try different ones.
    pub(crate) stride: usize,
}

pub(crate) struct Proxy {
    port: u16,
    cutter: Arc<Cutter>,
    cut: Cut,
}

#[derive(Default)]
struct Cutter(Mutex<State>);

#[derive(Default)]
struct State {
    cut: Option<(Cut, Position)>,
    /// The number of the current cut, so that bytes are counted from its beginning.
    number: usize,
    cuts: usize,
}

/// The number of bytes that are forwarded before the cut.
type Position = usize;

impl Proxy {
    pub(crate) async fn to(server: Target) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cutter = Arc::new(Cutter::default());
        let own = Arc::clone(&cutter);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                client.set_nodelay(true).unwrap();
                let (server, cutter) = (server.clone(), Arc::clone(&own));
                tokio::spawn(async move {
                    match server {
                        Target::Port(port) => {
                            let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                            server.set_nodelay(true).unwrap();
                            join(client, server, &cutter).await;
                        }
                        Target::Socket(path) => {
                            join(client, UnixStream::connect(path).await.unwrap(), &cutter).await;
                        }
                    }
                });
            }
        });
        Self { port, cutter, cut: Cut { direction: Direction::ToServer, each: false, stride: 1 } }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Sets how later connections are cut.
    pub(crate) fn set_cut(&mut self, cut: Cut) {
        self.cut = cut;
    }
}

impl NetworkLink for Proxy {
    fn cut(&self, position: usize) {
        let mut state = self.cutter.0.lock().unwrap();
        state.number += 1;
        let after = position * self.cut.stride + state.number % self.cut.stride;
        state.cut = Some((self.cut, after));
        state.cuts = 0;
    }

    fn restore(&self) -> bool {
        let mut state = self.cutter.0.lock().unwrap();
        state.cut = None;
        state.cuts > 0
    }
}

/// Forwards until one side closes or is cut; then both are closed.
async fn join(client: TcpStream, server: impl AsyncRead + AsyncWrite, cutter: &Cutter) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = split(server);
    tokio::select! {
        () = carry(from_client, to_server, cutter, Direction::ToServer) => {}
        () = carry(from_server, to_client, cutter, Direction::ToClient) => {}
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    cutter: &Cutter,
    direction: Direction,
) {
    let mut bytes = vec![0; 1 << 14];
    let mut meter = Meter::default();
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let forwarded = cutter.bytes_to_forward(direction, count, &mut meter);
        let is_sent = to.write_all(bytes.get(..forwarded).unwrap()).await.is_ok();
        if forwarded < count || !is_sent {
            return;
        }
    }
}

/// The number of bytes that one connection forwarded in one direction since the cut was set.
#[derive(Default)]
struct Meter {
    number: usize,
    bytes: usize,
}

impl Cutter {
    /// Returns how many of the bytes are forwarded.
    fn bytes_to_forward(&self, direction: Direction, count: usize, meter: &mut Meter) -> usize {
        let mut state = self.0.lock().unwrap();
        let Some((cut, after)) = state.cut.filter(|(cut, _)| cut.direction == direction) else {
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
